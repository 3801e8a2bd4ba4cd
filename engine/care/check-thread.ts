/** Entry of the thread that goes through a project file: whoever works on the project is not kept waiting. */
import { parentPort, workerData } from 'node:worker_threads';
import { type CheckAnswer, CheckThreadData } from './check-messages.ts';
import { goThrough } from './go-through.ts';

const REPORT_EVERY_MS = 200;

const { path, contradictions } = CheckThreadData.parse(workerData);
const say = (answer: CheckAnswer) => parentPort?.postMessage(answer);

let reportedAt = 0;
function onProgress(share: number): void {
  if (performance.now() - reportedAt < REPORT_EVERY_MS) return;
  reportedAt = performance.now();
  say({ type: 'progress', share });
}

await goThrough(path, {
  contradictions,
  onProgress,
  tell: (found) => say({ type: 'found', found }),
});
say({ type: 'done' });
