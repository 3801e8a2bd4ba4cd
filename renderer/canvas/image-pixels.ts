/** Images as the engine sends them. */
import type { ImagePixels } from '../../shared/display.ts';

const HEADER_BYTES = 16;

/** Pixels as they come over HTTP: width, height, channels, bit depth (little-endian uint32), then the samples. */
export function readImagePixels(bytes: Uint8Array<ArrayBuffer>): ImagePixels {
  const header = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  const [width, height, channels, depth] = [0, 4, 8, 12].map((at) => header.getUint32(at, true));
  if (width === undefined || height === undefined || channels === undefined)
    throw new Error('An image came without its header.');
  const count = width * height * channels;
  const start = bytes.byteOffset + HEADER_BYTES;
  const common = { width, height, channels };
  if (depth === 8)
    return { ...common, bitDepth: 8, data: new Uint8Array(bytes.buffer, start, count) };
  if (depth === 16)
    return { ...common, bitDepth: 16, data: new Uint16Array(bytes.buffer, start, count) };
  if (depth === 32)
    return { ...common, bitDepth: 32, data: new Float32Array(bytes.buffer, start, count) };
  throw new Error(`An image came with ${depth ?? 'no'} bits a sample.`);
}
