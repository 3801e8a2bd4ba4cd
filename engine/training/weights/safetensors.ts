/**
 * safetensors files: an 8-byte little-endian header length, a JSON header (name → dtype, shape, byte range), raw values.
 * https://github.com/huggingface/safetensors#format. Nothing in such a file is executed. Knows nothing of networks.
 */
import { z } from 'zod';
import { AppError } from '../../../shared/errors.ts';
import { FLOAT_READERS, type FloatReader, type StoredTensor } from './stored-tensor.ts';

export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** As the reference implementation: a longer header is no header. */
const MAX_HEADER_BYTES = 100_000_000;
const LENGTH_BYTES = 8;

const Entry = z.object({
  dtype: z.string(),
  shape: z.array(z.number().int().min(0)),
  data_offsets: z.tuple([z.number().int().min(0), z.number().int().min(0)]),
});
const Header = z.record(z.string(), z.unknown());
const Metadata = z.record(z.string(), z.string());

/**
 * Tensors of integer types (counters such as num_batches_tracked) are left out.
 * Errors: corrupt, where header and contents do not agree; unsupported, where a tensor is of an unknown type.
 */
export function readSafetensors(bytes: Uint8Array, subject: string): SafetensorsFile {
  const corrupt = (reason: string) =>
    new AppError(
      'corrupt',
      `${subject} is damaged or cut off: ${reason}. Get the file again and compare its size with the original's.`,
      { subject },
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < LENGTH_BYTES) throw corrupt('it is shorter than a header');
  const headerBytes = Number(view.getBigUint64(0, true));
  const dataAt = LENGTH_BYTES + headerBytes;
  if (headerBytes > MAX_HEADER_BYTES || dataAt > bytes.length) {
    throw corrupt('its header reaches beyond its end');
  }
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes.subarray(LENGTH_BYTES, dataAt)).toString('utf8'));
  } catch {
    throw corrupt('its header is not JSON');
  }
  const header = Header.safeParse(json);
  if (!header.success) throw corrupt('its header is not a list of tensors');
  const tensors = new Map<string, StoredTensor>();
  const found: {
    name: string;
    shape: number[];
    size: number;
    from: number;
    reader: FloatReader;
  }[] = [];
  const places: { name: string; from: number; to: number }[] = [];
  let metadata: Readonly<Record<string, string>> = {};
  for (const [name, value] of Object.entries(header.data)) {
    if (name === '__metadata__') {
      metadata = Metadata.safeParse(value).data ?? {};
      continue;
    }
    const entry = Entry.safeParse(value);
    if (!entry.success) throw corrupt(`the entry of ${name} is not understood`);
    const { dtype, shape, data_offsets: range } = entry.data;
    const reader = FLOAT_READERS[dtype];
    if (reader === undefined) {
      if (/^[IU]\d+$|^BOOL$/.test(dtype)) continue;
      throw new AppError(
        'unsupported',
        `${subject}: ${name} is of type ${dtype}. Save the weights as float32, float16 or bfloat16.`,
        { subject: name },
      );
    }
    const size = shape.reduce((product, n) => product * n, 1);
    const [from, to] = range;
    if (to - from !== size * reader.bytes) {
      throw corrupt(`${name} has ${to - from} bytes for ${size} values of type ${dtype}`);
    }
    if (dataAt + to > bytes.length) throw corrupt(`${name} reaches beyond its end`);
    if (size > 0) places.push({ name, from, to });
    found.push({ name, shape, size, from, reader });
  }
  // Before room is made: tensors that share their bytes would take many times what the file has.
  places.sort((a, b) => a.from - b.from);
  places.forEach(({ name, from }, i) => {
    const before = places[i - 1];
    if (before !== undefined && from < before.to) {
      throw corrupt(`${before.name} and ${name} lie in one another`);
    }
  });
  for (const { name, shape, size, from, reader } of found) {
    const values = new Float32Array(size);
    for (let i = 0; i < size; i++) values[i] = reader.read(view, dataAt + from + i * reader.bytes);
    tensors.set(name, { shape, values });
  }
  return { tensors, metadata };
}

/** float32, in the order of the map; metadata are strings, as the format wants. */
export function writeSafetensors({ tensors, metadata }: SafetensorsFile): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const [name, { shape, values }] of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, (offset += 4 * values.length)] };
  }
  const text = JSON.stringify(header);
  // Values begin at a multiple of 8 bytes; spaces at the end of JSON are allowed for that.
  const json = Buffer.from(text);
  const padded = Buffer.alloc(Math.ceil(json.length / 8) * 8, ' ');
  json.copy(padded);
  const out = Buffer.alloc(LENGTH_BYTES + padded.length + offset);
  out.writeBigUInt64LE(BigInt(padded.length), 0);
  padded.copy(out, LENGTH_BYTES);
  let at = LENGTH_BYTES + padded.length;
  for (const { values } of tensors.values()) {
    for (const value of values) at = out.writeFloatLE(value, at);
  }
  return out;
}
