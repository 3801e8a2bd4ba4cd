/**
 * What the header of a PNG claims and whether its data holds that: looked at before a decoder makes room for it, which
 * takes as much as the data gives.
 */
import { createInflate } from 'node:zlib';
import { assertWithinLimits, type DecodedImage, unreadableImage } from './decoded-image.ts';

const SIGNATURE_BYTES = 8;
/** Length, type and checksum of a chunk, around its contents. */
const CHUNK_BYTES = 12;
/** A colour profile: the one thing beside pixels that is compressed and that the decoder would unpack. */
const PROFILE = 'iCCP';
/** EXIF by itself, or within a text. */
const SAYS_HOW_IT_STANDS: ReadonlySet<string> = new Set(['eXIf', 'tEXt', 'zTXt', 'iTXt']);
const HEADER_BYTES = 33;
/** By colour type; undefined: none that there is. */
const CHANNELS: readonly (number | undefined)[] = [1, undefined, 3, 1, 2, undefined, 4];
/** Encoders may write more than a size needs, which is left alone; but not many times as much. */
const MOST_TIMES = 2;
const SPARE_BYTES = 4096;

interface Chunk {
  readonly type: string;
  readonly at: number;
  readonly length: number;
}

function chunksOf(bytes: Uint8Array): Chunk[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks: Chunk[] = [];
  for (let at = SIGNATURE_BYTES; at + CHUNK_BYTES <= bytes.length;) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    chunks.push({ type, at, length });
    at += CHUNK_BYTES + length;
  }
  return chunks;
}

/** Bytes of the rows of an image, each with the one that says how it is filtered; of an interlaced one, at least. */
function bytesOfRows(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  const bits = view.getUint8(24) * (CHANNELS[view.getUint8(25)] ?? 1);
  return view.getUint32(20) * (1 + Math.ceil((view.getUint32(16) * bits) / 8));
}

async function inflatedBytes(parts: readonly Uint8Array[], most: number): Promise<number> {
  const stream = createInflate();
  for (const part of parts) stream.write(part);
  stream.end();
  const inflated: AsyncIterable<Buffer> = stream;
  let count = 0;
  for await (const part of inflated) {
    count += part.length;
    if (count > most) break; // which ends the stream
  }
  return count;
}

export interface CheckedPng extends Pick<
  DecodedImage,
  'width' | 'height' | 'channels' | 'bitDepth'
> {
  /** What is to be decoded. */
  readonly bytes: Uint8Array;
  /** Whether it says anything of how it stands. */
  readonly mayBeTurned: boolean;
}

/**
 * The file as it is to be decoded, once it is known that its pixels are all there and no more than that.
 * Errors: unreadable (cut off, damaged, no such size), unsupported (too large).
 */
export async function checkedPng(bytes: Uint8Array, subject: string): Promise<CheckedPng> {
  const damaged = (reason: string) => unreadableImage(subject, new Error(reason));
  if (bytes.length < HEADER_BYTES) throw damaged('the header is cut off');
  const chunks = chunksOf(bytes);
  if (chunks[0]?.type !== 'IHDR' || chunks[0].length !== 13) throw damaged('it has no header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  if (width === 0 || height === 0) throw damaged('it is 0 pixels wide or high');
  assertWithinLimits({ width, height }, subject);
  const data = chunks.filter(({ type }) => type === 'IDAT');
  const parts = data.map(({ at, length }) => bytes.subarray(at + 8, at + 8 + length));
  const needed = bytesOfRows(bytes);
  const most = MOST_TIMES * needed + SPARE_BYTES;
  let held: number;
  try {
    held = await inflatedBytes(parts, most);
  } catch (error) {
    throw unreadableImage(subject, error);
  }
  if (held < needed) throw damaged('pixel data is missing');
  if (held > most) throw damaged(`it holds more than its ${width} × ${height} px`);
  return {
    ...{ width, height },
    channels: CHANNELS[view.getUint8(25)] ?? 1,
    bitDepth: view.getUint8(24) > 8 ? 16 : 8,
    bytes: withoutProfile(bytes, chunks),
    mayBeTurned: chunks.some(({ type }) => SAYS_HOW_IT_STANDS.has(type)),
  };
}

function withoutProfile(bytes: Uint8Array, chunks: readonly Chunk[]): Uint8Array {
  const profiles = chunks.filter(({ type }) => type === PROFILE);
  if (profiles.length === 0) return bytes;
  const kept: Uint8Array[] = [];
  let from = 0;
  for (const { at, length } of profiles) {
    kept.push(bytes.subarray(from, at));
    from = at + CHUNK_BYTES + length;
  }
  return Buffer.concat([...kept, bytes.subarray(from)]);
}
