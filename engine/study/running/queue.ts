/**
 * Runs what is queued in a project: chooses the next run, starts its trainer, resumes what was interrupted. The queue
 * itself is the runs table, so it survives the process. One queue a project. Processes are watched by trainers.ts, what
 * they send is written by run-records.ts, and what cannot be written holds everything (hold.ts).
 */
import { availableParallelism } from 'node:os';
import type { EngineInfo, Execution, Run } from '../../../shared/entities.ts';
import type { WireError } from '../../../shared/errors.ts';
import type { EngineEvent } from '../../../shared/events.ts';
import type { Project } from '../../db/project.ts';
import type { EngineWish } from '../../engine-wish.ts';
import type { SpawnTrainer } from '../../trainer.ts';
import type { TrainerEvent } from '../../training/protocol.ts';
import { Hold } from './hold.ts';
import { bytesToStore, RunRecords } from './run-records.ts';
import { type ActiveRun, type TrainerEnd, Trainers } from './trainers.ts';

export class Queue {
  readonly #project: Project;
  readonly #emit: (event: EngineEvent) => void;
  readonly #records: RunRecords;
  readonly #trainers: Trainers;
  readonly #hold: Hold;
  /** Runs that somebody has cancelled, until that is written down. */
  readonly #cancelled = new Set<number>();
  #started = false;
  #closing = false;

  constructor(options: {
    project: Project;
    emit: (event: EngineEvent) => void;
    /** Read at the start of every run. */
    wish: EngineWish;
    spawn?: SpawnTrainer;
  }) {
    const { project, emit, spawn } = options;
    this.#project = project;
    this.#emit = emit;
    this.#records = new RunRecords(project, emit);
    this.#trainers = new Trainers({
      projectPath: project.path,
      wish: options.wish,
      expectsMore: () => project.runs.isAnyExpected(),
      ...(spawn === undefined ? {} : { spawn }),
    });
    this.#hold = new Hold({
      projectPath: project.path,
      recover: () => this.#takeUpInterrupted(),
      onChange: (why) => this.#emit({ type: 'queue.held', project: project.path, held: why }),
      onLifted: () => this.#startRuns(),
    });
    // Whatever ran when the last process ended goes on from its checkpoint.
    try {
      this.#takeUpInterrupted();
    } catch (error) {
      this.#stopEverything(error);
    }
  }

  /** Why nothing is started although runs are queued: what was trained could not be stored. */
  get held(): WireError | null {
    return this.#hold.why;
  }

  /** Whether anything is being trained. */
  get isBusy(): boolean {
    return this.#trainers.active.length > 0;
  }

  /** Lets queued runs start, now and as places become free; where they are held, tries at once whether they still are. */
  start(): void {
    this.#started = true;
    if (this.#hold.lift()) this.#startRuns();
  }

  /** Stops the runs of a study with a checkpoint each; they stay queued. */
  async pauseStudy(studyId: number): Promise<void> {
    this.#project.studies.setStatus(studyId, 'paused');
    await this.#trainers.stop(this.#activeOf(studyId));
    this.#records.studyChanged(studyId);
  }

  async cancelStudy(studyId: number): Promise<void> {
    const { studies, runs } = this.#project;
    studies.setStatus(studyId, 'cancelled');
    // Before their pretrainings end: what nobody wants any more has not failed.
    for (const run of runs.ofStudy(studyId)) {
      if (run.status !== 'queued' && !this.#isInterrupted(run)) continue;
      runs.ended(run.id, 'cancelled');
      this.#records.runChanged(run.id);
    }
    await this.#cancelActive(this.#activeOf(studyId));
    this.#records.studyChanged(studyId);
  }

  async cancelRun(runId: number): Promise<void> {
    const active = this.#trainers.of(runId);
    if (active !== undefined) return this.#cancelActive([active]);
    const run = this.#project.runs.get(runId);
    if (run === undefined) return;
    this.#project.transaction(() => this.#records.cancel(run));
    this.#records.settleStudy(run.studyId);
  }

  /** Ends a run at its next step, tested and done. False: it does not run. */
  finishRun(runId: number): boolean {
    const active = this.#trainers.of(runId);
    active?.trainer.stop('finish');
    return active !== undefined;
  }

  /** Checkpoints and ends everything that runs; what was running is queued again. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#started = false;
    this.#hold.close();
    await this.#trainers.close();
  }

  #activeOf(studyId: number): ActiveRun[] {
    return this.#trainers.active.filter((run) => run.studyId === studyId);
  }

  async #cancelActive(runs: readonly ActiveRun[]): Promise<void> {
    for (const { runId } of runs) this.#cancelled.add(runId);
    await this.#trainers.kill(runs);
  }

  #layoutOf(run: Run): Execution {
    const study = run.studyId === null ? undefined : this.#project.studies.get(run.studyId);
    const execution = study?.config.execution ?? { threads: availableParallelism(), parallel: 1 };
    if (execution.engine !== undefined) return execution;
    // What was asked for may have changed since the first run: pairs of a study stay on one engine and card.
    const begun = run.studyId === null ? null : this.#engineOf(run.studyId);
    if (begun === null) return { ...execution, ...run.config.computing };
    const { name, adapter } = begun;
    return { ...execution, engine: name, ...(adapter && { adapter: adapter.name }) };
  }

  /** Of the runs of a study that have begun; null: none has. */
  #engineOf(studyId: number): EngineInfo | null {
    const begun = this.#project.runs.ofStudy(studyId).find(({ engine }) => engine !== null);
    return begun?.engine ?? null;
  }

  #startRuns(): void {
    try {
      while (this.#started && this.held === null) {
        const run = this.#project.runs.nextQueued();
        if (run === undefined) return;
        const layout = this.#layoutOf(run);
        if (this.#trainers.active.length >= layout.parallel) return;
        this.#begin(run, layout);
      }
    } catch (error) {
      this.#stopEverything(error);
    }
  }

  #begin(run: Run, layout: Execution): void {
    this.#project.transaction(() => this.#project.runs.setStatus(run.id, 'running'));
    this.#trainers.start(run, layout, {
      onEvent: (event) => this.#store(run, event),
      onUnstored: (error, event) => this.#stopEverything(error, bytesToStore(event)),
      onEnd: (end) => this.#ended(run, end),
    });
    this.#records.runChanged(run.id);
  }

  #store(run: Run, event: TrainerEvent): void {
    if (this.#cancelled.has(run.id)) return;
    this.#project.recomputable(() => this.#records.store(run, event));
    if (event.type === 'checkpoint' || event.type === 'done') this.#hold.stored();
  }

  #ended(run: Run, { orderly, detail, unstored }: TrainerEnd): void {
    try {
      this.#project.transaction(() => {
        if (this.#cancelled.has(run.id)) this.#records.cancel(run);
        else if (unstored) this.#records.requeue(run);
        else if (!orderly) this.#records.diedSilently(run, detail);
      });
      this.#cancelled.delete(run.id);
      this.#project.transaction(() => this.#records.settleStudy(run.studyId));
    } catch (error) {
      this.#stopEverything(error);
    }
    this.#records.runChanged(run.id);
    if (!this.#closing) this.#startRuns();
  }

  /** Keeps what is stored, and starts nothing before it can be written again. `bytes`: of what could not be stored. */
  #stopEverything(error: unknown, bytes = 0): void {
    if (!this.#hold.begin(error, bytes)) return;
    for (const { trainer } of this.#trainers.active) trainer.stop();
    this.#emit({ type: 'notice', message: `Training is paused: ${this.held?.message ?? ''}` });
    this.#hold.retryLater();
  }

  /** It is said to run and does not: its process ended, and that could not be written down. */
  #isInterrupted(run: Run): boolean {
    return run.status === 'running' && this.#trainers.of(run.id) === undefined;
  }

  /** Puts back into the queue what was interrupted. */
  #takeUpInterrupted(): void {
    this.#project.transaction(() => {
      for (const run of this.#project.runs.list()) {
        if (!this.#isInterrupted(run)) continue;
        if (this.#cancelled.has(run.id)) this.#records.cancel(run);
        else this.#records.requeue(run);
      }
      for (const study of this.#project.studies.list()) {
        if (study.status === 'running') this.#records.settleStudy(study.id);
      }
    });
    // One that is only being killed is written down when it has ended.
    for (const runId of this.#cancelled) {
      if (this.#trainers.of(runId) === undefined) this.#cancelled.delete(runId);
    }
  }
}
