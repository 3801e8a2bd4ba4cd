/**
 * What an edit changed, as exclusive-or of before and after, run-length coded: the same bytes undo and redo it.
 *
 * For each changed tile: its index, the length of its runs in bytes, and (unchanged pixels, changed pixels, xor)
 * triples over its row-major pixels. Numbers are LEB128.
 */

class ByteSink {
  #bytes = new Uint8Array(256);
  length = 0;

  push(byte: number): void {
    if (this.length === this.#bytes.length) {
      const grown = new Uint8Array(this.length * 2);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes[this.length++] = byte;
  }

  pushNumber(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.push((rest & 127) | 128);
      rest >>>= 7;
    }
    this.push(rest);
  }

  pushAll(bytes: Uint8Array): void {
    for (const byte of bytes) this.push(byte);
  }

  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.length);
  }
}

/** `before`: tiles as they were, by index. Returns null where nothing differs. */
export function encodeTileDiffs(
  before: ReadonlyMap<number, Uint8Array>,
  after: (index: number) => Uint8Array,
): Uint8Array | null {
  const sink = new ByteSink();
  for (const [index, tile] of before) {
    const runs = tileRuns(tile, after(index));
    if (runs.length === 0) continue;
    sink.pushNumber(index);
    sink.pushNumber(runs.length);
    sink.pushAll(runs);
  }
  return sink.length === 0 ? null : sink.bytes();
}

function tileRuns(before: Uint8Array, after: Uint8Array): Uint8Array {
  const sink = new ByteSink();
  if (before === after) return sink.bytes();
  // Four pixels at a time over what did not change, which is most of it.
  const words = before.length >> 2;
  const before32 = new Uint32Array(before.buffer, before.byteOffset, words);
  const after32 = new Uint32Array(after.buffer, after.byteOffset, words);
  let last = 0;
  let at = 0;
  while (at < before.length) {
    if ((at & 3) === 0 && before32[at >> 2] === after32[at >> 2]) {
      at += 4;
      continue;
    }
    const xor = (before[at] ?? 0) ^ (after[at] ?? 0);
    if (xor === 0) {
      at++;
      continue;
    }
    const start = at;
    while (at < before.length && ((before[at] ?? 0) ^ (after[at] ?? 0)) === xor) at++;
    sink.pushNumber(start - last);
    sink.pushNumber(at - start);
    sink.push(xor);
    last = at;
  }
  return sink.bytes();
}

class ByteSource {
  readonly #bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.at >= this.#bytes.length;
  }

  byte(): number {
    return this.#bytes[this.at++] ?? 0;
  }

  number(): number {
    let value = 0;
    let shift = 0;
    for (;;) {
      const byte = this.byte();
      value |= (byte & 127) << shift;
      if (byte < 128) return value >>> 0;
      shift += 7;
    }
  }
}

/** Calls back with every changed tile and its runs. */
export function forEachTileDiff(
  diff: Uint8Array,
  visit: (index: number, runs: Uint8Array) => void,
): void {
  const source = new ByteSource(diff);
  while (!source.done) {
    const index = source.number();
    const length = source.number();
    visit(index, diff.subarray(source.at, source.at + length));
    source.at += length;
  }
}

/** Pixels of a tile that its runs change: start ≤ index < end. */
export function forEachChangedRun(
  runs: Uint8Array,
  visit: (start: number, end: number) => void,
): void {
  const source = new ByteSource(runs);
  let at = 0;
  while (!source.done) {
    const start = at + source.number();
    at = start + source.number();
    source.byte();
    visit(start, at);
  }
}

/** Turns `before` into `after`, or `after` into `before`, in place. */
export function applyTileDiff(tile: Uint8Array, runs: Uint8Array): void {
  const source = new ByteSource(runs);
  let at = 0;
  while (!source.done) {
    at += source.number();
    const end = at + source.number();
    const xor = source.byte();
    for (; at < end; at++) tile[at] = (tile[at] ?? 0) ^ xor;
  }
}
