/**
 * Label maps in memory and their run-length code on disk and on the wire.
 * COCO's own run-length encoding is in coco-rle.ts.
 */
import { AppError } from './errors.ts';

/** One class id per pixel, row-major: 0 background, 255 ignore. */
export interface LabelMap {
  readonly width: number;
  readonly height: number;
  /** [height · width] */
  readonly data: Uint8Array;
}

/** 'GLM1', width and height as little-endian uint32, then (class id, LEB128 run length) pairs in row-major order. */
const MAGIC = [0x47, 0x4c, 0x4d, 0x31] as const;
const HEADER_BYTES = 12;

/** Longest side and total that any label map may have: 2^30 pixels keep every index an int32. */
export const MAX_LABEL_MAP_PIXELS = 2 ** 30;

/** The code as it grows, run by run in row-major order. Neighbouring runs of one class become one run. */
export interface RunWriter {
  /** `run` pixels of class `value`. */
  append(value: number, run: number): void;
  /** The code of everything so far; the writer is then done. */
  bytes(): Uint8Array;
}

/** Without `size` the runs are written alone: a piece of code to be joined to others. */
export function createRunWriter(size?: {
  readonly width: number;
  readonly height: number;
}): RunWriter {
  let out = new Uint8Array(1024);
  let at = 0;
  if (size !== undefined) {
    out.set(MAGIC);
    const view = new DataView(out.buffer);
    view.setUint32(4, size.width, true);
    view.setUint32(8, size.height, true);
    at = HEADER_BYTES;
  }
  let pendingValue = 0;
  let pendingRun = 0;
  const flush = () => {
    if (pendingRun === 0) return;
    if (at + 8 > out.length) {
      const grown = new Uint8Array(out.length * 2);
      grown.set(out);
      out = grown;
    }
    out[at++] = pendingValue;
    let run = pendingRun;
    while (run > 127) {
      out[at++] = (run & 127) | 128;
      run >>>= 7;
    }
    out[at++] = run;
    pendingRun = 0;
  };
  return {
    append(value, run) {
      if (value !== pendingValue) {
        flush();
        pendingValue = value;
      }
      pendingRun += run;
    },
    bytes() {
      flush();
      return out.slice(0, at);
    },
  };
}

export function encodeLabelMap(map: LabelMap): Uint8Array {
  const { width, height, data } = map;
  if (data.length !== width * height) {
    throw new AppError(
      'invalid-input',
      `A ${width}×${height} label map has ${data.length} pixels.`,
    );
  }
  const writer = createRunWriter(map);
  let start = 0;
  while (start < data.length) {
    const value = data[start] ?? 0;
    let end = start + 1;
    while (end < data.length && data[end] === value) end++;
    writer.append(value, end - start);
    start = end;
  }
  return writer.bytes();
}

const corrupt = (reason: string) =>
  new AppError('corrupt', `A stored label map is damaged (${reason}).`);

/** Width and height in the header. Errors: corrupt, where it is none. */
export function labelMapSize(bytes: Uint8Array): { width: number; height: number } {
  if (bytes.length < HEADER_BYTES || MAGIC.some((m, i) => bytes[i] !== m))
    throw corrupt('no header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const width = view.getUint32(4, true);
  const height = view.getUint32(8, true);
  if (width * height > MAX_LABEL_MAP_PIXELS) throw corrupt(`${width}×${height} is too large`);
  return { width, height };
}

/** Bytes `from` … `to` of `code` as (class id, run length) pairs. Errors: corrupt, where a run is cut off. */
export function forEachRun(
  code: Uint8Array,
  visit: (value: number, run: number) => void,
  { from, to }: { readonly from: number; readonly to: number } = {
    from: HEADER_BYTES,
    to: code.length,
  },
): void {
  let at = from;
  while (at < to) {
    const value = code[at++] ?? 0;
    let run = 0;
    let shift = 0;
    for (;;) {
      const byte = at < to ? code[at++] : undefined;
      if (byte === undefined || shift > 28) throw corrupt('a run is cut off');
      // A fifth group of 7 bits goes beyond the 32 of shifts.
      run += shift < 28 ? (byte & 127) << shift : (byte & 127) * 2 ** shift;
      shift += 7;
      if (byte < 128) break;
    }
    visit(value, run);
  }
}

/**
 * Every run with the row-major index of its first pixel; checks that they fill the map exactly.
 * Errors: corrupt, where the bytes are not a label map or its runs do not add up.
 */
export function readLabelMapRuns(
  bytes: Uint8Array,
  visit: (value: number, start: number, end: number) => void,
): void {
  const { width, height } = labelMapSize(bytes);
  const size = width * height;
  let filled = 0;
  forEachRun(bytes, (value, run) => {
    if (run === 0 || filled + run > size) throw corrupt('its runs overflow');
    visit(value, filled, filled + run);
    filled += run;
  });
  if (filled !== size) throw corrupt('its runs fall short');
}

/** Up to so many pixels a loop is quicker than the call of fill. */
const SHORT_RUN = 16;

/** Beyond these its runs are added up before a label map is unpacked. */
const LARGE_PX = 2 ** 24;

/** Errors: corrupt, where the bytes are not a label map or its runs do not add up. */
export function decodeLabelMap(bytes: Uint8Array): LabelMap {
  const { width, height } = labelMapSize(bytes);
  // A header of twelve bytes can promise a gigabyte: it gets that when its runs keep the promise.
  if (width * height > LARGE_PX) readLabelMapRuns(bytes, () => undefined);
  const data = new Uint8Array(width * height);
  readLabelMapRuns(bytes, (value, start, end) => {
    if (end - start > SHORT_RUN) data.fill(value, start, end);
    else for (let i = start; i < end; i++) data[i] = value;
  });
  return { width, height, data };
}

/** Label values that occur in a code, ascending; no pixel is unpacked. Errors: corrupt. */
export function labelValues(code: Uint8Array): number[] {
  const found = new Set<number>();
  forEachRun(code, (value) => found.add(value));
  return [...found].sort((a, b) => a - b);
}
