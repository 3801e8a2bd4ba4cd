/** The thread that post-processor.ts talks to: holds the scores, and draws label maps of them. */
import type { ClassScores, PostProcessing } from '../../shared/post-processing.ts';
import { type DrawingPlace, drawnLabels } from './drawn-labels.ts';

/** Either new scores, or how they are to be drawn. */
export type DrawingRequest =
  | { readonly scores: ClassScores; readonly place: DrawingPlace }
  | { readonly rule: PostProcessing };

let current: { readonly scores: ClassScores; readonly place: DrawingPlace } | null = null;

self.addEventListener('message', ({ data: request }: MessageEvent<DrawingRequest>) => {
  if ('scores' in request) {
    current = request;
    return;
  }
  if (current === null) return;
  const drawn = drawnLabels(current.scores, request.rule, current.place);
  const { data, objects } = drawn;
  self.postMessage(drawn, {
    transfer: [data.buffer, ...(objects === null ? [] : [objects.buffer])],
  });
});
