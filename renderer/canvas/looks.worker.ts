/** The thread that look-finder.ts talks to. */
import { looksOf } from '../../shared/assist/alike-class.ts';
import type { LooksRequest } from './look-finder.ts';

self.addEventListener('message', ({ data }: MessageEvent<LooksRequest>) => {
  const { pixels, map, ground } = data;
  self.postMessage(looksOf(pixels, map, ground));
});
