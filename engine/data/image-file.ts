/**
 * The bytes of an image file: in memory, or on disk, read in parts. A linked original may be larger than the memory, so
 * nothing asks for all of it but what writes it into a project.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { fileError } from './file-error.ts';
import { regularFileSize } from './regular-file.ts';

export interface ImageFile {
  readonly sizeBytes: number;
  /** What libvips opens: the bytes, or the path of a file that is not in memory. */
  readonly source: Uint8Array | string;
  /** Bytes from `at` on: `length` of them, or those up to the end of the file. Errors: unreadable. */
  read(at: number, length: number): Promise<Uint8Array>;
  /** All bytes, in order. Errors: unreadable. */
  parts(): AsyncIterable<Uint8Array>;
}

/** SHA-256 of a file, hexadecimal. Errors: unreadable. */
export async function hashOf(file: ImageFile): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of file.parts()) hash.update(part);
  return hash.digest('hex');
}

/** All of a file in memory. Errors: unreadable (also beyond 2 GiB). */
export async function bytesOf({ source }: ImageFile): Promise<Uint8Array> {
  if (typeof source !== 'string') return source;
  try {
    return await readFile(source);
  } catch (error) {
    throw fileError(source, error);
  }
}

async function* inParts(parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>) {
  for await (const part of parts) yield part;
}

export const fileInMemory = (bytes: Uint8Array): ImageFile => ({
  sizeBytes: bytes.length,
  source: bytes,
  read: (at, length) => Promise.resolve(bytes.subarray(at, at + length)),
  parts: () => inParts([bytes]),
});

const PART_BYTES = 2 ** 20;

const fileOnDisk = (path: string, sizeBytes: number): ImageFile => ({
  sizeBytes,
  source: path,
  async read(at, length) {
    try {
      // Never more is reserved than there is, whatever a damaged file says of its parts.
      const most = Math.min(length, sizeBytes - at);
      if (!(most > 0)) return new Uint8Array();
      // Opened for each part, so that nobody has to close it: parts are few and large.
      const file = await open(path);
      try {
        const { buffer, bytesRead } = await file.read(new Uint8Array(most), 0, most, at);
        return buffer.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    } catch (error) {
      throw fileError(path, error);
    }
  },
  async *parts() {
    try {
      const stream: AsyncIterable<Buffer> = createReadStream(path, { highWaterMark: PART_BYTES });
      for await (const part of stream) yield part;
    } catch (error) {
      throw fileError(path, error);
    }
  },
});

/** Files up to this are read at once: one reading, and what is hashed is what is decoded. */
const WHOLE_BYTES = 2 ** 27;

/** Errors: unreadable. */
export async function openFile(path: string, wholeBytes = WHOLE_BYTES): Promise<ImageFile> {
  try {
    const size = await regularFileSize(path);
    return size <= wholeBytes ? fileInMemory(await readFile(path)) : fileOnDisk(path, size);
  } catch (error) {
    throw fileError(path, error);
  }
}
