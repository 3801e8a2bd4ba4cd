/**
 * Object maps in memory and their run-length code on disk and on the wire: which object each pixel belongs to. An object
 * has no class of its own, it has that of the label map at its pixels; what holds where both meet is rules.ts.
 */
import { AppError } from '../errors.ts';
import { MAX_LABEL_MAP_PIXELS } from '../label-map.ts';

/** The number of one object per pixel, row-major: 0 is no object. */
export interface ObjectMap {
  readonly width: number;
  readonly height: number;
  /** [height · width] */
  readonly data: Uint32Array;
}

/** Largest number that an object can have. */
export const MAX_OBJECT = 2 ** 32 - 1;
/** The number of pixels that belong to no object. */
export const NO_OBJECT = 0;

/** 'GOM1', width and height as little-endian uint32, then (LEB128 number, LEB128 run length) pairs in row-major order. */
const MAGIC = [0x47, 0x4f, 0x4d, 0x31] as const;
const OBJECT_MAP_HEADER_BYTES = 12;
/** A number and a length of 32 bits, in groups of 7. */
const MOST_BYTES_A_RUN = 10;

/** The code as it grows, run by run in row-major order. Neighbouring runs of one object become one run. */
export interface ObjectRunWriter {
  /** `run` pixels of object `number`. */
  append(number: number, run: number): void;
  /** Whether no pixel so far belongs to an object. */
  readonly isEmpty: boolean;
  /** The code of everything so far; the writer is then done. */
  bytes(): Uint8Array;
}

export function createObjectRunWriter(size: {
  readonly width: number;
  readonly height: number;
}): ObjectRunWriter {
  let out = new Uint8Array(1024);
  out.set(MAGIC);
  const view = new DataView(out.buffer);
  view.setUint32(4, size.width, true);
  view.setUint32(8, size.height, true);
  let at = OBJECT_MAP_HEADER_BYTES;
  let pendingNumber = NO_OBJECT;
  let pendingRun = 0;
  let isEmpty = true;
  const leb128 = (value: number) => {
    let rest = value;
    while (rest > 127) {
      out[at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    out[at++] = rest;
  };
  const flush = () => {
    if (pendingRun === 0) return;
    if (at + MOST_BYTES_A_RUN > out.length) {
      const grown = new Uint8Array(out.length * 2);
      grown.set(out);
      out = grown;
    }
    leb128(pendingNumber);
    leb128(pendingRun);
    if (pendingNumber !== NO_OBJECT) isEmpty = false;
    pendingRun = 0;
  };
  return {
    append(number, run) {
      if (number !== pendingNumber) {
        flush();
        pendingNumber = number;
      }
      pendingRun += run;
    },
    get isEmpty() {
      return isEmpty && (pendingNumber === NO_OBJECT || pendingRun === 0);
    },
    bytes() {
      flush();
      return out.slice(0, at);
    },
  };
}

/** Errors: invalid-input, where there are not as many pixels as it says. */
export function encodeObjectMap(map: ObjectMap): Uint8Array {
  const { width, height, data } = map;
  if (data.length !== width * height) {
    throw new AppError(
      'invalid-input',
      `A ${width}×${height} object map has ${data.length} pixels.`,
    );
  }
  const writer = createObjectRunWriter(map);
  let start = 0;
  while (start < data.length) {
    const number = data[start] ?? NO_OBJECT;
    let end = start + 1;
    while (end < data.length && data[end] === number) end++;
    writer.append(number, end - start);
    start = end;
  }
  return writer.bytes();
}

const corrupt = (reason: string) =>
  new AppError('corrupt', `A stored object map is damaged (${reason}).`);

/** Width and height in the header. Errors: corrupt, where it is none. */
export function objectMapSize(bytes: Uint8Array): { width: number; height: number } {
  if (bytes.length < OBJECT_MAP_HEADER_BYTES || MAGIC.some((m, i) => bytes[i] !== m))
    throw corrupt('no header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const width = view.getUint32(4, true);
  const height = view.getUint32(8, true);
  if (width * height > MAX_LABEL_MAP_PIXELS) throw corrupt(`${width}×${height} is too large`);
  return { width, height };
}

/**
 * Every run with the row-major index of its first pixel; checks that they fill the map exactly.
 * Errors: corrupt, where the bytes are not an object map or its runs do not add up.
 */
export function readObjectMapRuns(
  bytes: Uint8Array,
  visit: (number: number, start: number, end: number) => void,
): void {
  const { width, height } = objectMapSize(bytes);
  const size = width * height;
  let at = OBJECT_MAP_HEADER_BYTES;
  const leb128 = (): number => {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = bytes[at++];
      if (byte === undefined || scale > 2 ** 28) throw corrupt('a run is cut off');
      value += (byte & 127) * scale;
      scale *= 128;
      if (byte < 128) break;
    }
    return value;
  };
  let filled = 0;
  while (at < bytes.length) {
    const number = leb128();
    const run = leb128();
    if (number > MAX_OBJECT) throw corrupt(`there is no object ${number}`);
    if (run === 0 || filled + run > size) throw corrupt('its runs overflow');
    visit(number, filled, filled + run);
    filled += run;
  }
  if (filled !== size) throw corrupt('its runs fall short');
}

/** Beyond these its runs are added up before an object map is unpacked. */
const LARGE_PX = 2 ** 22;

/** Errors: corrupt, where the bytes are not an object map or its runs do not add up. */
export function decodeObjectMap(bytes: Uint8Array): ObjectMap {
  const { width, height } = objectMapSize(bytes);
  // A header of twelve bytes can promise four gigabytes: it gets that when its runs keep the promise.
  if (width * height > LARGE_PX) readObjectMapRuns(bytes, () => undefined);
  const data = new Uint32Array(width * height);
  readObjectMapRuns(bytes, (number, start, end) => {
    if (number !== NO_OBJECT) data.fill(number, start, end);
  });
  return { width, height, data };
}

/** Numbers of the objects in a code, ascending; no pixel is unpacked. Errors: corrupt. */
export function objectNumbers(bytes: Uint8Array): number[] {
  const found = new Set<number>();
  readObjectMapRuns(bytes, (number) => {
    if (number !== NO_OBJECT) found.add(number);
  });
  return [...found].sort((a, b) => a - b);
}
