/**
 * Predicts for one open project in a process that stays a while with its network loaded, so that the second image takes
 * no start-up, and keeps what was found last until it has been fetched. Knows no database.
 */
import { runTrainer } from './trainer.ts';
import { WarmTrainers } from './warm-trainers.ts';
import type { TrainerEvent, TrainerRequest } from './training/protocol.ts';

/** Somebody who corrects predictions asks again within that; the memory goes back after it. */
const WAIT_MS = 3 * 60_000;
/** Of scores: the last one, and the one before, which may be on its way. */
const KEPT = 2;

type Work = Extract<TrainerRequest, { type: 'predict' | 'measure' }>;

export class Predictor {
  /** One: several requests at once have a process each, and the last to be done stays. */
  readonly #trainers = new WarmTrainers({ waitMs: () => WAIT_MS, lifeMs: Infinity, most: 1 });
  readonly #scores = new Map<number, Uint8Array>();
  /** What is under way, to be ended with the project. */
  readonly #ending = new AbortController();
  #lastId = 0;

  /** Errors: the trainer's own, cancelled, internal. */
  async run(
    request: Work,
    { onEvent, signal }: { onEvent: (event: TrainerEvent) => void; signal: AbortSignal },
  ): Promise<void> {
    await runTrainer(request, {
      onEvent,
      signal: AbortSignal.any([signal, this.#ending.signal]),
      spawn: (work, receive) => this.#trainers.serve(work, { onEvent: receive, fresh: true }),
    });
  }

  /** Returns the number under which they are found until others have come. */
  keep(scores: Uint8Array): number {
    const id = ++this.#lastId;
    this.#scores.set(id, scores);
    this.#scores.delete(id - KEPT);
    return id;
  }

  scores(id: number): Uint8Array | undefined {
    return this.#scores.get(id);
  }

  async close(): Promise<void> {
    this.#ending.abort();
    this.#scores.clear();
    await this.#trainers.close();
  }
}
