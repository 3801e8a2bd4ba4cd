/**
 * Ends a child process whose engine is gone, whatever it is doing: the end of the channel between them is only heard
 * between two steps, and a step, or a file that is decoded, may take minutes.
 */
import { Worker } from 'node:worker_threads';
import { partFile } from './parts.ts';

/**
 * To be called once, by a process that the engine forked. Keeps nobody alive. Ctrl+C reaches every process of a terminal at
 * once: what becomes of this one is up to the engine.
 */
export function endWithParent(): void {
  process.on('SIGINT', () => undefined);
  const thread = new Worker(partFile('parent-watch-thread'), {
    workerData: process.ppid,
  });
  thread.unref();
}
