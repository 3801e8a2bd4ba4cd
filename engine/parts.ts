/**
 * The files of the engine that start as processes and threads of their own, and where each of them starts from. One rule:
 * sources start sources, and what was built (build/engine.mjs) starts what was built with it. Tests and measurements load
 * sources, and start what users start: whoever runs them has built it and says where it lies, in GRAFT_BUILT_ENGINE.
 */
import { join } from 'node:path';
import { ENGINE, isBuilt } from './installation.ts';

/** By their path below engine/, without its ending; below the built engine's folder it is the same. */
export const PARTS = [
  'cli',
  'parent-watch-thread',
  'assist/tile-thread',
  'care/check-thread',
  'care/rewrite-process',
  'data/decoder-process',
  'data/import/json-process',
  'data/tell-apart-thread',
  'isolated/watch',
  'labelling/alike/alike-thread',
  'measure/measure-thread',
  'prompts/network-process',
  'training/worker',
  'training/batches/thread',
  'training/live/worker',
  'training/portable/pthread-worker',
  'training/webgpu/adapters-process',
  'training/weights/weights-process',
] as const;

export type Part = (typeof PARTS)[number];

/** The file to start, as an absolute path. */
export function partFile(part: Part): string {
  const built = isBuilt ? ENGINE : process.env['GRAFT_BUILT_ENGINE'];
  return built ? join(built, `${part}.mjs`) : join(ENGINE, `${part}.ts`);
}
