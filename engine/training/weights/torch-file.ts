/**
 * PyTorch's files (`.pth`, `.pt`): a zip with a pickle and the bytes of its storages, or the stream that PyTorch wrote before
 * version 1.6, in which much of what torchvision publishes still stands. Gives tensors by name as the state dictionary has
 * them. Nothing in such a file is executed (pickle.ts). Knows nothing of networks.
 * https://github.com/pytorch/pytorch/blob/main/torch/serialization.py
 */
import { AppError, messageOf } from '../../../shared/errors.ts';
import { PickledName, PickledTuple, type PickleMeaning, readPickle } from './pickle.ts';
import { FLOAT_READERS, mostBytesOf, type StoredTensor } from './stored-tensor.ts';
import { unzipEntries } from './zip-entries.ts';

export interface TorchFile {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** What was chosen and what was left, in words. */
  readonly notes: readonly string[];
}

/** Elements of a storage: how wide, and as which of FLOAT_READERS; null: whole numbers, which are counters. */
const STORAGES: Readonly<Record<string, readonly [bytes: number, floats: string | null]>> = {
  DoubleStorage: [8, 'F64'],
  FloatStorage: [4, 'F32'],
  HalfStorage: [2, 'F16'],
  BFloat16Storage: [2, 'BF16'],
  LongStorage: [8, null],
  IntStorage: [4, null],
  ShortStorage: [2, null],
  CharStorage: [1, null],
  ByteStorage: [1, null],
  BoolStorage: [1, null],
};

class Storage {
  readonly key: string;
  readonly elementBytes: number;
  readonly floats: string | null;
  readonly elements: number;

  constructor(key: string, of: { elementBytes: number; floats: string | null; elements: number }) {
    this.key = key;
    this.elementBytes = of.elementBytes;
    this.floats = of.floats;
    this.elements = of.elements;
  }
}

class Tensor {
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly size: number;

  constructor(
    storage: Storage,
    of: { offset: number; shape: readonly number[]; strides: readonly number[] },
  ) {
    this.storage = storage;
    this.offset = of.offset;
    this.shape = of.shape;
    this.strides = of.strides;
    this.size = of.shape.reduce((product, n) => product * n, 1);
  }
}

const PARAMETER = 'torch.nn.parameter.Parameter';
const REBUILD_PARAMETER = 'torch._utils._rebuild_parameter';
const REBUILD_TENSOR = 'torch._utils._rebuild_tensor';
const REBUILD_TENSOR_2 = 'torch._utils._rebuild_tensor_v2';

const NAMES: ReadonlySet<string> = new Set([
  ...Object.keys(STORAGES).map((type) => `torch.${type}`),
  PARAMETER,
  REBUILD_PARAMETER,
  REBUILD_TENSOR,
  REBUILD_TENSOR_2,
]);

const MOST_SIDES = 8;

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

function counts(value: unknown, what: string): readonly number[] {
  if (!(value instanceof PickledTuple) || value.items.length > MOST_SIDES) {
    throw new Error(`the ${what} of a tensor is none`);
  }
  const { items } = value;
  if (!items.every(isCount)) throw new Error(`the ${what} of a tensor is none`);
  return items;
}

function tensorOf(args: readonly unknown[]): Tensor {
  const [storage, offset, size, stride] = args;
  if (!(storage instanceof Storage)) throw new Error('a tensor has no storage');
  if (!isCount(offset)) throw new Error('a tensor begins nowhere');
  const shape = counts(size, 'shape');
  const strides = counts(stride, 'stride');
  if (shape.length !== strides.length) throw new Error('a tensor has more sides than strides');
  const tensor = new Tensor(storage, { offset, shape, strides });
  if (!Number.isSafeInteger(tensor.size)) throw new Error('a tensor is larger than anything');
  const last = shape.reduce((at, side, i) => at + (side - 1) * (strides[i] ?? 0), offset);
  if (tensor.size > 0 && last >= storage.elements) {
    throw new Error(`a tensor reaches beyond its storage (${last + 1} of ${storage.elements})`);
  }
  return tensor;
}

const MEANING: PickleMeaning = {
  names: NAMES,
  call(name, args) {
    if (name === REBUILD_TENSOR || name === REBUILD_TENSOR_2) return tensorOf(args);
    const [data] = args;
    if ((name === PARAMETER || name === REBUILD_PARAMETER) && data instanceof Tensor) return data;
    throw new Error(`${name} is called with something else than a tensor`);
  },
  stored(id) {
    const [tag, type, key, , elements, view = null] = id instanceof PickledTuple ? id.items : [];
    const known =
      type instanceof PickledName ? STORAGES[type.name.slice('torch.'.length)] : undefined;
    if (tag !== 'storage' || known === undefined) throw new Error('a storage has no type');
    if (typeof key !== 'string' || !isCount(elements)) throw new Error('a storage has no size');
    if (view !== null) throw new Error('a storage is a part of another, as nobody writes it now');
    return new Storage(key, { elementBytes: known[0], floats: known[1], elements });
  },
};

/** Bytes of a storage. Errors: Error, in words, where they are not there. */
type BytesOf = (storage: Storage) => Uint8Array;

/** Product of the first `count` sides. */
const leading = (shape: readonly number[], count: number) =>
  shape.slice(0, count).reduce((product, n) => product * n, 1);

function values(tensor: Tensor, bytes: Uint8Array): Float32Array {
  const { storage, shape, strides, size } = tensor;
  if (bytes.length < storage.elements * storage.elementBytes) {
    throw new Error(`storage ${storage.key} has fewer bytes than its numbers need`);
  }
  const out = new Float32Array(size);
  const reader = FLOAT_READERS[storage.floats ?? ''];
  if (reader === undefined || size === 0) return out;
  const isRowMajor = strides.every((stride, i) => stride === size / leading(shape, i + 1));
  if (storage.floats === 'F32' && isRowMajor) {
    const from = tensor.offset * storage.elementBytes;
    new Uint8Array(out.buffer).set(bytes.subarray(from, from + out.byteLength));
    return out;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const index = shape.map(() => 0);
  let at = tensor.offset;
  for (let i = 0; i < size; i++) {
    out[i] = reader.read(view, at * storage.elementBytes);
    for (let side = shape.length - 1; side >= 0; side--) {
      const [stride = 0, length = 0] = [strides[side], shape[side]];
      index[side] = (index[side] ?? 0) + 1;
      at += stride;
      if ((index[side] ?? 0) < length) break;
      index[side] = 0;
      at -= stride * length;
    }
  }
  return out;
}

/** Where training scripts keep the weights of a checkpoint, the most telling first. */
const STATE_KEYS = [
  'state_dict',
  'model_state_dict',
  'model',
  'net',
  'state_dict_ema',
  'model_ema',
];

const hasTensors = (value: unknown): value is Map<unknown, unknown> =>
  value instanceof Map && [...value.values()].some((one) => one instanceof Tensor);

interface StateDictionary {
  readonly entries: ReadonlyMap<unknown, unknown>;
  readonly notes: readonly string[];
}

/** Errors: unsupported, where the file holds no tensors by name. */
function stateDictionary(root: unknown, subject: string): StateDictionary {
  if (hasTensors(root)) return { entries: root, notes: [] };
  const within: ReadonlyMap<unknown, unknown> = root instanceof Map ? root : new Map();
  const candidates = [...within.keys()].filter((key) => hasTensors(within.get(key)));
  const chosen = STATE_KEYS.find((key) => candidates.includes(key)) ?? candidates[0];
  const entries = within.get(chosen);
  if (!hasTensors(entries) || (!STATE_KEYS.includes(String(chosen)) && candidates.length > 1)) {
    throw new AppError(
      'unsupported',
      `${subject} holds no tensors by name${candidates.length > 1 ? `, or several sets of them (${candidates.map(String).join(', ')})` : ''}. Save the weights alone: torch.save(model.state_dict(), "weights.pth").`,
      { subject },
    );
  }
  const left = [...within.keys()].filter((key) => key !== chosen).map(String);
  const rest = left.length === 0 ? '' : `; left out: ${left.slice(0, 20).join(', ')}`;
  return { entries, notes: [`Weights are those under ${String(chosen)} of the file${rest}.`] };
}

function tensorsOf(
  root: unknown,
  { bytesOf, subject, fileBytes }: { bytesOf: BytesOf; subject: string; fileBytes: number },
): TorchFile {
  const { entries, notes } = stateDictionary(root, subject);
  const found: (readonly [name: string, tensor: Tensor])[] = [];
  const others: string[] = [];
  for (const [name, value] of entries) {
    if (!(value instanceof Tensor)) others.push(String(name));
    else if (value.storage.floats !== null) found.push([String(name), value]);
  }
  // Before room is made: tensors may share their storage, and repeat one number without end.
  const claimed = found.reduce((sum, [, { size }]) => sum + 4 * size, 0);
  if (claimed > mostBytesOf(fileBytes)) throw new Error('it claims more numbers than it holds');
  const tensors = new Map(
    found.map(([name, tensor]) => [
      name,
      { shape: tensor.shape, values: values(tensor, bytesOf(tensor.storage)) },
    ]),
  );
  const more =
    others.length === 0 ? [] : [`No tensors, left out: ${others.slice(0, 20).join(', ')}.`];
  return { tensors, notes: [...notes, ...more] };
}

const bigEndian = (subject: string) =>
  new AppError(
    'unsupported',
    `${subject} was written by a computer with the other order of bytes. Load it with PyTorch and save it again.`,
    { subject },
  );

/** `names`: of the entries of the zip. */
export const isTorchZip = (names: readonly string[]): boolean =>
  names.some((name) => /^[^/]+\/data\.pkl$/.test(name));

function fromZip(bytes: Buffer, subject: string, names: readonly string[]): TorchFile {
  const pickle = names.find((name) => /^[^/]+\/data\.pkl$/.test(name)) ?? '';
  const root = pickle.slice(0, -'data.pkl'.length);
  if (names.some((name) => name === `${root}constants.pkl` || name.startsWith(`${root}code/`))) {
    throw new AppError(
      'unsupported',
      `${subject} is a TorchScript program, which holds code. Save its weights alone: torch.save(torch.jit.load("${subject}").state_dict(), "weights.pth").`,
      { subject },
    );
  }
  const order = `${root}byteorder`;
  const first = unzipEntries(bytes, (name) => name === pickle || name === order);
  if (Buffer.from(first.get(order) ?? []).toString('latin1') === 'big') throw bigEndian(subject);
  const { value } = readPickle(Buffer.from(first.get(pickle) ?? []), 0, {
    meaning: MEANING,
    subject,
  });
  const folder = `${root}data/`;
  const entries = unzipEntries(bytes, (name) => name.startsWith(folder));
  const bytesOf: BytesOf = ({ key }) => {
    const entry = entries.get(folder + key);
    if (entry === undefined) throw new Error(`storage ${key} is missing`);
    return entry;
  };
  return tensorsOf(value, { bytesOf, subject, fileBytes: bytes.length });
}

/** First value of the stream that PyTorch wrote before its zips. */
const MAGIC = 0x1950a86a20f9469cfc6cn;
const STREAM_VERSION = 1001;
const LENGTH_BYTES = 8;

/** The stream of old begins so: the instruction of a number of ten bytes, MAGIC, behind the version of the pickle. */
export const isTorchStream = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x80 && bytes[2] === 0x8a && bytes[3] === 10;

function fromStream(bytes: Buffer, subject: string): TorchFile {
  let at = 0;
  const next = (): unknown => {
    const { value, end } = readPickle(bytes, at, { meaning: MEANING, subject });
    at = end;
    return value;
  };
  if (next() !== MAGIC) throw new Error('it does not begin as a file of PyTorch');
  const version = next();
  if (version !== STREAM_VERSION) throw new Error(`it is of version ${String(version)}`);
  const system = next();
  if (system instanceof Map && system.get('little_endian') === false) throw bigEndian(subject);
  const seen = new Map<string, Storage>();
  const meaning: PickleMeaning = {
    ...MEANING,
    stored(id) {
      const storage = MEANING.stored(id);
      if (storage instanceof Storage) seen.set(storage.key, storage);
      return storage;
    },
  };
  const { value, end } = readPickle(bytes, at, { meaning, subject });
  at = end;
  const keys = next();
  if (!Array.isArray(keys)) throw new Error('it does not list its storages');
  const places = new Map<string, Uint8Array>();
  for (const key of keys as readonly unknown[]) {
    const storage = typeof key === 'string' ? seen.get(key) : undefined;
    if (storage === undefined) throw new Error(`storage ${String(key)} belongs to no tensor`);
    if (at + LENGTH_BYTES > bytes.length) throw new Error('its storages are cut off');
    const elements = Number(bytes.readBigInt64LE(at));
    const from = at + LENGTH_BYTES;
    const to = from + elements * storage.elementBytes;
    if (elements !== storage.elements || to > bytes.length) {
      throw new Error(`storage ${storage.key} reaches beyond its end`);
    }
    places.set(storage.key, bytes.subarray(from, to));
    at = to;
  }
  const bytesOf: BytesOf = ({ key }) => {
    const place = places.get(key);
    if (place === undefined) throw new Error(`storage ${key} is missing`);
    return place;
  };
  return tensorsOf(value, { bytesOf, subject, fileBytes: bytes.length });
}

/**
 * `names`: the entries of the zip, null where it is a stream. Tensors of whole numbers (counters) are left out.
 * Errors: corrupt, where it is cut off or contradicts itself; unsupported, where it asks for anything but tensors, by name.
 */
export function readTorchFile(
  bytes: Buffer,
  { subject, names }: { readonly subject: string; readonly names: readonly string[] | null },
): TorchFile {
  try {
    return names === null ? fromStream(bytes, subject) : fromZip(bytes, subject, names);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError(
      'corrupt',
      `${subject} is damaged, cut off or made to do harm: ${messageOf(error)}. Get the file again and compare its size with the original's.`,
      { subject, cause: error },
    );
  }
}
