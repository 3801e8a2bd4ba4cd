/**
 * What to label next: the queue of suggestions beside the open image, in its order. Asked for while its panel is open, or when a key
 * wants it, and again when labels, predictions or what was said to suggestions change. Which image is open is others' affair.
 */
import type { NextQueue, Progress, SuggestedImage } from '../../shared/api.ts';
import type { ImageRecord } from '../../shared/entities.ts';
import { AppError, messageOf } from '../../shared/errors.ts';
import type { EngineEvent } from '../../shared/events.ts';
import type { Api } from '../api.ts';
import { Refresh } from './refresh.ts';

const SHOWN = 12;
/** What is compared without being asked for: so few and small images that nobody who paints notices. */
const UNASKED = { images: 100, pixels: 16e6 };

/** The sitting that it belongs to. */
interface Sitting {
  readonly project: string;
  readonly datasetId: () => number | null;
  /** The open image. */
  readonly imageId: () => number | null;
  /** All images of the dataset that are known. */
  readonly images: () => readonly ImageRecord[];
}

export class AnnotateNext {
  queue = $state.raw<NextQueue | null>(null);
  /** Why there is none. */
  trouble = $state.raw<string | null>(null);
  /** While images are compared; null otherwise. */
  progress = $state.raw<Progress | null>(null);
  readonly #api: Api;
  readonly #sitting: Sitting;
  readonly #refresh: Refresh;
  #isWatched = false;
  /** Whether it was asked to compare images, however many these are. */
  #mayCompute = false;
  #abort = new AbortController();

  constructor(api: Api, sitting: Sitting) {
    this.#api = api;
    this.#sitting = sitting;
    this.#refresh = new Refresh(
      () => this.#load(),
      (error) => (this.trouble = messageOf(error)),
    );
  }

  /** Keeps the queue as it is now for as long as somebody looks at it. Returns how to stop. */
  watch(): () => void {
    this.#isWatched = true;
    this.#refresh.soon();
    return () => (this.#isWatched = false);
  }

  stop(): void {
    this.#refresh.stop();
    this.#abort.abort();
  }

  /** Compares all images that are not yet, however many. */
  compare(): void {
    this.#mayCompute = true;
    this.trouble = null;
    this.#refresh.soon();
  }

  cancel(): void {
    this.#abort.abort();
  }

  async #load(): Promise<void> {
    const { project } = this.#sitting;
    const datasetId = this.#sitting.datasetId();
    if (datasetId === null) return;
    const images = this.#sitting.images();
    const pixels = images.reduce((sum, { widthPx, heightPx }) => sum + widthPx * heightPx, 0);
    const unasked = pixels <= UNASKED.pixels ? UNASKED.images : 0;
    const mayCompute = this.#mayCompute ? images.length : unasked;
    this.#mayCompute = false;
    this.#abort = new AbortController();
    try {
      const query = { project, datasetId, count: SHOWN, mayCompute };
      this.queue = await this.#api.call('labelling.next', query, {
        signal: this.#abort.signal,
        onProgress: (progress) => (this.progress = progress),
      });
      this.trouble = null;
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'cancelled') throw error;
    } finally {
      this.progress = null;
    }
  }

  handle(event: Extract<EngineEvent, { readonly type: 'changed' }>): void {
    const { images, labelling, runs, datasets } = event.changes;
    const datasetId = this.#sitting.datasetId();
    const isOfThis = (of: { readonly datasetId: number } | undefined) =>
      of?.datasetId === datasetId;
    if (isOfThis(images) && event.origin === this.#api.origin) this.#dropLabelled(images?.labelled);
    const isNews =
      isOfThis(images) ||
      (isOfThis(labelling) && labelling?.what === 'suggestions') ||
      runs?.updated !== undefined ||
      datasets?.updated !== undefined;
    if (isNews && this.#isWatched) this.#refresh.soon();
    else if (isNews) this.queue = null;
  }

  /** What was painted just now is suggested no more, also before the engine has said so. */
  #dropLabelled(labelled: readonly { readonly imageId: number }[] = []): void {
    const { queue } = this;
    if (queue === null || labelled.length === 0) return;
    const ids = new Set(labelled.map(({ imageId }) => imageId));
    const open = this.#sitting.imageId();
    // The one in view keeps its place until it is left, so that "next" goes on from there.
    const images = queue.images.filter(({ imageId }) => imageId === open || !ids.has(imageId));
    this.queue = { ...queue, images };
  }

  /** The suggestion after the open image, or the first; null where there is none. */
  async next(): Promise<SuggestedImage | null> {
    if (this.queue === null) {
      this.#refresh.soon();
      await this.#refresh.settled();
    }
    const images = this.queue?.images ?? [];
    const open = this.#sitting.imageId();
    const at = images.findIndex(({ imageId }) => imageId === open);
    const next = images[at + 1] ?? images.find(({ imageId }) => imageId !== open) ?? null;
    return next;
  }

  async skip(imageId: number): Promise<void> {
    await this.#api.call('labelling.skip', { project: this.#sitting.project, imageId });
  }

  /** Suggests images never again, or, with `never` false, as if nothing had been said. */
  async never(imageIds: readonly number[], never = true): Promise<void> {
    const { project } = this.#sitting;
    await this.#api.call('labelling.never', { project, imageIds: [...imageIds], never });
  }
}
