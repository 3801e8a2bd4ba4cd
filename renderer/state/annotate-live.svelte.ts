/**
 * The training that goes on while one labels, as Annotate shows it: how far it is, its curve, and what it sees in the
 * open image. Tells the engine which image that is. Its words are live-words.ts's.
 */
import type { ImageRecord, LivePoint, LiveState, Model } from '../../shared/entities.ts';
import { HAND_MS } from '../../shared/api.ts';
import { pixelsUrl } from '../../shared/exchange.ts';
import { decodeLabelMap } from '../../shared/label-map.ts';
import type { Api } from '../api.ts';
import type { ShownPrediction } from '../canvas/accept.ts';
import { LabelLayer } from '../canvas/label-layer.ts';
import type { Rect } from '../canvas/viewport.ts';
import { isAtOnce } from './first-seen.ts';
import type { AnnotateHabits } from './annotate-habits.ts';

/** Phases in which it has a process. */
const UNDER_WAY: ReadonlySet<LiveState['phase']> = new Set([
  'starting',
  'waiting',
  'training',
  'resting',
  'held',
]);

export class AnnotateLive {
  /** Of whatever dataset; null while it is being loaded for the first time. */
  state = $state.raw<LiveState | null>(null);
  /** Of this dataset. */
  points = $state.raw<readonly LivePoint[]>([]);
  /** A verb is under way. */
  isBusy = $state.raw(false);
  /** An answer is being waited for. */
  isAsking = $state.raw(false);
  /** Whether it is asked of every image that is opened. */
  isAlways = $state(false);
  /** Whether what is shown is asked for anew as it learns. */
  isFollowed = $state(true);
  /** Of what lies over the image: the step of the weights that saw it, and when (Date.now()); null: nothing of it does. */
  shown = $state.raw<{ readonly step: number; readonly at: number } | null>(null);
  readonly #api: Api;
  readonly #project: string;
  readonly #habits: AnnotateHabits;
  #datasetId = $state.raw<number | null>(null);
  #imageId: number | null = null;
  #asking: AbortController | null = null;
  /** performance.now() when it was last told that somebody paints. */
  #handAt = -Infinity;

  constructor(options: { api: Api; project: string; habits: AnnotateHabits }) {
    this.#api = options.api;
    this.#project = options.project;
    this.#habits = options.habits;
    this.isAlways = options.habits.showsLive;
    this.isFollowed = options.habits.followsLive;
  }

  /** Whether what there is to tell is of the dataset in view. */
  get isOfDataset(): boolean {
    return this.state?.datasetId === this.#datasetId;
  }

  /** On the dataset in view. */
  get isUnderWay(): boolean {
    return this.isOfDataset && UNDER_WAY.has(this.state?.phase ?? 'off');
  }

  /** On another dataset. */
  get isElsewhere(): boolean {
    return !this.isOfDataset && UNDER_WAY.has(this.state?.phase ?? 'off');
  }

  /** Whether it can answer. */
  get canAnswer(): boolean {
    return this.isUnderWay && (this.state?.step ?? 0) > 0;
  }

  /** Whether an answer for this image is being waited for. */
  isAskingOf(imageId: number): boolean {
    return this.isAsking && this.#imageId === imageId;
  }

  /** Whether it has learned since what is shown. */
  get isBehind(): boolean {
    return this.shown !== null && (this.state?.step ?? 0) > this.shown.step;
  }

  /** At the start, and after the connection was lost, when events were missed. */
  async load(datasetId: number): Promise<void> {
    this.#datasetId = datasetId;
    const project = this.#project;
    const [state, points] = await Promise.all([
      this.#api.call('live.state', { project }),
      this.#api.call('live.curve', { project, datasetId }),
    ]);
    this.points = points;
    this.follow(state);
    this.#tellImage();
  }

  follow(state: LiveState): void {
    const before = this.state?.phase;
    this.state = state;
    // A process that was just started may not know; what goes on by itself waits for this.
    if (state.phase === 'starting' && before !== 'starting') this.#tellImage();
    if (!this.isOfDataset) return;
    const { measured, phase } = state;
    if (phase === 'off') this.points = [];
    else if (measured !== null && measured.step !== this.points.at(-1)?.step) {
      // After a crash it goes on from an earlier step.
      this.points = [...this.points.filter(({ step }) => step < measured.step), measured];
    }
  }

  /** Which image is on the screen; null: none any more. */
  look(imageId: number | null): void {
    if (imageId !== this.#imageId) this.#asking?.abort();
    this.#imageId = imageId;
    this.#tellImage();
  }

  #tellImage(): void {
    // Where the engine is away it is told when it is back.
    this.#api
      .call('live.look', { project: this.#project, imageId: this.#imageId })
      .catch(() => undefined);
  }

  /** Somebody paints: the training rests meanwhile. */
  hand(): void {
    const now = performance.now();
    if (!this.isUnderWay || now - this.#handAt < HAND_MS / 2) return;
    this.#handAt = now;
    this.#api.call('live.hand', { project: this.#project }).catch(() => undefined);
  }

  setAlways(always: boolean): void {
    this.isAlways = always;
    this.#habits.showsLive = always;
  }

  setFollowed(followed: boolean): void {
    this.isFollowed = followed;
    this.#habits.followsLive = followed;
  }

  /** Begins or goes on; one of another dataset is paused. */
  start(): Promise<void> {
    return this.#verb('live.start');
  }

  /** Nothing is lost. */
  pause(): Promise<void> {
    return this.#verb('live.pause');
  }

  /** Forgets what it learned. */
  stop(): Promise<void> {
    return this.#verb('live.stop');
  }

  /** Makes a model of what it has learned, which is scored by itself. */
  async keep(): Promise<Model> {
    const datasetId = this.#datasetId ?? 0;
    return this.#api.call('live.keep', { project: this.#project, datasetId });
  }

  async #verb(name: 'live.start' | 'live.pause' | 'live.stop'): Promise<void> {
    const datasetId = this.#datasetId;
    if (datasetId === null || this.isBusy) return;
    this.isBusy = true;
    try {
      const project = this.#project;
      this.follow(
        name === 'live.pause'
          ? await this.#api.call(name, { project })
          : await this.#api.call(name, { project, datasetId }),
      );
    } finally {
      this.isBusy = false;
    }
  }

  /**
   * Shows what it sees in an image now; of a large one `first` comes first, in its order. Opening another image ends it. Errors:
   * conflict, where it does not run or has learned nothing; those of reading it.
   */
  async see(
    image: Pick<ImageRecord, 'id' | 'widthPx' | 'heightPx'>,
    {
      first,
      blank,
      still,
      show,
    }: {
      readonly first: readonly Rect[];
      readonly blank: number;
      /** Resolves when nobody paints: to unpack a large answer and draw it holds up a stroke. */
      readonly still: () => Promise<void>;
      /** `step`: of the weights that saw it. */
      readonly show: (seen: ShownPrediction, step: number) => void;
    },
  ): Promise<void> {
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    this.isAsking = true;
    const size = { width: image.widthPx, height: image.heightPx };
    const whole = { x0: 0, y0: 0, x1: size.width, y1: size.height };
    try {
      for (const area of [...first, whole]) {
        const { x0, y0, x1, y1 } = area;
        const part = area === whole ? {} : { left: x0, top: y0, width: x1 - x0, height: y1 - y0 };
        const url = pixelsUrl('live', { project: this.#project, image: image.id, ...part });
        const { bytes, step } = await this.#api.fetchPixels(url, { signal: asking.signal });
        if (area === whole && !isAtOnce(size)) await still();
        const layer =
          area === whole
            ? LabelLayer.decode(bytes)
            : LabelLayer.of(decodeLabelMap(bytes), { size, at: { x: x0, y: y0 }, blank });
        show({ layer, area }, step ?? this.state?.step ?? 0);
      }
    } catch (error) {
      if (!asking.signal.aborted) throw error;
    } finally {
      if (this.#asking === asking) {
        this.#asking = null;
        this.isAsking = false;
      }
    }
  }
}
