/**
 * Entry of the process in which a promptable network runs: whatever its files do to it costs this process alone. Sessions
 * stay while it lives.
 */
import { availableParallelism } from 'node:os';
import { readFileSync, statSync } from 'node:fs';
import type { InferenceSession } from 'onnxruntime-node';
import { AppError, messageOf } from '../../shared/errors.ts';
import { serveIsolated } from '../isolated/serve.ts';
import { type AllMasks, withAllMasks } from './all-masks.ts';
import { failureOf } from './failures.ts';
import { EMBEDDING, FRAME_PX, MASK_PX } from './frame.ts';
import { assertDecoder, assertEncoder, assertNumbers, fits, inWords } from './layout.ts';
import { NetworkRequest } from './messages.ts';

/** Of ImageNet, on 0 … 255, as every export of SAM wants them. */
const MEAN = [123.675, 116.28, 103.53] as const;
const DEVIATION = [58.395, 57.12, 57.375] as const;

const runtime = () =>
  import('onnxruntime-node').catch((error: unknown) => {
    throw new AppError(
      'engine-unavailable',
      `Clicks and boxes need onnxruntime, which could not be loaded on this computer (${messageOf(error)}). Everything else works without.`,
    );
  });

/** A network that is loaded, and where a decoder holds the masks that it chooses from. */
interface Loaded {
  readonly session: InferenceSession;
  readonly all: Omit<AllMasks, 'model'> | null;
}

const sessions = new Map<string, Promise<Loaded>>();

const OPTIONS: InferenceSession.SessionOptions = {
  intraOpNumThreads: availableParallelism(),
  logSeverityLevel: 4,
};

/** null where it cannot be had that way. */
async function openWithAllMasks(path: string): Promise<Loaded | null> {
  const { InferenceSession: Session } = await runtime();
  try {
    const all = withAllMasks(readFileSync(path));
    if (all === null) return null;
    return { session: await Session.create(all.model, OPTIONS), all };
  } catch {
    // What is wrong with the file is told by loading it as it is.
    return null;
  }
}

async function open(path: string): Promise<Loaded> {
  const { InferenceSession: Session } = await runtime();
  try {
    return { session: await Session.create(path, OPTIONS), all: null };
  } catch (error) {
    throw failureOf(path, {
      error,
      what: (reason) =>
        `${path} is no ONNX network that can be loaded here (${reason}). Choose the two files of a promptable network, as exported from SAM or MobileSAM.`,
    });
  }
}

/** Loaded once, as long as the file stays as it is. */
function loaded(what: string, path: string, load: () => Promise<Loaded>): Promise<Loaded> {
  const { size, mtimeMs } = statSync(path);
  const key = `${what} ${path} ${size} ${mtimeMs}`;
  const known = sessions.get(key);
  if (known !== undefined) return known;
  const loading = load();
  sessions.set(key, loading);
  // What failed for want of memory may do in a while: it is tried again when it is asked for again.
  loading.catch(() => sessions.delete(key));
  return loading;
}

const encoderSession = async (path: string): Promise<InferenceSession> =>
  (await loaded('encoder', path, () => open(path))).session;

const decoderSession = (path: string): Promise<Loaded> =>
  loaded('decoder', path, async () => (await openWithAllMasks(path)) ?? open(path));

/** Which masks serve first. SAM's own rule: of four the first is meant for several prompts, the others for one. */
function preferred(scores: Float32Array, prompts: number): number[] {
  const order = [...scores.keys()].sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
  if (scores.length !== 4) return order;
  return [...(prompts > 2 ? [0] : []), ...order.filter((one) => one > 0)];
}

type Of<W extends NetworkRequest['what']> = Extract<NetworkRequest, { what: W }>;

async function encode({ encoder, rgb, width, height }: Of<'encode'>) {
  const { Tensor } = await runtime();
  const session = await encoderSession(encoder);
  const input = assertEncoder(encoder, session);
  const plane = FRAME_PX * FRAME_PX;
  // What is beyond the picture stays 0, as the networks were trained.
  const samples = new Float32Array(3 * plane);
  for (let c = 0; c < 3; c++) {
    const [mean, deviation] = [MEAN[c] ?? 0, DEVIATION[c] ?? 1];
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const sample = rgb[(y * width + x) * 3 + c] ?? 0;
        samples[c * plane + y * FRAME_PX + x] = (sample - mean) / deviation;
      }
    }
  }
  const outputs = await session.run({
    [input]: new Tensor('float32', samples, [1, 3, FRAME_PX, FRAME_PX]),
  });
  const [output] = Object.values(outputs);
  if (!(output?.data instanceof Float32Array) || !fits(output.dims, EMBEDDING.shape)) {
    throw new AppError(
      'unsupported',
      `${encoder} answered ${output?.type ?? ''} ${inWords(output?.dims ?? [])}, not float32 ${inWords(EMBEDDING.shape)}: it is no encoder of a promptable network.`,
      { subject: encoder },
    );
  }
  assertNumbers(encoder, output.data);
  return { embedding: output.data.slice() };
}

async function decode({ decoder, embedding, coordinates, labels, logits }: Of<'decode'>) {
  const { Tensor } = await runtime();
  const { session, all } = await decoderSession(decoder);
  assertDecoder(decoder, session);
  const floats = (values: Float32Array | readonly number[], dims: readonly number[]) =>
    new Tensor('float32', Float32Array.from(values), dims);
  const outputs = await session.run({
    image_embeddings: floats(embedding, EMBEDDING.shape),
    point_coords: floats(coordinates, [1, labels.length, 2]),
    point_labels: floats(labels, [1, labels.length]),
    mask_input: floats(logits ?? new Float32Array(MASK_PX ** 2), [1, 1, MASK_PX, MASK_PX]),
    has_mask_input: floats([logits === null ? 0 : 1], [1]),
    // Its own enlarged masks are not used: logits are enlarged here, alike for every export.
    orig_im_size: floats([MASK_PX, MASK_PX], [2]),
  });
  const scores = outputs[all?.scores ?? 'iou_predictions']?.data;
  const masks = outputs[all?.masks ?? 'low_res_masks']?.data;
  const size = MASK_PX ** 2;
  if (
    !(scores instanceof Float32Array) ||
    !(masks instanceof Float32Array) ||
    masks.length !== scores.length * size
  ) {
    throw new AppError(
      'unsupported',
      `${decoder} answered other masks than a decoder of a promptable network does. Choose another.`,
      { subject: decoder },
    );
  }
  assertNumbers(decoder, scores);
  assertNumbers(decoder, masks);
  const candidates = preferred(scores, labels.length).map((i) => ({
    score: scores[i] ?? 0,
    logits: masks.slice(i * size, (i + 1) * size),
  }));
  return { candidates };
}

async function inspect({ encoder, decoder }: Of<'inspect'>) {
  assertEncoder(encoder, await encoderSession(encoder));
  assertDecoder(decoder, (await decoderSession(decoder)).session);
  return {};
}

const pathOf = (request: NetworkRequest) =>
  request.what === 'decode' ? request.decoder : request.encoder;

serveIsolated(
  (message) => {
    const request = NetworkRequest.parse(message);
    if (request.what === 'encode') return encode(request);
    return request.what === 'decode' ? decode(request) : inspect(request);
  },
  (message, error) => {
    const path = pathOf(NetworkRequest.parse(message));
    return failureOf(path, {
      error,
      what: (reason) => `${path} failed while it ran (${reason}). Choose another.`,
    });
  },
  // A loaded network stays.
  { fullBytes: Infinity },
);
