/** How long the runs of a study take, by what was timed (calibrate.ts). */
import type { RunConfig, StudyConfig } from '../../../shared/entities.ts';
import type { Calibration } from './calibrate.ts';
import { learningRatesOf, planRuns } from './plan-runs.ts';
import type { StudyData } from './study-data.ts';

/** The last checkpoint is tested beside the best, unless they are one. */
const TESTED_CHECKPOINTS = 2;
/** An evaluation is a forward pass: about a third of a step on as many images. */
const FORWARD_SHARE = 0.35;

export interface StudyEstimate {
  /** Where no label count goes on. */
  readonly seconds: number;
  /** Where all go on, as far as the study allows it. */
  readonly longestSeconds: number;
}

/** Testing one fine-tuned network. */
export const testSeconds = (data: Pick<StudyData, 'testCount'>, { chosen }: Calibration): number =>
  TESTED_CHECKPOINTS * data.testCount * chosen.testImageSeconds;

/** One run from its start to its end; a fine-tuning with its validations and its test. */
export function runSeconds(
  config: Pick<RunConfig, 'kind' | 'optimisation'>,
  data: Pick<StudyData, 'testCount' | 'valCount'>,
  calibration: Calibration,
): number {
  const { chosen, pretrainMs } = calibration;
  const { steps, batch, evaluateEvery } = config.optimisation;
  if (config.kind === 'pretrain') {
    return chosen.startupSeconds + (steps * (pretrainMs.get(batch) ?? chosen.msPerStep)) / 1000;
  }
  const forwardSecondsPerImage = (chosen.msPerStep * FORWARD_SHARE) / batch / 1000;
  return (
    chosen.startupSeconds +
    (steps * chosen.msPerStep) / 1000 +
    Math.ceil(steps / evaluateEvery) * data.valCount * forwardSecondsPerImage +
    testSeconds(data, calibration)
  );
}

/** Time of the whole study on an otherwise idle machine. */
export function estimateStudy(
  config: StudyConfig,
  data: StudyData,
  calibration: Calibration,
): StudyEstimate {
  const { chosen } = calibration;
  const { finetuning, extension } = config;
  const perRun = (steps: number) =>
    runSeconds({ kind: 'finetune', optimisation: { ...finetuning, steps } }, data, calibration);
  const runs = planRuns(config, data);
  const busySeconds = runs.reduce(
    (sum, run) =>
      sum +
      (run.kind === 'finetune'
        ? perRun(finetuning.steps)
        : runSeconds(run.config, data, calibration)),
    0,
  );
  const cells =
    runs.filter(({ kind }) => kind === 'finetune').length / learningRatesOf(config).length;
  // Only the chosen learning rate goes on (extension.ts).
  const further =
    extension === null ? 0 : cells * perRun(Math.round(finetuning.steps * (extension - 1)));
  return {
    seconds: busySeconds / chosen.parallel,
    longestSeconds: (busySeconds + further) / chosen.parallel,
  };
}
