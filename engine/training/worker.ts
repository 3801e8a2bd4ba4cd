/**
 * Entry of a trainer process: takes a request from the engine over Node's IPC, answers with events, and takes the next
 * one where that was done; whatever failed or was stopped ends the process.
 * Owns the process: thread counts, kernels, stopping, orderly ends. What is computed is in run.ts, calibrate.ts,
 * prediction-request.ts, measure-request.ts and feature-request.ts.
 */
import { inspect } from 'node:util';
import type { EngineInfo } from '../../shared/entities.ts';
import { AppError, toWireError } from '../../shared/errors.ts';
import { openProjectReadonly, type Project } from '../db/project.ts';
import { endWithParent } from '../parent-watch.ts';
import { type Engine, type EngineOptions, startEngine } from './tensorflow/backend.ts';
import { kernelsFor } from './tensorflow/kernels.ts';
import { useVectors } from './tensorflow/operations.ts';
import { BatchThread } from './batches/feed.ts';
import { calibrate } from './calibrate.ts';
import { openWithCheckpoints } from './given-checkpoints.ts';
import { computeFeatures } from './feature-request.ts';
import { measureNetwork } from './measure-request.ts';
import { peakMemoryBytes, resetPeakMemory } from './peak-memory.ts';
import { predictInputs } from './prediction-request.ts';
import { type TrainerEvent, TrainerRequest, type TrainerWork } from './protocol.ts';
import { executeRun } from './run.ts';
import { resumeCheckpoint } from './run-start.ts';
import { CHECKPOINT_INTERVAL_MS } from './train.ts';
import { otherCard, otherDriver } from './webgpu/same-card.ts';

let stopRequested = false;
let finishRequested = false;
let working = false;
const batchThread = new BatchThread();
/** One a process, so further requests are of the same kind. */
let running: { readonly kind: string; readonly engine: Promise<Engine> } | undefined;
/** What the start of the engine had to say: every run that it serves keeps it. */
const startNotes: string[] = [];

/** Messages leave in this order; `sent` is called when this one, and so every earlier one, has left. */
function emit(event: TrainerEvent, sent?: () => void): void {
  // A failure means that the engine is gone, and then 'disconnect' ends the process.
  process.send?.(event, undefined, undefined, () => sent?.());
}

const log = (message: string) => emit({ type: 'log', message });

/** The engine of this process. Errors: engine-unavailable; internal, where it already runs another one. */
async function engineFor({
  engine: name,
  threads,
  kernels,
  operations = null,
  // By itself automatic takes no card, whatever its name.
  adapter = name === 'webgpu' ? process.env['GRAFT_ADAPTER'] || undefined : undefined,
}: EngineOptions): Promise<Engine> {
  const kind = JSON.stringify([name, threads, kernels, operations, adapter]);
  running ??= {
    kind,
    engine: startEngine({
      ...{ engine: name, threads, kernels, operations, adapter },
      log: (note) => startNotes.push(note),
    }),
  };
  if (running.kind !== kind) throw new AppError('internal', 'This trainer runs another engine.');
  const engine = await running.engine;
  for (const note of startNotes) log(note);
  return engine;
}

/** The engine of work that begins here. */
const freshEngineFor = (request: TrainerWork): Promise<Engine> =>
  engineFor({ ...request, kernels: kernelsFor(request.kernels) });

/** A run resumes under the engine, thread count, kernels and operations that it began with: others would give other bits. */
async function startRunEngine(
  request: Extract<TrainerWork, { type: 'run' }>,
  recorded: EngineInfo | undefined,
): Promise<Engine> {
  if (recorded === undefined) return freshEngineFor(request);
  const { name, threads, kernels = null, operations = [], adapter } = recorded;
  useVectors(recorded.vectors);
  if (threads !== request.threads) log(`Resumes on ${threads} thread(s), as it began.`);
  const engine = await engineFor({
    ...{ engine: name, threads, kernels, operations },
    ...(adapter === undefined ? {} : { adapter: adapter.name }),
  });
  if (adapter !== undefined) {
    const other = otherCard(adapter, engine.info.adapter);
    if (other !== null) throw other;
    const driver = otherDriver(adapter, engine.info.adapter);
    if (driver !== null) log(driver);
  }
  return engine;
}

async function trainRun(
  project: Project,
  request: Extract<TrainerWork, { type: 'run' }>,
): Promise<TrainerEvent> {
  const run = project.runs.get(request.runId);
  if (run === undefined) {
    throw new AppError('not-found', `There is no run ${request.runId} in this project.`);
  }
  const resume = resumeCheckpoint(project, run.id);
  // Before TensorFlow: images are decoded while it loads.
  const trainingData =
    request.prepare === 'inline'
      ? null
      : batchThread.feed({
          projectPath: request.projectPath,
          inMemory: request.given !== undefined,
          runId: run.id,
          firstStep: (resume?.header.step ?? 0) + 1,
          lastStep: run.config.optimisation.steps,
        });
  const engine = await startRunEngine(request, resume?.header.engine);
  const { outcome, step, early, kept } = await executeRun({
    project,
    run,
    engine,
    resume,
    trainingData,
    checkpointInterval: request.checkpointIntervalMs ?? CHECKPOINT_INTERVAL_MS,
    emit,
    stopRequested: () => stopRequested,
    finishRequested: () => finishRequested,
  });
  if (outcome === 'stopped') return { type: 'stopped', step };
  return { type: 'done', kept, ...(early === null ? {} : { early: { step, why: early } }) };
}

async function work(request: TrainerWork): Promise<TrainerEvent> {
  if (request.type === 'calibrate') {
    const engine = await freshEngineFor(request);
    const timing = await calibrate(engine, request);
    emit({
      type: 'calibrated',
      engine: engine.info,
      ...timing,
      peakMemoryBytes: peakMemoryBytes(),
    });
    return { type: 'done', kept: null };
  }
  const given = request.type === 'run' ? request.given : undefined;
  const project =
    given === undefined
      ? openProjectReadonly(request.projectPath)
      : openWithCheckpoints(request.projectPath, given);
  // A scheduler signals every process of a job at once: this one keeps what it has, as if its parent had asked.
  if (given !== undefined) process.on('SIGTERM', () => (stopRequested = true));
  try {
    if (request.type === 'predict') {
      await predictInputs(project, request, await freshEngineFor(request), emit);
      return { type: 'done', kept: null };
    }
    if (request.type === 'measure') {
      emit(await measureNetwork(project, request, { engine: await freshEngineFor(request), emit }));
      return { type: 'done', kept: null };
    }
    if (request.type === 'features') {
      await computeFeatures(project, request, { engine: () => freshEngineFor(request), emit });
      return { type: 'done', kept: null };
    }
    return await trainRun(project, request);
  } finally {
    project.close();
  }
}

/** What a lost card has refused is told as its loss. */
async function failed(thrown: unknown): Promise<TrainerEvent> {
  const engine = await running?.engine.catch(() => undefined);
  const error = engine?.card == null ? thrown : await engine.card.explained(thrown);
  // A bug's stack goes to standard error, which the engine keeps.
  if (!(error instanceof AppError)) process.stderr.write(`${inspect(error)}\n`);
  return { type: 'failed', error: toWireError(error) };
}

/** The process ends with its last message, unless all that was asked is done. */
function finish(last: TrainerEvent): void {
  working = last.type !== 'done';
  emit(last, working ? () => process.disconnect() : undefined);
}

process.on('message', (message: unknown) => {
  const request = TrainerRequest.parse(message);
  if (request.type === 'stop') {
    stopRequested = true;
  } else if (request.type === 'finish') {
    finishRequested = true;
  } else if (request.type === 'end') {
    process.disconnect();
  } else if (!working) {
    working = true;
    stopRequested = false;
    finishRequested = false;
    resetPeakMemory();
    work(request).then(finish, async (error: unknown) => finish(await failed(error)));
  }
});
// Without the engine nobody can receive results.
process.on('disconnect', () => process.exit());
endWithParent();
