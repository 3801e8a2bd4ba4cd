/** Reads zip archives (a Python wheel is one) with Node's own zlib. No zip64, no encryption: such a file is refused. */
import { createReadStream, createWriteStream, mkdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';
import { SetupFailure } from './setup-failure.mjs';

const END_OF_DIRECTORY = 0x06054b50;
const END_OF_DIRECTORY_BYTES = 22;
const LONGEST_COMMENT = 0xffff;
const DIRECTORY_ENTRY = 0x02014b50;
const DIRECTORY_ENTRY_BYTES = 46;
const LOCAL_HEADER_BYTES = 30;
const STORED = 0;
const DEFLATED = 8;
const ZIP64 = 0xffffffff;
/** What is read and unpacked at once: with Node's own 16 KiB, unpacking large libraries takes twice the time. */
const CHUNK_BYTES = 256 * 1024;

/**
 * @typedef {object} ZipEntry
 * @property {string} name
 * @property {number} method 0 stored, 8 deflated
 * @property {number} packedBytes
 * @property {number} bytes
 * @property {number} headerOffset
 */

/**
 * @param {string} file
 * @returns {Promise<ZipEntry[]>}
 */
export async function readZip(file) {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const tail = Buffer.alloc(Math.min(size, END_OF_DIRECTORY_BYTES + LONGEST_COMMENT));
    await handle.read(tail, 0, tail.length, size - tail.length);
    let end = tail.length - END_OF_DIRECTORY_BYTES;
    while (end >= 0 && tail.readUInt32LE(end) !== END_OF_DIRECTORY) end -= 1;
    if (end < 0) throw damaged(file);
    const directory = Buffer.alloc(tail.readUInt32LE(end + 12));
    const offset = tail.readUInt32LE(end + 16);
    if (offset + directory.length > size) throw damaged(file);
    await handle.read(directory, 0, directory.length, offset);
    return entriesOf(directory, file);
  } finally {
    await handle.close();
  }
}

/** @param {Buffer} directory @param {string} file */
function entriesOf(directory, file) {
  /** @type {ZipEntry[]} */
  const entries = [];
  for (let at = 0; at + DIRECTORY_ENTRY_BYTES <= directory.length;) {
    if (directory.readUInt32LE(at) !== DIRECTORY_ENTRY) throw damaged(file);
    const nameBytes = directory.readUInt16LE(at + 28);
    const start = at + DIRECTORY_ENTRY_BYTES;
    const entry = {
      name: directory.toString('utf8', start, start + nameBytes),
      method: directory.readUInt16LE(at + 10),
      packedBytes: directory.readUInt32LE(at + 20),
      bytes: directory.readUInt32LE(at + 24),
      headerOffset: directory.readUInt32LE(at + 42),
    };
    if (entry.bytes === ZIP64 || entry.packedBytes === ZIP64 || entry.headerOffset === ZIP64) {
      throw damaged(file);
    }
    entries.push(entry);
    at = start + nameBytes + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return entries;
}

/**
 * Writes one entry to a file, whose folder is made.
 *
 * @param {string} file the archive
 * @param {ZipEntry} entry
 * @param {{ target: string, onBytes?: (count: number) => void }} options onBytes: called for every unpacked chunk
 */
export async function extractEntry(file, entry, { target, onBytes }) {
  if (entry.method !== STORED && entry.method !== DEFLATED) throw damaged(file);
  const start = await dataOffset(file, entry);
  mkdirSync(path.dirname(target), { recursive: true });
  if (entry.packedBytes === 0) {
    createWriteStream(target).end();
    return;
  }
  let written = 0;
  /** @param {AsyncIterable<Buffer>} chunks */
  async function* counted(chunks) {
    for await (const chunk of chunks) {
      written += chunk.length;
      onBytes?.(chunk.length);
      yield chunk;
    }
  }
  const packed = createReadStream(file, {
    ...{ start, end: start + entry.packedBytes - 1 },
    highWaterMark: CHUNK_BYTES,
  });
  const inflate = () => createInflateRaw({ chunkSize: CHUNK_BYTES });
  if (entry.method === STORED) await pipeline(packed, counted, createWriteStream(target));
  else await pipeline(packed, inflate(), counted, createWriteStream(target));
  if (written !== entry.bytes) throw damaged(file);
}

/** @param {string} file @param {ZipEntry} entry */
async function dataOffset(file, { headerOffset }) {
  const handle = await open(file, 'r');
  try {
    const header = Buffer.alloc(LOCAL_HEADER_BYTES);
    await handle.read(header, 0, header.length, headerOffset);
    return headerOffset + header.length + header.readUInt16LE(26) + header.readUInt16LE(28);
  } finally {
    await handle.close();
  }
}

/** @param {string} file */
const damaged = (file) =>
  new SetupFailure(
    `${path.basename(file)} is not a readable archive. Remove it and run the command again.`,
  );
