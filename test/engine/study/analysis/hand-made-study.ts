/** Studies whose right answer is known: Dice of every run from a base, an effect and seeded noise. */
import type { AnalysedRun, StudiedPretraining } from '../../../../shared/analysis.ts';
import {
  PRETRAINING_TASKS,
  type PretrainingKey,
  type Transfer,
} from '../../../../shared/entities.ts';
import { PRETRAINING_TASK_FACTS } from '../../../../shared/pretraining-tasks.ts';
import { createRandom } from '../../../../shared/random.ts';

export interface HandMadeArm {
  readonly pretraining: PretrainingKey | null;
  readonly transfer: Transfer;
  /** Mean test Dice. */
  readonly dice: number;
  readonly labels?: number;
  /** Seeds that finished; those of the study unless told. */
  readonly seeds?: readonly number[];
  readonly failedSeeds?: readonly number[];
  /** (step, validation Dice) of every seed. */
  readonly validation?: readonly (readonly [step: number, dice: number])[];
}

export interface HandMadeStudy {
  readonly arms: readonly HandMadeArm[];
  readonly seeds?: readonly number[];
  readonly images?: number;
  /** Standard deviation of an arm's luck with a seed. */
  readonly seedNoise?: number;
  /** Standard deviation of a single prediction. */
  readonly noise?: number;
}

const DEFAULT_LABELS = 8;

/** The pretrainings that occur in the runs; a key that is no task is an encoder of another origin. */
export function pretrainingsIn(runs: readonly AnalysedRun[]): StudiedPretraining[] {
  return [...new Set(runs.flatMap((run) => run.pretraining ?? []))].map((key) => {
    const task = PRETRAINING_TASKS.find((one) => one === key) ?? null;
    return { key, task, trains: task === null ? [] : PRETRAINING_TASK_FACTS[task].trains };
  });
}

export function handMadeRuns(study: HandMadeStudy): AnalysedRun[] {
  const { seeds = [0, 1, 2, 3, 4], images = 30, seedNoise = 0.004, noise = 0.02 } = study;
  let runId = 0;
  return study.arms.flatMap((arm) => {
    const { pretraining, transfer, dice, labels = DEFAULT_LABELS } = arm;
    const done = (arm.seeds ?? seeds).map((seed): AnalysedRun => {
      const random = createRandom(seed, 'run', pretraining ?? '', transfer, labels);
      const mean = dice + seedNoise * random.normal();
      return {
        runId: ++runId,
        pretraining,
        transfer,
        labels,
        seed,
        status: 'done',
        validation: (arm.validation ?? []).map(([step, value]) => ({ step, dice: value })),
        images: Array.from({ length: images }, (_, i) => {
          const difficulty = 0.05 * Math.sin(i);
          const value = mean + difficulty + noise * random.normal();
          return {
            imageId: 100 + i,
            dice: value,
            iou: value / 2,
            hd95: 5,
            boundaryF1: 0.5,
            uncertainty: null,
          };
        }),
        diceLast: dice - 0.01,
      };
    });
    const failed = (arm.failedSeeds ?? []).map((seed): AnalysedRun => ({
      runId: ++runId,
      pretraining,
      transfer,
      labels,
      seed,
      status: 'failed',
      validation: [],
      images: [],
      diceLast: null,
    }));
    return [...done, ...failed];
  });
}
