/**
 * Keeps a label map on disk up to date while it is being edited: waits for a pause, but never longer than MAX_WAIT_MS;
 * one save at a time; tries again until it succeeds. A change is out of danger when the state says `saved`.
 */
import { messageOf } from '../../shared/errors.ts';

export type SaveState =
  | { readonly kind: 'saved'; readonly at: Date | null }
  /** Changed, and about to be saved. */
  | { readonly kind: 'unsaved' }
  /** `trouble`: why the try before this one failed. */
  | { readonly kind: 'saving'; readonly trouble: string | null }
  /** The last try failed; the change is kept here and tried again. */
  | { readonly kind: 'failed'; readonly message: string; readonly nextTryMs: number };

/** Pause after the last change before saving: strokes in quick succession become one revision. */
const QUIET_MS = 250;
/** Longest time that a change waits for a pause: nothing older than this is lost. */
const MAX_WAIT_MS = 500;
/** First and longest wait between tries. */
const RETRY_MS = { first: 500, longest: 5000 };

export interface AutosaveClock {
  now(): number;
  /** Returns how to call it off. */
  after(ms: number, run: () => void): () => void;
}

export interface AutosaveOptions {
  readonly clock: AutosaveClock;
  /** Resolves when everything that was changed before the call is on disk. */
  readonly save: () => Promise<void>;
  readonly onState: (state: SaveState) => void;
}

export class Autosave {
  readonly #options: AutosaveOptions;
  #state: SaveState = { kind: 'saved', at: null };
  /** Changes counted; those up to #savedChanges are on disk. */
  #changes = 0;
  #savedChanges = 0;
  #firstUnsavedAt = 0;
  #callOff: (() => void) | null = null;
  #running: Promise<void> | null = null;
  #failures = 0;
  /** Why the last try failed; null after one that did not. */
  #trouble: string | null = null;
  #waiting: (() => void)[] = [];

  constructor(options: AutosaveOptions) {
    this.#options = options;
  }

  get state(): SaveState {
    return this.#state;
  }

  get isSaved(): boolean {
    return this.#changes === this.#savedChanges;
  }

  /** Something was changed. */
  touch(): void {
    const now = this.#options.clock.now();
    if (this.isSaved) this.#firstUnsavedAt = now;
    this.#changes++;
    if (this.#running !== null || this.#failures > 0) return;
    this.#set({ kind: 'unsaved' });
    this.#schedule(Math.max(0, Math.min(QUIET_MS, this.#firstUnsavedAt + MAX_WAIT_MS - now)));
  }

  /** Saves at once; resolves when everything changed so far is on disk, however many tries it takes. */
  flush(): Promise<void> {
    if (this.isSaved) return Promise.resolve();
    const done = new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.#running === null) {
      this.#schedule(null);
      this.#start();
    }
    return done;
  }

  #schedule(ms: number | null): void {
    this.#callOff?.();
    this.#callOff = ms === null ? null : this.#options.clock.after(ms, () => this.#start());
  }

  #start(): void {
    this.#callOff = null;
    const changes = this.#changes;
    this.#set({ kind: 'saving', trouble: this.#trouble });
    this.#running = this.#options.save().then(
      () => this.#succeeded(changes),
      (error: unknown) => this.#failed(error),
    );
  }

  #succeeded(changes: number): void {
    this.#running = null;
    this.#failures = 0;
    this.#trouble = null;
    this.#savedChanges = changes;
    const now = this.#options.clock.now();
    if (this.isSaved) {
      this.#set({ kind: 'saved', at: new Date(now) });
      for (const resolve of this.#waiting.splice(0)) resolve();
      return;
    }
    this.#firstUnsavedAt = now;
    if (this.#waiting.length > 0) {
      this.#start();
      return;
    }
    this.#set({ kind: 'unsaved' });
    this.#schedule(QUIET_MS);
  }

  #failed(error: unknown): void {
    this.#running = null;
    const nextTryMs = Math.min(RETRY_MS.first * 2 ** this.#failures, RETRY_MS.longest);
    this.#failures++;
    const message = messageOf(error);
    this.#trouble = message;
    this.#set({ kind: 'failed', message, nextTryMs });
    this.#schedule(nextTryMs);
  }

  #set(state: SaveState): void {
    this.#state = state;
    this.#options.onState(state);
  }
}
