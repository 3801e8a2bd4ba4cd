/**
 * One run from start to end: data, initial or resumed weights, training, and the test afterwards. Writes nothing;
 * everything it finds out leaves through `emit`. The process around it is worker.ts.
 */
import type { EarlyEnd, LayerState } from '../../shared/entities.ts';
import { assertServes } from './assert-serves.ts';
import { runData } from './batches/run-data.ts';
import { openTrainingData } from './batches/training-data.ts';
import { measureFrozenStatistics } from './frozen-statistics.ts';
import { learningRateShares } from './network/parameters.ts';
import { peakMemoryBytes } from './peak-memory.ts';
import { checkpointsOf, mayGoOn } from './run-checkpoints.ts';
import type { RunOptions } from './run-options.ts';
import { fromCheckpoint, fromTheBeginning, type RunStart } from './run-start.ts';
import { examplesOf, testRun } from './run-test.ts';
import { validationDice, type ValidationView } from './scoring/evaluation.ts';
import { createSegmenter, disposeWeights, toTensors } from './scoring/segmenter.ts';
import { predictionPrecision } from './tensorflow/precision.ts';
import { train } from './train.ts';
import { createTrainingStep, type SplitSpec } from './training-step.ts';

const partsOf = ({ trained, frozen }: SplitSpec) =>
  frozen.parameters.length === 0 ? [trained] : [trained, frozen];

export interface RunOutcome {
  readonly outcome: 'done' | 'stopped';
  readonly step: number;
  /** Why it is done before its last step; null: it is not, or not done. */
  readonly early: EarlyEnd | null;
  /** What replaces the `last` checkpoint of a run that never goes on; null: all of it stays. */
  readonly kept: Uint8Array | null;
}

/**
 * Errors: those of the data (unreadable, unsupported, invalid-input …), of the transfer (invalid-input, not-found) and
 * of diverging (invalid-input).
 */
export async function executeRun(options: RunOptions): Promise<RunOutcome> {
  const { project, run, engine, resume, emit, stopRequested } = options;
  const { config } = run;
  const { sampling, optimisation } = config;
  const data = runData(project, config);
  for (const message of data.notes) emit({ type: 'log', message });

  const announce = (layers: readonly LayerState[], firstStep: number) =>
    emit({ type: 'started', engine: engine.info, layers: [...layers], firstStep });
  const begun =
    resume === null
      ? fromTheBeginning(project, run, data, (layers) => announce(layers, 0))
      : fromCheckpoint(resume, run, data.objective.spec);
  announce(begun.layers, begun.progress.step);

  await assertServes(project, config, data);
  const trainingData = options.trainingData ?? openTrainingData({ project, config, data });
  const { objective, classes } = data;
  const { unmeasured } = begun;
  const start: RunStart =
    unmeasured === null
      ? begun
      : {
          ...begun,
          frozen: await measureFrozenStatistics({
            engine,
            objective,
            frozen: begun.specs.frozen,
            weights: unmeasured,
            batches: optimisation.steps,
            makeBatch: (at) => trainingData.batch(at),
          }),
        };
  const encoderRate = config.kind === 'finetune' ? (config.encoderRate ?? 1) : 1;
  const step = createTrainingStep({
    engine,
    objective,
    specs: start.specs,
    initial: start.state,
    frozen: start.frozen,
    rates: learningRateShares(start.specs.trained, (group) =>
      group === 'encoder' ? encoderRate : 1,
    ),
    precision: optimisation.precision,
  });
  const segmenter =
    config.kind === 'finetune' && classes !== null
      ? createSegmenter({
          engine,
          network: objective.network,
          sizePx: sampling.sizePx,
          classes,
          specs: partsOf(start.specs),
          // In the other mode an image has several views.
          atOnce: sampling.mode === 'resize' ? data.validation.length : undefined,
          precision: predictionPrecision(engine, optimisation.precision),
        })
      : null;
  const chooser = data.validation.length === 0 ? null : segmenter;
  const frozenTensors = toTensors(start.specs.frozen.parameters.length === 0 ? [] : [start.frozen]);

  const checkpoints = checkpointsOf(options, data, start);
  const scoredClasses = { count: classes ?? 0, scored: data.scored };
  let views: readonly ValidationView[] | undefined;
  const { outcome, early, progress, waited } = await train({
    step,
    config: optimisation,
    makeBatch: (at) => trainingData.batch(at),
    evaluate:
      chooser &&
      (async () => {
        views ??= await trainingData.validationViews();
        return validationDice(chooser, [step.tensors(), ...frozenTensors], views, {
          classes: scoredClasses,
          rule: (config.kind === 'finetune' ? config.validationScore : undefined) ?? 'images',
        });
      }),
    from: start.progress,
    checkpointInterval: options.checkpointInterval,
    patience: (config.kind === 'finetune' ? config.patience : undefined) ?? null,
    hooks: {
      metrics: (points) => emit({ type: 'metrics', points: [...points] }),
      progress: ({ step: at, trainedSeconds }) =>
        emit({ type: 'progress', step: at, trainedSeconds, peakMemoryBytes: peakMemoryBytes() }),
      checkpoint: checkpoints.save,
      stopRequested,
      finishRequested: options.finishRequested ?? (() => false),
    },
  });

  await trainingData.close();
  emit({
    type: 'log',
    message: `Waited for data: ${waited.first.toFixed(3)} s for the first batch, ${waited.others.toFixed(3)} s for all others.`,
  });

  if (outcome === 'done' && segmenter !== null) {
    const best = progress.best?.step === progress.step ? null : (progress.best?.weights ?? null);
    await testRun(options, data, start, segmenter, { last: await step.read(), best });
    emit({
      type: 'progress',
      step: progress.step,
      trainedSeconds: progress.trainedSeconds,
      peakMemoryBytes: peakMemoryBytes(),
    });
  }
  if (outcome === 'done' && config.kind === 'pretrain') {
    const examples = await examplesOf(options, data, await step.read());
    for (const [index, example] of examples.entries()) {
      emit({ type: 'example', index, example });
    }
  }
  const kept =
    outcome === 'done' && !mayGoOn(project, run)
      ? checkpoints.weightsAlone(await step.read(), progress)
      : null;
  step.dispose();
  segmenter?.dispose();
  disposeWeights(frozenTensors);
  return { outcome, step: progress.step, early, kept };
}
