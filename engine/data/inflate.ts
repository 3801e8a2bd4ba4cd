/** Decompression that cannot be made to fill the memory: whoever asks says how many bytes can be of use. */
import { constants, createUnzip, createZstdDecompress, unzip, zstdDecompress } from 'node:zlib';
import { promisify } from 'node:util';

const whole = { deflate: promisify(unzip), zstandard: promisify(zstdDecompress) } as const;
const streams = { deflate: createUnzip, zstandard: createZstdDecompress } as const;

export type Compression = keyof typeof whole;

/** Bytes of one step of the library, which reserves them for each. */
const STEP_BYTES = 2 ** 16;

/**
 * What `stored` holds, at most its first `mostBytes`; what stands behind these is left alone, as libtiff does. Of Deflate,
 * zlib's or gzip's. Errors: Error, where the data is damaged or cut off before that.
 */
export async function decompress(
  stored: Uint8Array,
  compression: Compression,
  mostBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunkSize = Math.max(constants.Z_MIN_CHUNK, Math.min(STEP_BYTES, mostBytes + 1));
  try {
    const limits = { chunkSize, maxOutputLength: Math.max(1, mostBytes) };
    return ownBuffer(await whole[compression](stored, limits));
  } catch (error) {
    if (!isTooLarge(error)) throw error;
  }
  const out = new Uint8Array(mostBytes);
  let written = 0;
  const stream = streams[compression]({ chunkSize });
  stream.end(stored);
  const parts: AsyncIterable<Buffer> = stream;
  for await (const part of parts) {
    out.set(part.subarray(0, mostBytes - written), written);
    written += part.length;
    if (written >= mostBytes) break; // which ends the stream
  }
  return out;
}

const isTooLarge = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';

/** Results of the library may lie in a larger buffer. */
function ownBuffer({ buffer, byteOffset, byteLength }: Buffer): Uint8Array<ArrayBuffer> {
  if (buffer instanceof ArrayBuffer && byteLength === buffer.byteLength) {
    return new Uint8Array(buffer);
  }
  return Uint8Array.from(new Uint8Array(buffer, byteOffset, byteLength));
}
