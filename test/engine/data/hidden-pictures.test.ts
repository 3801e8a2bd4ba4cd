/** PNG and JPEG of several pictures: the first is the image, and the others are named. */
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { fileInMemory, type ImageFile } from '../../../engine/data/image-file.ts';
import { filePages } from '../../../engine/data/read-pages.ts';

const ascii = (text: string) => Buffer.from(text, 'latin1');
const number32 = (value: number, little = false) => {
  const bytes = Buffer.alloc(4);
  if (little) bytes.writeUInt32LE(value);
  else bytes.writeUInt32BE(value);
  return bytes;
};
const number16 = (value: number, little = false) => {
  const bytes = Buffer.alloc(2);
  if (little) bytes.writeUInt16LE(value);
  else bytes.writeUInt16BE(value);
  return bytes;
};

const black = () => sharp({ create: { width: 4, height: 3, channels: 3, background: 'black' } });
const inserted = (bytes: Buffer, at: number, ...parts: readonly Buffer[]) =>
  Buffer.concat([bytes.subarray(0, at), ...parts, bytes.subarray(at)]);

/** Checksums are not looked at before pixels are. */
const chunk = (type: string, data: Buffer) =>
  Buffer.concat([number32(data.length), ascii(type), data, number32(0)]);
/** Behind the header. */
const pngWith = async (...chunks: readonly Buffer[]) =>
  inserted(await black().png().toBuffer(), 33, ...chunks);
const frames = (count: number) => chunk('acTL', Buffer.concat([number32(count), number32(0)]));

const segment = (marker: number, data: Buffer) =>
  Buffer.concat([number16(marker), number16(data.length + 2), data]);
const jpegWith = async (...segments: readonly Buffer[]) =>
  inserted(await black().jpeg().toBuffer(), 2, ...segments);
/** A directory of a version and the number of images. */
function mpf(count: number, little: boolean): Buffer {
  const entry = (tag: number, type: number, n: number, value: Buffer) =>
    Buffer.concat([number16(tag, little), number16(type, little), number32(n, little), value]);
  return segment(
    0xffe2,
    Buffer.concat([
      ascii(`MPF\0${little ? 'II*\0' : 'MM\0*'}`),
      ...[number32(8, little), number16(2, little)],
      entry(0xb000, 7, 4, ascii('0100')),
      entry(0xb001, 4, 1, number32(count, little)),
      number32(0, little),
    ]),
  );
}

const pagesOf = (bytes: Buffer) =>
  filePages(fileInMemory(bytes), { subject: 'a', as: 'auto' }).then(({ images, leftOut }) => [
    images.length,
    ...leftOut.map(({ severity, message }) => `${severity}: ${message.split(' (')[0] ?? ''}`),
  ]);

const FRAMES = 'change: it is an animation, and 3 frames behind its first are left out';
const PICTURES = 'info: 1 picture behind its first';

describe('pictures behind the first', () => {
  test.each<[string, () => Promise<Buffer>, readonly (string | number)[]]>([
    ['a PNG of one picture', () => pngWith(), [1]],
    ['an animation of one frame', () => pngWith(frames(1)), [1]],
    ['an animation', () => pngWith(frames(4)), [1, FRAMES]],
    [
      'an animation with a large profile before',
      () => pngWith(chunk('iCCP', Buffer.alloc(100_000)), frames(4)),
      [1, FRAMES],
    ],
    ['a PNG that ends in a chunk', async () => (await pngWith(frames(4))).subarray(0, 40), [1]],
    ['a JPEG of one picture', () => jpegWith(), [1]],
    ['another segment of that kind', () => jpegWith(segment(0xffe2, ascii('ICC_PROFILE'))), [1]],
    ['two pictures', () => jpegWith(mpf(2, true)), [1, PICTURES]],
    [
      'two pictures behind a large preview, in the other order of bytes',
      () => jpegWith(segment(0xffe1, Buffer.alloc(65_000)), mpf(2, false)),
      [1, PICTURES],
    ],
    ['a directory that is cut off', () => jpegWith(segment(0xffe2, ascii('MPF\0II*\0'))), [1]],
    [
      'a directory that lies elsewhere',
      () => jpegWith(segment(0xffe2, Buffer.concat([ascii('MPF\0II*\0'), number32(1e9, true)]))),
      [1],
    ],
  ])('%s', async (_, bytes, expected) => {
    expect(await pagesOf(await bytes())).toEqual(expected);
  });

  test('are not looked for without end', async () => {
    let reads = 0;
    const bytes = await pngWith(
      ...Array.from({ length: 20_000 }, () => chunk('tEXt', Buffer.alloc(0))),
    );
    const file: ImageFile = {
      ...fileInMemory(bytes),
      read(at, length) {
        reads++;
        return Promise.resolve(bytes.subarray(at, at + length));
      },
    };
    expect((await filePages(file, { subject: 'a', as: 'auto' })).leftOut).toEqual([]);
    expect(reads).toBeLessThan(250);
  });
});
