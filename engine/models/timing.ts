/** How long a training takes on this machine, and how many steps a time has room for: from timed steps. */
import { availableParallelism } from 'node:os';
import type { EngineChoice } from '../../shared/entities.ts';
import { pixelClasses } from '../training/network/pixel-classes.ts';
import { runTrainer, type SpawnTrainer } from '../trainer.ts';
import type { Preparation, TrainingRequest } from './prepare.ts';
import { modelSchedule } from './settings.ts';

const TIMED_STEPS = 12;
const STEPS = { least: 20, most: 100_000 };
/** An evaluation is a forward pass: about a third of a step on as many images. */
const FORWARD_SHARE = 0.35;

interface StepTime {
  readonly msPerStep: number;
  readonly startupMs: number;
  /** Of a test image, for one network. */
  readonly testMs: number;
}

/** What was timed since the start: a plan that is edited asks for the same steps again and again. */
const timed = new Map<string, StepTime>();

export interface TimingHost {
  readonly engine: EngineChoice;
  readonly signal: AbortSignal;
  readonly spawn?: SpawnTrainer | undefined;
}

async function timeStep(
  { dataset }: TrainingRequest,
  { network, sampling, optimisation, byPart }: Preparation,
  { engine, signal, spawn }: TimingHost,
): Promise<StepTime> {
  const mean = (of: (image: (typeof byPart.train)[number]) => number) =>
    Math.round(byPart.train.reduce((sum, image) => sum + of(image), 0) / byPart.train.length);
  const request = {
    type: 'calibrate' as const,
    threads: availableParallelism(),
    engine,
    network,
    sampling,
    batch: optimisation.batch,
    precision: optimisation.precision,
    steps: TIMED_STEPS,
    test: {
      widthPx: mean(({ widthPx }) => widthPx),
      heightPx: mean(({ heightPx }) => heightPx),
      classes: Math.max(2, pixelClasses(dataset)),
    },
  };
  const key = JSON.stringify(request);
  const known = timed.get(key);
  if (known !== undefined) return known;
  let found: StepTime = { msPerStep: 0, startupMs: 0, testMs: 0 };
  await runTrainer(request, {
    signal,
    ...(spawn === undefined ? {} : { spawn }),
    onEvent(event) {
      if (event.type === 'calibrated') found = event;
    },
  });
  if (spawn === undefined) timed.set(key, found);
  return found;
}

export interface Budget {
  readonly steps: number;
  /** With validation and test, where nothing else computes; null: not timed. */
  readonly seconds: number | null;
}

/** Errors: those of the trainer; cancelled. */
export async function budgetOf(
  request: TrainingRequest,
  preparation: Preparation,
  host: TimingHost,
): Promise<Budget> {
  const time = await timeStep(request, preparation, host);
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
    return { steps: request.steps, seconds: secondsOf(request.steps) };
  }
  // Some forty checks whatever the number of steps, so that what is left of the time is all for steps.
  const fixed = secondsOf(STEPS.most) - (STEPS.most * time.msPerStep) / 1000;
  const fitting = Math.floor(((request.minutes * 60 - fixed) * 1000) / time.msPerStep);
  const steps = Math.max(STEPS.least, Math.min(STEPS.most, fitting));
  return { steps, seconds: secondsOf(steps) };
}
