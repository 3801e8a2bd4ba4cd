/** An engine of this process and a window's line to it: calls go straight, pixels over HTTP as they do. */
import { createServer, type Server } from 'node:http';
import { onTestFinished, vi } from 'vitest';
import { createEngine, type Engine } from '../../engine/engine.ts';
import { createPixels } from '../../engine/server/pixels.ts';
import { replyError } from '../../engine/server/reply.ts';
import type { Api, Connection } from '../../renderer/api.ts';
import { AppError, fromWireError, toWireError, WireError } from '../../shared/errors.ts';
import {
  OBJECTS_HEADER,
  REVISION_HEADER,
  STEP_HEADER,
  SavedLabelMap,
  saveScribblesUrl,
  saveUrl,
} from '../../shared/exchange.ts';
import { temporaryFolder } from '../fixtures/projects.ts';

const ORIGIN = 'this window';

export interface WindowEngine {
  readonly engine: Engine;
  readonly api: Api;
  /** As the line tells it; while it is lost, nothing is answered. */
  readonly connect: (connection: Connection) => void;
  /** Puts something between window and engine: called before every call, and may throw. */
  before: (name: string) => void | Promise<void>;
}

async function ask(port: number, path: string, init: RequestInit): Promise<Response> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
  if (response.ok) return response;
  throw fromWireError(WireError.parse(await response.json()));
}

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

/** Ends with the test. Settings are of a folder of its own. */
export async function windowEngine(
  options: Parameters<typeof createEngine>[0] = {},
): Promise<WindowEngine> {
  vi.stubEnv('GRAFT_CONFIG', temporaryFolder());
  const engine = createEngine(options);
  const pixels = createPixels(engine);
  const server = createServer((request, response) => {
    pixels
      .answer(request, new URL(request.url ?? '/', 'http://127.0.0.1'), response)
      .catch((error: unknown) => replyError(response, toWireError(error)));
  });
  const port = await portOf(server);
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await engine.close();
    vi.unstubAllEnvs();
  });

  const watchers = new Set<(connection: Connection) => void>();
  let connection: Connection = 'open';
  const assertAnswers = () => {
    if (connection !== 'open') throw new AppError('engine-unavailable', 'The engine is away.');
  };
  const window: WindowEngine = {
    engine,
    before: () => undefined,
    connect(next) {
      connection = next;
      for (const watch of watchers) watch(next);
    },
    api: {
      origin: ORIGIN,
      async call(name, input, { signal, onProgress } = {}) {
        assertAnswers();
        await window.before(name);
        return engine.call(name, input, {
          origin: ORIGIN,
          ...(signal === undefined ? {} : { signal }),
          ...(onProgress === undefined ? {} : { onProgress }),
        });
      },
      subscribe: (listener) =>
        engine.subscribe((event) => {
          if (connection === 'open') listener(event);
        }),
      onConnection(watch) {
        watchers.add(watch);
        watch(connection);
        return () => watchers.delete(watch);
      },
      async fetchPixels(path, { signal } = {}) {
        assertAnswers();
        const response = await ask(port, path, signal === undefined ? {} : { signal });
        const numberIn = (header: string) => {
          const value = response.headers.get(header);
          return value === null ? null : Number(value);
        };
        return {
          bytes: new Uint8Array(await response.arrayBuffer()),
          revision: numberIn(REVISION_HEADER),
          step: numberIn(STEP_HEADER),
          objects: response.headers.get(OBJECTS_HEADER),
        };
      },
      async saveLabelMap(
        { project, imageId: image, author, runId: run, helpers, base, objectsFrom },
        bytes,
      ) {
        assertAnswers();
        const url = saveUrl({
          project,
          image,
          author,
          origin: ORIGIN,
          ...(run === undefined ? {} : { run }),
          ...(helpers === undefined ? {} : { helpers }),
          ...(base === undefined ? {} : { base }),
          ...(objectsFrom === undefined ? {} : { objectsFrom }),
        });
        const body = new Blob([new Uint8Array(bytes)]);
        const response = await ask(port, url, { method: 'PUT', body });
        return SavedLabelMap.parse(await response.json());
      },
      async saveScribbles({ project, imageId: image }, bytes) {
        assertAnswers();
        const url = saveScribblesUrl({ project, image, origin: ORIGIN });
        await ask(port, url, { method: 'PUT', body: new Blob([new Uint8Array(bytes)]) });
      },
      uploadFile: () => Promise.reject(new AppError('unsupported', 'No files are dropped here.')),
      close: () => undefined,
    },
  };
  return window;
}
