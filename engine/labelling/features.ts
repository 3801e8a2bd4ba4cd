/** Features of all images of a dataset: those that are kept in the project, and the missing ones, computed in a process. */
import { availableParallelism } from 'node:os';
import type { FeatureSource } from '../../shared/calls/labelling.ts';
import type { EngineChoice } from '../../shared/entities.ts';
import type { Progress } from '../../shared/api.ts';
import type { Project } from '../db/project.ts';
import { runTrainer, type SpawnTrainer } from '../trainer.ts';

interface FeatureOptions {
  readonly datasetId: number;
  readonly source: FeatureSource;
  readonly engine: EngineChoice;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  readonly spawn?: SpawnTrainer;
}

/** One computation a project at a time: another one waits, and finds most of its work done. */
const underWay = new WeakMap<Project, Promise<unknown>>();

/**
 * Computes and keeps the features of these images; what is done when it is cancelled stays. Returns those that cannot be read.
 * Errors: cancelled; those of the trainer.
 */
export async function computeMissing(
  db: Project,
  imageIds: readonly number[],
  options: FeatureOptions,
): Promise<Map<number, string>> {
  while (underWay.has(db)) await underWay.get(db)?.catch(() => undefined);
  const { datasetId, source } = options;
  const known = db.labelling.features(datasetId, source);
  const missing = imageIds.filter((id) => !known.has(id));
  if (missing.length === 0) return new Map();
  const work = compute(db, missing, options);
  underWay.set(db, work);
  try {
    return await work;
  } finally {
    underWay.delete(db);
  }
}

async function compute(
  db: Project,
  imageIds: readonly number[],
  { source, engine, signal, onProgress, spawn }: FeatureOptions,
): Promise<Map<number, string>> {
  const unreadable = new Map<number, string>();
  let done = 0;
  await runTrainer(
    {
      type: 'features',
      threads: availableParallelism(),
      engine,
      projectPath: db.path,
      source,
      imageIds: [...imageIds],
    },
    {
      signal,
      ...(spawn === undefined ? {} : { spawn }),
      onEvent(event) {
        if (event.type !== 'features') return;
        const { imageId, features, error } = event;
        if (features === null) unreadable.set(imageId, error ?? '');
        // It may have been deleted meanwhile.
        else if (db.datasets.image(imageId) !== undefined) {
          db.labelling.saveFeatures(imageId, source, features);
        }
        done++;
        onProgress({ done, total: imageIds.length, message: 'Comparing images' });
      },
    },
  );
  return unreadable;
}
