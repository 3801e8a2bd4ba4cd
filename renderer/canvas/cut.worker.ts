/** The thread that cutter.ts talks to. */
import { cutBorder } from '../../shared/assist/cut-border.ts';
import { cutOut } from '../../shared/assist/cut-out.ts';
import type { CutQuestion } from './cutter.ts';

self.addEventListener('message', ({ data }: MessageEvent<CutQuestion>) => {
  self.postMessage(data.kind === 'out' ? cutOut(data.request) : cutBorder(data.request));
});
