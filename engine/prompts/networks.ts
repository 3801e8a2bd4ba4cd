/**
 * Promptable networks, each half in a process of its own: looking at an image takes seconds, and answering a click must
 * not wait for it.
 */
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { PromptFiles } from '../../shared/api.ts';
import { AppError } from '../../shared/errors.ts';
import { statsOf } from '../data/file-error.ts';
import { type Ending, type Isolated, isolated, ProcessEnded } from '../isolated/processes.ts';
import { type Limits, machineBytes, type Needs } from '../isolated/limits.ts';
import { moreMemoryThanThere } from './failures.ts';
import { EMBEDDING, FRAME_PX } from './frame.ts';
import { type Candidate, Decoded, Encoded, type NetworkRequest } from './messages.ts';
import { partFile } from '../parts.ts';

/** Activations of the largest encoder on one image of 1,024², some 6 GB for SAM's ViT-H, and room. */
const WORKING_BYTES = 8e9;
const COPIES = 3;
/** A large encoder on a slow and busy processor; loading it included. */
const TIME_MS = 10 * 60_000;
/** Somebody who clicks clicks again. */
const IDLE_MS = 3 * 60_000;

const limits = ({ fileBytes }: Needs): Limits => ({
  memoryBytes: Math.min(machineBytes(), COPIES * fileBytes + WORKING_BYTES),
  timeMs: TIME_MS,
});

const ENTRY = pathToFileURL(partFile('prompts/network-process'));
const begin = (): Isolated => isolated(ENTRY, { most: 1, limits, idleMs: IDLE_MS });
const encoders = begin();
const decoders = begin();

/** What names a file's content without reading it: gigabytes, for some. Errors: not-found. */
export function fileStamp(path: string): string {
  const found = statsOf(path);
  if (found?.isFile() === true) return `${path} ${found.size} ${found.mtimeMs}`;
  throw new AppError(
    'not-found',
    `${path} is ${found === undefined ? 'not there' : 'no file'}. Choose the two files of a promptable network again, or go back to the one that comes with Graft.`,
    { subject: path },
  );
}

/** A network that was fine a click ago is no damaged file. */
function endedOver(
  file: string,
  { ending, cause }: { readonly ending: Ending; readonly cause: AppError },
): AppError {
  const name = basename(file);
  const message = {
    crash: `The process that runs ${name} was ended from outside, or failed. Try again. If that goes on, choose another network.`,
    memory: moreMemoryThanThere(file),
    time: `${name} took longer than ${TIME_MS / 60_000} minutes. Try again when the computer is less busy, or choose a smaller network.`,
  }[ending];
  return new AppError('unreadable', message, { subject: file, cause });
}

async function ask(
  processes: Isolated,
  request: NetworkRequest,
  { file, signal }: { readonly file: string; readonly signal: AbortSignal },
): Promise<unknown> {
  fileStamp(file);
  const fileBytes = statSync(file).size;
  try {
    return await processes.use((one) => one(request, { subject: file, fileBytes, signal }));
  } catch (error) {
    if (error instanceof ProcessEnded)
      throw endedOver(file, { ending: error.ending, cause: error });
    // It ended before it had begun.
    if (!(error instanceof AppError) || error.code !== 'internal') throw error;
    throw endedOver(file, { ending: 'crash', cause: error });
  }
}

export interface Networks {
  /**
   * Looks at one picture and answers one click, besides what the files say of themselves: they need not say their shapes,
   * nor hold to them. Errors: not-found, unreadable, unsupported, with the reason.
   */
  inspect(files: PromptFiles, signal: AbortSignal): Promise<void>;
  /** [1, 256, 64, 64] of a picture `rgb` [height, width, 3]. */
  encode(
    picture: { readonly rgb: Uint8Array; readonly width: number; readonly height: number },
    options: { readonly files: PromptFiles; readonly signal: AbortSignal },
  ): Promise<Float32Array>;
  /** Those that serve best first. */
  decode(
    prompts: Omit<Extract<NetworkRequest, { what: 'decode' }>, 'what' | 'decoder'>,
    options: { readonly files: PromptFiles; readonly signal: AbortSignal },
  ): Promise<readonly Candidate[]>;
}

const TRIAL_PICTURE = { rgb: new Uint8Array(3), width: 1, height: 1 };
const TRIAL_CLICK = {
  embedding: new Float32Array(EMBEDDING.length),
  coordinates: [FRAME_PX / 2, FRAME_PX / 2, 0, 0],
  labels: [1, -1],
  logits: null,
};

export const networks: Networks = {
  async inspect(files, signal) {
    for (const file of [files.encoder, files.decoder]) fileStamp(file);
    await ask(encoders, { what: 'inspect', ...files }, { file: files.encoder, signal });
    await networks.decode(TRIAL_CLICK, { files, signal });
    await networks.encode(TRIAL_PICTURE, { files, signal });
  },
  async encode(picture, { files: { encoder }, signal }) {
    const request: NetworkRequest = { what: 'encode', encoder, ...picture };
    return Encoded.parse(await ask(encoders, request, { file: encoder, signal })).embedding;
  },
  async decode(prompts, { files: { decoder }, signal }) {
    const request: NetworkRequest = { what: 'decode', decoder, ...prompts };
    return Decoded.parse(await ask(decoders, request, { file: decoder, signal })).candidates;
  },
};
