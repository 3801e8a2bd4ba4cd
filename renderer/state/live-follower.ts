/**
 * When the overlay of a live training is asked for anew while it is shown: calmly, and never against the brush. What is
 * asked and shown is the overlay's affair.
 */

/** Between an answer and the next question, at least; the training answers for no more than a fifth of the time. */
const PACE_MS = 4000;
const ANSWER_SHARE = 0.2;
/** Of the brush, before anything is asked or drawn anew. */
const QUIET_MS = 1000;

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

interface FollowedOverlay {
  /** Whether newer weights would be shown: the overlay is in view, is followed, and is not of the weights of now. */
  readonly isStale: () => boolean;
  /** A stroke or shape is under way, or what lies over the image is being chosen from. */
  readonly isInHand: () => boolean;
  /** Asks; what comes is shown by `show`. null: it is not wanted any more. */
  readonly ask: () => Promise<(() => void) | null>;
}

export class LiveFollower {
  readonly #overlay: FollowedOverlay;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #isAsking = false;
  /** performance.now() before which nothing is asked, and of the last stroke. */
  #notBefore = 0;
  #strokeAt = -Infinity;

  constructor(overlay: FollowedOverlay) {
    this.#overlay = overlay;
  }

  /** The training went on, or something was shown. */
  news(): void {
    if (this.#timer !== null || this.#isAsking || !this.#overlay.isStale()) return;
    const now = performance.now();
    const wait = Math.max(0, this.#notBefore - now, this.#quietIn());
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (!this.#overlay.isStale() || this.#quietIn() > 0) this.news();
      // It says nothing of what fails, and so never does.
      else this.#ask().catch(() => undefined);
    }, wait);
  }

  /** Somebody paints. */
  stroke(): void {
    this.#strokeAt = performance.now();
  }

  /** What is shown was asked for by hand, and took so long: the next one has time. */
  shown(tookMs: number): void {
    this.#notBefore = performance.now() + Math.max(PACE_MS, tookMs / ANSWER_SHARE);
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Resolves when the brush has rested long enough, whatever is in hand. */
  async still(): Promise<void> {
    for (let wait = this.#stillIn(); wait > 0; wait = this.#stillIn()) await sleep(wait);
  }

  /** Milliseconds until the brush has rested long enough. */
  #stillIn(): number {
    return Math.max(0, QUIET_MS - (performance.now() - this.#strokeAt));
  }

  /** The same; as long as something is in hand, the whole of it. */
  #quietIn(): number {
    return this.#overlay.isInHand() ? QUIET_MS : this.#stillIn();
  }

  async #ask(): Promise<void> {
    this.#isAsking = true;
    const began = performance.now();
    try {
      const show = await this.#overlay.ask();
      const tookMs = performance.now() - began;
      // A picture of the whole image that is drawn anew costs a stroke a frame.
      for (let wait = this.#quietIn(); show !== null && wait > 0; wait = this.#quietIn()) {
        await sleep(wait);
      }
      show?.();
      this.shown(tookMs);
    } catch {
      // Nobody waits for it: what is shown stays, with its age beside it.
      this.shown(performance.now() - began);
    } finally {
      this.#isAsking = false;
    }
    this.news();
  }
}
