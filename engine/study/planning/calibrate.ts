/**
 * Times training steps on this machine: chooses how runs share the processor and whose kernels compute, and estimates a
 * study. oneDNN's kernels are not the quicker ones for every network, so both are timed once. Small steps leave a second thread idle, so two runs side by side on one thread each are often far quicker.
 */
import { availableParallelism } from 'node:os';
import type {
  EngineChoice,
  EngineInfo,
  Execution,
  Kernels,
  NetworkConfig,
  Precision,
  RunConfig,
  SamplingConfig,
  StudyConfig,
} from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import { isTaskPretraining } from '../../../shared/pretrainings.ts';
import type { TestSize } from '../../training/protocol.ts';
import { runTrainer, type SpawnTrainer } from '../../trainer.ts';
import { kernelCandidates } from '../../training/tensorflow/kernels.ts';
import {
  type CardOffer,
  cardsHere,
  forPrecision,
  isCardWorthIt,
  strongestCard,
} from '../../graphics-cards.ts';
import { WarmTrainers } from '../../warm-trainers.ts';
import { learningRatesOf, planRuns } from './plan-runs.ts';
import type { StudyData } from './study-data.ts';

/** After the trace and one warm-up step: enough for a steady median, some seconds at 128 px. */
const TIMED_STEPS = 12;
/** An evaluation is a forward pass: about a third of a step on as many images. */
const FORWARD_SHARE = 0.35;
/** Trainers side by side take up to this share of the memory that is free before they start. */
const MEMORY_SHARE = 0.8;
/** The last checkpoint is tested beside the best, unless they are one. */
const TESTED_CHECKPOINTS = 2;

/** Kernels that are quicker by less than this share are not taken for it: so much is chance. */
const WORTH_OTHER_KERNELS = 0.03;

export type Layout = Readonly<Execution>;

export interface Timing extends Layout {
  readonly msPerStep: number;
  readonly stepsPerSecond: number;
  readonly startupSeconds: number;
  /** Predicting and scoring a test image with one network; 0 where its size was not known. */
  readonly testImageSeconds: number;
  /** The most that one trainer held. */
  readonly peakMemoryBytes: number;
}

/** Ways of sharing `cores`: all for one run, one each, and pairs in between. */
export function candidateLayouts(cores: number): [Layout, ...Layout[]] {
  const layouts: [Layout, ...Layout[]] = [{ threads: cores, parallel: 1 }];
  if (cores >= 4) layouts.push({ threads: 2, parallel: Math.floor(cores / 2) });
  if (cores >= 2) layouts.push({ threads: 1, parallel: cores });
  return layouts;
}

interface StepSetting {
  readonly network: NetworkConfig;
  readonly sampling: SamplingConfig;
  readonly batch: number;
  readonly precision: Precision;
  readonly test: TestSize | undefined;
}

/** What was measured since the start: a plan that is edited asks for the same steps again and again. */
const measured = new Map<string, Timing>();

/** `purpose`: what a step is timed for; how long a trainer takes to start is known of those for fine-tunings alone. */
async function timeOnce(
  purpose: 'finetune' | 'pretrain',
  layout: Layout,
  step: StepSetting,
  options: Calibrating,
): Promise<Timing> {
  // Fake trainers of tests have their own times.
  if (options.isFake) return timeLayout(layout, step, options);
  const { threads, parallel, kernels, engine, adapter } = layout;
  const asked = [engine ?? options.engine, adapter ?? options.adapter];
  const key = JSON.stringify([purpose, threads, parallel, kernels, step, asked]);
  const known = measured.get(key);
  if (known !== undefined) return known;
  const timing = await timeLayout(layout, step, options);
  measured.set(key, timing);
  return timing;
}

export interface CalibrationOptions {
  readonly engine: EngineChoice;
  /** Name of the graphics card, where `engine` says webgpu; null or left out: the first one. */
  readonly adapter?: string | null;
  /** Cards to choose from where `engine` is auto; those of this computer where it is left out. */
  readonly cards?: () => Promise<readonly CardOffer[]>;
  readonly signal?: AbortSignal;
  readonly spawn?: SpawnTrainer;
  /** Kernels to choose from, the likelier first; those of this machine where it is left out. */
  readonly kernels?: readonly Kernels[];
  /** Free memory; that of this machine where it is left out. */
  readonly memoryBytes?: number;
  /** What is tested on; not timed where it is left out. */
  readonly test?: TestSize;
}

/** A calibration under way, and where its trainers come from. */
interface Calibrating extends CalibrationOptions {
  readonly spawn: SpawnTrainer;
  readonly cards: NonNullable<CalibrationOptions['cards']>;
  readonly isFake: boolean;
}

/** Steps of `parallel` trainers at once, as they would run in a study. */
async function timeLayout(
  layout: Layout,
  step: StepSetting,
  options: Calibrating,
): Promise<Timing> {
  const times: {
    ms: number;
    startup: number;
    test: number;
    peak: number;
    engine: EngineInfo;
  }[] = [];
  const adapter = layout.adapter ?? options.adapter;
  const one = () =>
    runTrainer(
      {
        type: 'calibrate',
        threads: layout.threads,
        kernels: layout.kernels,
        engine: layout.engine ?? options.engine,
        ...(adapter == null ? {} : { adapter }),
        network: step.network,
        sampling: step.sampling,
        batch: step.batch,
        precision: step.precision,
        steps: TIMED_STEPS,
        test: step.test,
      },
      {
        onEvent(event) {
          if (event.type === 'calibrated') {
            const { msPerStep: ms, startupMs: startup, testMs: test, engine } = event;
            const { peakMemoryBytes: peak } = event;
            times.push({ ms, startup, test, peak, engine });
          }
        },
        spawn: options.spawn,
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      },
    );
  await Promise.all(Array.from({ length: layout.parallel }, one));
  const mean = (of: (t: (typeof times)[number]) => number) =>
    times.reduce((sum, t) => sum + of(t), 0) / times.length;
  const msPerStep = mean((t) => t.ms);
  const ran = times[0]?.engine;
  return {
    threads: layout.threads,
    parallel: layout.parallel,
    ...(ran?.kernels === undefined ? {} : { kernels: ran.kernels }),
    ...(ran === undefined ? {} : { engine: ran.name }),
    ...(ran?.adapter === undefined ? {} : { adapter: ran.adapter.name }),
    msPerStep,
    stepsPerSecond: (1000 * layout.parallel) / msPerStep,
    startupSeconds: mean((t) => t.startup) / 1000,
    testImageSeconds: mean((t) => t.test) / 1000,
    peakMemoryBytes: Math.max(...times.map((t) => t.peak)),
  };
}

export interface Calibration {
  /** One entry a layout that the memory allows, and one for the other kernels; fine-tuning steps. */
  readonly timings: readonly Timing[];
  readonly chosen: Timing;
  /** What was chosen, as a study stores it. */
  readonly execution: Execution;
  /** Milliseconds of a pretraining step under the chosen layout, by batch size. */
  readonly pretrainMs: ReadonlyMap<number, number>;
}

/** `layout` with the kernels that are to be had, the better ones first. */
async function timeKernels(
  layout: Layout,
  step: StepSetting,
  options: Calibrating,
): Promise<readonly [Timing] | readonly [Timing, Timing]> {
  const engine = layout.engine ?? options.engine;
  const isChosen = engine === 'wasm' || engine === 'webgpu' || layout.kernels !== undefined;
  const [likelier, other] = isChosen ? [] : (options.kernels ?? kernelCandidates());
  const timing = await timeOnce('finetune', { kernels: likelier, ...layout }, step, options);
  // An engine that did not take them has no others.
  if (other === undefined || timing.kernels !== likelier) return [timing];
  const otherTiming = await timeOnce('finetune', { ...layout, kernels: other }, step, options);
  const worthIt = otherTiming.msPerStep < timing.msPerStep * (1 - WORTH_OTHER_KERNELS);
  return worthIt ? [otherTiming, timing] : [timing, otherTiming];
}

/** Some ten seconds for small networks. `config.execution` is the user's own choice of layout. */
export async function calibrate(
  config: StudyConfig,
  options: CalibrationOptions,
): Promise<Calibration> {
  const { spawn, cards = cardsHere } = options;
  if (spawn !== undefined) return timeStudy(config, { ...options, spawn, cards, isFake: true });
  // Steps of pretraining are timed in the processes that have just timed those of fine-tuning.
  const trainers = new WarmTrainers();
  try {
    return await timeStudy(config, {
      ...options,
      cards,
      spawn: (request, onEvent) => trainers.serve(request, { onEvent, fresh: true }),
      isFake: false,
    });
  } finally {
    await trainers.close();
  }
}

/** A card has its own threads, and is for one run at a time. */
const ON_CARD = { threads: 1, parallel: 1 } as const;

function layoutsFor(
  { execution }: StudyConfig,
  { engine }: CalibrationOptions,
): [Layout, ...Layout[]] {
  if (execution !== null) return [execution];
  return engine === 'webgpu' ? [ON_CARD] : candidateLayouts(availableParallelism());
}

/** The strongest card, where automatic may take one; null: there is none, or it cannot compute this network. */
async function timeCard(step: StepSetting, options: Calibrating): Promise<Timing | null> {
  if (options.engine !== 'auto') return null;
  const card = strongestCard(await options.cards());
  if (card === undefined) return null;
  try {
    const layout = { ...ON_CARD, engine: 'webgpu', adapter: card.name } as const;
    return await timeOnce('finetune', layout, step, options);
  } catch (error) {
    // It is too small for the network, or its driver fails: the processor computes, as without it.
    if (error instanceof AppError && error.code !== 'cancelled') return null;
    throw error;
  }
}

async function timeStudy(config: StudyConfig, asked: Calibrating): Promise<Calibration> {
  const { network, sampling, finetuning } = config;
  const { batch, precision } = finetuning;
  // A layout that somebody chose names its engine, or leaves it as it is.
  const options =
    config.execution === null ? await forPrecision(asked, precision, asked.cards) : asked;
  const step = { network, sampling, batch, precision, test: options.test };
  const [first, ...others] = layoutsFor(config, options);
  const memory = MEMORY_SHARE * (options.memoryBytes ?? process.availableMemory());
  const [timing, rejected] = await timeKernels(first, step, options);
  const timings = [timing];
  for (const layout of others) {
    // What the first trainer held tells how many fit side by side.
    if (timing.peakMemoryBytes * layout.parallel > memory) continue;
    timings.push(await timeOnce('finetune', { ...layout, kernels: timing.kernels }, step, options));
  }
  const onProcessor = timings.reduce((best, t) =>
    t.stepsPerSecond > best.stepsPerSecond ? t : best,
  );
  const onCard = config.execution === null ? await timeCard(step, options) : null;
  if (onCard !== null) timings.push(onCard);
  const isTaken =
    onCard !== null &&
    isCardWorthIt({ onCard: onCard.stepsPerSecond, onProcessor: onProcessor.stepsPerSecond });
  const chosen = isTaken ? onCard : onProcessor;
  const pretrainMs = new Map<number, number>([[finetuning.batch, chosen.msPerStep]]);
  for (const { optimisation } of config.pretrainings.filter(isTaskPretraining)) {
    if (pretrainMs.has(optimisation.batch)) continue;
    const timing = await timeOnce(
      'pretrain',
      chosen,
      { ...step, batch: optimisation.batch, test: undefined },
      options,
    );
    pretrainMs.set(optimisation.batch, timing.msPerStep);
  }
  const { threads, parallel, kernels, engine, adapter } = chosen;
  const execution = {
    ...{ threads, parallel },
    ...(kernels === undefined ? {} : { kernels }),
    ...(engine === undefined ? {} : { engine }),
    ...(adapter === undefined ? {} : { adapter }),
  };
  if (rejected !== undefined) timings.splice(1, 0, rejected);
  return { timings, chosen, execution, pretrainMs };
}

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
