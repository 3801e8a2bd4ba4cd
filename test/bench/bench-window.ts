/** The engine and the built window as the benchmarks of the window start them: no queue is run, nothing is kept. */
import { join, resolve } from 'node:path';
import { createEngine } from '../../engine/engine.ts';
import { startServer } from '../../engine/server.ts';

/**
 * @param options.dir a folder of the benchmark's own
 * @param options.page the folder of the built window
 * @param options.trains by itself nothing does, and the portable engine is told of
 */
export async function startBenchWindow(options: {
  readonly dir: string;
  readonly page: string;
  readonly trains?: boolean;
}) {
  let endpoint: { url: string; token: string } | null = null;
  const engine = createEngine({
    engine: options.trains === true ? 'auto' : 'wasm',
    runQueues: false,
    settingsPath: join(options.dir, 'settings.json'),
    endpoint: () => endpoint,
  });
  const server = await startServer(engine, { pageFolder: resolve(options.page) });
  endpoint = { url: server.url, token: server.token };
  return { engine, server };
}
