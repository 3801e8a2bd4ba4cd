/** How long a training takes on this machine, and how many steps a time has room for: from timed steps. */
import { availableParallelism } from 'node:os';
import type { Computing, EngineChoice } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import {
  type CardOffer,
  cardsHere,
  forPrecision,
  isCardWorthIt,
  strongestCard,
} from '../graphics-cards.ts';
import { pixelClasses } from '../training/network/pixel-classes.ts';
import { runTrainer, type SpawnTrainer } from '../trainer.ts';
import type { Preparation, TrainingRequest } from './prepare.ts';
import { modelSchedule } from './settings.ts';
import { timedSize } from './timed-size.ts';

const TIMED_STEPS = 12;
/** Of a step whose time is worked out from a smaller one: roughly is enough. */
const ROUGHLY_TIMED_STEPS = 4;
const STEPS = { least: 20, most: 100_000 };
/** An evaluation is a forward pass: about a third of a step on as many images. */
const FORWARD_SHARE = 0.35;

interface StepTime {
  readonly msPerStep: number;
  readonly startupMs: number;
  /** Of a test image, for one network. */
  readonly testMs: number;
  /** The card that it was timed on; null: the processor. */
  readonly computing: Computing | null;
  /** From a smaller step, since such a one takes too long. */
  readonly isWorkedOut: boolean;
}

const NOTHING_TIMED: StepTime = {
  ...{ msPerStep: 0, startupMs: 0, testMs: 0 },
  ...{ computing: null, isWorkedOut: false },
};

/** What was timed since the start: a plan that is edited asks for the same steps again and again. */
const timed = new Map<string, StepTime>();

export interface TimingHost {
  readonly engine: EngineChoice;
  /** Name of the graphics card, where `engine` says webgpu; null or left out: the first one. */
  readonly adapter?: string | null;
  /** Cards to choose from where `engine` is auto; those of this computer where it is left out. */
  readonly cards?: () => Promise<readonly CardOffer[]>;
  readonly signal: AbortSignal;
  readonly spawn?: SpawnTrainer | undefined;
}

/** Whether automatic has a card to choose: then steps are timed, though their number be given. */
export const mayTakeCard = async ({ engine, cards = cardsHere }: TimingHost): Promise<boolean> =>
  engine === 'auto' && strongestCard(await cards()) !== undefined;

async function timeStep(
  { dataset }: TrainingRequest,
  { network, sampling, optimisation, byPart }: Preparation,
  { engine, adapter, signal, spawn }: TimingHost,
): Promise<StepTime> {
  const mean = (of: (image: (typeof byPart.train)[number]) => number) =>
    Math.round(byPart.train.reduce((sum, image) => sum + of(image), 0) / byPart.train.length);
  const { timesStep, timesTest, ...size } = timedSize({
    ...{ network, sampling, batch: optimisation.batch },
  });
  const request = {
    type: 'calibrate' as const,
    threads: availableParallelism(),
    engine,
    ...(adapter == null ? {} : { adapter }),
    ...size,
    precision: optimisation.precision,
    steps: timesStep === 1 ? TIMED_STEPS : ROUGHLY_TIMED_STEPS,
    test: {
      widthPx: mean(({ widthPx }) => widthPx),
      heightPx: mean(({ heightPx }) => heightPx),
      classes: Math.max(2, pixelClasses(dataset)),
    },
  };
  const asAsked = (time: StepTime): StepTime => ({
    ...time,
    msPerStep: time.msPerStep * timesStep,
    testMs: time.testMs * timesTest,
    isWorkedOut: timesStep !== 1,
  });
  const key = JSON.stringify(request);
  const known = timed.get(key);
  if (known !== undefined) return asAsked(known);
  let found: StepTime = { ...NOTHING_TIMED };
  await runTrainer(request, {
    signal,
    ...(spawn === undefined ? {} : { spawn }),
    onEvent(event) {
      if (event.type !== 'calibrated') return;
      const { name, adapter: card } = event.engine;
      found = {
        ...NOTHING_TIMED,
        ...{ msPerStep: event.msPerStep, startupMs: event.startupMs, testMs: event.testMs },
        computing: card === undefined ? null : { engine: name, adapter: card.name },
      };
    },
  });
  if (spawn === undefined) timed.set(key, found);
  return asAsked(found);
}

/** On the processor and, where automatic may take one, on the strongest card: the faster of them. */
async function fasterStep(
  request: TrainingRequest,
  preparation: Preparation,
  asked: TimingHost,
): Promise<StepTime> {
  const { cards = cardsHere } = asked;
  const host = await forPrecision(asked, preparation.optimisation.precision, cards);
  const onProcessor = await timeStep(request, preparation, host);
  if (host.engine !== 'auto') return onProcessor;
  const card = strongestCard(await cards());
  if (card === undefined) return onProcessor;
  try {
    const chosen = { ...host, engine: 'webgpu', adapter: card.name } as const;
    const onCard = await timeStep(request, preparation, chosen);
    const steps = { onCard: 1 / onCard.msPerStep, onProcessor: 1 / onProcessor.msPerStep };
    return isCardWorthIt(steps) ? onCard : onProcessor;
  } catch (error) {
    // It is too small for the network, or its driver fails: the processor computes, as without it.
    if (error instanceof AppError && error.code !== 'cancelled') return onProcessor;
    throw error;
  }
}

export interface Budget {
  readonly steps: number;
  /** With validation and test, where nothing else computes; null: not timed. */
  readonly seconds: number | null;
  /** The card that it trains on; null: the processor, or what is asked for. */
  readonly computing: Computing | null;
  /** Whether its time was worked out from that of a smaller step. */
  readonly isWorkedOut: boolean;
}

/** Errors: those of the trainer; cancelled. */
export async function budgetOf(
  request: TrainingRequest,
  preparation: Preparation,
  host: TimingHost,
): Promise<Budget> {
  const time = await fasterStep(request, preparation, host);
  const { computing, isWorkedOut } = time;
  const { byPart, optimisation } = preparation;
  const forwardMs = (time.msPerStep * FORWARD_SHARE) / optimisation.batch;
  const secondsOf = (steps: number) => {
    const checks = Math.ceil(steps / modelSchedule(steps).evaluateEvery);
    const ms =
      time.startupMs +
      steps * time.msPerStep +
      checks * byPart.val.length * forwardMs +
      2 * byPart.test.length * time.testMs;
    return ms / 1000;
  };
  if (request.steps !== undefined) {
    return { steps: request.steps, seconds: secondsOf(request.steps), computing, isWorkedOut };
  }
  // Some forty checks whatever the number of steps, so that what is left of the time is all for steps.
  const fixed = secondsOf(STEPS.most) - (STEPS.most * time.msPerStep) / 1000;
  const fitting = Math.floor(((request.minutes * 60 - fixed) * 1000) / time.msPerStep);
  const steps = Math.max(STEPS.least, Math.min(STEPS.most, fitting));
  return { steps, seconds: secondsOf(steps), computing, isWorkedOut };
}
