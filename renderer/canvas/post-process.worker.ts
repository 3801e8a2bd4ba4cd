/** The thread that post-processor.ts talks to: holds the scores, and draws label maps of them. */
import {
  type ClassScores,
  type PostProcessing,
  postProcess,
} from '../../shared/post-processing.ts';

/** What scores are of, beside their pixels. */
export interface DrawingPlace {
  /** What a pixel holds that is nothing. */
  readonly blank: number;
  /** Whether they are of a part of an image. */
  readonly isPart: boolean;
}

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
  const { data } = postProcess(current.scores, request.rule, current.place);
  self.postMessage(data, { transfer: [data.buffer] });
});
