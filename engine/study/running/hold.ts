/**
 * Why nothing is trained although runs are queued: what was trained could not be stored, most likely because the disk is
 * full. Knows the error, how much room the next try should find and when it comes; stopping and starting runs is the
 * queue's business.
 */
import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { toWireError, type WireError } from '../../../shared/errors.ts';
import { goesOnByItself } from '../../../shared/study-progress.ts';

/** First and longest wait before another try. */
const RETRY_MS = { first: 5000, longest: 120_000 };
/** Beside what could not be stored itself: the log of the database holds it a second time. */
const SPARE_BYTES = 2 ** 20;

export interface HoldOptions {
  readonly projectPath: string;
  /** Puts in order what the hold left half done; throws where the project still cannot be written. */
  readonly recover: () => void;
  /** Told what holds, whenever that is something else, and that nothing does any more: null. */
  readonly onChange: (why: WireError | null) => void;
  /** Called when nothing holds any more. */
  readonly onLifted: () => void;
}

export class Hold {
  readonly #options: HoldOptions;
  #why: WireError | null = null;
  /** What the next try should find room for. */
  #wantedBytes = 0;
  /** How often it went on in vain since something was last stored. */
  #failedTries = 0;
  #nextTry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: HoldOptions) {
    this.#options = options;
  }

  /** What could not be stored, with its code; null where nothing holds. */
  get why(): WireError | null {
    return this.#why;
  }

  /** `bytes`: size of what could not be stored. Returns whether nothing held before. */
  begin(error: unknown, bytes: number): boolean {
    const first = this.#why === null;
    this.#set(toWireError(error));
    this.#wantedBytes = Math.max(this.#wantedBytes, bytes);
    return first;
  }

  /** Tries again later where the cause may go away by itself; what has another cause would come again. */
  retryLater(): void {
    if (this.#why !== null && goesOnByItself(this.#why)) this.#schedule();
  }

  /** Whether runs may start: nothing holds, or no longer, because there is room and `recover` succeeded. */
  lift(): boolean {
    if (this.#why === null) return true;
    try {
      const { bavail, bsize } = statfsSync(dirname(this.#options.projectPath));
      if (bavail * bsize < 2 * this.#wantedBytes + SPARE_BYTES) return false;
      this.#options.recover();
    } catch (error) {
      this.#set(toWireError(error));
      return false;
    }
    this.#set(null);
    this.#failedTries++;
    this.#wantedBytes = 0;
    clearTimeout(this.#nextTry);
    this.#options.onLifted();
    return true;
  }

  /** Something was stored again: the next wait is short. */
  stored(): void {
    this.#failedTries = 0;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#nextTry);
  }

  #set(why: WireError | null): void {
    const isNews = why?.code !== this.#why?.code || why?.message !== this.#why?.message;
    this.#why = why;
    if (isNews) this.#options.onChange(why);
  }

  #schedule(): void {
    if (this.#closed) return;
    const wait = Math.min(RETRY_MS.first * 2 ** this.#failedTries, RETRY_MS.longest);
    this.#nextTry = setTimeout(() => {
      if (!this.lift()) this.#schedule();
    }, wait);
    // Nobody stays for this alone.
    this.#nextTry.unref();
  }
}
