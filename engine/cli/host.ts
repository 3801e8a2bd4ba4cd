/**
 * Where a command's calls go: to an engine in this process, or, where a project is open elsewhere
 * (the window, another command), to the process that owns it, over loopback.
 */
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { z } from 'zod';
import type { CallInput, CallName, CallOutputs, Progress, ProjectInfo } from '../../shared/api.ts';
import type { EngineChoice } from '../../shared/entities.ts';
import { AppError, fromWireError, toWireError, WireError } from '../../shared/errors.ts';
import { readOwner } from '../db/project.ts';
import { askedEngine } from '../engine-wish.ts';
import { createEngine, type CallOptions, type Engine } from '../engine.ts';
import { assertAskedWords } from '../training/tensorflow/asked-for.ts';
import { createProgressBar, writeErr } from './output.ts';
import { shellHere } from './shell.ts';
import { thisMachine } from './window.ts';
import { ROOT } from '../installation.ts';

/** For the owner of a project to say that it is there. What it is asked then may take as long as it takes. */
const OWNER_PATIENCE_MS = 30_000;

/** Said to who asks for an engine or a card where a command only hands its work over. */
const ENGINE_ELSEWHERE =
  'Another process has the project open and computes, with the engine that it was started with or that its window chose: what is asked for here (--engine, --adapter, GRAFT_ENGINE, GRAFT_ADAPTER) has no say there.';

export interface Caller {
  call<K extends CallName>(
    name: K,
    input: CallInput<K>,
    options?: CallOptions,
  ): Promise<CallOutputs[K]>;
}

const Answer = z.discriminatedUnion('type', [
  z.object({ type: z.literal('result'), output: z.unknown() }),
  z.object({ type: z.literal('error'), error: WireError }),
  z.object({
    type: z.literal('progress'),
    progress: z.object({ done: z.number(), total: z.number(), message: z.string() }),
  }),
]);

/** Calls the process that owns a project. */
function remoteCaller(url: string, token: string): Caller {
  return {
    async call<K extends CallName>(
      name: K,
      input: CallInput<K>,
      { signal, onProgress }: CallOptions = {},
    ): Promise<CallOutputs[K]> {
      const noAnswer = (cause: unknown): never => {
        if (signal?.aborted === true) throw new AppError('cancelled', 'Cancelled.');
        const message = 'The process that owns the project does not answer.';
        throw new AppError('locked', message, { cause });
      };
      const response = await fetch(`${url}/call`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify({ type: 'call', id: 1, name, input }),
        ...(signal === undefined ? {} : { signal }),
      }).catch(noAnswer);
      if (!response.ok) {
        throw new AppError(
          'locked',
          `The process that owns the project answered ${response.status}.`,
        );
      }
      let rest = '';
      const decoder = new TextDecoder();
      const reader: ReadableStreamDefaultReader<Uint8Array> | undefined =
        response.body?.getReader();
      for (;;) {
        const chunk = await reader?.read().catch(noAnswer);
        if (chunk === undefined || chunk.done) break;
        const lines = (rest + decoder.decode(chunk.value, { stream: true })).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          const answer = Answer.parse(JSON.parse(line));
          if (answer.type === 'progress') onProgress?.(answer.progress);
          else if (answer.type === 'error') throw fromWireError(answer.error);
          // The other process is the same program: its outputs are those of CallOutputs.
          else return answer.output as CallOutputs[K];
        }
      }
      throw new AppError('internal', 'The process that owns the project ended before it answered.');
    },
  };
}

export interface HostOptions {
  /** Answers other commands while this one runs (study run, demo). */
  readonly reachable?: boolean;
}

/** An engine of this process; `reachable` opens its door to this user's other commands. */
export async function withEngine<T>(
  options: HostOptions,
  work: (engine: Engine) => Promise<T>,
): Promise<T> {
  let endpoint: { url: string; token: string } | null = null;
  const engine = createEngine({
    endpoint: () => endpoint,
    engine: engineChoice(),
    shell: () => shellHere(ROOT, thisMachine()),
  });
  // Loaded by the few commands that need it, which the others would wait for.
  const door = options.reachable === true ? await import('../server.ts') : null;
  const server = (await door?.startServer(engine)) ?? null;
  if (server !== null) endpoint = { url: server.url, token: server.token };
  try {
    return await work(engine);
  } finally {
    await engine.close();
    await server?.close();
  }
}

/**
 * What is asked for by flags and the environment; null: nothing.
 * Errors: invalid-input, of engines, cards, kernels and operations.
 */
export function engineChoice(): EngineChoice | null {
  assertAskedWords();
  return askedEngine();
}

/** Opens a project here, or reaches the process that has it open. */
export async function withProject<T>(
  path: string,
  work: (caller: Caller, project: string, local: Engine | null) => Promise<T>,
  options: HostOptions = {},
): Promise<T> {
  return withEngine(options, async (engine) => {
    const remote = reachOwner(path);
    const reached = remote === null ? null : await openThere(remote, path);
    if (remote !== null && reached !== null) {
      if (engineChoice() !== null) writeErr(`graft: ${ENGINE_ELSEWHERE}\n`);
      return work(remote, reached.path, null);
    }
    const quiet = engine.subscribe((event) => {
      if (event.type === 'notice') writeErr(`graft: ${event.message}\n`);
    });
    const info = await engine.call('project.open', { path });
    quiet();
    return work(engine, info.path, engine);
  });
}

/** null where nobody answers: opening the project here is then refused with the name of its owner. */
async function openThere(remote: Caller, path: string): Promise<ProjectInfo | null> {
  const input = { path: resolve(path) };
  const signal = AbortSignal.timeout(OWNER_PATIENCE_MS);
  try {
    return await remote.call('project.open', input, { signal });
  } catch (error) {
    const { code } = toWireError(error);
    if (code === 'locked' || code === 'cancelled') return null;
    throw error;
  }
}

/** The process that has a project open and answers; null where there is none, or it is on another machine. */
function reachOwner(path: string): Caller | null {
  const owner = readOwner(path);
  if (owner === undefined || owner.endpoint === null || owner.token === null) return null;
  return owner.host === hostname() ? remoteCaller(owner.endpoint, owner.token) : null;
}

/** Runs a long call with a progress bar; Ctrl+C cancels it. */
export async function withProgress<T>(
  work: (options: { signal: AbortSignal; onProgress: (progress: Progress) => void }) => Promise<T>,
): Promise<T> {
  const bar = createProgressBar();
  const abort = new AbortController();
  const interrupt = () => abort.abort();
  process.once('SIGINT', interrupt);
  try {
    return await work({ signal: abort.signal, onProgress: (progress) => bar.update(progress) });
  } finally {
    process.off('SIGINT', interrupt);
    bar.end();
  }
}
