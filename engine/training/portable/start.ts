/**
 * Starts the portable engine: TensorFlow.js on its wasm backend, completed so that networks can be trained on it.
 * Needs nothing beyond the npm packages and never loads tfjs-node. How the wasm build starts is wasm-module.ts's,
 * what was missing or wrong in its kernels training-kernels.ts's.
 */
// tfjs-core's build for Node holds no gradients; the package around it registers them.
import '@tensorflow/tfjs';
import { BackendWasm, setThreadsCount, version_wasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { AppError } from '../../../shared/errors.ts';
import { NATIVE_REMEDY } from '../../installation.ts';
import { registerTrainingKernels } from './training-kernels.ts';
import { loadWasmModule, MAX_THREADS } from './wasm-module.ts';

export interface PortableEngine {
  /** Threads that really compute: at most MAX_THREADS. Bits of a result may depend on it. */
  readonly threads: number;
  /** Of @tensorflow/tfjs-backend-wasm. */
  readonly version: string;
}

async function start(wanted: number): Promise<PortableEngine> {
  if (!(await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT'))) {
    throw new AppError(
      'engine-unavailable',
      'This processor or this Node has no WebAssembly SIMD, which the portable engine needs. ' +
        NATIVE_REMEDY,
    );
  }
  const module = await loadWasmModule({ threads: Math.min(wanted, MAX_THREADS) });
  setThreadsCount(wanted);
  const backend = new BackendWasm(module);
  // The glue made its workers hold the process when their threads began; now it may end by itself.
  for (const worker of module.workers) worker.unref();
  // The package registers a backend of its own, with the loader for browsers.
  tf.removeBackend('wasm');
  tf.registerBackend('wasm', () => backend);
  // Before the backend is set: that is when kernels are bound to their wasm functions.
  registerTrainingKernels();
  await tf.setBackend('wasm');
  return { threads: module.tfjs.getThreadsCount(), version: version_wasm };
}

let running: { readonly threads: number; readonly engine: Promise<PortableEngine> } | undefined;

/**
 * Starts the wasm backend in this process and makes it the one that tfjs-core uses. One thread count a process:
 * asking again for the same one returns the running engine. A failed start may be tried again.
 * Errors: engine-unavailable (no SIMD, files missing); conflict (runs with another thread count).
 * Later, any operation throws invalid-input where the heap's 4 GB are used up.
 */
export async function startPortableEngine(options: { threads: number }): Promise<PortableEngine> {
  const { threads } = options;
  if (running !== undefined && running.threads !== threads) {
    throw new AppError(
      'conflict',
      `The portable engine already runs with ${running.threads} threads in this process. ` +
        'Start another process for another thread count.',
    );
  }
  running ??= { threads, engine: start(threads) };
  try {
    return await running.engine;
  } catch (error) {
    running = undefined;
    throw error;
  }
}
