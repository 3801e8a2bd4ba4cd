/**
 * Graphs as native sessions of this process. Short runs of one shape follow one another in it (engine/warm-trainers.ts), and
 * the first run of a session costs as much as several steps: the same graph is the same session again.
 */
import { createHash } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTemporaryFolder, temporaryError } from '../../data/temporary-folder.ts';
import { type GraphNode, savedModel } from './graph-def.ts';
import type { NativeBackend } from './native.ts';

interface OpenSession {
  readonly session: number;
  readonly key: string;
}

/** Loads a graph into a native session. The folder is needed for the call only. */
function loadGraph(backend: NativeBackend, model: Uint8Array): number {
  const folder = makeTemporaryFolder('graph');
  try {
    writeFileSync(join(folder, 'saved_model.pb'), model);
    return backend.loadSavedModelMetaGraph(folder, 'serve');
  } catch (error) {
    throw temporaryError(error);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Graphs that nobody uses are kept for the next run of the same shape in this process: so many, the latest. */
const KEPT_IDLE_SESSIONS = 4;

/** By what is in the graph: its session, and how many use it. */
const sessions = new Map<string, { readonly session: number; users: number }>();

/** A graph that this process has loaded before is not loaded, rewritten and warmed up again. `key`: to close it with. */
export function openSession(backend: NativeBackend, nodes: readonly GraphNode[]): OpenSession {
  const model = savedModel(nodes);
  const key = createHash('sha256').update(model).digest('base64');
  const opened = sessions.get(key) ?? { session: loadGraph(backend, model), users: 0 };
  opened.users++;
  // Last in the map: used last.
  sessions.delete(key);
  sessions.set(key, opened);
  return { session: opened.session, key };
}

export function closeSession(backend: NativeBackend, key: string): void {
  const closed = sessions.get(key);
  if (closed !== undefined) closed.users--;
  const idle = [...sessions].filter(([, { users }]) => users === 0);
  for (const [old, { session }] of idle.slice(0, -KEPT_IDLE_SESSIONS)) {
    sessions.delete(old);
    backend.deleteSavedModel(session);
  }
}
