/**
 * Starts the engine that computes: native TensorFlow, the portable one, or the graphics card. One engine a process, chosen before
 * anything else touches TensorFlow.js, because thread counts and kernels are read from the environment while the library loads.
 */
import { createRequire } from 'node:module';
import util from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { EngineChoice, EngineInfo, Kernels, OwnOperation } from '../../../shared/entities.ts';
import { AppError, messageOf } from '../../../shared/errors.ts';
import { NATIVE_REMEDY } from '../../installation.ts';
import { GRAFT_VERSION } from '../../version.ts';
import { graphicsCards } from '../../graphics-cards.ts';
import { type Card, ON_PROCESSOR } from '../webgpu/card.ts';
import { assertAskedWords } from './asked-for.ts';
import { kernelsFor, useKernels } from './kernels.ts';
import { isNativeBackend, type NativeBackend } from './native.ts';
import { loadOperations, recordedVectors } from './operations.ts';
import { processorName } from './processor.ts';

export interface Engine {
  readonly info: EngineInfo;
  /** TensorFlow itself; null under the other engines. */
  readonly native: NativeBackend | null;
  /** The graphics card; null: the processor computes. */
  readonly card: Card | null;
  /** Whether trace.ts may run functions as graphs; without it every operation is called by itself. */
  readonly traced: boolean;
  /** Those that compute in TensorFlow's place. */
  readonly operations: readonly OwnOperation[];
  /** How many steps may be begun before the results of the first are read, so that nobody waits for anybody. */
  readonly stepsAhead: number;
  /**
   * The values of a tensor, which are the caller's; the tensor may be disposed of at once. On the processor they are
   * there when this returns. Errors: those of Card.values.
   */
  values(tensor: Tensor): Promise<Float32Array>;
}

/** What the processor has computed is there. Memory of the backend may be what is given: slice makes it ours. */
const valuesAtOnce = (tensor: Tensor): Promise<Float32Array> => {
  const values = tensor.dataSync<'float32'>().slice();
  return Promise.resolve(values);
};

export interface EngineOptions {
  /** Threads within one operation. Bits of a result depend on it. */
  readonly threads: number;
  readonly engine: EngineChoice;
  /** Of TensorFlow; null: as it decides itself; left out: as kernels.ts does. Bits of a result depend on them. */
  readonly kernels?: Kernels | null | undefined;
  /** Graft's own; null or left out: those that suit the machine. Bits of a result depend on them. */
  readonly operations?: readonly OwnOperation[] | null | undefined;
  /** Name of the graphics card, where that computes; null or left out: the first one. Bits of a result depend on it. */
  readonly adapter?: string | null | undefined;
  readonly log?: (line: string) => void;
}

/** tfjs-node 4.22 still calls these two, which Node 23 removed (isArray: deprecated with a warning). */
function restoreUtilFunctions(): void {
  Object.assign(util, {
    isNullOrUndefined: (value: unknown) => value === null || value === undefined,
    isArray: Array.isArray,
  });
}

/** So many that a card never waits for the host, so few that a loss which is no number is noticed soon. */
const CARD_STEPS_AHEAD = 2;

function loadNative(threads: number, kernels: Kernels | null): NativeBackend {
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '3';
  process.env['TF_NUM_INTRAOP_THREADS'] = String(threads);
  process.env['TF_NUM_INTEROP_THREADS'] = '1';
  useKernels(kernels);
  restoreUtilFunctions();
  // Required, never imported: the addon lies beside the package and must not be bundled.
  createRequire(import.meta.url)('@tensorflow/tfjs-node');
  const backend: unknown = tf.findBackend('tensorflow');
  if (!isNativeBackend(backend)) {
    throw new Error('tfjs-node registered no backend of the known shape');
  }
  return backend;
}

async function startPortable(threads: number): Promise<Engine> {
  // Loaded only when it runs: the native path never waits for it.
  const { startPortableEngine } = await import('../portable/start.ts');
  const portable = await startPortableEngine({ threads });
  return {
    info: {
      name: 'wasm',
      version: portable.version,
      threads: portable.threads,
      node: process.versions.node,
      graft: GRAFT_VERSION,
      processor: processorName(),
    },
    native: null,
    card: null,
    traced: false,
    operations: [],
    stepsAhead: 0,
    values: valuesAtOnce,
  };
}

async function startOnCard({ adapter = null, log }: EngineOptions): Promise<Engine> {
  // Loaded only when it runs: nothing of it is in the way of the others.
  // Nor is a driver loaded that has ended the process that looked for it, or ends one now.
  const { why, isLeftAlone = false } = await graphicsCards();
  if (isLeftAlone) {
    throw new AppError('engine-unavailable', `${why ?? ''} Until then train ${ON_PROCESSOR}.`);
  }
  const { startCard } = await import('../webgpu/start.ts');
  const card = await startCard({ adapter, log });
  return {
    info: {
      name: 'webgpu',
      version: card.version,
      // The card has its own.
      threads: 1,
      adapter: { ...card.adapter, features: [...card.features].toSorted() },
      node: process.versions.node,
      graft: GRAFT_VERSION,
      processor: processorName(),
    },
    native: null,
    card,
    traced: false,
    operations: [],
    stepsAhead: CARD_STEPS_AHEAD,
    values: (tensor) => card.values(tensor),
  };
}

/**
 * Starts the engine of this process; call once.
 * auto: the graphics card, where one is named and there; else native TensorFlow where it loads, else the portable engine, with a line in the log that says why.
 * Errors: engine-unavailable; invalid-input, where a variable of the environment asks for what nobody knows.
 */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  assertAskedWords();
  const { threads, engine, log } = options;
  const kernels = options.kernels === undefined ? kernelsFor(undefined) : options.kernels;
  if (engine === 'wasm') return startPortable(threads);
  if (engine === 'webgpu') return startOnCard(options);
  if (engine === 'auto' && options.adapter != null) {
    try {
      return await startOnCard(options);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      log?.(`${error.message} The processor computes instead.`);
    }
  }
  let native: NativeBackend;
  try {
    native = loadNative(threads, kernels);
  } catch (error) {
    const reason = messageOf(error).split('\n', 1)[0] ?? '';
    if (engine === 'tensorflow') {
      throw new AppError(
        'engine-unavailable',
        `Native TensorFlow does not load (${reason}). ${NATIVE_REMEDY} The portable engine trains without it.`,
        { cause: error },
      );
    }
    log?.(`Native TensorFlow does not load (${reason}); the portable engine runs instead.`);
    return startPortable(threads);
  }
  const operations = loadOperations(options.operations ?? null, log);
  const vectors = operations.length === 0 ? undefined : recordedVectors();
  return {
    info: {
      name: 'tensorflow',
      version: native.binding.TF_Version,
      threads,
      ...(kernels === null ? {} : { kernels }),
      ...(operations.length === 0 ? {} : { operations: [...operations] }),
      ...(vectors === undefined ? {} : { vectors }),
      node: process.versions.node,
      graft: GRAFT_VERSION,
      processor: processorName(),
    },
    native,
    card: null,
    traced: true,
    operations,
    stepsAhead: 0,
    values: valuesAtOnce,
  };
}
