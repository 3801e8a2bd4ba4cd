/**
 * Times training steps on this machine: chooses how runs share the processor and whose kernels compute. oneDNN's kernels
 * are not the quicker ones for every network, so both are timed. Small steps leave a second thread idle, so two runs
 * side by side on one thread each are often far quicker.
 */
import { availableParallelism } from 'node:os';
import type {
  EngineChoice,
  EngineInfo,
  Execution,
  Kernels,
  NetworkConfig,
  Precision,
  SamplingConfig,
  StudyConfig,
} from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import { kernelsInText } from '../../../shared/engine-words.ts';
import { counted, duration } from '../../../shared/number-format.ts';
import { isTaskPretraining } from '../../../shared/pretrainings.ts';
import { inWords } from '../../../shared/sentences.ts';
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
import { warmthOfRuns, WarmTrainers } from '../../warm-trainers.ts';
import { TimingBudget } from './timing-budget.ts';

/** After the trace and one warm-up step: enough for a steady median, some seconds at 128 px. */
const TIMED_STEPS = 12;
/** Trainers side by side take up to this share of the memory that is free before they start. */
const MEMORY_SHARE = 0.8;

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
  /** Milliseconds, for tests: the clock that the time for timing is taken by. */
  readonly now?: () => number;
}

/** A calibration under way, and where its trainers come from. */
interface Calibrating extends CalibrationOptions {
  readonly spawn: SpawnTrainer;
  readonly budget: TimingBudget;
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
  /** One entry a layout that the memory allows, then those of other kernels and of a card; fine-tuning steps. */
  readonly timings: readonly Timing[];
  readonly chosen: Timing;
  /** What was chosen, as a study stores it. */
  readonly execution: Execution;
  /** Milliseconds of a pretraining step under the chosen layout, by batch size. */
  readonly pretrainMs: ReadonlyMap<number, number>;
  /** What was not timed since steps take too long here, in words, so that others were chosen among or reckoned from. */
  readonly passedOver: readonly string[];
}

/** Kernels to choose from, the likelier first; none where the engine has no choice, or somebody has made it. */
function kernelsToTry(layout: Layout, options: Calibrating): readonly Kernels[] {
  const engine = layout.engine ?? options.engine;
  const isChosen = engine === 'wasm' || engine === 'webgpu' || layout.kernels !== undefined;
  return isChosen ? [] : (options.kernels ?? kernelCandidates());
}

/** A layout as it was asked for, and what it takes: its steps of pretraining are asked for in the same words. */
interface Timed {
  readonly layout: Layout;
  readonly timing: Timing;
}

/** Every layout that the memory allows, with one set of kernels. */
async function timeLayouts(
  [first, ...others]: readonly [Layout, ...Layout[]],
  step: StepSetting,
  options: Calibrating,
): Promise<readonly [Timed, ...Timed[]]> {
  const memory = MEMORY_SHARE * (options.memoryBytes ?? process.availableMemory());
  const timing = await timeOnce('finetune', first, step, options);
  const timed: [Timed, ...Timed[]] = [{ layout: first, timing }];
  for (const layout of others) {
    // What the first trainer held tells how many fit side by side.
    if (timing.peakMemoryBytes * layout.parallel > memory) continue;
    const own = await options.budget.whileThereIsTime(
      `${layout.parallel} runs side by side on ${counted(layout.threads, 'thread')} each`,
      () => timeOnce('finetune', layout, step, options),
    );
    if (own !== undefined) timed.push({ layout, timing: own });
  }
  return timed;
}

/** Milliseconds of a pretraining step, by batch size; at once after the layout's own, whose processes still wait. */
async function timePretrainings(
  { layout, timing }: Timed,
  { pretrainings, finetuning }: StudyConfig,
  step: StepSetting,
  options: Calibrating,
): Promise<ReadonlyMap<number, number>> {
  const milliseconds = new Map([[finetuning.batch, timing.msPerStep]]);
  for (const { optimisation } of pretrainings.filter(isTaskPretraining)) {
    const { batch } = optimisation;
    if (milliseconds.has(batch)) continue;
    const own = { ...step, batch, test: undefined };
    const found = await options.budget.whileThereIsTime(
      `a pretraining step on ${counted(batch, 'image')}`,
      () => timeOnce('pretrain', layout, own, options),
    );
    const bySize = (timing.msPerStep * batch) / finetuning.batch;
    milliseconds.set(batch, found?.msPerStep ?? bySize);
  }
  return milliseconds;
}

/** Some ten seconds for small networks. `config.execution` is the user's own choice of layout. */
export async function calibrate(
  config: StudyConfig,
  options: CalibrationOptions,
): Promise<Calibration> {
  const { spawn, cards = cardsHere } = options;
  const budget = new TimingBudget(options.now);
  if (spawn !== undefined) {
    return timeStudy(config, { ...options, spawn, cards, budget, isFake: true });
  }
  // Steps of pretraining are timed in the processes that have just timed those of fine-tuning.
  const trainers = new WarmTrainers(warmthOfRuns(() => false));
  try {
    return await timeStudy(config, {
      ...options,
      cards,
      budget,
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
async function timeCard(step: StepSetting, options: Calibrating): Promise<Timed | null> {
  if (options.engine !== 'auto') return null;
  const card = strongestCard(await options.cards());
  if (card === undefined) return null;
  try {
    const layout = { ...ON_CARD, engine: 'webgpu', adapter: card.name } as const;
    const timing = await options.budget.whileThereIsTime(`the graphics card ${card.name}`, () =>
      timeOnce('finetune', layout, step, options),
    );
    return timing === undefined ? null : { layout, timing };
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
  const [likelier, other] = kernelsToTry(first, options);
  const withLikelier = (layout: Layout): Layout => ({ kernels: likelier, ...layout });
  const layouts = [withLikelier(first), ...others.map(withLikelier)] as const;
  const onProcessor = await timeLayouts(layouts, step, options);
  let best: Timed = onProcessor.reduce((quickest, one) =>
    one.timing.stepsPerSecond > quickest.timing.stepsPerSecond ? one : quickest,
  );
  const timings = onProcessor.map(({ timing }) => timing);
  let pretrainMs = await timePretrainings(best, config, step, options);
  // Under the layout that computes: which kernels are the quicker ones depends on the number of threads, too. An engine
  // that did not take the likelier has no others.
  if (other !== undefined && best.timing.kernels === likelier) {
    const layout = { ...best.layout, kernels: other };
    const timing = await options.budget.whileThereIsTime(kernelsInText(other), () =>
      timeOnce('finetune', layout, step, options),
    );
    if (timing !== undefined) timings.push(timing);
    if (
      timing !== undefined &&
      timing.msPerStep < best.timing.msPerStep * (1 - WORTH_OTHER_KERNELS)
    ) {
      best = { layout, timing };
      pretrainMs = await timePretrainings(best, config, step, options);
    }
  }
  const onCard = config.execution === null ? await timeCard(step, options) : null;
  if (onCard !== null) timings.push(onCard.timing);
  if (
    onCard !== null &&
    isCardWorthIt({
      onCard: onCard.timing.stepsPerSecond,
      onProcessor: best.timing.stepsPerSecond,
    })
  ) {
    best = onCard;
    pretrainMs = await timePretrainings(best, config, step, options);
  }
  const chosen = best.timing;
  const { threads, parallel, kernels, engine, adapter } = chosen;
  const execution = {
    ...{ threads, parallel },
    ...(kernels === undefined ? {} : { kernels }),
    ...(engine === undefined ? {} : { engine }),
    ...(adapter === undefined ? {} : { adapter }),
  };
  const passedOver = [...options.budget.passedOver];
  return { timings, chosen, execution, pretrainMs, passedOver };
}

/** What a plan says of what was not timed. */
export function timingNotes({ chosen, passedOver }: Calibration): string[] {
  if (passedOver.length === 0) return [];
  return [
    `A step takes ${duration(chosen.msPerStep / 1000)} on this computer, so that not everything was measured: ${inWords(passedOver)} would have taken too long. The time is worked out from what was measured, and something faster may have been passed over. A smaller network, input or batch would be faster by far.`,
  ];
}
