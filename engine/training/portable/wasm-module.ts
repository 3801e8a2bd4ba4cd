/**
 * Owns how the wasm builds that ship with @tensorflow/tfjs-backend-wasm come to life under Node: which build, its
 * threads, its memory limit, its complaints. What is computed with them is not its business.
 *
 * The package's own loader knows browsers only. Its emscripten glue also adds process-wide handlers that rethrow
 * every unhandled rejection, sets a global Worker, and sizes its thread pool by os.cpus(). So the glue is compiled
 * here with a process, global, Worker and require of its own: nothing outside this file is touched, at any time.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { compileFunction } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { AppError, messageOf } from '../../../shared/errors.ts';
import { NATIVE_REMEDY, REPAIR } from '../../installation.ts';
import { partFile } from '../../parts.ts';

/** The build caps its thread pool here. */
export const MAX_THREADS = 8;

/** Where the threaded glue says how many workers it starts, whatever the number of threads. */
const WORKERS_TO_START = 'var pthreadPoolSize=8;';

/** The bridge that BackendWasm expects under `tfjs`. */
interface TensorRegistry {
  init(): void;
  initWithThreadsCount(threads: number): void;
  getThreadsCount(): number;
  registerTensor(id: number, size: number, memoryOffset: number): void;
  disposeData(id: number): void;
  dispose(): void;
}

/** Shapes cross as bytes, flags as booleans. */
type NativeFunction = (...values: (number | boolean | Uint8Array)[]) => number;

/** The part of an emscripten module that is used here. */
interface EmscriptenModule {
  cwrap: (name: string, returns: 'number' | null, parameters: readonly string[]) => NativeFunction;
  /** Bytes → address, 0 where the heap ends. */
  _malloc: (bytes: number) => number;
  _free: (address: number) => void;
}

export interface WasmModule extends EmscriptenModule {
  readonly tfjs: TensorRegistry;
  /** Of the compute threads beside this one. */
  readonly workers: readonly Worker[];
}

const shippedFolder = () =>
  join(
    dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json')),
    'wasm-out',
  );

function isEmscriptenModule(value: unknown): value is EmscriptenModule {
  return (
    typeof value === 'object' &&
    value !== null &&
    ['cwrap', '_malloc', '_free'].every((name) => typeof Reflect.get(value, name) === 'function')
  );
}

export function outOfMemory(detail: string): AppError {
  return new AppError(
    'invalid-input',
    `The portable engine is at the end of its 4 GB of memory (${detail}). Choose a smaller batch, image size or ` +
      `base width. ${NATIVE_REMEDY}`,
  );
}

/**
 * What the kernels print is always the news that one of them gave up and left its output unwritten.
 * XNNPACK's status 6 is "out of memory".
 */
function kernelError(complaint: string): Error {
  return /status 6\b/.test(complaint)
    ? outOfMemory('inside a kernel')
    : new Error(`A wasm kernel failed: ${complaint}`);
}

function readBuildFile(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new AppError(
      'engine-unavailable',
      `The portable engine's file ${path} cannot be read. ${REPAIR}`,
      { subject: path, cause: error },
    );
  }
}

/** Runs the glue script and returns the module factory that it exports; its workers are added to `workers`. */
function compileGlue(
  path: string,
  source: string,
  { threads, workers }: { threads: number; workers: Worker[] },
): (config: object) => unknown {
  const nodeRequire = createRequire(path);
  const ownProcess: unknown = Object.create(process, { on: { value: () => ownProcess } });
  class ThreadWorker extends Worker {
    constructor() {
      // Without the process's own flags: some, such as --input-type, a thread with a file of its own refuses.
      super(partFile('training/portable/pthread-worker'), { execArgv: [] });
      workers.push(this);
    }
  }
  const commonJs: { exports: unknown } = { exports: {} };
  const glueScope = {
    module: commonJs,
    exports: commonJs.exports,
    // XNNPACK's pool takes half of what it believes to be hyper-threads.
    require: (id: string): unknown =>
      id === 'os' ? { cpus: () => Array.from({ length: 2 * threads }) } : nodeRequire(id),
    process: ownProcess,
    global: {},
    Worker: ThreadWorker,
    __filename: path,
    __dirname: dirname(path),
  };
  const glue = compileFunction(source, Object.keys(glueScope), { filename: path });
  Reflect.apply(glue, undefined, Object.values(glueScope));
  const factory = commonJs.exports;
  if (typeof factory !== 'function') throw new Error(`${path} exports no module factory`);
  return (config) => {
    const module: unknown = Reflect.apply(factory, undefined, [config]);
    return module;
  };
}

/** Makes the end of the heap an error: the backend would write the tensor to address 0. */
function guardMalloc(module: EmscriptenModule): void {
  // Emscripten's stub replaces itself on first use, so it is used once before it is wrapped.
  module._free(module._malloc(16));
  const allocate = module._malloc;
  module._malloc = (bytes) => {
    const address = allocate(bytes);
    if (address === 0 && bytes > 0) throw outOfMemory(`${bytes} bytes more were asked for`);
    return address;
  };
}

/**
 * Makes a kernel's complaint an error as soon as the kernel has returned. (Not while it prints: an exception would
 * leave the C library's output stream in pieces.)
 */
function guardKernels(module: EmscriptenModule, takeComplaint: () => string | undefined): void {
  const bind = module.cwrap;
  module.cwrap = (...signature) => {
    const kernel = bind(...signature);
    return (...values) => {
      let result: number;
      try {
        result = kernel(...values);
      } catch (trap) {
        // Where a kernel complained before it trapped, the complaint says more.
        const complaint = takeComplaint();
        throw complaint === undefined ? trap : kernelError(complaint);
      }
      const complaint = takeComplaint();
      if (complaint !== undefined) throw kernelError(complaint);
      return result;
    };
  };
}

function bindRegistry(module: EmscriptenModule): TensorRegistry {
  return {
    init: module.cwrap('init', null, []),
    initWithThreadsCount: module.cwrap('init_with_threads_count', null, ['number']),
    getThreadsCount: module.cwrap('get_threads_count', 'number', []),
    registerTensor: module.cwrap('register_tensor', null, ['number', 'number', 'number']),
    disposeData: module.cwrap('dispose_data', null, ['number']),
    dispose: module.cwrap('dispose', null, []),
  };
}

/**
 * Loads the SIMD build (1 thread) or the threaded SIMD build (2 to MAX_THREADS) from `folder`.
 * Errors: engine-unavailable where a file is missing or the build does not start.
 */
export async function loadWasmModule(options: {
  readonly threads: number;
  readonly folder?: string;
}): Promise<WasmModule> {
  const { threads, folder = shippedFolder() } = options;
  const threaded = threads > 1;
  const name = threaded ? 'tfjs-backend-wasm-threaded-simd' : 'tfjs-backend-wasm';
  const gluePath = join(folder, `${name}.js`);
  const glue = readBuildFile(gluePath).toString('utf8');
  if (threaded && !glue.includes(WORKERS_TO_START)) {
    throw new Error(`${gluePath} is another version than Graft was built with`);
  }
  const source = glue.replace(WORKERS_TO_START, `var pthreadPoolSize=${threads - 1};`);
  // One glue serves the builds with and without SIMD.
  const wasmBinary = readBuildFile(
    join(folder, `${threaded ? name : 'tfjs-backend-wasm-simd'}.wasm`),
  );
  const workers: Worker[] = [];
  let module: unknown;
  let complaint: string | undefined;
  let ready = false;
  try {
    const factory = compileGlue(gluePath, source, { threads, workers });
    module = await factory({
      wasmBinary,
      // The first complaint is the cause of those after it.
      printErr: (text: string) => {
        complaint ??= text;
      },
      // A running kernel aborts where its own allocation fails; there is no other known cause.
      onAbort: () => {
        if (ready) throw outOfMemory('inside a kernel');
      },
    });
  } catch (error) {
    await Promise.all(workers.map((worker) => worker.terminate()));
    throw new AppError(
      'engine-unavailable',
      `The portable engine does not start (${messageOf(error)}). ${REPAIR}`,
      { subject: gluePath, cause: error },
    );
  }
  ready = true;
  if (!isEmscriptenModule(module)) throw new Error(`${gluePath} made a module of another shape`);
  guardMalloc(module);
  guardKernels(module, () => {
    const taken = complaint;
    complaint = undefined;
    return taken;
  });
  return Object.assign(module, { tfjs: bindRegistry(module), workers });
}
