/** A served engine with a project, and requests as its own page would send them. */
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createEngine, type Engine } from '../../../engine/engine.ts';
import { startServer } from '../../../engine/server.ts';
import { temporaryFolder } from '../../fixtures/projects.ts';

export interface Served {
  readonly engine: Engine;
  readonly project: string;
  readonly origin: string;
  readonly request: (path: string, init?: Omit<RequestInit, 'headers'>) => Promise<Response>;
}

export async function serveProject(options: { pageFolder?: string } = {}): Promise<Served> {
  const engine = createEngine({ engine: 'wasm' });
  const server = await startServer(engine, options);
  onTestFinished(async () => {
    await engine.close();
    await server.close();
  });
  const launched = await fetch(server.launchUrl(), { redirect: 'manual' });
  const cookie = launched.headers.get('set-cookie')?.split(';')[0] ?? '';
  const { path } = await engine.call('project.create', {
    path: join(temporaryFolder(), 'served.graft'),
  });
  return {
    engine,
    project: path,
    origin: server.url,
    request: (address, init = {}) => fetch(server.url + address, { ...init, headers: { cookie } }),
  };
}
