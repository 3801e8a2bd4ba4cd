/** The thread that post-processor.ts talks to: holds the scores, and draws label maps of them. */
import {
  type ClassScores,
  type PostProcessing,
  postProcess,
} from '../../shared/post-processing.ts';

/** Either new scores, or how they are to be drawn. */
export type DrawingRequest =
  | { readonly scores: ClassScores; readonly blank: number }
  | { readonly rule: PostProcessing };

let current: { readonly scores: ClassScores; readonly blank: number } | null = null;

self.addEventListener('message', ({ data: request }: MessageEvent<DrawingRequest>) => {
  if ('scores' in request) {
    current = request;
    return;
  }
  if (current === null) return;
  const { data } = postProcess(current.scores, request.rule, current.blank);
  self.postMessage(data, { transfer: [data.buffer] });
});
