/**
 * What a run asks of its images while it trains: the batch of a step, and the views that it is validated on. Read from
 * the project when they are first needed. Whether that happens on the training thread or beside it is decided by
 * whoever opens it (thread.ts).
 */
import type { RunConfig } from '../../../shared/entities.ts';
import type { Project } from '../../db/project.ts';
import { type Batch, planBatches } from './batches.ts';
import { type ValidationView, validationViews } from '../scoring/evaluation.ts';
import { createImageStore, imageMemoryBytes } from '../images/image-store.ts';
import type { RunData } from './run-data.ts';
import { createTileCache } from '../images/tile-cache.ts';
import { readTile } from '../images/tiles.ts';

export interface TrainingData {
  /** Of a step (from 1); depends on nothing but the run and the step. Errors: those of readTile. */
  batch(step: number): Promise<Batch>;
  /** Errors: those of readTile. */
  validationViews(): Promise<ValidationView[]>;
  close(): Promise<void>;
}

export function openTrainingData(options: {
  readonly project: Pick<Project, 'datasets' | 'labelMaps' | 'scratchFolder'>;
  readonly config: RunConfig;
  readonly data: RunData;
  /** Bytes of images that are kept in memory. */
  readonly memoryBytes?: number;
}): TrainingData {
  const { project, config, data, memoryBytes = imageMemoryBytes() } = options;
  const { sampling, network, optimisation, seed } = config;
  const channels = network.inputChannels;
  const newStore = () => createImageStore({ memoryBytes, folder: project.scratchFolder });
  const store = newStore();
  const plan = planBatches({
    objective: data.objective,
    sizePx: sampling.sizePx,
    augment: optimisation.augment,
    batch: optimisation.batch,
    seed,
    count: data.train.length,
  });
  const cache = createTileCache({
    maxBytes: memoryBytes,
    read(image) {
      const request = data.train[image];
      if (request === undefined) throw new Error(`the run has no training image ${image}`);
      const depths = data.objective.wantsDepths === true;
      return readTile(project, request, { sampling, channels, store, depths });
    },
  });
  return {
    async batch(step) {
      return plan.fill(step, await cache.tiles(plan.images(step)));
    },
    async validationViews() {
      const views: ValidationView[] = [];
      for (const request of data.validation) {
        const own = newStore(); // wanted no longer than for its views
        const tile = await readTile(project, request, { sampling, channels, store: own });
        views.push(...validationViews(tile, sampling.sizePx));
        own.close();
      }
      return views;
    },
    close() {
      store.close();
      return Promise.resolve();
    },
  };
}
