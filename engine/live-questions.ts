/** What is asked of a live training while it runs: each question until its answer, or until nobody waits for it any more. */
import type { LivePrediction, PredictionRegion } from '../shared/api.ts';
import { AppError, fromWireError, type WireError } from '../shared/errors.ts';
import type { LiveProcess } from './live-process.ts';

export interface LiveQuestion {
  readonly imageId: number;
  /** What of it; null: all. */
  readonly area: PredictionRegion | null;
}

export class LiveQuestions {
  readonly #open = new Map<number, PromiseWithResolvers<LivePrediction>>();
  #nextId = 1;

  /** Errors: those of the answer; cancelled, where the signal says so or the process ends. */
  async ask(
    process: LiveProcess,
    question: LiveQuestion,
    signal: AbortSignal,
  ): Promise<LivePrediction> {
    const id = this.#nextId++;
    const answer = Promise.withResolvers<LivePrediction>();
    this.#open.set(id, answer);
    const drop = () => {
      if (this.#open.delete(id)) process.send({ type: 'drop', id });
      answer.reject(new AppError('cancelled', 'Cancelled.'));
    };
    signal.addEventListener('abort', drop, { once: true });
    process.send({ type: 'predict', id, ...question });
    if (signal.aborted) drop();
    try {
      return await answer.promise;
    } finally {
      signal.removeEventListener('abort', drop);
    }
  }

  answer(id: number, prediction: LivePrediction): void {
    this.#open.get(id)?.resolve(prediction);
    this.#open.delete(id);
  }

  refuse(id: number, error: WireError): void {
    this.#open.get(id)?.reject(fromWireError(error));
    this.#open.delete(id);
  }

  /** The process that would have answered has ended. */
  end(): void {
    const gone = new AppError('cancelled', 'The training was stopped before it could answer.');
    for (const { reject } of this.#open.values()) reject(gone);
    this.#open.clear();
  }
}
