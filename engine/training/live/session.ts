/**
 * A live training from its start to its pause: takes up labels, trains, and between two steps measures itself
 * (held-out-score.ts) and answers (answers.ts). Reads the project and writes nothing; everything leaves through `emit`.
 * The process around it is worker.ts.
 *
 * Everything happens on one thread, decoding included: what is left of the processor belongs to whoever paints.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Dataset, LiveProgress } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import { takesPart } from '../../../shared/task-sources.ts';
import type { Project } from '../../db/project.ts';
import type { BatchPlan } from '../batches/batches.ts';
import type { AnyTile } from '../images/tiles.ts';
import { pixelClasses } from '../network/pixel-classes.ts';
import type { Engine } from '../tensorflow/backend.ts';
import { Answers } from './answers.ts';
import { Hand } from './hand.ts';
import { HeldOutScore } from './held-out-score.ts';
import { LabelSet, type Member } from './label-set.ts';
import type { LiveEvent, LiveRequest, LiveStart } from './messages.ts';
import { createLiveNetwork, fresh, type LiveNetwork, resumed } from './network.ts';
import { Pictures } from './pictures.ts';
import { liveSettings } from './settings.ts';

/** How far it is is told about this often. */
const REPORT_INTERVAL_MS = 500;
/** Label maps are saved after every stroke: they are looked at no more often than this. */
const LOOK_INTERVAL_MS = 1000;
/** Steps without anything new after which it rests; of many images, so many of each. */
const REST_AFTER = 1000;
const REST_AFTER_EACH = 60;

const NOTHING_YET = 'No labelled image yet. Label one and go on to the next: then it is taken up.';
const OPEN_WAITS = 'The image on the screen is taken up once you go on to another one.';
const NO_CLASS = 'The dataset has no class to learn. Add one in the library.';

interface SessionOptions {
  readonly project: Project;
  readonly engine: Engine;
  readonly start: LiveStart;
  readonly emit: (event: LiveEvent) => void;
  /** Resolves when it has left: large messages need turns of the event loop, of which a step takes one. */
  readonly deliver: (event: LiveEvent) => Promise<void>;
}

export class LiveSession {
  readonly #project: Project;
  readonly #engine: Engine;
  readonly #datasetId: number;
  readonly #emit: SessionOptions['emit'];
  readonly #deliver: SessionOptions['deliver'];
  readonly #checkpointIntervalMs: number;
  readonly #labels: LabelSet;
  readonly #answers: Answers;
  readonly #score = new HeldOutScore();
  readonly #hand = new Hand();
  readonly #pictures: Pictures;
  #network: LiveNetwork | null = null;
  #settings = liveSettings([]);
  /** As it was when it was last looked at. */
  #dataset: Dataset;
  /** Of the network. */
  #hasBackground = true;
  #plan: { readonly members: readonly Member[]; readonly batches: BatchPlan } | null = null;
  #openImageId: number | null;
  #held: string | null;
  #changed = true;
  #stopping = false;
  /** Called by every message. */
  #wake: () => void = () => undefined;
  #step = 0;
  #secondsBefore = 0;
  #trainedMs = 0;
  #newsAt = 0;
  #lookedAt = -Infinity;
  #reportedAt = -Infinity;
  #savedAt = performance.now();
  #savedStep = 0;

  constructor({ project, engine, start, emit, deliver }: SessionOptions) {
    this.#project = project;
    this.#engine = engine;
    this.#datasetId = start.datasetId;
    this.#openImageId = start.openImageId;
    this.#held = start.held;
    this.#checkpointIntervalMs = start.checkpointIntervalMs;
    this.#emit = emit;
    this.#deliver = deliver;
    this.#labels = new LabelSet(project, start.datasetId);
    this.#pictures = new Pictures(project);
    this.#answers = new Answers({ project, ...start, deliver, hand: this.#hand });
    this.#dataset = this.#readDataset();
  }

  receive(request: Exclude<LiveRequest, LiveStart>): void {
    switch (request.type) {
      case 'changed':
        this.#changed = true;
        if (request.readAgain) this.#pictures.readAgain();
        break;
      case 'open':
        this.#openImageId = request.imageId;
        this.#answers.open(request.imageId);
        this.#changed = true;
        break;
      case 'hand':
        this.#hand.moves();
        return;
      case 'hold':
        this.#held = request.why;
        break;
      case 'predict':
        this.#answers.ask(request);
        break;
      case 'drop':
        this.#answers.drop(request.id);
        break;
      case 'stop':
        this.#stopping = true;
        break;
    }
    this.#wake();
  }

  /** Until it is asked to stop. Errors: those of the project and of the engine; invalid-input, where it diverges. */
  async run(): Promise<void> {
    this.#begin();
    for (;;) {
      await nextTurn(); // lets messages arrive
      if (this.#stopping) break;
      await this.#answer();
      if (!this.#hand.isStill) {
        await this.#hand.rests(() => this.#stopping || this.#answers.areWaitedFor);
        continue;
      }
      await this.#look();
      const idle = this.#idleReason();
      if (idle !== null) {
        await this.#rest(idle);
        continue;
      }
      await this.#train();
      if (this.#score.isDue(this.#at)) await this.#measure();
      this.#report({ phase: 'training', why: null });
      if (performance.now() - this.#savedAt >= this.#checkpointIntervalMs) await this.#save();
    }
    await this.#save();
    this.#report({ phase: 'paused', why: null }, true);
    this.#network?.dispose();
    this.#pictures.close();
  }

  // ───────────────────────────── what there is ─────────────────────────────

  #readDataset(): Dataset {
    const dataset = this.#project.datasets.get(this.#datasetId);
    if (dataset !== undefined) return dataset;
    throw new AppError('not-found', 'The dataset was deleted, and its training ends with it.');
  }

  /** A checkpoint is gone on from; without one the network is made when there is something to learn. */
  #begin(): void {
    const bytes = this.#project.live.checkpoint(this.#datasetId);
    if (bytes !== undefined) this.#make(bytes);
    this.#newsAt = this.#step;
    this.#savedStep = this.#step;
    this.#emit({ type: 'started', step: this.#step });
  }

  #make(bytes: Uint8Array | null): void {
    const dataset = this.#dataset;
    const settings = liveSettings(this.#project.datasets.images(this.#datasetId).filter(takesPart));
    const start = bytes === null ? fresh(settings, dataset) : resumed(bytes, settings);
    this.#step = start.step;
    this.#secondsBefore = start.trainedSeconds;
    const { hasBackground } = dataset;
    this.#network = createLiveNetwork(this.#engine, { ...start, hasBackground });
    this.#settings = start.settings;
    this.#hasBackground = hasBackground;
  }

  /** Takes up what has changed. */
  async #look(): Promise<void> {
    if (!this.#changed || performance.now() - this.#lookedAt < LOOK_INTERVAL_MS) return;
    this.#changed = false;
    this.#lookedAt = performance.now();
    const dataset = this.#readDataset();
    this.#dataset = dataset;
    const { taken, left } = this.#labels.look({
      dataset,
      openImageId: this.#openImageId,
      unreadable: this.#pictures.unreadable,
    });
    for (const id of left) this.#pictures.forget(id);
    await this.#followClasses(dataset);
    if (taken.length === 0 && left.length === 0) return;
    this.#plan = null;
    this.#newsAt = this.#step;
    if (left.length > 0 || taken.some(({ heldOut }) => heldOut)) this.#score.outdate();
    const takings = taken.map(({ imageId, labelMapId, heldOut, part }) => ({
      ...{ imageId, labelMapId, heldOut, part },
    }));
    if (takings.length > 0) this.#emit({ type: 'taken', step: this.#step, takings });
  }

  async #followClasses(dataset: Dataset): Promise<void> {
    const network = this.#network;
    if (network === null) return;
    const { hasBackground } = dataset;
    if (pixelClasses(dataset) === network.classes && hasBackground === this.#hasBackground) return;
    this.#network = await network.regrown(dataset);
    this.#hasBackground = hasBackground;
    this.#plan = null;
    this.#newsAt = this.#step;
    this.#score.outdate();
  }

  // ───────────────────────────── training ─────────────────────────────

  /** Why no step is made now; null: one is. */
  #idleReason(): Pick<LiveProgress, 'phase' | 'why'> | null {
    if (this.#held !== null) return { phase: 'held', why: this.#held };
    const { trained, isOpenWaiting } = this.#labels;
    if (trained.length === 0) {
      return { phase: 'waiting', why: isOpenWaiting ? OPEN_WAITS : NOTHING_YET };
    }
    if (pixelClasses(this.#dataset) < 2) return { phase: 'waiting', why: NO_CLASS };
    const restAfter = Math.max(REST_AFTER, REST_AFTER_EACH * trained.length);
    return this.#step - this.#newsAt >= restAfter ? { phase: 'resting', why: null } : null;
  }

  /** Saves, measures and sleeps until there is a message, or a look is due. */
  async #rest(reason: Pick<LiveProgress, 'phase' | 'why'>): Promise<void> {
    if (this.#step !== this.#savedStep) await this.#save();
    if (reason.phase === 'resting' && !this.#score.isOf(this.#step)) await this.#measure();
    this.#report(reason, true);
    if (this.#stopping || this.#answers.areWaitedFor) return;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const wake = () => resolve(undefined);
    this.#wake = wake;
    const due = this.#changed ? setTimeout(wake, LOOK_INTERVAL_MS) : undefined;
    await promise;
    clearTimeout(due);
    this.#wake = () => undefined;
  }

  /** One step; an image that cannot be read is left out instead, and said. */
  async #train(): Promise<void> {
    if (this.#network === null) this.#make(null);
    const network = this.#network;
    if (network === null) return;
    const { members, batches } = (this.#plan ??= this.#planOf(network));
    const at = this.#step + 1;
    const tiles: AnyTile[] = [];
    for (const index of batches.images(at)) {
      const member = members[index];
      const tile = member && (await this.#tileOf(member));
      if (tile == null) return;
      tiles.push(tile);
    }
    const began = performance.now();
    const loss = await network.train(batches.fill(at, tiles), at);
    this.#trainedMs += performance.now() - began;
    if (!Number.isFinite(loss)) {
      throw new AppError(
        'invalid-input',
        'The training diverged: its loss is no number any more. Start it again; what was saved before is gone on from.',
      );
    }
    this.#step = at;
  }

  #planOf(network: LiveNetwork) {
    const members = this.#labels.trained;
    return { members, batches: network.batches(members.length) };
  }

  async #tileOf(member: Member): Promise<AnyTile | null> {
    const tile = await this.#pictures.of(member, this.#settings);
    if (tile === null) {
      this.#labels.drop(member.imageId);
      this.#plan = null;
      this.#changed = true;
    }
    return tile;
  }

  async #measure(): Promise<void> {
    if (this.#network === null) return;
    await this.#score.measure(this.#at, {
      network: this.#network,
      labels: this.#labels,
      dataset: this.#dataset,
      sizePx: this.#settings.sampling.sizePx,
      tileOf: (member) => this.#tileOf(member),
      between: async () => {
        await nextTurn();
        await this.#hand.rests(() => this.#stopping || this.#answers.areWaitedFor);
        if (!this.#stopping) await this.#answer();
        return !this.#stopping;
      },
    });
  }

  get #at() {
    return { step: this.#step, trainedMs: this.#trainedMs };
  }

  #answer(): Promise<void> {
    return this.#answers.give({
      network: this.#network,
      settings: this.#settings,
      step: this.#step,
      whyNone: this.#labels.isOpenWaiting ? OPEN_WAITS : NOTHING_YET,
    });
  }

  // ───────────────────────────── what leaves ─────────────────────────────

  #trainedSeconds(): number {
    return this.#secondsBefore + this.#trainedMs / 1000;
  }

  async #save(): Promise<void> {
    this.#savedAt = performance.now();
    if (this.#network === null || this.#step === this.#savedStep) return;
    const at = { step: this.#step, trainedSeconds: this.#trainedSeconds() };
    this.#savedStep = this.#step;
    const bytes = await this.#network.checkpoint(at);
    await this.#deliver({ type: 'checkpoint', ...at, bytes });
  }

  #report(how: Pick<LiveProgress, 'phase' | 'why'>, atOnce = false): void {
    const now = performance.now();
    if (!atOnce && now - this.#reportedAt < REPORT_INTERVAL_MS) return;
    this.#reportedAt = now;
    const progress = {
      ...how,
      step: this.#step,
      trainedSeconds: this.#trainedSeconds(),
      images: this.#labels.trained.length,
      heldOut: this.#labels.heldOut.length,
      measured: this.#labels.heldOut.length === 0 ? null : this.#score.latest,
      sampling: this.#network === null ? null : this.#settings.sampling,
      unused: [...this.#pictures.unreadable.values(), ...this.#labels.leftOut],
    };
    this.#emit({ type: 'progress', progress });
  }
}
