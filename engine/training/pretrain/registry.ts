/** All pretraining tasks by name. */
import type { PretrainingTask } from '../../../shared/entities.ts';
import { autoencoder } from './autoencoder.ts';
import { classification } from './classification.ts';
import { segmentation } from './segmentation.ts';
import type { PretrainingTaskDefinition } from './task.ts';

export const pretrainingTasks: Readonly<Record<PretrainingTask, PretrainingTaskDefinition>> = {
  classification,
  segmentation,
  autoencoder,
};
