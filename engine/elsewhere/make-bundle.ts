/** Makes the folder in which a study travels (bundle.ts): its data, its plan, and the scripts that compute it. */
import { chmodSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Progress } from '../../shared/api.ts';
import type { EngineName, Run, Study } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { runLabel } from '../../shared/study-progress.ts';
import { fillFolder } from '../data/export/target-folder.ts';
import { openOriginal } from '../data/image-source.ts';
import type { Project } from '../db/project.ts';
import { sha256 } from '../sha256.ts';
import { decodeCheckpoint } from '../training/checkpoint.ts';
import {
  type BundledRun,
  givenPath,
  imagePath,
  type Manifest,
  manifestText,
  newManifest,
  PLAN,
} from './bundle.ts';
import { Journal } from './journal.ts';
import { engineOf } from './limits.ts';
import { planHash } from './plan-hash.ts';
import { encodeRunFile, type RunFile } from './run-file.ts';
import { type Limits, scriptFiles } from './scripts.ts';

export interface BundleOptions {
  readonly dir: string;
  readonly limits: Limits;
  readonly checkpointMinutes: number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

export interface MadeBundle {
  readonly dir: string;
  readonly runs: number;
  readonly bytes: number;
  readonly engine: EngineName | null;
}

/** Runs that are left to do. Errors: conflict, where there are none, or they are being done here. */
function openRuns(project: Project, study: Study): Run[] {
  const { runs } = project;
  if (study.status === 'cancelled') {
    throw new AppError('conflict', `"${study.name}" was cancelled. Plan it anew to run it.`);
  }
  const own = runs.ofStudy(study.id);
  if (own.some(({ status }) => status === 'running')) {
    throw new AppError(
      'conflict',
      `"${study.name}" is running here. Pause it first (graft study pause); what it has trained goes with the bundle.`,
    );
  }
  const left = own.filter(({ status }) => status === 'queued' || status === 'failed');
  if (left.length > 0) return left;
  throw new AppError('conflict', `All runs of "${study.name}" are done: nothing is left to run.`);
}

/** What a project holds of a run, as a file of it; null where it holds no weights. */
function heldRun(project: Project, run: Run): RunFile | null {
  const { runs } = project;
  const last = runs.checkpoint(run.id, 'last');
  if (last === undefined) return null;
  const best = runs.checkpoint(run.id, 'best');
  const journal = new Journal();
  if (run.engine !== null && run.layers !== null) {
    journal.add({ type: 'started', engine: run.engine, layers: run.layers, firstStep: 0 });
  }
  const { step, trainedSeconds } = decodeCheckpoint(last.bytes).header;
  journal.add({
    type: 'progress',
    step,
    trainedSeconds,
    peakMemoryBytes: run.peakMemoryBytes ?? 0,
  });
  journal.add({ type: 'metrics', points: runs.metrics(run.id) });
  for (const stored of [best, last]) {
    if (stored !== undefined) {
      const { kind, step: at, bytes } = stored;
      journal.add({ type: 'checkpoint', kind, step: at, bytes });
    }
  }
  return journal.file({ runId: run.id, planned: planHash(project, run), startedFrom: null });
}

/** Runs of which a run that is to be computed takes weights: its pretraining, where it is done; the run of its encoder. */
function sourcesOf(project: Project, { config, dependsOn }: Run): number[] {
  const encoderId = config.kind === 'finetune' ? config.encoderId : undefined;
  const ofEncoder = encoderId === undefined ? null : project.encoders.get(encoderId)?.runId;
  return [dependsOn, ofEncoder ?? null].filter((id) => id !== null);
}

const noWeights = (source: number, runId: number) =>
  new AppError(
    'conflict',
    `Run ${runId} starts from run ${source}, whose weights this project does not keep any more. Pretrain again in a new study.`,
  );

/**
 * Errors: conflict (nothing to do, running, the folder is not empty), unreadable, no-space, cancelled; those of
 * openOriginal. What was written is removed again.
 */
export async function makeBundle(
  project: Project,
  study: Study,
  { dir: path, limits, checkpointMinutes, signal, onProgress }: BundleOptions,
): Promise<MadeBundle> {
  const left = openRuns(project, study);
  const { execution } = study.config;
  const engine = engineOf(study, project.runs.ofStudy(study.id));
  const leftIds = new Set(left.map(({ id }) => id));
  const files: Manifest['files'] = [];
  const runs: BundledRun[] = [];
  const note = (at: string, bytes: Uint8Array) =>
    files.push({ path: at, bytes: bytes.length, sha256: sha256(bytes) });

  const { dir } = await fillFolder(path, async (target) => {
    const given = new Set<number>();
    const give = async (run: Run | undefined): Promise<number[]> => {
      if (run === undefined) return [];
      if (given.has(run.id)) return [run.id];
      const held = heldRun(project, run);
      if (held === null) return [];
      given.add(run.id);
      const bytes = encodeRunFile(held);
      await target.write(givenPath(run.id), bytes);
      note(givenPath(run.id), bytes);
      return [run.id];
    };
    for (const run of left) {
      const from = sourcesOf(project, run);
      const own = await give(run);
      for (const id of from) {
        if (leftIds.has(id)) continue;
        const source = await give(project.runs.get(id));
        if (source.length === 0) throw noWeights(id, run.id);
        own.push(...source);
      }
      const { id, kind, seed, steps, dependsOn } = run;
      runs.push({
        ...{ id, kind, seed, steps, planned: planHash(project, run), label: runLabel(run) },
        dependsOn: dependsOn !== null && leftIds.has(dependsOn) ? dependsOn : null,
        given: own,
      });
    }

    const snapshots = new Set([
      study.sourceSnapshotId,
      study.targetSnapshotId,
      ...left.map(({ config }) => config.snapshotId),
    ]);
    const images = new Map(
      [...snapshots].flatMap((id) =>
        project.snapshots.items(id).map(({ imageHash, imageId }) => [imageHash, imageId] as const),
      ),
    );
    let done = 0;
    for (const [hash, imageId] of images) {
      if (signal.aborted) throw new AppError('cancelled', 'Cancelled; no bundle was made.');
      onProgress({ done, total: images.size, message: 'copying images' });
      const image = project.datasets.image(imageId);
      if (image === undefined) throw new AppError('internal', `Image ${imageId} is gone.`);
      const original = await openOriginal(project, image);
      await target.write(imagePath(hash), original.parts());
      files.push({ path: imagePath(hash), bytes: original.sizeBytes, sha256: hash });
      done++;
    }

    const plan = join(target.dir, PLAN);
    project.copyStudy({ studyId: study.id, to: plan, linkOf: imagePath });
    note(PLAN, readFileSync(plan));

    const manifest = newManifest({
      study: { id: study.id, name: study.name },
      execution: {
        threads: limits.threads,
        ...(execution?.kernels && { kernels: execution.kernels }),
        ...(engine && { engine }),
      },
      checkpointMinutes,
      runs,
      files,
    });
    for (const { name, text, isProgram } of scriptFiles(manifest, limits)) {
      await target.write(name, text);
      if (isProgram) chmodSync(join(target.dir, name), 0o755);
    }
    // The last: a folder without it was not made to its end.
    await target.write('bundle.json', manifestText(manifest));
  });
  const bytes = files.reduce(
    (sum, file) => sum + file.bytes,
    statSync(join(dir, 'bundle.json')).size,
  );
  return { dir, runs: runs.length, bytes, engine: engine ?? null };
}
