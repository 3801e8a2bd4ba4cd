/** Which trainer processes are kept for the next request of their kind, and for how long. */
import { type Trainer, TrainerProcess } from './trainer.ts';
import type { TrainerEvent, TrainerWork } from './training/protocol.ts';

export interface Warmth {
  /** How long a trainer that is done waits for another request; asked when it is done. */
  readonly waitMs: () => number;
  /** A trainer older than that takes no further one. */
  readonly lifeMs: number;
  /** How many wait at once. */
  readonly most: number;
}

/** Beside a run that takes longer than this the start of a process is nothing. */
const LIFE_MS = 60_000;
/** The next run of a study, or of a plan, begins at once. */
const MOMENT_MS = 2000;

/** `expectsMore`: whether there are runs that will come, as those that wait for a pretraining: they are waited for. */
export const warmthOfRuns = (expectsMore: () => boolean): Warmth => ({
  waitMs: () => (expectsMore() ? LIFE_MS : MOMENT_MS),
  lifeMs: LIFE_MS,
  most: Infinity,
});

/**
 * Trainer processes that wait a moment for the next run of their kind, since to start one costs more than a short run.
 * Whatever failed, was stopped or killed ends with its process; so does a process that has lived for a while, because
 * beside a long run its start is nothing and fresh memory is worth more.
 */
export class WarmTrainers {
  readonly #waiting = new Map<TrainerProcess, { kind: string; timer: NodeJS.Timeout }>();
  readonly #warmth: Warmth;
  #closed = false;

  constructor(warmth: Warmth) {
    this.#warmth = warmth;
  }

  /**
   * `fresh`: whether the run begins here; one that resumes is bound to the engine that it began with, and leaves
   * its process to no other.
   */
  serve(
    request: TrainerWork,
    { onEvent, fresh }: { onEvent: (event: TrainerEvent) => void; fresh: boolean },
  ): Trainer {
    const kind = JSON.stringify([
      request.engine,
      request.threads,
      request.kernels,
      request.adapter,
    ]);
    const trainer = (fresh ? this.#take(kind) : undefined) ?? new TrainerProcess();
    return trainer.serve(request, onEvent, (served) => fresh && this.#keep(served, kind));
  }

  /** Ends those that wait; settles when they have ended. */
  async close(): Promise<void> {
    this.#closed = true;
    const waiting = [...this.#waiting.keys()];
    for (const trainer of waiting) this.#letGo(trainer);
    await Promise.all(waiting.map(({ closed }) => closed));
  }

  #take(kind: string): TrainerProcess | undefined {
    for (const [trainer, waiting] of this.#waiting) {
      if (waiting.kind !== kind || !trainer.alive) continue;
      this.#forget(trainer);
      return trainer;
    }
    return undefined;
  }

  #keep(trainer: TrainerProcess, kind: string): boolean {
    const { waitMs, lifeMs, most } = this.#warmth;
    if (this.#closed || trainer.ageMs > lifeMs) return false;
    // The one that has waited longest makes room.
    const [oldest] = this.#waiting.keys();
    if (this.#waiting.size >= most && oldest !== undefined) this.#letGo(oldest);
    this.#waiting.set(trainer, { kind, timer: setTimeout(() => this.#letGo(trainer), waitMs()) });
    return true;
  }

  #forget(trainer: TrainerProcess): void {
    clearTimeout(this.#waiting.get(trainer)?.timer);
    this.#waiting.delete(trainer);
  }

  #letGo(trainer: TrainerProcess): void {
    this.#forget(trainer);
    trainer.end();
  }
}
