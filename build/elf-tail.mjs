/**
 * Cuts symbol tables and debug sections off the end of ELF files, as `strip` does: the loader reads segments alone, and
 * a linker puts what is no part of one last. A quarter of libtensorflow is such a tail.
 */
import {
  closeSync,
  copyFileSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';

const MAGIC = 0x7f454c46;
const CLASS_64 = 2;
const LITTLE_ENDIAN = 1;
const HEADER_BYTES = 64;
const SECTION_TABLE = { offset: 0x28, entrySize: 0x3a };

/**
 * Copies a file without its tail; one that is no 64-bit ELF file is copied as it is.
 *
 * @param {string} from
 * @param {string} to
 * @returns {number} bytes that were cut off
 */
export function copyWithoutTail(from, to) {
  copyFileSync(from, to);
  const file = openSync(to, 'r+');
  try {
    const before = fstatSync(file).size;
    const header = Buffer.alloc(HEADER_BYTES);
    readSync(file, header, 0, HEADER_BYTES, 0);
    const end = endOfSegments(file, header);
    if (end === null || end >= before) return 0;
    // No table of sections any more: its place, its length and where their names are become 0.
    header.writeBigUInt64LE(0n, SECTION_TABLE.offset);
    header.fill(0, SECTION_TABLE.entrySize, HEADER_BYTES);
    writeSync(file, header, 0, HEADER_BYTES, 0);
    ftruncateSync(file, end);
    return before - end;
  } finally {
    closeSync(file);
  }
}

/**
 * @param {number} file
 * @param {Buffer} header
 * @returns {number | null} where the last byte that is loaded ends; null: no 64-bit little-endian ELF file
 */
function endOfSegments(file, header) {
  if (header.readUInt32BE(0) !== MAGIC) return null;
  if (header[4] !== CLASS_64 || header[5] !== LITTLE_ENDIAN) return null;
  const [at, size, count] = [
    Number(header.readBigUInt64LE(0x20)),
    header.readUInt16LE(0x36),
    header.readUInt16LE(0x38),
  ];
  const segments = Buffer.alloc(size * count);
  readSync(file, segments, 0, segments.length, at);
  const ends = Array.from({ length: count }, (_, index) => {
    const segment = segments.subarray(index * size);
    return Number(segment.readBigUInt64LE(0x08) + segment.readBigUInt64LE(0x20));
  });
  return Math.max(at + segments.length, ...ends);
}
