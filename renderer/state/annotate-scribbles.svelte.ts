/**
 * The helper that makes a whole image out of a few strokes: takes up what is scribbled, has a forest grown from it, and
 * proposes a class for every pixel, what is in view first. Strokes of the images before it in this sitting teach it as
 * well; where what was learned is wanted in every image, their labels do, once one has gone on to another. Strokes themselves are the document's; how pixels are classified is shared/assist's affair.
 */
import { ImageClassifier, growTogether } from '../../shared/assist/image-classifier.ts';
import { FOREST_SEED, NO_SCRIBBLE, scribbledSet } from '../../shared/assist/scribbled.ts';
import { type Forest, tellsApart } from '../../shared/assist/forest.ts';
import { MOST_LEANING, voteWeight } from '../../shared/assist/leaning.ts';
import type { TileWorker } from '../../shared/assist/tile-work.ts';
import { AppError, messageOf } from '../../shared/errors.ts';
import { LabelLayer } from '../canvas/label-layer.ts';
import type { StartTileWorkers } from '../canvas/tile-workers.ts';
import { intersection, type Rect } from '../canvas/viewport.ts';
import type { AnnotateDocument } from './annotate-document.ts';
import { isScribbled, type ScribbleSamples, ScribbleTeachers } from './scribble-teachers.ts';

/** How far what is in view is, which comes first. */
interface InView {
  /** Tiles. */
  readonly done: number;
  readonly total: number;
  /** Of so large an area that one pixel of every block comes first, sides of these; else 1. */
  readonly sidePx: number;
}

export type ScribbleState =
  /** Nothing was scribbled. */
  | { readonly kind: 'off' }
  /** Of one class alone. */
  | { readonly kind: 'one class'; readonly value: number }
  /** Tiles of the image, of which every pixel is classified. */
  | {
      readonly kind: 'working';
      readonly done: number;
      readonly total: number;
      /** null: it is not known yet. */
      readonly inView: InView | null;
    }
  /** Of several, but what was scribbled on looks the same: in an image of one colour. */
  | { readonly kind: 'alike' }
  | { readonly kind: 'done'; readonly seconds: number }
  | { readonly kind: 'failed'; readonly message: string };

/** Of features that all workers hold: those of an image of 2,816² px and one channel, or of 1,536² and three. */
const KEEP_BYTES = 320 * 2 ** 20;
/** Milliseconds between looks whether the hand still draws. */
const HAND_MS = 30;

interface Surroundings {
  readonly startWorkers: StartTileWorkers;
  /** The part of the image in view. */
  readonly view: () => Rect;
  readonly isPainting: () => boolean;
  /** Something is proposed for the open image. It goes on changing. */
  readonly propose: (layer: LabelLayer) => void;
  /** Every pixel is proposed. */
  readonly proposed: (layer: LabelLayer) => void;
  /** What was proposed holds no more. */
  readonly withdraw: () => void;
}

export class AnnotateScribbles {
  state = $state.raw<ScribbleState>({ kind: 'off' });
  samples = $state.raw<ScribbleSamples>({ here: 0, others: 0, images: 0 });
  /** Whether images that are opened are classified by what was learned from others, their labels among it. */
  isAlways = $state.raw(false);
  /** How many steps more of a class is proposed in the open image than votes say, by its number; less where below 0. */
  leanings = $state.raw<ReadonlyMap<number, number>>(new Map());
  /** Numbers of the classes that what is proposed tells apart. */
  classes = $state.raw<readonly number[]>([]);
  readonly #host: Surroundings;
  readonly #teachers = new ScribbleTeachers();
  /** Counts up when work ends: what was queued before needs no threads. */
  #sitting = 0;
  #workers: readonly TileWorker[] | null = null;
  #document: AnnotateDocument | null = null;
  #blank = 0;
  #classifier: ImageClassifier | null = null;
  #proposal: LabelLayer | null = null;
  /** What was grown from all that teaches the open image; null: that has to be looked at anew. */
  #grown: { readonly forest: Forest; readonly values: readonly number[] } | null = null;
  #running = new AbortController();
  /** Updates follow one another: workers serve one at a time. */
  #queue: Promise<void> = Promise.resolve();
  /** Updates that have not ended. */
  #waiting = 0;

  constructor(host: Surroundings) {
    this.#host = host;
  }

  /** Another image is open, or none. What was learned stays. */
  open(document: AnnotateDocument | null, options: { readonly blank: number }): void {
    if (document === this.#document) return;
    this.#running.abort();
    this.#leave();
    this.#document = document;
    this.#blank = options.blank;
    this.#classifier = null;
    this.#proposal = null;
    this.#grown = null;
    this.leanings = new Map();
    this.classes = [];
    this.state = { kind: 'off' };
    this.#count();
    if (document === null) return;
    if (isScribbled(document) || this.isAlways) this.update();
  }

  /** A stroke was made, taken back or brought back: looks what is new, and proposes anew where something is. */
  follow(): void {
    const document = this.#document;
    if (document === null) return;
    if (this.#teachers.hasTaken(document)) return;
    this.update();
  }

  /** Ends once every pixel is classified, or it is given up; null: it is. */
  get proposing(): Promise<unknown> | null {
    return this.#waiting > 0 ? this.#queue : null;
  }

  /** Takes up what is scribbled and proposes; also what failed before. */
  update(): void {
    this.#grown = null;
    this.#proposeSoon();
  }

  leaningOf(value: number): number {
    return this.leanings.get(value) ?? 0;
  }

  /** Proposes more of a class, or less: its votes count so many steps more. Nothing is learned anew. */
  lean(value: number, steps: number): void {
    const to = Math.min(MOST_LEANING, Math.max(-MOST_LEANING, Math.round(steps)));
    if (!this.classes.includes(value) || to === this.leaningOf(value)) return;
    this.leanings = new Map(this.leanings).set(value, to);
    this.#proposeSoon();
  }

  #proposeSoon(): void {
    this.#running.abort();
    const running = new AbortController();
    this.#running = running;
    this.#waiting++;
    this.#queue = this.#queue.then(async () => {
      await this.#update(running.signal);
      this.#waiting--;
    });
  }

  setAlways(always: boolean): void {
    this.isAlways = always;
    if (always && this.#proposal === null) this.update();
  }

  /**
   * What the image that is left is labelled with teaches those after it; not before, for what is not painted yet would
   * count as background.
   */
  #leave(): void {
    const document = this.#document;
    if (document === null || !this.isAlways || !document.isLabelled) return;
    const [classifier, sitting] = [this.#classifier, this.#sitting];
    this.#queue = this.#queue.then(() =>
      sitting === this.#sitting ? this.#learnLabels(document, classifier) : undefined,
    );
  }

  /** Forgets the strokes of all images, and what labels taught. Those of the open one go as a step that can be undone. */
  forget(): void {
    this.#teachers.forget();
    const document = this.#document;
    if (document !== null) {
      const { scribbles, history } = document;
      const edit = scribbles.edit();
      edit.replaceAll(new LabelLayer(scribbles.width, scribbles.height, NO_SCRIBBLE));
      history.commit(edit, { kind: 'record', label: 'Removed scribbles' });
    }
    this.update();
  }

  stop(): void {
    this.#running.abort();
    this.#sitting++;
    this.#endWorkers();
    this.#document = null;
    this.#classifier = null;
    this.#proposal = null;
  }

  async #update(signal: AbortSignal): Promise<void> {
    const document = this.#document;
    if (document === null || signal.aborted) return;
    const startedAt = performance.now();
    try {
      await this.#propose(document, { signal, startedAt });
    } catch (error) {
      if (error instanceof AppError && error.code === 'cancelled') return;
      // A thread that has ended answers no more: the next try has new ones.
      this.#endWorkers();
      // What is proposed so far is none of what lies there.
      if (this.#document === document)
        this.#withdraw({ kind: 'failed', message: messageOf(error) });
    }
  }

  async #propose(
    document: AnnotateDocument,
    { signal, startedAt }: { readonly signal: AbortSignal; readonly startedAt: number },
  ): Promise<void> {
    const classifier = await this.#classifierOf(document);
    if (this.#grown === null) await this.#grow(document, { classifier, signal });
    if (this.#grown === null) return;
    await this.#classify(document, { classifier, ...this.#grown, signal });
    this.state = { kind: 'done', seconds: (performance.now() - startedAt) / 1000 };
  }

  /** Learns from all that teaches the open image; says so where that tells no classes apart. Errors: cancelled. */
  async #grow(
    document: AnnotateDocument,
    options: { readonly classifier: ImageClassifier; readonly signal: AbortSignal },
  ): Promise<void> {
    const { classifier, signal } = options;
    await this.#teachers.takeStrokes(document, classifier);
    this.#count();
    assertWanted(signal);
    const { strokes, labelled } = this.#teachers.of(document);
    const set = scribbledSet(strokes, classifier.featureCount, labelled);
    const { values } = set;
    const [value] = values;
    if (values.length < 2) {
      this.#withdraw(value === undefined ? { kind: 'off' } : { kind: 'one class', value });
      return;
    }
    this.state = { kind: 'working', done: 0, total: classifier.tileCount, inView: null };
    const forest = await growTogether(this.#startedWorkers(), set, { seed: FOREST_SEED });
    assertWanted(signal);
    if (!tellsApart(forest)) {
      this.#withdraw({ kind: 'alike' });
      return;
    }
    this.classes = values;
    this.#grown = { forest, values };
  }

  /** Nothing can be proposed. */
  #withdraw(state: ScribbleState): void {
    this.#proposal = null;
    this.classes = [];
    this.#host.withdraw();
    this.state = state;
  }

  async #classify(
    document: AnnotateDocument,
    options: {
      readonly classifier: ImageClassifier;
      readonly forest: Forest;
      readonly values: readonly number[];
      readonly signal: AbortSignal;
    },
  ): Promise<void> {
    const { classifier, forest, values, signal } = options;
    const total = classifier.tileCount;
    const weights = values.map((value) => voteWeight(this.leaningOf(value)));
    const { width, height } = document.layer;
    const proposal = this.#proposal ?? new LabelLayer(width, height, this.#blank);
    let done = 0;
    const put = (tile: number, classes: Uint8Array) => {
      proposal.putTile(
        tile,
        classes.map((index) => values[index] ?? this.#blank),
      );
      if (this.#proposal !== null) return;
      this.#proposal = proposal;
      this.#host.propose(proposal);
    };
    const view = this.#host.view();
    const glance = classifier.glance(view);
    const tiles = classifier.order(view);
    const seen = new Set(
      tiles.filter((tile) => intersection(classifier.areaOf(tile), view) !== null),
    );
    let inView: InView = { done: 0, total: seen.size, sidePx: glance?.every ?? 1 };
    const tell = () => (this.state = { kind: 'working', done, total, inView });
    const arrived = () => (inView = { ...inView, done: inView.done + 1 });
    tell();
    await classifier.classify(forest, {
      ...{ tiles, glance, signal, weights },
      mayGo: () => this.#handRests(),
      onGlance: (tile, classes) => {
        if (signal.aborted || glance === null) return;
        const { x0, y0, x1, y1 } = classifier.areaOf(tile);
        put(tile, enlarged(classes, { width: x1 - x0, height: y1 - y0, side: glance.every }));
        arrived();
        tell();
      },
      onTile: (tile, found) => {
        if (signal.aborted) return;
        put(tile, found.classes);
        done++;
        if (glance === null && seen.has(tile)) arrived();
        tell();
      },
    });
    this.#host.propose(proposal);
    this.#host.proposed(proposal);
  }

  /** The brush comes first. */
  async #handRests(): Promise<void> {
    while (this.#host.isPainting()) await new Promise((resolve) => setTimeout(resolve, HAND_MS));
  }

  async #classifierOf(document: AnnotateDocument): Promise<ImageClassifier> {
    const ready = this.#classifier;
    if (ready !== null) return ready;
    const classifier = await this.#startedClassifier(document);
    if (this.#document === document) this.#classifier = classifier;
    return classifier;
  }

  async #startedClassifier({ pixels }: AnnotateDocument): Promise<ImageClassifier> {
    const workers = this.#startedWorkers();
    const classifier = new ImageClassifier({ pixels, workers, keepBytes: KEEP_BYTES });
    await classifier.forget();
    return classifier;
  }

  async #learnLabels(document: AnnotateDocument, ready: ImageClassifier | null): Promise<void> {
    try {
      const classifier = ready ?? (await this.#startedClassifier(document));
      await this.#teachers.takeLabels(document, classifier);
      this.#count();
    } catch (error) {
      this.#endWorkers();
      this.state = { kind: 'failed', message: messageOf(error) };
    }
  }

  #count(): void {
    this.samples = this.#teachers.samples(this.#document);
  }

  #startedWorkers(): readonly TileWorker[] {
    this.#workers ??= this.#host.startWorkers();
    return this.#workers;
  }

  #endWorkers(): void {
    for (const worker of this.#workers ?? []) worker.close();
    this.#workers = null;
    this.#classifier = null;
  }
}

/** Every class in a block of so many pixels to each side; blocks at the far edges are cut off. [height · width] */
function enlarged(
  classes: Uint8Array,
  options: { readonly width: number; readonly height: number; readonly side: number },
): Uint8Array {
  const { width, height, side } = options;
  const columns = Math.ceil(width / side);
  const out = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = Math.floor(y / side) * columns;
    for (let x = 0; x < columns; x++) {
      const from = y * width + x * side;
      out.fill(classes[row + x] ?? 0, from, Math.min(from + side, (y + 1) * width));
    }
  }
  return out;
}

/** Errors: cancelled. */
function assertWanted({ aborted }: AbortSignal): void {
  if (aborted) throw new AppError('cancelled', 'Stopped.');
}
