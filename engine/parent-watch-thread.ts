/** Entry of the thread that looks after the parent of its process (parent-watch.ts): nothing on the main thread stops it. */
import { workerData } from 'node:worker_threads';

/** An orphan is gone well within two seconds. */
const EVERY_MS = 500;

const parent = Number(workerData);

function isParentAlive(): boolean {
  // An orphan is given another parent, except on Windows, where it keeps the number of the one that is gone.
  if (process.ppid !== parent) return false;
  try {
    process.kill(parent, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

setInterval(() => {
  // Nobody can receive what it computes, and it writes nothing itself: there is nothing to put in order.
  if (!isParentAlive()) process.kill(process.pid, 'SIGKILL');
}, EVERY_MS);
