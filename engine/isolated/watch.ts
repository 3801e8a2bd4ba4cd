/**
 * A thread of an isolated process that ends it where it takes too much memory or time, or where its owner is gone: the
 * process itself may be in a loop that never looks up.
 */
import { writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { TOO_MUCH_MEMORY, WATCHED } from './watched.ts';

const INTERVAL_MS = 25;

const watched = workerData instanceof SharedArrayBuffer ? new Float64Array(workerData) : undefined;

function end(lastWords: string): void {
  try {
    writeSync(2, `${lastWords}\n`);
  } finally {
    // Also where nobody reads them any more, because the owner is gone.
    process.kill(process.pid, 'SIGKILL');
  }
}

setInterval(() => {
  if (watched === undefined) return;
  const until = watched[WATCHED.until] ?? 0;
  const memoryBytes = watched[WATCHED.memoryBytes] ?? Infinity;
  if (memoryBytes > 0 && process.memoryUsage.rss() > memoryBytes) end(TOO_MUCH_MEMORY);
  else if (until > 0 && Date.now() > until) end('graft: time limit');
  else if (process.ppid !== watched[WATCHED.owner]) end('graft: alone');
}, INTERVAL_MS);
parentPort?.postMessage('watching');
