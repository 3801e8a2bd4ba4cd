/**
 * The folder in which a study travels: what lies where, the manifest that says so, and whether the folder is whole.
 * Written once (make-bundle.ts); what is computed is added beside it, a file a run (run-one.ts).
 */
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { EngineName, Id, Kernels } from '../../shared/entities.ts';
import { AppError, messageOf } from '../../shared/errors.ts';
import { fileNameProblem } from '../../shared/names.ts';
import { counted } from '../../shared/number-format.ts';
import { fileError, statsOf } from '../data/file-error.ts';
import { hashOf, openFile } from '../data/image-file.ts';
import { readRegularFile } from '../data/regular-file.ts';
import { sha256 } from '../sha256.ts';
import { GRAFT_VERSION } from '../version.ts';
import { decodeRunFile, type RunFile } from './run-file.ts';

const FORMAT = 'graft-bundle';
const FORMAT_VERSION = 1;

const MANIFEST = 'bundle.json';
export const PLAN = 'plan.graft';

const BundledRun = z.object({
  id: Id,
  planned: z.string(),
  kind: z.enum(['pretrain', 'finetune']),
  label: z.string(),
  seed: z.number().int(),
  steps: z.number().int().positive(),
  /** The run whose weights it starts from, as far as it is computed here. */
  dependsOn: Id.nullable(),
  /** Runs whose weights the bundle brings along, and a state to go on from where it has begun. */
  given: z.array(Id),
});
export type BundledRun = z.infer<typeof BundledRun>;

/** Whoever made the folder says where its files are: nowhere but in it. */
const PathInside = z.string().refine((path) => fileNameProblem(path) === null);

const Manifest = z.object({
  format: z.literal(FORMAT),
  formatVersion: z.number().int(),
  createdAt: z.string(),
  /** Of the Graft that made it: the runs are computed by the same. */
  graft: z.string(),
  node: z.string(),
  study: z.object({ id: Id, name: z.string() }),
  execution: z.object({
    threads: z.number().int().positive(),
    kernels: Kernels.optional(),
    /** What the study was planned for, or has begun on; left out: the best that a node has. */
    engine: EngineName.optional(),
  }),
  /** An interrupted run loses no more than this. */
  checkpointMinutes: z.number().positive(),
  /** Those that are to be computed. */
  runs: z.array(BundledRun),
  /** Everything that is read where they are computed; paths have forward slashes. */
  files: z.array(
    z.object({ path: PathInside, bytes: z.number().int().min(0), sha256: z.string() }),
  ),
});
export type Manifest = z.infer<typeof Manifest>;

/** `sha256`: of all the rest, so that a manifest that was edited or cut is noticed. */
const Stored = z.object({ manifest: z.unknown(), sha256: z.string() });

const digestOf = (manifest: unknown) => sha256(Buffer.from(JSON.stringify(manifest)));

export const manifestText = (manifest: Manifest): string =>
  `${JSON.stringify({ manifest, sha256: digestOf(manifest) }, null, 1)}\n`;

export const newManifest = (
  of: Omit<Manifest, 'format' | 'formatVersion' | 'createdAt' | 'graft' | 'node'>,
): Manifest => ({
  format: FORMAT,
  formatVersion: FORMAT_VERSION,
  createdAt: new Date().toISOString(),
  graft: GRAFT_VERSION,
  node: process.versions.node,
  ...of,
});

export interface Bundle {
  /** Absolute. */
  readonly dir: string;
  readonly manifest: Manifest;
}

export const imagePath = (hash: string): string => `images/${hash}`;
export const givenPath = (runId: number): string => `given/${runId}.run`;
export const resultsFolder = ({ dir }: Bundle): string => join(dir, 'results');
export const resultPath = (bundle: Bundle, runId: number): string =>
  join(resultsFolder(bundle), `${runId}.run`);
export const runningFolder = ({ dir }: Bundle): string => join(dir, 'running');
export const statePath = (bundle: Bundle, runId: number): string =>
  join(runningFolder(bundle), `${runId}.state`);
/** Who computes a run, and how far that is. */
export const signPath = (bundle: Bundle, runId: number): string =>
  join(runningFolder(bundle), `${runId}.json`);
export const failedFolder = ({ dir }: Bundle): string => join(dir, 'failed');
export const failurePath = (bundle: Bundle, runId: number): string =>
  join(failedFolder(bundle), `${runId}.json`);

const again = 'Copy the whole folder again from where it was made, or make it again.';

/** Errors: not-found, unreadable, unsupported, newer-version, corrupt (edited, cut). */
export function openBundle(path: string): Bundle {
  const dir = resolve(path);
  const at = join(dir, MANIFEST);
  const subject = { subject: dir };
  const found = statsOf(at);
  if (found === undefined) {
    throw new AppError(
      'not-found',
      `${dir} is no bundle of a study, or was copied in part: it has no ${MANIFEST}. Name the folder that "graft study bundle" made, or copy it again.`,
      subject,
    );
  }
  let stored: z.infer<typeof Stored>;
  let digest: string;
  try {
    stored = Stored.parse(JSON.parse(readRegularFile(at).toString()));
    digest = digestOf(stored.manifest);
  } catch (error) {
    const isOfFile = error instanceof AppError || (error instanceof Error && 'syscall' in error);
    if (isOfFile) throw fileError(at, error);
    const options = { ...subject, cause: error };
    throw new AppError('corrupt', `${at} is cut off or no manifest. ${again}`, options);
  }
  const version = z
    .object({ format: z.literal(FORMAT), formatVersion: z.number(), graft: z.string() })
    .safeParse(stored.manifest);
  if (version.success && version.data.formatVersion > FORMAT_VERSION) {
    throw new AppError(
      'newer-version',
      `${dir} was made by a newer Graft (${version.data.graft}). Use that version here, too.`,
      subject,
    );
  }
  if (digest !== stored.sha256) {
    throw new AppError('corrupt', `${at} was changed after it was made. ${again}`, subject);
  }
  const parsed = Manifest.safeParse(stored.manifest);
  if (!parsed.success) {
    throw new AppError('corrupt', `${at} is not understood. ${again}`, subject);
  }
  return { dir, manifest: parsed.data };
}

/** Where runs are computed, it is by the Graft that planned them. Errors: unsupported. */
export function assertSameGraft({ dir, manifest }: Bundle): void {
  if (manifest.graft === GRAFT_VERSION) return;
  throw new AppError(
    'unsupported',
    `${dir} was made by Graft ${manifest.graft}, and this is ${GRAFT_VERSION}. Install ${manifest.graft} here and name it in settings.sh, or make the bundle again with ${GRAFT_VERSION}.`,
    { subject: dir },
  );
}

/** One file of the bundle, as it was made. Errors: not-found, corrupt, unreadable. */
async function assertWhole({ dir }: Bundle, file: Manifest['files'][number]): Promise<void> {
  const path = join(dir, file.path);
  if (statsOf(path) === undefined) {
    throw new AppError('not-found', `${path} is missing. ${again}`, { subject: path });
  }
  const opened = await openFile(path);
  if (opened.sizeBytes === file.bytes && (await hashOf(opened)) === file.sha256) return;
  const how = opened.sizeBytes < file.bytes ? 'is cut off' : 'was changed';
  throw new AppError('corrupt', `${path} ${how}. ${again}`, { subject: path });
}

/** What every run reads. Errors: not-found, corrupt, unreadable. */
export async function assertPlanWhole(bundle: Bundle): Promise<void> {
  const file = bundle.manifest.files.find(({ path }) => path === PLAN);
  if (file !== undefined) await assertWhole(bundle, file);
}

/** Reads all that the bundle brought along. Returns what is wrong with it, in words. */
export async function checkBundle(
  bundle: Bundle,
  onProgress: (done: number, total: number) => void = () => undefined,
): Promise<string[]> {
  const { files } = bundle.manifest;
  const wrong: string[] = [];
  for (const [index, file] of files.entries()) {
    onProgress(index, files.length);
    await assertWhole(bundle, file).catch((error: unknown) => wrong.push(messageOf(error)));
  }
  return wrong;
}

/** The run of that number. Errors: not-found. */
export function bundledRun({ dir, manifest }: Bundle, runId: number): BundledRun {
  const found = manifest.runs.find(({ id }) => id === runId);
  if (found !== undefined) return found;
  const ids = manifest.runs.map(({ id }) => id);
  throw new AppError(
    'not-found',
    `There is no run ${runId} in ${dir}: it has ${counted(ids.length, 'run')}, ${Math.min(...ids)} to ${Math.max(...ids)} (runs.tsv lists them).`,
    { subject: dir },
  );
}

/** A file of a run; null where there is none. Errors: unreadable, corrupt, newer-version. */
export function readRunFile(path: string): RunFile | null {
  let bytes: Uint8Array;
  try {
    bytes = readRegularFile(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw fileError(path, error);
  }
  return decodeRunFile(bytes, path);
}
