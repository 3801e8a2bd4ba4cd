/**
 * Whoever paints goes first: what a live training does by itself, and the rest of a large answer, wait until the hand is
 * still. The lowest priority alone does not do: memory is shared, however low one's priority.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { HAND_MS } from '../../../shared/api.ts';

export class Hand {
  /** performance.now() */
  #stillAt = -Infinity;

  moves(): void {
    this.#stillAt = performance.now() + HAND_MS;
  }

  get isStill(): boolean {
    return performance.now() >= this.#stillAt;
  }

  /** Resolves when it has been still for a while, or sooner where `isEnough` says so. */
  async rests(isEnough: () => boolean = () => false): Promise<void> {
    while (!this.isStill && !isEnough()) await sleep(this.#stillAt - performance.now());
  }
}
