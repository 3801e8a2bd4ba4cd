/** A thread of the pixel classifier: tile-workers.ts talks to it, shared/assist/tile-work.ts does the work. */
import {
  buffersOf,
  type TileReply,
  type TileRequest,
  TileWork,
} from '../../shared/assist/tile-work.ts';

export type TileAnswer = { readonly reply: TileReply } | { readonly failed: string };

const work = new TileWork();

self.addEventListener('message', ({ data: request }: MessageEvent<TileRequest>) => {
  try {
    const reply = work.answer(request);
    const answer: TileAnswer = { reply };
    self.postMessage(answer, { transfer: buffersOf(reply) as ArrayBuffer[] });
  } catch (error) {
    const answer: TileAnswer = { failed: error instanceof Error ? error.message : String(error) };
    self.postMessage(answer);
  }
});
