/**
 * The training that goes on while one labels, as the engine sees it: one a project at a time. Starts and ends its process,
 * writes down what it sends, tells the window how far it is, and passes questions on. What is computed is in
 * training/live/.
 */
import { availableParallelism } from 'node:os';
import type { LivePrediction } from '../shared/api.ts';
import type { EngineChoice, LiveProgress, LiveState } from '../shared/entities.ts';
import { AppError, fromWireError, messageOf, type WireError } from '../shared/errors.ts';
import type { EngineEvent } from '../shared/events.ts';
import type { Project } from './db/project.ts';
import { type LiveProcess, type SpawnLive, spawnLive } from './live-process.ts';
import type { LiveEvent } from './training/live/messages.ts';

const CHECKPOINT_INTERVAL_MS = 20_000;
/** A process that does not end by then is killed; what it learned since its last checkpoint is lost. */
const STOP_TIMEOUT_MS = 20_000;
/** One that dies without a word is started again from its checkpoint so many times. */
const MAX_RESTARTS = 2;

const STUDY_TRAINS =
  'Waits for what is being trained in Studies and Models, which has the processor to itself. Predictions are answered all the same.';

const LIVE_OFF: LiveState = {
  datasetId: null,
  phase: 'off',
  why: null,
  step: 0,
  trainedSeconds: 0,
  images: 0,
  heldOut: 0,
  dice: null,
  unused: [],
  trouble: null,
};

interface Active {
  readonly datasetId: number;
  readonly process: LiveProcess;
  /** Settles when its process has ended and that is dealt with. */
  readonly finished: Promise<void>;
}

interface LiveOptions {
  readonly project: Project;
  readonly emit: (event: EngineEvent) => void;
  readonly engine: EngineChoice;
  /** Whether runs of the queue are being trained. */
  readonly isQueueBusy: () => boolean;
  /** In place of real processes, for tests. */
  readonly spawn?: SpawnLive;
  readonly checkpointIntervalMs?: number;
}

export class LiveTraining {
  readonly #options: LiveOptions;
  readonly #asked = new Map<number, PromiseWithResolvers<LivePrediction>>();
  #state: LiveState = LIVE_OFF;
  #active: Active | null = null;
  #openImageId: number | null = null;
  #held: string | null = null;
  #nextId = 1;
  #restarts = 0;
  /** What the process said of its end; null: nothing. */
  #last: 'stopped' | WireError | null = null;

  constructor(options: LiveOptions) {
    this.#options = options;
    const known = options.project.live.list();
    const record = known.find(({ isOn }) => isOn) ?? known.findLast(({ step }) => step > 0);
    if (record === undefined) return;
    const { datasetId, step, trainedSeconds } = record;
    this.#state = { ...LIVE_OFF, datasetId, step, trainedSeconds, phase: 'paused' };
  }

  get state(): LiveState {
    return this.#state;
  }

  /** What was on when the project was closed goes on: of the app, not of a command. */
  resume(): void {
    const record = this.#options.project.live.list().find(({ isOn }) => isOn);
    if (record !== undefined) this.#begin(record.datasetId);
  }

  /** Of another dataset: that one is paused first. */
  async start(datasetId: number): Promise<LiveState> {
    if (this.#active?.datasetId === datasetId) return this.#state;
    await this.pause();
    this.#restarts = 0;
    this.#write(() => this.#options.project.live.turn(datasetId, true));
    this.#begin(datasetId);
    return this.#state;
  }

  /** Settles when its checkpoint is stored and its process has ended. */
  async pause(): Promise<LiveState> {
    const { datasetId } = this.#state;
    if (datasetId === null || this.#state.phase === 'off') return this.#state;
    if (this.#options.project.live.has(datasetId)) {
      this.#write(() => this.#options.project.live.turn(datasetId, false));
    }
    await this.#end();
    if (this.#state.phase !== 'paused') this.#tell({ phase: 'paused', why: null });
    return this.#state;
  }

  async forget(datasetId: number): Promise<LiveState> {
    if (this.#active?.datasetId === datasetId) {
      const { process, finished } = this.#active;
      this.#last = 'stopped';
      process.kill();
      await finished;
    }
    this.#write(() => this.#options.project.live.forget(datasetId));
    if (this.#state.datasetId === datasetId) this.#tell({ ...LIVE_OFF, datasetId });
    return this.#state;
  }

  look(imageId: number | null): void {
    if (imageId === this.#openImageId) return;
    this.#openImageId = imageId;
    this.#active?.process.send({ type: 'open', imageId });
  }

  /** Errors: conflict, where it does not run or has learned nothing yet; those of reading the image; cancelled. */
  predict(imageId: number): Promise<LivePrediction> {
    if (this.#active === null) {
      throw new AppError(
        'conflict',
        'Nothing is being trained while you label. Turn on "Train while I label" first.',
      );
    }
    const id = this.#nextId++;
    const answer = Promise.withResolvers<LivePrediction>();
    this.#asked.set(id, answer);
    this.#active.process.send({ type: 'predict', id, imageId });
    return answer.promise;
  }

  /** What the engine tells everybody: of this project's changes some concern it. */
  follow(event: EngineEvent): void {
    if (event.type !== 'changed' || this.#active === null) return;
    if (event.project !== this.#options.project.path) return;
    const { datasets, images, runs } = event.changes;
    const { datasetId, process } = this.#active;
    if (datasets?.removed?.includes(datasetId) === true) {
      this.#last = 'stopped';
      process.kill();
      this.#tell({ ...LIVE_OFF });
    } else if (datasets !== undefined || images?.datasetId === datasetId) {
      process.send({ type: 'changed' });
    }
    if (runs !== undefined) this.#followQueue();
  }

  /** Ends its process with a checkpoint; it goes on when the project is opened again. */
  async close(): Promise<void> {
    await this.#end();
  }

  // ───────────────────────────── its process ─────────────────────────────

  #begin(datasetId: number): void {
    const { project, engine, checkpointIntervalMs = CHECKPOINT_INTERVAL_MS } = this.#options;
    this.#last = null;
    this.#held = this.#options.isQueueBusy() ? STUDY_TRAINS : null;
    const child = (this.#options.spawn ?? spawnLive)((event) => this.#take(event));
    const finished = child.ended.then((detail) => this.#ended(detail));
    this.#active = { datasetId, process: child, finished };
    const before = this.#state.datasetId === datasetId ? this.#state : LIVE_OFF;
    this.#tell({ ...before, datasetId, phase: 'starting', why: null });
    child.send({
      type: 'start',
      projectPath: project.path,
      datasetId,
      engine,
      // One is left to whoever paints.
      threads: Math.max(1, availableParallelism() - 1),
      openImageId: this.#openImageId,
      held: this.#held,
      checkpointIntervalMs,
    });
  }

  async #end(): Promise<void> {
    if (this.#active === null) return;
    const { process, finished } = this.#active;
    process.send({ type: 'stop' });
    const timeout = setTimeout(() => {
      this.#last = 'stopped';
      process.kill();
    }, STOP_TIMEOUT_MS);
    await finished;
    clearTimeout(timeout);
  }

  #followQueue(): void {
    const held = this.#options.isQueueBusy() ? STUDY_TRAINS : null;
    if (held === this.#held) return;
    this.#held = held;
    this.#active?.process.send({ type: 'hold', why: held });
  }

  /** What cannot be stored is said, and ends nothing: it comes again with the next checkpoint. */
  #take(event: LiveEvent): void {
    const { project } = this.#options;
    const datasetId = this.#active?.datasetId;
    if (datasetId === undefined) return;
    switch (event.type) {
      case 'started':
        this.#write(() => project.live.resumedAt(datasetId, event.step));
        break;
      case 'taken':
        this.#write(() => project.live.addTakings(datasetId, event.step, event.takings));
        break;
      case 'checkpoint':
        this.#write(() => project.live.saveCheckpoint(datasetId, event));
        break;
      case 'progress':
        this.#tell(event.progress);
        break;
      case 'prediction': {
        const { bytes, uncertainty, step } = event;
        this.#asked.get(event.id)?.resolve({ bytes, uncertainty, step });
        this.#asked.delete(event.id);
        break;
      }
      case 'refused':
        this.#asked.get(event.id)?.reject(fromWireError(event.error));
        this.#asked.delete(event.id);
        break;
      case 'stopped':
        this.#last = 'stopped';
        break;
      case 'failed':
        this.#last = event.error;
        break;
    }
  }

  #ended(detail: string): void {
    const active = this.#active;
    this.#active = null;
    const gone = new AppError('cancelled', 'The training was stopped before it could answer.');
    for (const { reject } of this.#asked.values()) reject(gone);
    this.#asked.clear();
    if (this.#last === 'stopped' || active === null) return;
    if (this.#last === null && this.#restarts < MAX_RESTARTS) {
      this.#restarts++;
      this.#begin(active.datasetId);
      return;
    }
    const why = this.#last?.message ?? `Its process ended unexpectedly: ${detail}`;
    this.#tell({ phase: 'failed', why });
  }

  // ───────────────────────────── what is written and told ─────────────────────────────

  #write(write: () => void): void {
    try {
      this.#options.project.transaction(write);
      if (this.#state.trouble !== null) this.#tell({ trouble: null });
    } catch (error) {
      this.#tell({ trouble: `What it learned could not be stored: ${messageOf(error)}` });
    }
  }

  #tell(change: Partial<LiveState> | LiveProgress): void {
    this.#state = { ...this.#state, ...change };
    const { path } = this.#options.project;
    this.#options.emit({ type: 'live.state', project: path, state: this.#state });
  }
}
