/**
 * The time that somebody works in Annotate, by image: from one movement, press or key to the next, where no more than a minute
 * lies between. Tells the engine of it now and then, which keeps it in the project file; nothing leaves this computer.
 */
import { messageOf } from '../../shared/errors.ts';
import type { Api } from '../api.ts';

/** Who does nothing for longer is elsewhere. */
const LONGEST_PAUSE_MS = 60_000;
/** Between two reports; what a crash may cost. */
const REPORT_MS = 30_000;
/** Of an image a report; the engine takes no more. */
const MOST_SECONDS = 120;

interface Options {
  readonly api: Api;
  readonly project: string;
  readonly now?: () => number;
  readonly onError: (message: string) => void;
}

export class LabellingClock {
  /** Of the open image and of the whole dataset, what was measured before included; seconds. */
  here = $state.raw(0);
  total = $state.raw(0);
  readonly #api: Api;
  readonly #project: string;
  readonly #now: () => number;
  readonly #onError: (message: string) => void;
  #open: { readonly datasetId: number; readonly imageId: number } | null = null;
  #last: number | null = null;
  #reportedAt = 0;
  #byImage = new Map<number, number>();
  #total = 0;
  /** Not told yet. */
  #spent = new Map<number, number>();

  constructor({ api, project, now = () => performance.now(), onError }: Options) {
    this.#api = api;
    this.#project = project;
    this.#now = now;
    this.#onError = onError;
  }

  /** What was measured before. Errors: those of the engine. */
  async load(datasetId: number): Promise<void> {
    const { ofImages } = await this.#api.call('labelling.time', {
      project: this.#project,
      datasetId,
    });
    this.#byImage = new Map(ofImages.map(({ imageId, seconds }) => [imageId, seconds]));
    this.#total = ofImages.reduce((sum, one) => sum + one.seconds, 0);
    for (const [imageId, seconds] of this.#spent) this.#count(imageId, seconds);
    this.#show();
  }

  /** Another image is worked on from now on; null: none is. */
  open(image: { readonly datasetId: number; readonly imageId: number } | null): void {
    this.#open = image;
    this.#show();
  }

  /** Somebody moves, presses or types. */
  touch(): void {
    const now = this.#now();
    const before = this.#last;
    this.#last = now;
    if (before === null) this.#reportedAt = now;
    if (before === null || this.#open === null || now - before > LONGEST_PAUSE_MS) return;
    const seconds = (now - before) / 1000;
    const { imageId } = this.#open;
    this.#spent.set(imageId, (this.#spent.get(imageId) ?? 0) + seconds);
    this.#count(imageId, seconds);
    if (now - this.#reportedAt >= REPORT_MS) this.report();
    this.#show();
  }

  /** The window is left: what comes then is no work here. */
  pause(): void {
    this.#last = null;
    this.report();
  }

  /** Tells the engine what was measured since the last time. */
  report(): void {
    const open = this.#open;
    this.#reportedAt = this.#now();
    if (open === null || this.#spent.size === 0) return;
    const spent = [...this.#spent].map(([imageId, seconds]) => ({
      imageId,
      seconds: Math.min(MOST_SECONDS, seconds),
    }));
    this.#spent = new Map();
    const { datasetId } = open;
    this.#api
      .call('labelling.addTime', { project: this.#project, datasetId, spent })
      .catch((error: unknown) => this.#onError(messageOf(error)));
  }

  #count(imageId: number, seconds: number): void {
    this.#byImage.set(imageId, (this.#byImage.get(imageId) ?? 0) + seconds);
    this.#total += seconds;
  }

  /** Whole seconds, so that what shows them is drawn no more often. */
  #show(): void {
    this.here = Math.floor(this.#byImage.get(this.#open?.imageId ?? 0) ?? 0);
    this.total = Math.floor(this.#total);
  }
}
