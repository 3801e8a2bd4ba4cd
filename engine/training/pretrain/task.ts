/**
 * The interface of a pretraining task: one file a task beside this one, all trained by the same trainer.
 * A task says how the target's network is changed for it, with what it is trained by default, and what it minimises;
 * words and facts about it are in shared/pretraining-tasks.ts.
 */
import type {
  NetworkConfig,
  OptimisationConfig,
  PretrainingOptions,
} from '../../../shared/entities.ts';
import type { Objective } from '../objectives/objective.ts';
import type { Raster } from '../images/resample.ts';

export interface TaskContext {
  /** As changed by the task's `network`. */
  readonly network: NetworkConfig;
  readonly sizePx: number;
  /** Classes of the label maps, background included. */
  readonly pixelClasses: number;
  /** Dataset.hasBackground */
  readonly hasBackground?: boolean;
  readonly imageClasses: readonly string[];
  readonly options: PretrainingOptions;
}

export interface PretrainingTaskDefinition {
  readonly defaults: OptimisationConfig;
  /** Whether an image, as the network would see it, can be learned from; missing: every image can. */
  readonly accepts?: (image: Raster) => boolean;
  /** The network that is pretrained for a target network: the same but for what the task cannot use. */
  network(target: NetworkConfig): NetworkConfig;
  /** Errors: invalid-input, where the data lacks what the task learns from. */
  objective(context: TaskContext): Objective;
}

/** docs/method.md §3: desktop defaults, alike for every task so that they can be compared. */
export const PRETRAINING_DEFAULTS: OptimisationConfig = {
  steps: 400,
  batch: 32,
  learningRate: 2e-3,
  weightDecay: 1e-4,
  warmup: 0.1,
  schedule: 'cosine',
  evaluateEvery: 20,
  augment: true,
  precision: 'float32',
};
