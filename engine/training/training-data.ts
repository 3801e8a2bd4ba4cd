/**
 * What a run asks of its images while it trains: the batch of a step, and the views that it is validated on. Read from
 * the project when they are first needed. Whether that happens on the training thread or beside it is decided by
 * whoever opens it (batch-thread.ts).
 */
import type { RunConfig } from '../../shared/entities.ts';
import type { Project } from '../db/project.ts';
import { type Batch, planBatches } from './batches.ts';
import { type ValidationView, validationViews } from './evaluation.ts';
import type { RunData } from './run-data.ts';
import { createTileCache, tileMemoryBytes } from './tile-cache.ts';
import { readTile } from './tiles.ts';

export interface TrainingData {
  /** Of a step (from 1); depends on nothing but the run and the step. Errors: those of readTile. */
  batch(step: number): Promise<Batch>;
  /** Errors: those of readTile. */
  validationViews(): Promise<ValidationView[]>;
  close(): Promise<void>;
}

export function openTrainingData(options: {
  readonly project: Pick<Project, 'datasets' | 'labelMaps'>;
  readonly config: RunConfig;
  readonly data: RunData;
}): TrainingData {
  const { project, config, data } = options;
  const { sampling, network, optimisation, seed } = config;
  const tileOptions = { sampling, channels: network.inputChannels };
  const plan = planBatches({
    objective: data.objective,
    sizePx: sampling.sizePx,
    augment: optimisation.augment,
    batch: optimisation.batch,
    seed,
    count: data.train.length,
  });
  const cache = createTileCache({
    maxBytes: tileMemoryBytes(),
    read(image) {
      const request = data.train[image];
      if (request === undefined) throw new Error(`the run has no training image ${image}`);
      return readTile(project, request, tileOptions);
    },
  });
  return {
    async batch(step) {
      return plan.fill(step, await cache.tiles(plan.images(step)));
    },
    async validationViews() {
      const views: ValidationView[] = [];
      for (const request of data.validation) {
        views.push(
          ...validationViews(await readTile(project, request, tileOptions), sampling.sizePx),
        );
      }
      return views;
    },
    close: () => Promise.resolve(),
  };
}
