import fs, { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, test, vi } from 'vitest';
import { decodeImage, openImage, pageCount } from '../../../engine/data/decode.ts';
import {
  bytesOf,
  fileInMemory,
  hashOf,
  type ImageFile,
  openFile,
} from '../../../engine/data/image-file.ts';
import { sha256 } from '../../../engine/sha256.ts';
import { AppError } from '../../../shared/errors.ts';
import { tiff } from './tiff-fixtures.ts';

const folder = mkdtempSync(join(tmpdir(), 'graft-image-file-'));
const subject = 'a file';

async function onDisk(name: string, bytes: Uint8Array): Promise<ImageFile> {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  const file = await openFile(path, 0);
  expect(file.source).toBe(path);
  return file;
}

const photo = (format: 'png' | 'jpeg' | 'webp') =>
  sharp({ create: { width: 40, height: 30, channels: 3, background: '#c84' } })
    .toFormat(format)
    .toBuffer();

describe('a file that is read in parts', () => {
  test.each(['png', 'jpeg', 'webp'] as const)('decodes a %s as from memory', async (format) => {
    const bytes = await photo(format);
    const file = await onDisk(`photo.${format}`, bytes);
    expect(await decodeImage(file, { subject })).toEqual(
      await decodeImage(fileInMemory(bytes), { subject }),
    );
  });

  test.each(['float', 'grey16', 'stack', 'rgba', 'orient6', 'bilevel'] as const)(
    'decodes the TIFF %s as from memory, with as many pages',
    async (name) => {
      const file = await onDisk(`${name}.tif`, tiff(name));
      const memory = fileInMemory(tiff(name));
      expect(await decodeImage(file, { subject })).toEqual(await decodeImage(memory, { subject }));
      expect(await pageCount(file, { subject })).toBe(await pageCount(memory, { subject }));
    },
  );

  test('has the hash and the bytes of the file', async () => {
    const bytes = Uint8Array.from({ length: 3 * 2 ** 20 + 17 }, (_, i) => (i * 7919) >>> 5);
    const file = await onDisk('bytes', bytes);
    expect(file.sizeBytes).toBe(bytes.length);
    expect(await hashOf(file)).toBe(sha256(bytes));
    expect(Buffer.from(await bytesOf(file)).equals(bytes)).toBe(true);
    expect(await file.read(bytes.length - 3, 10)).toEqual(bytes.subarray(-3));
  });

  test('says what is wrong with a path', async () => {
    const missing = await openFile(join(folder, 'missing.png')).catch((error: unknown) => error);
    expect(missing).toBeInstanceOf(AppError);
    expect(String(missing)).toContain('missing.png does not exist');
    const isFolder = await openFile(folder).catch((error: unknown) => error);
    expect(String(isFolder)).toContain('is a folder');
  });
});

/** One strip of all rows, 16 bits a sample, little-endian: what microscopes write. */
function oneStripTiff(options: {
  width: number;
  height: number;
  channels: number;
  planes: boolean;
}) {
  const { width, height, channels, planes } = options;
  const value = (y: number, x: number, c: number) => (y * 251 + x * 17 + c * 7) & 0xffff;
  const pixelBytes = 2 * width * height * channels;
  const strips = planes ? channels : 1;
  const longs: number[] = [];
  const long = (values: number[]) => {
    const at = pixelsAt + pixelBytes + 4 * longs.length;
    longs.push(...values);
    return at;
  };
  const pixelsAt = 8;
  const offsets = Array.from({ length: strips }, (_, i) => pixelsAt + (i * pixelBytes) / strips);
  const counts = offsets.map(() => pixelBytes / strips);
  const bits = Uint32Array.from({ length: Math.ceil(channels / 2) }, () => 16 | (16 << 16));
  const listed = (values: number[]) => (values.length === 1 ? (values[0] ?? 0) : long(values));
  const entries: [tag: number, type: number, count: number, value: number][] = [
    [256, 4, 1, width],
    [257, 4, 1, height],
    [258, 3, channels, channels <= 2 ? (bits[0] ?? 16) : long([...bits])],
    [259, 3, 1, 1],
    [262, 3, 1, 1],
    [273, 4, strips, listed(offsets)],
    [277, 3, 1, channels],
    [278, 4, 1, height],
    [279, 4, strips, listed(counts)],
    [284, 3, 1, planes ? 2 : 1],
  ];
  const directoryAt = pixelsAt + pixelBytes + 4 * longs.length;
  const out = new DataView(new ArrayBuffer(directoryAt + 2 + 12 * entries.length + 4));
  out.setUint32(0, 0x002a4949, true);
  out.setUint32(4, directoryAt, true);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < channels; c++) {
        const at = planes ? (c * height + y) * width + x : (y * width + x) * channels + c;
        out.setUint16(pixelsAt + 2 * at, value(y, x, c), true);
      }
    }
  }
  longs.forEach((one, i) => out.setUint32(pixelsAt + pixelBytes + 4 * i, one, true));
  out.setUint16(directoryAt, entries.length, true);
  entries.forEach(([tag, type, count, own], i) => {
    const at = directoryAt + 2 + 12 * i;
    out.setUint16(at, tag, true);
    out.setUint16(at + 2, type, true);
    out.setUint32(at + 4, count, true);
    out.setUint32(at + 8, own, true);
  });
  return { bytes: new Uint8Array(out.buffer), value };
}

describe('a TIFF whose rows are one strip', () => {
  test.each([
    ['with its channels side by side', false],
    ['with a plane for each channel', true],
  ])('%s reads no more of it than the rows that are asked for', async (_, planes) => {
    const [width, height, channels] = [300, 4000, 4];
    const { bytes, value } = oneStripTiff({ width, height, channels, planes });
    const file = await onDisk(`one-strip-${planes ? 'planes' : 'pixels'}.tif`, bytes);
    const image = await openImage(file, { subject, bandBytes: 1 });
    const read = vi.spyOn(fs, 'read');
    const rows = await image.rows(1234, 3);
    const bytesRead = read.mock.calls.reduce((sum, call: unknown[]) => sum + Number(call[3]), 0);
    read.mockRestore();
    const expected = Array.from({ length: 3 * width * channels }, (__, i) => {
      const pixel = Math.floor(i / channels);
      return value(1234 + Math.floor(pixel / width), pixel % width, i % channels);
    });
    expect([...rows]).toEqual(expected);
    expect(bytesRead).toBeGreaterThan(0);
    expect(bytesRead).toBeLessThan(bytes.length / 2);
  });
});
