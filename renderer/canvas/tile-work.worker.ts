/** Entry of a thread of the pixel classifier in the window: tile-workers.ts talks to it. */
import { answered, type TileRequest, TileWork } from '../../shared/assist/tile-work.ts';

const work = new TileWork();

self.addEventListener('message', ({ data: request }: MessageEvent<TileRequest>) => {
  const { answer, transfer } = answered(work, request);
  self.postMessage(answer, { transfer });
});
