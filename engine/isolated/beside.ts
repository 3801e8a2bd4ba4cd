/**
 * Messages on their way between an isolated process and its owner. Large arrays in them go through a nameless file that
 * both have open, since a channel copies every byte several times; where no such file can be had, they stay in the message.
 */
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  statfsSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DefaultSerializer, Deserializer } from 'node:v8';
import { z } from 'zod';

/** Less is not worth a file. */
const WORTH_BYTES = 2 ** 16;
/** Written or read before anything else has a turn: a millisecond or two. */
const TURN_BYTES = 2 ** 22;
/** Of the file, kept for the next message: pages that are there take half the time of new ones. */
const KEPT_BYTES = 2 ** 26;
/** Of a process, after its standard streams and its channel. */
const FD_OF_PROCESS = 4;

const KINDS = [
  ...[Uint8Array, Uint16Array, Uint32Array, Int8Array, Int16Array, Int32Array],
  ...[Float32Array, Float64Array, Uint8ClampedArray],
] as const;

/** What goes over the channel. */
export const Letter = z.object({
  /** The message, as V8 writes it; null: it is large itself, and the last in the file. */
  body: z.custom<Uint8Array>((value) => value instanceof Uint8Array).nullable(),
  /** Bytes of each thing that lies in the file, in their order there. */
  beside: z.array(z.number().int().positive()),
});
export type Letter = Readonly<z.infer<typeof Letter>>;

/** A file there is written to no disk. Containers may have little of it. */
const SHARED_MEMORY = '/dev/shm';
const SHARED_MEMORY_BYTES = 2 ** 30;

function folder(): string {
  try {
    const { blocks, bsize } = statfsSync(SHARED_MEMORY);
    return blocks * bsize >= SHARED_MEMORY_BYTES ? SHARED_MEMORY : tmpdir();
  } catch {
    return tmpdir(); // Another system.
  }
}

/** Writes a message; its large arrays are `apart`. */
class Writer extends DefaultSerializer {
  readonly apart: Uint8Array[] = [];
  readonly #leavesOut: boolean;

  constructor(leavesOut: boolean) {
    super();
    this.#leavesOut = leavesOut;
  }

  /** Called by V8 for every array. */
  _writeHostObject(view: ArrayBufferView): void {
    const kind = KINDS.findIndex((Kind) => view instanceof Kind);
    if (kind < 0) throw new TypeError('a message holds an array of another kind');
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    const isApart = this.#leavesOut && bytes.length >= WORTH_BYTES;
    this.writeUint32(kind);
    this.writeUint32(isApart ? 1 : 0);
    if (isApart) {
      this.apart.push(bytes);
      return;
    }
    this.writeUint32(bytes.length);
    this.writeRawBytes(bytes);
  }
}

class Reader extends Deserializer {
  readonly #apart: Iterator<ArrayBuffer, undefined>;

  constructor(body: Uint8Array, apart: readonly ArrayBuffer[]) {
    super(body);
    this.#apart = apart.values();
  }

  /** Called by V8 for every array. */
  _readHostObject(): ArrayBufferView {
    const Kind = KINDS[this.readUint32()];
    // What lies in the message is copied: its place there suits no array of wide numbers.
    const bytes =
      this.readUint32() === 1
        ? this.#apart.next().value
        : new Uint8Array(this.readRawBytes(this.readUint32())).buffer;
    if (Kind === undefined || bytes === undefined) throw new Error('samples are missing');
    return new Kind(bytes);
  }
}

function written(message: unknown, leavesOut: boolean) {
  const writer = new Writer(leavesOut);
  writer.writeHeader();
  writer.writeValue(message);
  return { body: writer.releaseBuffer(), apart: writer.apart };
}

function readFrom(body: Uint8Array, apart: readonly ArrayBuffer[]): unknown {
  const reader = new Reader(body, apart);
  reader.readHeader();
  return reader.readValue();
}

/** `move`: writes or reads so many bytes from a place of both on, and says how many of them. */
async function inTurns(
  length: number,
  move: (offset: number, length: number) => number,
): Promise<void> {
  for (let done = 0; done < length;) {
    if (done > 0) await nextTurn();
    const moved = move(done, Math.min(TURN_BYTES, length - done));
    if (moved === 0) throw new Error('samples are missing');
    done += moved;
  }
}

async function writeAll(fd: number, parts: readonly Uint8Array[]): Promise<void> {
  let at = 0;
  for (const part of parts) {
    await inTurns(part.length, (offset, length) =>
      writeSync(fd, part, offset, length, at + offset),
    );
    at += part.length;
  }
}

/** What the other side says of the file is believed as far as that goes. */
async function readAll(fd: number, lengths: readonly number[]): Promise<ArrayBuffer[]> {
  const { size } = fstatSync(fd);
  if (lengths.reduce((sum, length) => sum + length, 0) > size) {
    throw new Error('samples are missing');
  }
  const arrays: ArrayBuffer[] = [];
  let at = 0;
  for (const length of lengths) {
    const bytes = Buffer.allocUnsafeSlow(length);
    await inTurns(length, (offset, count) => readSync(fd, bytes, offset, count, at + offset));
    arrays.push(bytes.buffer);
    at += length;
  }
  if (size > KEPT_BYTES) ftruncateSync(fd, KEPT_BYTES);
  return arrays;
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
    const path = join(folder(), `graft-beside-${process.pid}-${randomUUID()}`);
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

  /** The message as it goes over the channel. Errors: what no message can hold. */
  async put(message: unknown): Promise<Letter> {
    const fd = this.#isClosed ? null : this.#fd;
    const { body, apart } = written(message, fd !== null);
    const isLarge = body.length >= WORTH_BYTES;
    const parts = isLarge ? [...apart, body] : apart;
    if (fd === null || parts.length === 0) return { body, beside: [] };
    try {
      await this.#use(() => writeAll(fd, parts));
    } catch {
      // The disk is full.
      return { body: written(message, false).body, beside: [] };
    }
    return { body: isLarge ? null : body, beside: parts.map(({ length }) => length) };
  }

  /** The message as it was. Errors: what is not in the file. */
  async take({ body, beside }: Letter): Promise<unknown> {
    if (beside.length === 0 && body !== null) return readFrom(body, []);
    const fd = this.#isClosed ? null : this.#fd;
    if (fd === null) throw new Error('samples are missing');
    const parts = await this.#use(() => readAll(fd, beside));
    if (body !== null) return readFrom(body, parts);
    const last = parts.pop();
    if (last === undefined) throw new Error('samples are missing');
    return readFrom(new Uint8Array(last), parts);
  }

  async #use<T>(work: () => Promise<T>): Promise<T> {
    this.#underWay++;
    try {
      return await work();
    } finally {
      this.#underWay--;
      this.#giveBack();
    }
  }
}
