/**
 * One run from start to end: data, initial or resumed weights, training, and the test afterwards. Writes nothing;
 * everything it finds out leaves through `emit`. The process around it is worker.ts.
 */
import type { EarlyEnd, LayerState, MetricPoint, Run, RunConfig } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { pinnedDataset } from '../data/pinned-dataset.ts';
import type { Example } from '../db/examples.ts';
import type { Project } from '../db/project.ts';
import type { Engine } from './tensorflow/backend.ts';
import { predictionPrecision } from './tensorflow/precision.ts';
import { encodeCheckpoint, type TrainingCheckpoint } from './checkpoint.ts';
import {
  type TestCheckpoint,
  testImages,
  validationDice,
  type ValidationView,
} from './scoring/evaluation.ts';
import { chooseExamples, drawExamples } from './examples.ts';
import { measureFrozenStatistics } from './frozen-statistics.ts';
import { type FlatWeights, learningRateShares } from './network/parameters.ts';
import { peakMemoryBytes } from './peak-memory.ts';
import type { TrainerEvent } from './protocol.ts';
import { rowsOf, squeezed } from './images/image-rows.ts';
import { createImageStore } from './images/image-store.ts';
import { piecesOf } from './images/row-pieces.ts';
import { runData, type RunData } from './batches/run-data.ts';
import { createSegmenter, disposeWeights, type Segmenter, toTensors } from './scoring/segmenter.ts';
import { type AnyTile, readTile, withInput } from './images/tiles.ts';
import { train, type TrainingProgress } from './train.ts';
import { openTrainingData, type TrainingData } from './batches/training-data.ts';
import { createTrainingStep, type SplitSpec, type TrainingState } from './training-step.ts';
import { fromCheckpoint, fromTheBeginning, type RunStart } from './run-start.ts';

export interface RunOptions {
  readonly project: Project;
  readonly run: Run;
  readonly engine: Engine;
  readonly resume: TrainingCheckpoint | null;
  /** Prepared beside the training; null: on its thread. */
  readonly trainingData: TrainingData | null;
  /** Milliseconds between checkpoints. */
  readonly checkpointInterval: number;
  readonly emit: (event: TrainerEvent) => void;
  readonly stopRequested: () => boolean;
  /** Whether it is to end with what it has; left out: never. */
  readonly finishRequested?: () => boolean;
}

/** Encodes the state of a run: as checkpoints that it resumes from, and as what is kept of it when it has ended. */
function checkpointsOf(options: RunOptions, data: RunData, start: RunStart) {
  const { run, engine, emit } = options;
  const { config } = run;
  let emittedBest = start.progress.best?.step ?? 0;
  const encode = (
    { best, step, trainedSeconds }: TrainingProgress,
    weights: Omit<TrainingCheckpoint, 'header' | 'frozen'>,
  ) =>
    encodeCheckpoint({
      header: {
        objective: config.kind === 'pretrain' ? config.task : ('finetune' as const),
        network: data.objective.network,
        sampling: config.sampling,
        classes: data.classes,
        seed: config.seed,
        step,
        trainedSeconds,
        engine: engine.info,
        layers: start.layers,
        best: best && { step: best.step, score: best.score },
        trained: start.specs.trained,
        frozen: start.specs.frozen,
      },
      frozen: start.frozen,
      ...weights,
    });
  return {
    /** Emits `best` only when there is a better one than the last time. */
    save: (
      { theta, statistics, m, v }: TrainingState,
      progress: TrainingProgress,
      points: readonly MetricPoint[],
    ) => {
      const { best, step } = progress;
      // The best weights first: a crash in between must not leave a `last` that counts on a `best` never written.
      if (best !== null && best.step !== emittedBest) {
        const alone = { trained: best.weights, moments: null, best: null };
        const bytes = encode({ ...progress, step: best.step }, alone);
        emit({ type: 'checkpoint', kind: 'best', step: best.step, bytes });
        emittedBest = best.step;
      }
      const trained = { theta, statistics };
      const bytes = encode(progress, { trained, moments: { m, v }, best: best?.weights ?? null });
      emit({ type: 'checkpoint', kind: 'last', step, bytes, points: [...points] });
    },
    /** The last weights without what only resuming takes, three times as much. */
    weightsAlone: ({ theta, statistics }: TrainingState, progress: TrainingProgress) =>
      encode(progress, { trained: { theta, statistics }, moments: null, best: null }),
  };
}

/** Whether a run that is done may be given more steps (engine/study/running/extension.ts), and so needs all of its state. */
function mayGoOn(project: Project, { config, studyId }: Run): boolean {
  // A model that is gone on from is another run.
  if (config.kind === 'pretrain' || config.mayLackParts === true) return false;
  const study = studyId === null ? undefined : project.studies.get(studyId);
  return study === undefined || study.config.extension !== null;
}

/** Pictures of what the pretrained network answers on a few of its images. */
async function examplesOf(
  { project, run, engine }: RunOptions,
  { objective, train: images }: RunData,
  weights: FlatWeights,
): Promise<Example[]> {
  const { sampling, network, snapshotId, optimisation } = run.config;
  const tiles: AnyTile[] = [];
  const store = createImageStore({ folder: project.scratchFolder });
  const options = { sampling, channels: network.inputChannels, store };
  for (const request of chooseExamples(images)) {
    tiles.push(await readTile(project, request, options));
  }
  const examples = await drawExamples({
    engine,
    objective,
    spec: objective.spec,
    weights,
    tiles,
    sizePx: sampling.sizePx,
    classes: pinnedDataset(project, snapshotId)?.classes ?? [],
    precision: predictionPrecision(engine, optimisation.precision),
  });
  store.close();
  return examples;
}

/** Images that are looked at, evenly spread over the training images. */
const LOOKED_AT = 16;

/** Errors: invalid-input, where none of a few images has what the task learns from; those of readTile. */
async function assertServes(project: Project, config: RunConfig, data: RunData): Promise<void> {
  const { accepts, train: images } = data;
  if (accepts === null) return;
  const every = Math.ceil(images.length / LOOKED_AT);
  for (const request of images.filter((_, i) => i % every === 0)) {
    const of = { image: request.image, channels: config.network.inputChannels };
    const serves = await withInput(project, of, async (input) => {
      const { mode, sizePx } = config.sampling;
      const image = mode === 'resize' ? rowsOf(await squeezed(input, sizePx)) : input;
      for (const { top, count } of piecesOf(image)) {
        if (accepts(await image.rows(top, count))) return true;
      }
      return false;
    });
    if (serves) return;
  }
  throw new AppError(
    'invalid-input',
    'The images have three channels, but no colour: there is none to find. Choose colour images, or another task.',
  );
}

const partsOf = ({ trained, frozen }: SplitSpec) =>
  frozen.parameters.length === 0 ? [trained] : [trained, frozen];

async function testRun(
  options: RunOptions,
  data: RunData,
  start: RunStart,
  segmenter: Segmenter,
  /** `best`: null where it is the last. */
  weights: { last: FlatWeights; best: FlatWeights | null },
): Promise<void> {
  const { project, run, emit } = options;
  const { sampling, network } = run.config;
  const frozen = start.specs.frozen.parameters.length === 0 ? [] : [start.frozen];
  const { last, best } = weights;
  const checkpoints: TestCheckpoint[] =
    best === null
      ? [{ kinds: ['best', 'last'], weights: toTensors([last, ...frozen]) }]
      : [
          { kinds: ['best'], weights: toTensors([best, ...frozen]) },
          { kinds: ['last'], weights: toTensors([last, ...frozen]) },
        ];
  await testImages({
    project,
    requests: data.test,
    segmenter,
    classes: { count: segmenter.classes, scored: data.scored },
    channels: network.inputChannels,
    sampling,
    checkpoints,
    onResult: (result, prediction) => emit({ type: 'result', result, prediction }),
  });
  for (const { weights: tensors } of checkpoints) disposeWeights(tensors);
}

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
