/**
 * What networks saw of pictures, kept in a folder beside the project up to a size, the last used longest. The folder can
 * be removed at any time.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { writeWholeSync } from '../data/write-file.ts';
import { EMBEDDING } from './frame.ts';

/** Some 128 pictures of 4 MiB. */
const KEPT_BYTES = 2 ** 29;
/** In memory: the open image, and those around it. */
const HELD = 6;
const ENDING = '.embedding';
const HASH_BYTES = 32;

const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();

export class PictureCache {
  readonly #folder: string;
  readonly #keptBytes: number;
  readonly #held = new Map<string, Float32Array>();

  constructor(projectPath: string, keptBytes = KEPT_BYTES) {
    this.#folder = `${projectPath}-prompts`;
    this.#keptBytes = keptBytes;
  }

  get(key: string): Float32Array | undefined {
    const found = this.#held.get(key) ?? this.#read(key);
    if (found !== undefined) this.#hold(key, found);
    return found;
  }

  /** Where it cannot be written, it is held in memory all the same. */
  put(key: string, embedding: Float32Array): void {
    this.#hold(key, embedding);
    const bytes = new Uint8Array(embedding.buffer, embedding.byteOffset, embedding.byteLength);
    try {
      writeWholeSync(join(this.#folder, `${key}${ENDING}`), Buffer.concat([hashOf(bytes), bytes]));
      this.#thin();
    } catch {
      // A full or read-only disk costs looking again.
    }
  }

  #hold(key: string, embedding: Float32Array): void {
    this.#held.delete(key);
    this.#held.set(key, embedding);
    for (const oldest of this.#held.keys()) {
      if (this.#held.size <= HELD) break;
      this.#held.delete(oldest);
    }
  }

  #read(key: string): Float32Array | undefined {
    const path = join(this.#folder, `${key}${ENDING}`);
    try {
      const file = readFileSync(path);
      const bytes = Uint8Array.from(file.subarray(HASH_BYTES));
      const isWhole = hashOf(bytes).equals(file.subarray(0, HASH_BYTES));
      if (!isWhole || bytes.length !== 4 * EMBEDDING.length) {
        rmSync(path);
        return undefined;
      }
      const now = new Date();
      utimesSync(path, now, now);
      return new Float32Array(bytes.buffer);
    } catch {
      return undefined;
    }
  }

  #thin(): void {
    const files = readdirSync(this.#folder)
      .filter((name) => name.endsWith(ENDING))
      .map((name) => ({ path: join(this.#folder, name), ...sizeAndTime(this.#folder, name) }))
      .sort((a, b) => a.usedMs - b.usedMs);
    let total = files.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const { path, bytes } of files) {
      if (total <= this.#keptBytes) return;
      rmSync(path, { force: true });
      total -= bytes;
    }
  }
}

function sizeAndTime(folder: string, name: string): { bytes: number; usedMs: number } {
  const { size, mtimeMs } = statSync(join(folder, name));
  return { bytes: size, usedMs: mtimeMs };
}
