/**
 * A process with an engine and its door, for peers to be rude to: as `graft serve`, but its trainers fail at once, so
 * that a call costs nothing but itself. Says over IPC where it is, and on asking how much memory it takes.
 */
import { createEngine } from '../../../engine/engine.ts';
import { startServer } from '../../../engine/server.ts';
import type { SpawnTrainer } from '../../../engine/trainer.ts';

const failing: SpawnTrainer = (_request, onEvent) => ({
  pid: undefined,
  stop: () => undefined,
  kill: () => undefined,
  ended: new Promise((resolve) => {
    setImmediate(() => {
      onEvent({
        type: 'failed',
        error: { code: 'internal', message: 'There is no trainer here.' },
      });
      resolve({ orderly: true, detail: '' });
    });
  }),
});

const engine = createEngine({ engine: 'wasm', runQueues: true, spawn: failing });
const server = await startServer(engine);
process.on('message', () => process.send?.({ rssBytes: process.memoryUsage.rss() }));
process.on('disconnect', () => process.exit(0));
process.send?.({ url: server.launchUrl(), token: server.token });
