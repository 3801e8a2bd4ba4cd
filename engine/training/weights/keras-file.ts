/**
 * Keras' weight files: HDF5 as Keras 2 and 3 write it (`.h5`, whole models or weights), Keras 3's `.weights.h5`, and
 * `.keras`, a zip with one of these inside. Gives tensors as 'layer/variable'; models in the file are not executed.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError, messageOf } from '../../../shared/errors.ts';
import { fromHalf } from '../../data/small-floats.ts';
import { makeTemporaryFolder, temporaryError } from '../../data/temporary-folder.ts';
import { assertSoundHeaps } from './hdf5-heaps.ts';
import { mostBytesOf, type StoredTensor } from './stored-tensor.ts';
import { looksLikeZip, unzipEntries } from './zip-entries.ts';

export interface KerasFile {
  /** 'block_1_expand/kernel', 'bn_Conv1/moving_mean' … */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** ε of batch normalisations by layer, where the file tells. */
  readonly epsilons: ReadonlyMap<string, number>;
  /** What a model that Graft wrote says of its network; null: it is of others. */
  readonly description: string | null;
}

/** Attribute of the file in which Graft says which network it wrote. */
export const OWN_ATTRIBUTE = 'graft';

const HDF5_MAGIC = '\u0089HDF\r\n\u001a\n';

/** What of a .keras file is read. */
const WEIGHTS = 'model.weights.h5';
const CONFIG = 'config.json';

/** Keras nests models in models, but not by the hundred; groups that hold one another have no end. */
const MOST_LEVELS = 64;
const MOST_ENTRIES = 20_000;

/** Keras 3 numbers the variables of a layer, in the order in which the layer made them. */
const NUMBERED_VARIABLES: Readonly<Record<number, readonly string[]>> = {
  1: ['kernel'],
  2: ['kernel', 'bias'],
  4: ['gamma', 'beta', 'moving_mean', 'moving_variance'],
};

const startsWith = (bytes: Uint8Array, magic: string) =>
  Buffer.from(bytes.subarray(0, magic.length)).toString('latin1') === magic;

export const looksLikeHdf5 = (bytes: Uint8Array) => startsWith(bytes, HDF5_MAGIC);

export interface Hdf5Group {
  readonly attrs: Readonly<Record<string, { readonly value: unknown }>>;
  keys(): string[];
  get(name: string): unknown;
  create_group(name: string): Hdf5Group;
  create_dataset(options: {
    name: string;
    data: Float32Array;
    shape: number[];
    dtype: string;
  }): unknown;
  create_attribute(
    name: string,
    data: string | readonly string[],
    shape?: number[] | null,
    dtype?: string,
  ): void;
}

interface Hdf5Dataset {
  readonly value: unknown;
  readonly shape: number[] | null;
  readonly dtype: unknown;
  readonly metadata: { readonly size: number; readonly type: number; readonly total_size: number };
  readonly file_id: bigint;
  readonly path: string;
}

/** The library beneath, for the one kind of number that it has no array for. */
interface Hdf5Module {
  readonly HEAPU8: Uint8Array;
  readonly H5T_class_t: { readonly H5T_FLOAT: { readonly value: number } };
  _malloc(bytes: number): number;
  _free(at: number): void;
  get_dataset_data(
    ...args: [file: bigint, path: string, count: null, from: null, step: null, at: bigint]
  ): number;
  activate_throwing_error_handler(): number;
}

interface Hdf5File extends Hdf5Group {
  close(): void;
}

interface Hdf5Library {
  readonly ready: Promise<Hdf5Module>;
  readonly File: new (path: string, mode: 'r' | 'w') => Hdf5File;
}

/**
 * Imported by name: the package's own types declare emscripten's global one anew, which TensorFlow.js' wasm backend
 * declares otherwise.
 */
const HDF5_PACKAGE: string = 'h5wasm/node';

const isHdf5Library = (value: unknown): value is Hdf5Library =>
  typeof value === 'object' && value !== null && 'ready' in value && 'File' in value;

/** Loaded when the first such file is read: some megabytes of WebAssembly. */
async function hdf5(): Promise<Hdf5Library> {
  const loaded = (await import(HDF5_PACKAGE)) as { readonly default?: unknown };
  const library = loaded.default;
  if (!isHdf5Library(library)) throw new Error(`${HDF5_PACKAGE} is not what it was`);
  // Else it prints pages about a file that is damaged, and goes on with a file that is none.
  (await library.ready).activate_throwing_error_handler();
  return library;
}

/** The library works on files of the system, so bytes are one for the while. */
async function withHdf5<T>(
  mode: 'r' | 'w',
  bytes: Uint8Array | null,
  use: (file: Hdf5File, module: Hdf5Module) => T,
): Promise<{ result: T; bytes: Uint8Array }> {
  const library = await hdf5();
  const module = await library.ready;
  const folder = makeTemporaryFolder('h5');
  const path = join(folder, 'weights.h5');
  try {
    if (bytes !== null) writeFileSync(path, bytes);
    const file = new library.File(path, mode);
    let result: T;
    try {
      result = use(file, module);
    } finally {
      file.close();
    }
    return { result, bytes: bytes ?? readFileSync(path) };
  } catch (error) {
    throw temporaryError(error);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A new HDF5 file as bytes. */
export const writeHdf5 = async (write: (file: Hdf5Group) => void): Promise<Uint8Array> =>
  (await withHdf5('w', null, write)).bytes;

const isGroup = (entity: unknown): entity is Hdf5Group =>
  typeof entity === 'object' && entity !== null && 'keys' in entity;
const isDataset = (entity: unknown): entity is Hdf5Dataset =>
  typeof entity === 'object' && entity !== null && 'shape' in entity && 'dtype' in entity;

function attribute(group: Hdf5Group, name: string): string | null {
  const value: unknown = group.attrs[name]?.value;
  return typeof value === 'string' ? value : null;
}

const HALF_BYTES = 2;

/** IEEE 754 binary16, which the library hands out in the order of bytes of WebAssembly. */
function halvesOf(
  { metadata, file_id: file, path }: Hdf5Dataset,
  module: Hdf5Module,
): Float32Array {
  const bytes = HALF_BYTES * metadata.total_size;
  const at = module._malloc(bytes);
  if (at === 0) throw new Error('it needs more memory than there is');
  try {
    module.get_dataset_data(file, path, null, null, null, BigInt(at));
    const view = new DataView(module.HEAPU8.buffer, at, bytes);
    return Float32Array.from({ length: metadata.total_size }, (_, i) =>
      fromHalf(view.getUint16(HALF_BYTES * i, true)),
    );
  } finally {
    module._free(at);
  }
}

function readDataset(dataset: Hdf5Dataset, name: string, module: Hdf5Module): StoredTensor | null {
  const shape = dataset.shape ?? [];
  const { size, type } = dataset.metadata;
  if (size === HALF_BYTES && type === module.H5T_class_t.H5T_FLOAT.value) {
    return { shape, values: halvesOf(dataset, module) };
  }
  const value: unknown = dataset.value;
  if (typeof value === 'number') return { shape, values: Float32Array.of(value) };
  if (value instanceof Float32Array || value instanceof Float64Array) {
    return { shape, values: Float32Array.from(value) };
  }
  if (ArrayBuffer.isView(value)) return null; // counters
  throw new AppError(
    'unsupported',
    `${name} is stored as ${JSON.stringify(dataset.dtype)}. Save the weights as float32, float16 or float64.`,
    { subject: name },
  );
}

/**
 * Visits all data of a file; `path` are the names of the groups above, `group` is the last of them.
 * Errors: Error, where groups hold one another.
 */
function visit(
  file: Hdf5Group,
  found: (dataset: Hdf5Dataset, name: string, path: readonly string[], group: Hdf5Group) => void,
): void {
  let entries = 0;
  const walk = (group: Hdf5Group, path: readonly string[]) => {
    if (path.length > MOST_LEVELS) throw new Error('its groups hold one another');
    for (const name of group.keys()) {
      entries++;
      if (entries > MOST_ENTRIES) throw new Error('its groups hold one another');
      const entity = group.get(name);
      if (isGroup(entity)) walk(entity, [...path, name]);
      else if (isDataset(entity)) found(entity, name, path, group);
    }
  };
  walk(file, []);
}

/** `fileBytes`: of the file. Errors: Error, where it claims more numbers than it can hold; unsupported. */
function tensorsOf(
  file: Hdf5File,
  {
    subject,
    fileBytes,
    module,
  }: { readonly subject: string; readonly fileBytes: number; readonly module: Hdf5Module },
): Map<string, StoredTensor> {
  const tensors = new Map<string, StoredTensor>();
  let claimed = 0;
  visit(file, (dataset, name, path, group) => {
    if (path[0] === 'optimizer_weights' || path[0] === 'optimizer') return;
    claimed += 4 * (dataset.shape ?? []).reduce((product, n) => product * n, 1);
    if (claimed > mostBytesOf(fileBytes)) throw new Error('it claims more numbers than it holds');
    let layer = path.at(-1) ?? '';
    let variable = name.replace(/:0$/, '');
    if (layer === 'vars' && /^\d+$/.test(name)) {
      const own = attribute(group, 'name');
      if (own === null) {
        throw new AppError(
          'unsupported',
          `${subject} does not name its layers (${path.join('/')}): it is from an older Keras 3. Save the model as .keras or .h5 with a newer one.`,
          { subject: path.join('/') },
        );
      }
      layer = own;
      variable = NUMBERED_VARIABLES[group.keys().length]?.[Number(name)] ?? name;
    }
    if (variable === 'depthwise_kernel') variable = 'kernel';
    const tensor = readDataset(dataset, `${layer}/${variable}`, module);
    if (tensor !== null) tensors.set(`${layer}/${variable}`, tensor);
  });
  return tensors;
}

interface LayerConfig {
  class_name?: unknown;
  config?: { name?: unknown; epsilon?: unknown; layers?: LayerConfig[] | undefined } | undefined;
}
const LayerConfig: z.ZodType<LayerConfig> = z.lazy(() =>
  z.looseObject({
    class_name: z.unknown().optional(),
    config: z
      .looseObject({
        name: z.unknown().optional(),
        epsilon: z.unknown().optional(),
        layers: z.array(LayerConfig).optional().catch(undefined),
      })
      .optional()
      .catch(undefined),
  }),
);

/** ε of every layer of a model's configuration that has one, models within models included. */
function epsilonsOf(json: string | null): Map<string, number> {
  const epsilons = new Map<string, number>();
  const walk = ({ config }: LayerConfig) => {
    if (typeof config?.name === 'string' && typeof config.epsilon === 'number') {
      epsilons.set(config.name, config.epsilon);
    }
    config?.layers?.forEach(walk);
  };
  if (json !== null) {
    const parsed = LayerConfig.safeParse(JSON.parse(json));
    if (parsed.success) walk(parsed.data);
  }
  return epsilons;
}

/**
 * Errors: corrupt (cut off, not HDF5 inside), unsupported (a zip that is no Keras model).
 */
export async function readKerasFile(bytes: Uint8Array, subject: string): Promise<KerasFile> {
  const damaged = (cause: unknown) =>
    new AppError(
      'corrupt',
      `${subject} is damaged or cut off (${messageOf(cause).split('\n', 1)[0] ?? ''}). Get the file again and compare its size with the original's.`,
      { subject, cause },
    );
  let config: string | null = null;
  let content = bytes;
  if (looksLikeZip(bytes)) {
    let entries: ReadonlyMap<string, Uint8Array>;
    try {
      entries = unzipEntries(bytes, (name) => name === WEIGHTS || name === CONFIG);
    } catch (error) {
      throw damaged(error);
    }
    const weights = entries.get(WEIGHTS);
    if (weights === undefined) throw notKeras(subject);
    content = weights;
    const model = entries.get(CONFIG);
    config = model === undefined ? null : Buffer.from(model).toString('utf8');
  }
  try {
    assertSoundHeaps(content);
    const { result } = await withHdf5('r', content, (file, module) => ({
      tensors: tensorsOf(file, { subject, fileBytes: content.length, module }),
      epsilons: epsilonsOf(config ?? attribute(file, 'model_config')),
      description: attribute(file, OWN_ATTRIBUTE),
    }));
    return result;
  } catch (error) {
    throw error instanceof AppError ? error : damaged(error);
  }
}

const notKeras = (subject: string) =>
  new AppError(
    'unsupported',
    `${subject} is a zip file, but neither a Keras model nor weights of PyTorch.`,
    { subject },
  );
