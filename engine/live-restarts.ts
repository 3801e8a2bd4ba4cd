/** How often a process that died without a word is started again. */

const MAX_RESTARTS = 2;
const SPAN_MS = 10 * 60_000;

export class LiveRestarts {
  /** performance.now() */
  #at: number[] = [];

  /** Counts it, where it may be. */
  mayAgain(): boolean {
    const now = performance.now();
    this.#at = this.#at.filter((at) => now - at < SPAN_MS);
    if (this.#at.length >= MAX_RESTARTS) return false;
    this.#at.push(now);
    return true;
  }

  forget(): void {
    this.#at = [];
  }
}
