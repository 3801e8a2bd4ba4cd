import { deflateSync, crc32 } from 'node:zlib';
import { encode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { decodeMask } from '../../../engine/data/decode-mask.ts';
import { decodeImage, pageCount } from '../../../engine/data/decode.ts';
import { fileInMemory } from '../../../engine/data/image-file.ts';
import { messageOf } from '../../../shared/errors.ts';
import { type TiffPage, writeTiff } from './tiff-writer.ts';

const PAGE: TiffPage = {
  width: 6,
  height: 4,
  bits: [8],
  samples: Array.from({ length: 24 }, (_, i) => i),
};
const subject = 'a.tif';

const refusal = async (bytes: Uint8Array): Promise<string> =>
  decodeImage(fileInMemory(bytes), { subject }).then(() => 'accepted', messageOf);

const tagged = (tags: TiffPage['tags'] & {}, page: Partial<TiffPage> = {}) =>
  writeTiff([{ ...PAGE, ...page, tags }]);

it('a TIFF that says two things of one kind is refused, and read where it says one thing twice', async () => {
  const twice = (width: number) => {
    const bytes = Buffer.from(tagged({ 65_000: [width] }));
    bytes.writeUInt16LE(256, bytes.indexOf(Buffer.from([0xe8, 0xfd])));
    return bytes;
  };
  expect(await refusal(twice(1))).toMatch(/its field 256 stands there twice, with two values/);
  expect(await refusal(twice(PAGE.width))).toBe('accepted');
});

describe('a TIFF whose sizes cannot be', () => {
  it.each([
    ['a width of 0', tagged({ 256: [0] }), /0 pixels/],
    ['a list of widths', tagged({ 256: [6, 6] }), /ImageWidth is no whole number/],
    ['no height', tagged({ 257: [] }), /ImageLength is no whole number|0 pixels/],
    ['tiles of width 0', tagged({ 322: [0] }, { tile: [16, 16] }), /tiles are 0 pixels/],
    ['tiles of height 0', tagged({ 323: [0] }, { tile: [16, 16] }), /tiles are 0 pixels/],
    ['tiles larger than any image', tagged({ 322: [2 ** 31] }, { tile: [16, 16] }), /its tiles/],
    ['0 samples a pixel', tagged({ 277: [0] }), /0 samples/],
    ['a strip too few', tagged({ 278: [1] }), /lists 1 of its 4 strips/],
    ['no strips', tagged({ 273: [] }), /no pixel data|cannot|damaged/],
    ['an orientation that is a list', tagged({ 274: [6, 6] }), /Orientation is no whole number/],
    ['more pixels than its bytes', tagged({ 257: [30_000], 278: [30_000] }), /data is missing/],
    [
      'more pixels than its bytes can stand for',
      tagged({ 257: [30_000], 278: [30_000] }, { compression: 'lzw' }),
      /data is missing/,
    ],
  ])('with %s is refused before anything is walked or reserved by it', async (_, bytes, why) => {
    const before = process.memoryUsage().arrayBuffers;
    expect(await refusal(bytes)).toMatch(why);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 24);
  });

  it('and whose samples are no whole number of bits is refused', async () => {
    const bytes = writeTiff([PAGE]);
    const at = Buffer.from(bytes).indexOf(Buffer.from([2, 1, 4, 0])); // BitsPerSample, as LONG
    const float = Buffer.from(bytes);
    float.writeUInt16LE(11, at + 2);
    float.writeFloatLE(8.5, at + 8);
    expect(await refusal(float)).toMatch(/BitsPerSample are no whole numbers/);
  });

  it('and whose directories lie in one another is refused', async () => {
    // Each directory has one field, and the next begins four bytes behind it.
    const count = 2000;
    const bytes = Buffer.alloc(8 + 4 * count + 70_000);
    bytes.write('II*\0');
    bytes.writeUInt32LE(8, 4);
    for (let at = 8; at < bytes.length - 2; at += 2) bytes.writeUInt16LE(0x0101, at);
    expect(await pageCount(fileInMemory(bytes), { subject }).then(String, messageOf)).toMatch(
      /lie in one another|cut off/,
    );
  });
});

describe('data that would fill the memory', () => {
  const zeros = Buffer.alloc(2 ** 27);

  it.each([
    ['deflate', 8, deflateSync(zeros)],
    ['packbits', 32_773, Buffer.concat(Array.from({ length: 4096 }, () => Buffer.from([129, 7])))],
  ])('compressed with %s is unpacked as far as the size goes', async (_, compression, data) => {
    const bytes = writeTiff([PAGE], { tail: data });
    const file = Buffer.from(bytes);
    const patch = (tag: number, value: number) => {
      const head = Buffer.alloc(4);
      head.writeUInt16LE(tag, 0);
      head.writeUInt16LE(4, 2);
      file.writeUInt32LE(value, file.indexOf(head) + 8);
    };
    patch(259, compression);
    patch(273, bytes.length - data.length);
    patch(279, data.length);
    const before = process.memoryUsage().rss;
    const image = await decodeImage(fileInMemory(file), { subject });
    expect([...new Set(image.data)]).toEqual([compression === 8 ? 0 : 7]);
    expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 26);
  });

  /** A grey PNG of 8 bits with any data for its pixels. */
  function png(width: number, height: number, data: Uint8Array, more: Buffer[] = []): Buffer {
    const header = Buffer.alloc(13);
    header.writeUInt32BE(width, 0);
    header.writeUInt32BE(height, 4);
    header[8] = 8;
    return Buffer.concat([
      Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
      chunk('IHDR', header),
      ...more,
      chunk('IDAT', data),
      chunk('IEND', Buffer.alloc(0)),
    ]);
  }
  function chunk(type: string, data: Uint8Array): Buffer {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, crc] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    crc.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, crc]);
  }
  const mask = (bytes: Uint8Array) =>
    decodeMask(fileInMemory(bytes), { subject: 'm.png' }).then((m) => [...m.values], messageOf);

  it('of a PNG mask is refused, and so is too little of it', async () => {
    const before = process.memoryUsage().rss;
    expect(await mask(png(4, 4, deflateSync(zeros)))).toMatch(/more than its 4 × 4 px/);
    expect(await mask(png(4, 4, deflateSync(zeros.subarray(0, 19))))).toMatch(/data is missing/);
    expect(await mask(png(0, 4, deflateSync(zeros)))).toMatch(/0 pixels wide or high/);
    expect(await mask(png(30_000, 8_000, deflateSync(zeros.subarray(0, 9))))).toMatch(/missing/);
    expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 26);
  });

  it('of the colour profile of a PNG mask is left alone', async () => {
    const profile = chunk('iCCP', Buffer.concat([Buffer.from('p\0\0'), deflateSync(zeros)]));
    const before = process.memoryUsage().rss;
    const data = deflateSync(Buffer.from([0, 1, 2, 0, 3, 4]));
    expect(await mask(png(2, 2, data, [profile]))).toEqual([1, 2, 3, 4]);
    expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 26);
    const plain = encode({ width: 2, height: 1, data: Uint8Array.of(5, 6), channels: 1 });
    expect(await mask(plain)).toEqual([5, 6]);
  });
});
