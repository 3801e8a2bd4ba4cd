/**
 * Samples and files on their way between an isolated process and its owner: through a nameless file that both have open,
 * since messages copy every byte several times. Where no such file can be had, they travel in the messages.
 */
import { randomUUID } from 'node:crypto';
import { closeSync, fstat, fstatSync, ftruncate, openSync, read, unlinkSync, write } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';

/** Less is not worth a file. */
const WORTH_BYTES = 2 ** 20;
/** Of a process, after its standard streams and its channel. */
const FD_OF_PROCESS = 4;

const KINDS = [Uint8Array, Uint16Array, Float32Array] as const;

/** In the place of samples: which bytes of the file they are. The key is nobody else's. */
const Elsewhere = z.object({
  '#beside': z.number().int().min(0).lt(KINDS.length),
  at: z.number().int().min(0),
  bytes: z.number().int().min(WORTH_BYTES),
});

const [sizeOf, readAt, writeAt] = [promisify(fstat), promisify(read), promisify(write)];
const cut = promisify(ftruncate);

/** What the other side says of the file is believed as far as that goes. */
async function readSamples(
  fd: number,
  { '#beside': kind, at, bytes }: z.infer<typeof Elsewhere>,
): Promise<unknown> {
  if (at + bytes > (await sizeOf(fd)).size) throw new Error('samples are missing');
  const all = Buffer.allocUnsafeSlow(bytes);
  for (let done = 0; done < bytes;) {
    const { bytesRead } = await readAt(fd, all, done, bytes - done, at + done);
    if (bytesRead === 0) throw new Error('samples are missing');
    done += bytesRead;
  }
  const Kind = KINDS[kind] ?? Uint8Array;
  return new Kind(all.buffer);
}

/** Samples stand near the top of a message. What a text holds may have millions of entries: those are not walked. */
const MOST_ENTRIES = 32;
const MOST_DEPTH = 4;

/** With `change` in the place of the leaves of plain objects and arrays, as far as samples may stand there. */
async function changed(
  value: unknown,
  change: (leaf: unknown) => Promise<unknown>,
  depth = 0,
): Promise<unknown> {
  if (typeof value !== 'object' || value === null) return value;
  const isList = Array.isArray(value);
  const isPlain = isList || Object.getPrototypeOf(value) === Object.prototype;
  if (!isPlain || '#beside' in value) return change(value);
  if (depth === MOST_DEPTH || (isList && value.length > MOST_ENTRIES)) return value;
  const entries = Object.entries(value);
  if (entries.length > MOST_ENTRIES) return value;
  const out: [string, unknown][] = [];
  for (const [key, one] of entries) out.push([key, await changed(one, change, depth + 1)]);
  return isList ? out.map(([, one]) => one) : Object.fromEntries(out);
}

async function writeAll(fd: number, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await writeAt(fd, bytes, done, bytes.length - done, at + done);
    done += bytesWritten;
  }
}

export class Beside {
  #fd: number | null;
  #isClosed = false;
  /** Reads and writes that are under way: the number of the file is not given back beneath them. */
  #underWay = 0;

  private constructor(fd: number | null) {
    this.#fd = fd;
  }

  /** Nobody else can open its file, which is gone with the last process that has it. */
  static open(): Beside {
    // Windows removes no file that is open.
    if (process.platform === 'win32') return new Beside(null);
    const path = join(tmpdir(), `graft-beside-${process.pid}-${randomUUID()}`);
    try {
      const fd = openSync(path, 'wx+', 0o600);
      unlinkSync(path);
      return new Beside(fd);
    } catch {
      // A folder that cannot be written to, or is full: messages carry all.
      return new Beside(null);
    }
  }

  /** That of an isolated process, as its owner gave it. */
  static ofProcess(): Beside {
    try {
      return new Beside(fstatSync(FD_OF_PROCESS).isFile() ? FD_OF_PROCESS : null);
    } catch {
      return new Beside(null);
    }
  }

  /** For the streams of a process that is started. */
  get stream(): number | 'ignore' {
    return this.#fd ?? 'ignore';
  }

  close(): void {
    this.#isClosed = true;
    this.#giveBack();
  }

  #giveBack(): void {
    if (this.#fd === null || !this.#isClosed || this.#underWay > 0) return;
    closeSync(this.#fd);
    this.#fd = null;
  }

  /** The message in which large samples are named by their place in the file. */
  async put(message: unknown): Promise<unknown> {
    return this.#use(message, async (fd) => {
      let at = 0;
      return changed(message, async (leaf) => {
        const kind = KINDS.findIndex((one) => leaf instanceof one);
        if (kind < 0 || !ArrayBuffer.isView(leaf) || leaf.byteLength < WORTH_BYTES) return leaf;
        const { buffer, byteOffset, byteLength: bytes } = leaf;
        try {
          await writeAll(fd, new Uint8Array(buffer, byteOffset, bytes), at);
        } catch {
          return leaf; // The disk is full.
        }
        const place: z.infer<typeof Elsewhere> = { '#beside': kind, at, bytes };
        at += bytes;
        return place;
      });
    });
  }

  /** The message as it was; the file is empty again. Errors: what is not in the file. */
  async take(message: unknown): Promise<unknown> {
    return this.#use(message, async (fd) => {
      let places = 0;
      const taken = await changed(message, async (leaf) => {
        const place = Elsewhere.safeParse(leaf);
        if (!place.success) return leaf;
        places++;
        return readSamples(fd, place.data);
      });
      if (places > 0) await cut(fd, 0);
      return taken;
    });
  }

  async #use(message: unknown, work: (fd: number) => Promise<unknown>): Promise<unknown> {
    if (this.#fd === null || this.#isClosed) return message;
    this.#underWay++;
    try {
      return await work(this.#fd);
    } finally {
      this.#underWay--;
      this.#giveBack();
    }
  }
}
