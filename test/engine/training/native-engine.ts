/** Native TensorFlow for the tests of this folder: one thread, started once a test file; skips where it is missing. */
import { beforeEach } from 'vitest';
import { type Engine, startEngine } from '../../../engine/training/tensorflow/backend.ts';
import type { NativeBackend } from '../../../engine/training/tensorflow/native.ts';
import { AppError } from '../../../shared/errors.ts';

export interface NativeEngine extends Engine {
  readonly native: NativeBackend;
}

async function tryStart(): Promise<NativeEngine | AppError> {
  try {
    const engine = await startEngine({ threads: 1, engine: 'tensorflow' });
    if (engine.native === null) throw new Error('asked for TensorFlow, got another engine');
    return { ...engine, native: engine.native };
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

/** Call at the top of a test file; every test is skipped with the reason where TensorFlow is not installed. */
export async function nativeEngineOrSkip(): Promise<NativeEngine> {
  const engine = await tryStart();
  if (!(engine instanceof AppError)) return engine;
  beforeEach((context) => context.skip(engine.message));
  // Never used: every test is skipped before it begins.
  return new Proxy<NativeEngine>(Object.create(null) as NativeEngine, {
    get: () => {
      throw engine;
    },
  });
}
