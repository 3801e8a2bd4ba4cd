/**
 * Runs what is queued in a project: starts trainers, stores what they send, resumes what was interrupted.
 * The queue itself is the runs table, so it survives the process. One queue a project.
 */
import { statfsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import type { EngineEvent } from '../../../shared/api.ts';
import type { EngineChoice, Run } from '../../../shared/entities.ts';
import { AppError, toWireError, type WireError } from '../../../shared/errors.ts';
import type { Project } from '../../db/project.ts';
import { spawnTrainer, type SpawnTrainer, type Trainer } from '../../trainer.ts';
import type { TrainerEvent } from '../../training/protocol.ts';
import { extendUnconverged } from './extension.ts';

/** A trainer that dies without a word is started again from its checkpoint so many times. */
const MAX_RESTARTS = 2;
/** A trainer that does not stop by then is killed, and resumes from the checkpoint before. */
const STOP_TIMEOUT_MS = 30_000;
/** First and longest wait before another try where what was trained could not be stored. */
const RETRY_MS = { first: 5000, longest: 120_000 };
/** Beside what could not be stored itself: the log of the database holds it a second time. */
const SPARE_BYTES = 2 ** 20;

export interface Queue {
  /** Lets queued runs start, now and as places become free; where they are held, tries at once whether they still are. */
  start(): void;
  /** Why nothing is started although runs are queued: what was trained could not be stored. Goes on by itself. */
  readonly held: WireError | null;
  /** Looks for work after something was queued, paused or cancelled. */
  wake(): void;
  /** Stops the runs of a study with a checkpoint each; they stay queued. */
  pauseStudy(studyId: number): Promise<void>;
  cancelStudy(studyId: number): Promise<void>;
  cancelRun(runId: number): Promise<void>;
  /** Checkpoints and ends everything that runs; what was running is queued again. */
  close(): Promise<void>;
}

interface ActiveRun {
  readonly runId: number;
  readonly studyId: number | null;
  readonly trainer: Trainer;
  readonly finished: Promise<void>;
}

export function createQueue(options: {
  project: Project;
  emit: (event: EngineEvent) => void;
  engine: EngineChoice;
  spawn?: SpawnTrainer;
}): Queue {
  const { project, emit } = options;
  const spawn = options.spawn ?? spawnTrainer;
  const active = new Map<number, ActiveRun>();
  const restarts = new Map<number, number>();
  const cancelled = new Set<number>();
  let started = false;
  let closing = false;
  let held: WireError | null = null;
  /** What the next try should find room for. */
  let wantedBytes = 0;
  /** How often it went on in vain since something was last stored. */
  let failedTries = 0;
  let nextTry: NodeJS.Timeout | undefined;

  const runChanged = (runId: number) => emit({ type: 'run.changed', project: project.path, runId });
  const studyChanged = (studyId: number | null) => {
    if (studyId !== null) emit({ type: 'study.changed', project: project.path, studyId });
  };

  // Whatever ran when the last process ended goes on from its checkpoint.
  try {
    takeUpInterrupted();
  } catch (error) {
    hold(error);
  }

  function layoutOf(run: Run): { threads: number; parallel: number } {
    const study = run.studyId === null ? undefined : project.studies.get(run.studyId);
    return study?.config.execution ?? { threads: availableParallelism(), parallel: 1 };
  }

  function fail(run: Run, error: unknown): void {
    project.runs.ended(run.id, 'failed', toWireError(error));
    runChanged(run.id);
    failDependents(run, 'failed');
  }

  function cancel(run: Run): void {
    project.runs.ended(run.id, 'cancelled');
    runChanged(run.id);
    failDependents(run, 'was cancelled');
  }

  function failDependents(run: Run, fate: string): void {
    for (const other of run.studyId === null ? [] : project.runs.ofStudy(run.studyId)) {
      if (other.dependsOn !== run.id || other.status !== 'queued') continue;
      const message = `Its pretraining (run ${run.id}) ${fate}, so there is nothing to transfer. Retry that run first.`;
      project.runs.ended(other.id, 'failed', { code: 'conflict', message });
      runChanged(other.id);
    }
  }

  function store(run: Run, event: TrainerEvent): void {
    switch (event.type) {
      case 'started':
        project.runs.dropMetricsAfter(run.id, event.firstStep);
        project.runs.started(run.id, event.engine, event.layers);
        runChanged(run.id);
        break;
      case 'progress':
        project.runs.progress(run.id, event);
        runChanged(run.id);
        break;
      case 'metrics':
        project.runs.addMetrics(run.id, event.points);
        emit({
          type: 'run.metrics',
          project: project.path,
          runId: run.id,
          points: event.points,
        });
        break;
      case 'checkpoint':
        project.runs.saveCheckpoint(run.id, event.kind, event.step, event.bytes);
        break;
      case 'result':
        project.runs.addResult(run.id, event.result, event.prediction);
        break;
      case 'example':
        project.examples.add(run.id, event.index, event.example);
        break;
      case 'log':
        project.runs.log(run.id, event.message);
        break;
      case 'done':
        if (event.kept !== null) {
          project.runs.saveCheckpoint(run.id, 'last', run.config.optimisation.steps, event.kept);
        }
        project.runs.ended(run.id, 'done');
        if (run.config.kind === 'pretrain') {
          const { task, network, seed } = run.config;
          project.encoders.add({
            runId: run.id,
            name: `${run.pretraining ?? task}, seed ${seed}`,
            task,
            network,
          });
        }
        runChanged(run.id);
        break;
      case 'stopped':
        project.runs.requeue(run.id);
        runChanged(run.id);
        break;
      case 'failed': {
        const error = new AppError(event.error.code, event.error.message);
        // The next run would meet the same full disk.
        if (error.code === 'no-space') throw error;
        fail(run, error);
        break;
      }
      case 'calibrated':
      case 'prediction':
        throw new AppError('internal', `A training run sent "${event.type}".`);
    }
  }

  /** A trainer that ended without a word: killed, out of memory, crashed. */
  function diedSilently(run: Run, detail: string): void {
    const attempt = (restarts.get(run.id) ?? 0) + 1;
    restarts.set(run.id, attempt);
    if (attempt <= MAX_RESTARTS) {
      project.runs.log(run.id, `The trainer ended unexpectedly (${detail}); resuming.`);
      project.runs.requeue(run.id);
      return;
    }
    fail(
      run,
      new AppError(
        'internal',
        `The trainer ended unexpectedly ${attempt} times. Last: ${detail}. Fewer parallel runs or a smaller batch may help if memory ran out; then retry the run.`,
      ),
    );
  }

  function begin(run: Run, threads: number): void {
    project.transaction(() => project.runs.setStatus(run.id, 'running'));
    let broken = false;
    // Same bits only under the same engine and thread count, so a resumed run keeps its own.
    const trainer = spawn(
      {
        type: 'run',
        projectPath: project.path,
        runId: run.id,
        threads: run.engine?.threads ?? threads,
        engine: run.engine?.name ?? options.engine,
      },
      (event) => {
        if (broken || cancelled.has(run.id)) return;
        try {
          project.transaction(() => store(run, event));
          if (event.type === 'checkpoint' || event.type === 'done') failedTries = 0;
        } catch (error) {
          broken = true;
          trainer.kill();
          hold(error, sizeOf(event));
        }
      },
    );
    const finished = trainer.ended.then(({ orderly, detail }) => {
      active.delete(run.id);
      try {
        project.transaction(() => {
          if (cancelled.has(run.id)) cancel(run);
          else if (broken) project.runs.requeue(run.id);
          else if (!orderly) diedSilently(run, detail);
        });
        cancelled.delete(run.id);
        project.transaction(() => settleStudy(run.studyId));
      } catch (error) {
        hold(error);
      }
      runChanged(run.id);
      if (!closing) pump();
    });
    active.set(run.id, { runId: run.id, studyId: run.studyId, trainer, finished });
    runChanged(run.id);
  }

  /** Keeps what is stored, and starts nothing before it can be written again: most likely the disk is full. */
  function hold(error: unknown, bytes = 0): void {
    const first = held === null;
    held = toWireError(error);
    wantedBytes = Math.max(wantedBytes, bytes);
    if (!first) return;
    for (const other of active.values()) other.trainer.stop();
    emit({ type: 'notice', message: `Training is paused: ${held.message}` });
    tellOfHold();
    // What has another cause would come again.
    if (held.code === 'no-space' || held.code === 'unreadable') tryLater();
  }

  function tellOfHold(): void {
    for (const study of project.studies.list()) {
      if (study.status === 'running') studyChanged(study.id);
    }
  }

  function tryLater(): void {
    if (closing) return;
    const wait = Math.min(RETRY_MS.first * 2 ** failedTries, RETRY_MS.longest);
    nextTry = setTimeout(() => {
      if (goOn()) pump();
      else tryLater();
    }, wait);
    // Nobody stays for this alone.
    nextTry.unref();
  }

  /** Whether runs may start again: there is room, and what the last ones had reached was put back into the queue. */
  function goOn(): boolean {
    if (held === null) return true;
    try {
      const { bavail, bsize } = statfsSync(dirname(project.path));
      if (bavail * bsize < 2 * wantedBytes + SPARE_BYTES) return false;
      takeUpInterrupted();
    } catch (error) {
      held = toWireError(error);
      return false;
    }
    held = null;
    failedTries++;
    wantedBytes = 0;
    clearTimeout(nextTry);
    tellOfHold();
    return true;
  }

  /** Puts back into the queue what is said to run and does not. */
  function takeUpInterrupted(): void {
    project.transaction(() => {
      for (const run of project.runs.list()) {
        if (run.status !== 'running' || active.has(run.id)) continue;
        if (cancelled.has(run.id)) cancel(run);
        else project.runs.requeue(run.id);
      }
      for (const study of project.studies.list()) {
        if (study.status === 'running') settleStudy(study.id);
      }
    });
    cancelled.clear();
  }

  /** Marks a study as done when nothing of it is left to run, and its baselines need no longer budget. */
  function settleStudy(studyId: number | null): void {
    if (studyId === null) return;
    const study = project.studies.get(studyId);
    if (study?.status === 'running') {
      const runs = project.runs.ofStudy(studyId);
      const open = runs.some((r) => r.status === 'queued' || r.status === 'running');
      if (!open && extendUnconverged(project, studyId).length === 0) {
        const any = runs.some((r) => r.kind === 'finetune' && r.status === 'done');
        project.studies.setStatus(studyId, any ? 'done' : 'failed');
      }
    }
    studyChanged(studyId);
  }

  function pump(): void {
    while (started && held === null) {
      const run = project.runs.nextQueued();
      if (run === undefined) return;
      const { threads, parallel } = layoutOf(run);
      if (active.size >= parallel) return;
      try {
        begin(run, threads);
      } catch (error) {
        hold(error);
      }
      studyChanged(run.studyId);
    }
  }

  /** Settles when all these runs have saved a checkpoint and ended. */
  async function stopRuns(runs: readonly ActiveRun[]): Promise<void> {
    for (const run of runs) run.trainer.stop();
    const timeout = setTimeout(() => {
      for (const run of runs) run.trainer.kill();
    }, STOP_TIMEOUT_MS);
    await Promise.all(runs.map((run) => run.finished));
    clearTimeout(timeout);
  }

  const activeOf = (studyId: number) => [...active.values()].filter((a) => a.studyId === studyId);

  return {
    start() {
      started = true;
      goOn();
      pump();
    },
    get held() {
      return held;
    },
    wake: pump,
    async pauseStudy(studyId) {
      project.studies.setStatus(studyId, 'paused');
      await stopRuns(activeOf(studyId));
      studyChanged(studyId);
    },
    async cancelStudy(studyId) {
      project.studies.setStatus(studyId, 'cancelled');
      // Before their pretrainings end: what nobody wants any more has not failed.
      for (const run of project.runs.ofStudy(studyId)) {
        if (run.status === 'queued') project.runs.ended(run.id, 'cancelled');
      }
      const own = activeOf(studyId);
      for (const run of own) {
        cancelled.add(run.runId);
        run.trainer.kill();
      }
      await Promise.all(own.map((run) => run.finished));
      studyChanged(studyId);
    },
    async cancelRun(runId) {
      const own = active.get(runId);
      if (own === undefined) {
        const run = project.runs.get(runId);
        if (run === undefined) return;
        project.transaction(() => cancel(run));
        settleStudy(run.studyId);
        return;
      }
      cancelled.add(runId);
      own.trainer.kill();
      await own.finished;
    },
    async close() {
      closing = true;
      started = false;
      clearTimeout(nextTry);
      await stopRuns([...active.values()]);
    },
  };
}

/** Bytes that an event asks the project to store. */
function sizeOf(event: TrainerEvent): number {
  if (event.type === 'checkpoint') return event.bytes.length;
  if (event.type === 'result') return event.prediction?.length ?? 0;
  return event.type === 'done' ? (event.kept?.length ?? 0) : 0;
}
