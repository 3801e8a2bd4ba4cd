/**
 * The training that goes on while one labels, as the engine sees it: one a project at a time. Starts and ends its process,
 * tells the window how far it is, and passes questions on. What is written down is live-records.ts's, what is computed
 * training/live/'s.
 */
import { availableParallelism } from 'node:os';
import type { LivePrediction } from '../shared/api.ts';
import type { LivePoint, LiveProgress, LiveState } from '../shared/entities.ts';
import { AppError, type WireError } from '../shared/errors.ts';
import type { EngineEvent } from '../shared/events.ts';
import type { Project } from './db/project.ts';
import type { EngineWish } from './engine-wish.ts';
import { type LiveProcess, type SpawnLive, spawnLive } from './live-process.ts';
import { type LiveQuestion, LiveQuestions } from './live-questions.ts';
import { LIVE_OFF, LiveRecords, storedLiveState } from './live-records.ts';
import { LiveRestarts } from './live-restarts.ts';
import type { LiveEvent } from './training/live/messages.ts';

const CHECKPOINT_INTERVAL_MS = 20_000;
/** A process that does not end by then is killed; what it learned since its last checkpoint is lost. */
const STOP_TIMEOUT_MS = 20_000;
/**
 * A window that was connected before says which image is on its screen, and the labels of that one are half done: what
 * goes on by itself waits for this, but no longer.
 */
const RESUME_DELAY_MS = 5000;

const QUEUE_TRAINS =
  'Waits for what is being trained in Studies, Encoders or Models, which has the processor to itself, and goes on afterwards. Predictions are answered all the same.';
const AGAIN =
  'What it had saved is there: try again. If it keeps ending, close other programs, for the memory may be short.';

interface Active {
  readonly datasetId: number;
  readonly process: LiveProcess;
  readonly records: LiveRecords;
  /** Settles when its process has ended and that is dealt with. */
  readonly finished: Promise<void>;
  /** It was asked to end, and is not started again. */
  isEnding: boolean;
  failure: WireError | null;
}

interface LiveOptions {
  readonly project: Project;
  readonly emit: (event: EngineEvent) => void;
  readonly wish: EngineWish;
  /** Whether runs of the queue are being trained. */
  readonly isQueueBusy: () => boolean;
  /** In place of real processes, for tests. */
  readonly spawn?: SpawnLive;
  readonly checkpointIntervalMs?: number;
  readonly resumeDelayMs?: number;
}

export class LiveTraining {
  readonly #options: LiveOptions;
  readonly #questions = new LiveQuestions();
  readonly #restarts = new LiveRestarts();
  #state: LiveState = LIVE_OFF;
  #active: Active | null = null;
  /** What is to go on by itself. */
  #resuming: { readonly datasetId: number; readonly timer: NodeJS.Timeout } | null = null;
  /** Verbs follow one another: a start waits until a pause is over. */
  #verbs: Promise<unknown> = Promise.resolve();
  #openImageId: number | null = null;
  #held: string | null = null;
  constructor(options: LiveOptions) {
    this.#options = options;
    const known = options.project.live.list();
    const record = known.find(({ isOn }) => isOn) ?? known.findLast(({ step }) => step > 0);
    if (record !== undefined) {
      this.#state = { ...storedLiveState(options.project, record.datasetId), phase: 'paused' };
    }
  }

  get state(): LiveState {
    return this.#state;
  }

  /** What was on when the project was closed goes on: of the app, not of a command. */
  resume(): void {
    const record = this.#options.project.live.list().find(({ isOn }) => isOn);
    if (record === undefined) return;
    const { datasetId } = record;
    const delayMs = this.#options.resumeDelayMs ?? RESUME_DELAY_MS;
    this.#resuming = { datasetId, timer: setTimeout(() => this.#resumeNow(), delayMs) };
    this.#tell({ phase: 'starting' });
  }

  /** Of another dataset: that one is paused first. */
  start(datasetId: number): Promise<LiveState> {
    return this.#inTurn(async () => {
      if (this.#active?.datasetId === datasetId) return;
      await this.#pause();
      this.#restarts.forget();
      this.#options.project.transaction(() => this.#options.project.live.turn(datasetId, true));
      this.#begin(datasetId);
    });
  }

  /** Settles when its checkpoint is stored and its process has ended. */
  pause(): Promise<LiveState> {
    return this.#inTurn(() => this.#pause());
  }

  /** Ends it, and forgets what it learned. Which images are held out stays. */
  forget(datasetId: number): Promise<LiveState> {
    return this.#inTurn(async () => {
      if (this.#resuming?.datasetId === datasetId) this.#cancelResuming();
      if (this.#active?.datasetId === datasetId) await this.#kill();
      this.#options.project.transaction(() => this.#options.project.live.forget(datasetId));
      if (this.#state.datasetId === datasetId) this.#tell({ ...LIVE_OFF, datasetId });
    });
  }

  look(imageId: number | null): void {
    if (imageId !== this.#openImageId) {
      this.#openImageId = imageId;
      this.#active?.process.send({ type: 'open', imageId });
    }
    this.#resumeNow();
  }

  /** Somebody paints. */
  hand(): void {
    this.#active?.process.send({ type: 'hand' });
  }

  /** How good it was as it went on: while it runs and after. */
  points(datasetId: number): LivePoint[] {
    return this.#options.project.live.points(datasetId);
  }

  /** Errors: conflict, where it does not run or has learned nothing yet; those of reading the image; cancelled. */
  predict(question: LiveQuestion, signal: AbortSignal): Promise<LivePrediction> {
    this.#resumeNow();
    if (this.#active === null) {
      throw new AppError(
        'conflict',
        'Nothing is being trained while you label. Start it under "Train while I label" first.',
      );
    }
    return this.#questions.ask(this.#active.process, question, signal);
  }

  /** What the engine tells everybody: of this project's changes some concern it. */
  follow(event: EngineEvent): void {
    if (event.type !== 'changed' || event.project !== this.#options.project.path) return;
    const { datasets, images, runs } = event.changes;
    const { datasetId } = this.#state;
    if (datasetId !== null && datasets?.removed?.includes(datasetId) === true) {
      this.#cancelResuming();
      this.#kill().then(
        () => undefined,
        () => undefined,
      );
      this.#tell({ ...LIVE_OFF });
    } else if (datasets !== undefined || images?.datasetId === datasetId) {
      const readAgain = datasets !== undefined || images?.updated !== undefined;
      this.#active?.process.send({ type: 'changed', readAgain });
    }
    if (runs !== undefined) this.#followQueue();
  }

  /** Ends its process with a checkpoint; it goes on when the project is opened again. */
  async close(): Promise<void> {
    await this.#inTurn(() => {
      this.#cancelResuming();
      return this.#end();
    });
  }

  /** Errors: those of the verb, which keeps no later one from its turn. */
  async #inTurn(verb: () => Promise<void>): Promise<LiveState> {
    const turn = this.#verbs.then(verb);
    this.#verbs = turn.catch(() => undefined);
    await turn;
    return this.#state;
  }

  async #pause(): Promise<void> {
    this.#cancelResuming();
    const { datasetId } = this.#state;
    const { project } = this.#options;
    if (datasetId === null || this.#state.phase === 'off') return;
    if (project.live.has(datasetId)) {
      project.transaction(() => project.live.turn(datasetId, false));
    }
    await this.#end();
    if (this.#state.phase !== 'paused') this.#tell({ phase: 'paused', why: null });
  }

  // ───────────────────────────── its process ─────────────────────────────

  #cancelResuming(): void {
    if (this.#resuming === null) return;
    clearTimeout(this.#resuming.timer);
    this.#resuming = null;
  }

  #resumeNow(): void {
    if (this.#resuming === null) return;
    const { datasetId } = this.#resuming;
    this.#cancelResuming();
    this.#begin(datasetId);
  }

  /** `why`: it is started, where nobody has asked for it. */
  #begin(datasetId: number, why: string | null = null): void {
    const { project, wish, checkpointIntervalMs = CHECKPOINT_INTERVAL_MS } = this.#options;
    this.#held = this.#options.isQueueBusy() ? QUEUE_TRAINS : null;
    const records = new LiveRecords(project, {
      datasetId,
      onTrouble: (trouble) => {
        if (trouble !== this.#state.trouble) this.#tell({ trouble });
      },
    });
    const child = (this.#options.spawn ?? spawnLive)((event) => this.#take(active, event));
    const finished = child.ended.then((detail) => this.#ended(active, detail));
    const active: Active = {
      ...{ datasetId, process: child, records, finished },
      isEnding: false,
      failure: null,
    };
    this.#active = active;
    const before =
      this.#state.datasetId === datasetId ? this.#state : storedLiveState(project, datasetId);
    this.#tell({ ...before, phase: 'starting', why });
    child.send({
      type: 'start',
      projectPath: project.path,
      datasetId,
      engine: wish.engine,
      ...(wish.adapter == null ? {} : { adapter: wish.adapter }),
      // One is left to whoever paints.
      threads: Math.max(1, availableParallelism() - 1),
      openImageId: this.#openImageId,
      held: this.#held,
      checkpointIntervalMs,
    });
  }

  async #end(): Promise<void> {
    const active = this.#active;
    if (active === null) return;
    active.isEnding = true;
    active.process.send({ type: 'stop' });
    const timeout = setTimeout(() => active.process.kill(), STOP_TIMEOUT_MS);
    await active.finished;
    clearTimeout(timeout);
  }

  async #kill(): Promise<void> {
    if (this.#active === null) return;
    this.#active.isEnding = true;
    this.#active.process.kill();
    await this.#active.finished;
  }

  #followQueue(): void {
    const held = this.#options.isQueueBusy() ? QUEUE_TRAINS : null;
    if (held === this.#held) return;
    this.#held = held;
    this.#active?.process.send({ type: 'hold', why: held });
  }

  #take(active: Active, event: LiveEvent): void {
    // What is still on its way from one whose dataset is gone, or that was forgotten.
    if (active !== this.#active) return;
    const { records } = active;
    switch (event.type) {
      case 'started':
        records.resumedAt(event.step);
        break;
      case 'taken':
        records.joined(event.step, event.takings);
        break;
      case 'checkpoint':
        records.checkpoint(event);
        break;
      case 'progress':
        this.#moveOn(records, event.progress);
        break;
      case 'prediction': {
        const { id, bytes, step } = event;
        this.#questions.answer(id, { bytes, step });
        break;
      }
      case 'refused':
        this.#questions.refuse(event.id, event.error);
        break;
      case 'stopped':
        active.isEnding = true;
        break;
      case 'failed':
        active.failure = event.error;
        break;
    }
  }

  #moveOn(records: LiveRecords, progress: LiveProgress): void {
    const { measured, sampling } = this.#state;
    if (progress.measured !== null && progress.measured.step !== measured?.step) {
      records.measured(progress.measured);
    }
    // A process that was just started has not measured yet.
    this.#tell({
      ...progress,
      measured: progress.measured ?? measured,
      sampling: progress.sampling ?? sampling,
    });
  }

  #ended(active: Active, detail: string): void {
    this.#active = null;
    this.#questions.end();
    if (active.isEnding) return;
    if (active.failure === null && this.#restarts.mayAgain()) {
      this.#begin(
        active.datasetId,
        'Its process ended unexpectedly. It is started again, from what it had saved.',
      );
      return;
    }
    const why = active.failure?.message ?? `Its process ended unexpectedly. ${AGAIN}\n${detail}`;
    this.#tell({ phase: 'failed', why });
  }

  // ───────────────────────────── what is told ─────────────────────────────

  #tell(change: Partial<LiveState>): void {
    this.#state = { ...this.#state, ...change };
    const { path } = this.#options.project;
    this.#options.emit({ type: 'live.state', project: path, state: this.#state });
  }
}
