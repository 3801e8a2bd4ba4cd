/** Draws label maps out of what a network thinks of every pixel, as sliders move: one after the other, the latest rule next. */
import type { ClassScores, PostProcessing } from '../../shared/post-processing.ts';
import { type DrawingPlace, type DrawnLabels, drawnLabels } from './drawn-labels.ts';
import type { DrawingRequest } from './post-process.worker.ts';

/** Draws the scores that it was made for; one call at a time. */
export interface Drawing {
  draw(rule: PostProcessing): Promise<DrawnLabels>;
  close(): void;
}

export type StartDrawing = (scores: ClassScores, place: DrawingPlace) => Drawing;

/** Where nobody paints meanwhile. */
export const drawHere: StartDrawing = (scores, place) => ({
  draw: (rule) => Promise.resolve(drawnLabels(scores, rule, place)),
  close: () => undefined,
});

/** In a thread, so that the brush goes on: large images with many objects take longer than a frame. */
export const drawInThread: StartDrawing = (scores, place) => {
  const worker = new Worker(new URL('./post-process.worker.ts', import.meta.url), {
    type: 'module',
  });
  const post = (request: DrawingRequest) => worker.postMessage(request);
  post({ scores, place });
  return {
    draw: (rule) =>
      new Promise((resolve, reject) => {
        worker.onmessage = ({ data }: MessageEvent<DrawnLabels>) => resolve(data);
        worker.onerror = ({ message }) => reject(new Error(message));
        post({ rule });
      }),
    close: () => worker.terminate(),
  };
};

/** Draws again and again: while one map is being drawn, of the rules that come only the last is waited for. */
export class PostProcessor {
  readonly #drawing: Drawing;
  readonly #show: (drawn: DrawnLabels) => void;
  #next: PostProcessing | null = null;
  #busy = false;
  #closed = false;

  constructor(drawing: Drawing, show: (drawn: DrawnLabels) => void) {
    this.#drawing = drawing;
    this.#show = show;
  }

  /** Resolves when no rule waits any more. Errors: those of drawing. */
  async follow(rule: PostProcessing): Promise<void> {
    this.#next = rule;
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let next = this.#take(); next !== null; next = this.#take()) {
        const map = await this.#drawing.draw(next);
        if (!this.#closed) this.#show(map);
      }
    } finally {
      this.#busy = false;
    }
  }

  close(): void {
    this.#closed = true;
    this.#next = null;
    this.#drawing.close();
  }

  #take(): PostProcessing | null {
    const next = this.#next;
    this.#next = null;
    return next;
  }
}
