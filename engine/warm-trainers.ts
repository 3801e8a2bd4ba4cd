/** Which trainer processes are kept for the next request of their kind, and for how long. */
import { type Trainer, TrainerProcess } from './trainer.ts';
import type { TrainerEvent, TrainerWork } from './training/protocol.ts';

/** How long a trainer that is done waits for another run: the next of a study begins at once. */
const WAIT_MS = 2000;
/** A trainer older than that takes no further run. */
const LIFE_MS = 60_000;

/**
 * Trainer processes that wait a moment for the next run of their kind, since to start one costs more than a short run.
 * Whatever failed, was stopped or killed ends with its process; so does a process that has lived for a while, because
 * beside a long run its start is nothing and fresh memory is worth more.
 */
export class WarmTrainers {
  readonly #waiting = new Map<TrainerProcess, { kind: string; timer: NodeJS.Timeout }>();

  /**
   * `fresh`: whether the run begins here; one that resumes is bound to the engine that it began with, and leaves
   * its process to no other.
   */
  serve(
    request: TrainerWork,
    { onEvent, fresh }: { onEvent: (event: TrainerEvent) => void; fresh: boolean },
  ): Trainer {
    const kind = JSON.stringify([request.engine, request.threads, request.kernels]);
    const trainer = (fresh ? this.#take(kind) : undefined) ?? new TrainerProcess();
    return trainer.serve(request, onEvent, (served) => fresh && this.#keep(served, kind));
  }

  /** Ends those that wait; settles when they have ended. */
  async close(): Promise<void> {
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
    if (trainer.ageMs > LIFE_MS) return false;
    this.#waiting.set(trainer, { kind, timer: setTimeout(() => this.#letGo(trainer), WAIT_MS) });
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
