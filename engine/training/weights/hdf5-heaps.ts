/**
 * Heaps of an HDF5 file, in which its texts lie ("global heap", version 1: sections III.E of the format's specification).
 * The library walks through them by the sizes that they say, and never ends where one of these leads nowhere.
 */

const SIGNATURE = Buffer.from('GCOL', 'latin1');
const MARK = Buffer.from([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]);
/** The smallest that there are. */
const LEAST_BYTES = 4096;
const aligned = (bytes: number) => 8 * Math.ceil(bytes / 8);

/** Bytes of a size in this file; null: none that the library knows. */
function sizeOfLengths(file: Buffer): 2 | 4 | 8 | null {
  if (!file.subarray(0, MARK.length).equals(MARK)) return null;
  const isOld = (file[MARK.length] ?? 0) < 2;
  const size = file[isOld ? 14 : 10];
  return size === 2 || size === 4 || size === 8 ? size : null;
}

/** Errors: Error, where an entry has no size, or one that leads out of its heap. */
export function assertSoundHeaps(bytes: Uint8Array): void {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = sizeOfLengths(file);
  if (length === null) return;
  const head = aligned(8 + length);
  const sizeAt = (at: number) =>
    length === 8 ? Number(file.readBigUInt64LE(at)) : file.readUIntLE(at, length);
  for (let heap = file.indexOf(SIGNATURE); heap >= 0; heap = file.indexOf(SIGNATURE, heap + 1)) {
    if (file[heap + 4] !== 1 || heap + head > file.length) continue;
    const end = heap + sizeAt(heap + 8);
    // No heap, or one that the library refuses.
    if (end - heap < LEAST_BYTES || end > file.length) continue;
    for (let at = heap + head; at + head <= end;) {
      const size = sizeAt(at + 8);
      // What is free counts its own head; its number is 0.
      const step = file.readUInt16LE(at) === 0 ? size : head + aligned(size);
      if (step === 0 || at + step > end) throw new Error('the heap of its texts is damaged');
      at += step;
    }
  }
}
