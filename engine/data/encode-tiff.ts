/** Writes a TIFF of any number of channels: one uncompressed strip, little-endian (TIFF 6.0, 1992). */

export interface TiffSamples {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** [height, width, channels] */
  readonly data: Uint8Array | Uint16Array | Uint32Array | Float32Array;
  /** ImageDescription, written as UTF-8. */
  readonly description?: string;
}

const ASCII = 2;
const SHORT = 3;
const LONG = 4;
const ENTRY_BYTES = 12;
const HEADER_BYTES = 8;
const BLACK_IS_ZERO = 1;
const CHUNKY = 1;
const SAMPLES_ARE = { uint: 1, float: 3 } as const;

/** Every channel but the first is "extra" and of no stated meaning: none is alpha. */
export function encodeTiff({
  width,
  height,
  channels,
  data,
  description,
}: TiffSamples): Uint8Array {
  const bits = data.BYTES_PER_ELEMENT * 8;
  const format = data instanceof Float32Array ? SAMPLES_ARE.float : SAMPLES_ARE.uint;
  const each = (value: number, count = channels) => new Array<number>(count).fill(value);
  const tags: { tag: number; type: number; values: number[] }[] = [
    { tag: 256, type: LONG, values: [width] },
    { tag: 257, type: LONG, values: [height] },
    { tag: 258, type: SHORT, values: each(bits) },
    { tag: 259, type: SHORT, values: [1] },
    { tag: 262, type: SHORT, values: [BLACK_IS_ZERO] },
    ...(description === undefined
      ? []
      : [{ tag: 270, type: ASCII, values: [...Buffer.from(`${description}\0`, 'utf8')] }]),
    { tag: 273, type: LONG, values: [0] },
    { tag: 277, type: SHORT, values: [channels] },
    { tag: 278, type: LONG, values: [height] },
    { tag: 279, type: LONG, values: [data.byteLength] },
    { tag: 284, type: SHORT, values: [CHUNKY] },
    ...(channels > 1 ? [{ tag: 338, type: SHORT, values: each(0, channels - 1) }] : []),
    { tag: 339, type: SHORT, values: each(format) },
  ];
  const sizeOf = (type: number) => (type === ASCII ? 1 : type === SHORT ? 2 : 4);
  const directoryEnd = HEADER_BYTES + 2 + tags.length * ENTRY_BYTES + 4;
  const outside = tags.map(({ type, values }) => {
    const bytes = values.length * sizeOf(type);
    return bytes > 4 ? Math.ceil(bytes / 4) * 4 : 0;
  });
  const start = directoryEnd + outside.reduce((sum, bytes) => sum + bytes, 0);
  const pixelsAt = start + ((4 - (start % 4)) % 4);
  const out = new Uint8Array(pixelsAt + data.byteLength);
  const view = new DataView(out.buffer);
  view.setUint16(0, 0x4949, true);
  view.setUint16(2, 42, true);
  view.setUint32(4, HEADER_BYTES, true);
  view.setUint16(HEADER_BYTES, tags.length, true);
  let free = directoryEnd;
  tags.forEach(({ tag, type, values }, i) => {
    const at = HEADER_BYTES + 2 + i * ENTRY_BYTES;
    view.setUint16(at, tag, true);
    view.setUint16(at + 2, type, true);
    view.setUint32(at + 4, values.length, true);
    let to = at + 8;
    if ((outside[i] ?? 0) > 0) {
      view.setUint32(to, free, true);
      to = free;
      free += outside[i] ?? 0;
    }
    values.forEach((value, k) => {
      const written = tag === 273 ? pixelsAt : value;
      if (type === ASCII) view.setUint8(to + k, written);
      else if (type === SHORT) view.setUint16(to + k * 2, written, true);
      else view.setUint32(to + k * 4, written, true);
    });
  });
  for (let i = 0; i < data.length; i++) {
    const at = pixelsAt + i * data.BYTES_PER_ELEMENT;
    const value = data[i] ?? 0;
    if (data instanceof Float32Array) view.setFloat32(at, value, true);
    else if (data instanceof Uint32Array) view.setUint32(at, value, true);
    else if (data instanceof Uint16Array) view.setUint16(at, value, true);
    else out[at] = value;
  }
  return out;
}
