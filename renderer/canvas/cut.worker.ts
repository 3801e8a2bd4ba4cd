/** The thread that cutter.ts talks to. */
import { cutOut, type CutRequest } from '../../shared/assist/cut-out.ts';

self.addEventListener('message', ({ data: request }: MessageEvent<CutRequest>) => {
  self.postMessage(cutOut(request));
});
