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

export function encodeLabelMap(map: LabelMap): Uint8Array {
  const { width, height, data } = map;
  if (data.length !== width * height) {
    throw new AppError(
      'invalid-input',
      `A ${width}×${height} label map has ${data.length} pixels.`,
    );
  }
  let out = new Uint8Array(1024);
  out.set(MAGIC);
  const view = new DataView(out.buffer);
  view.setUint32(4, width, true);
  view.setUint32(8, height, true);
  let at = HEADER_BYTES;
  let start = 0;
  while (start < data.length) {
    const value = data[start] ?? 0;
    let end = start + 1;
    while (end < data.length && data[end] === value) end++;
    if (at + 8 > out.length) {
      const grown = new Uint8Array(out.length * 2);
      grown.set(out);
      out = grown;
    }
    out[at++] = value;
    let run = end - start;
    while (run > 127) {
      out[at++] = (run & 127) | 128;
      run >>>= 7;
    }
    out[at++] = run;
    start = end;
  }
  return out.slice(0, at);
}

/** Errors: corrupt, where the bytes are not a label map or its runs do not add up. */
export function decodeLabelMap(bytes: Uint8Array): LabelMap {
  const corrupt = (reason: string) =>
    new AppError('corrupt', `A stored label map is damaged (${reason}).`);
  if (bytes.length < HEADER_BYTES || MAGIC.some((m, i) => bytes[i] !== m))
    throw corrupt('no header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const width = view.getUint32(4, true);
  const height = view.getUint32(8, true);
  const size = width * height;
  if (size > MAX_LABEL_MAP_PIXELS) throw corrupt(`${width}×${height} is too large`);
  const data = new Uint8Array(size);
  let at = HEADER_BYTES;
  let filled = 0;
  while (at < bytes.length) {
    const value = bytes[at++] ?? 0;
    let run = 0;
    let shift = 0;
    for (;;) {
      const byte = bytes[at++];
      if (byte === undefined || shift > 28) throw corrupt('a run is cut off');
      run += (byte & 127) * 2 ** shift;
      shift += 7;
      if (byte < 128) break;
    }
    if (run === 0 || filled + run > size) throw corrupt('its runs overflow');
    data.fill(value, filled, filled + run);
    filled += run;
  }
  if (filled !== size) throw corrupt('its runs fall short');
  return { width, height, data };
}
