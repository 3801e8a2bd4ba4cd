/** Starting points of a study: budgets that a desktop can pay (docs/method.md §3). */
import type { OptimisationConfig } from './entities.ts';

export type StudyMode = 'quick' | 'default' | 'confirm';

/** Seeds a mode runs: 3 indicate, 5 estimate, 8 are the fewest with which Holm over 5 comparisons can reject. */
export const SEEDS_OF_MODE: Readonly<Record<StudyMode, number>> = {
  quick: 3,
  default: 5,
  confirm: 8,
};

/** The grid of docs/method.md §5, for every arm alike; only where the time is taken to confirm. */
export const LEARNING_RATES_OF_MODE: Readonly<Record<StudyMode, readonly number[]>> = {
  quick: [],
  default: [],
  confirm: [5e-4, 2e-3],
};

export function pretrainingPreset(mode: StudyMode): OptimisationConfig {
  return {
    steps: mode === 'quick' ? 300 : 400,
    batch: 32,
    learningRate: 2e-3,
    weightDecay: 1e-4,
    warmup: 0.1,
    schedule: 'cosine',
    evaluateEvery: 10,
    augment: true,
    precision: 'float32',
  };
}

/** Constant after the warm-up: one-cycle schedules distort learning curves. */
export function finetuningPreset(mode: StudyMode): OptimisationConfig {
  return {
    steps: mode === 'quick' ? 300 : 400,
    batch: mode === 'quick' ? 8 : 16,
    learningRate: 2e-3,
    weightDecay: 1e-4,
    warmup: 0.1,
    schedule: 'constant',
    evaluateEvery: 10,
    augment: true,
    precision: 'float32',
  };
}
