/** Entry of the thread that looks after the parent of its process (parent-watch.ts): nothing on the main thread stops it. */
import { workerData } from 'node:worker_threads';
import { isRunning } from './process-alive.ts';

/** An orphan is gone well within two seconds. */
const EVERY_MS = 500;

const parent = Number(workerData);

setInterval(() => {
  // An orphan is given another parent, except on Windows, where it keeps the number of the one that is gone.
  const isOrphan = process.ppid !== parent || !isRunning(parent);
  // Nobody can receive what it computes, and it writes nothing itself: there is nothing to put in order.
  if (isOrphan) process.kill(process.pid, 'SIGKILL');
}, EVERY_MS);
