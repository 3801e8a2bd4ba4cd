/** The thread that patch-maker.ts talks to. */
import { type PatchRequest, patchesOf } from '../../shared/assist/patches.ts';

self.addEventListener('message', ({ data: request }: MessageEvent<PatchRequest>) => {
  const found = patchesOf(request);
  const transfer = [found.numbers.buffer, found.boxes.buffer, found.shades.buffer];
  self.postMessage(found, { transfer });
});
