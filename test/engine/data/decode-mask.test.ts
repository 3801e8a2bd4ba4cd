import { encode } from 'fast-png';
import sharp from 'sharp';
import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { decodeImage } from '../../../engine/data/decode.ts';
import { decodeMask as decodeMaskFile } from '../../../engine/data/decode-mask.ts';
import { encodeIndexPng } from '../../../engine/data/encode.ts';
import { fileInMemory } from '../../../engine/data/image-file.ts';
import { maskValueName } from '../../../engine/data/mask-evidence.ts';
import { AppError } from '../../../shared/errors.ts';
import { tiff } from './tiff-fixtures.ts';
import { type TiffPage, writeTiff } from './tiff-writer.ts';

const subject = 'masks/a.png';
const decodeMask = (bytes: Uint8Array, options: Parameters<typeof decodeMaskFile>[1]) =>
  decodeMaskFile(fileInMemory(bytes), options);
const palette = Array.from({ length: 256 }, (_, i) => [255 - i, i, 7]);

async function codeOf(bytes: Uint8Array): Promise<string> {
  const error: unknown = await decodeMask(bytes, { subject }).catch((thrown: unknown) => thrown);
  return error instanceof AppError ? `${error.code}: ${error.message}` : 'no error';
}

/** CRC-32 of PNG (ISO 3309), for chunks that tests write by hand. */
function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let k = 0; k < 8; k++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

function png(chunks: readonly (readonly [string, Uint8Array])[]): Uint8Array {
  const parts = chunks.map(([name, body]) => {
    const typed = Buffer.concat([Buffer.from(name, 'latin1'), body]);
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(body.length, 0);
    frame.writeUInt32BE(crc32(typed), 4);
    return Buffer.concat([frame.subarray(0, 4), typed, frame.subarray(4)]);
  });
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...parts]);
}

function header(width: number, height: number, depth: number, type: number, interlace = 0) {
  const body = Buffer.alloc(13);
  body.writeUInt32BE(width, 0);
  body.writeUInt32BE(height, 4);
  body.set([depth, type, 0, 0, interlace], 8);
  return ['IHDR', body] as const;
}

const END = ['IEND', new Uint8Array(0)] as const;

/** Black left, `white` right, as a TIFF of JPEG compression that shows black as it is stored, or turned round. */
async function jpegTiff(white: number, photometric: 0 | 1): Promise<Uint8Array> {
  const data = Uint8Array.from({ length: 256 }, (_, i) => (i % 16 < 8 ? 0 : white));
  const bytes = await sharp(data, { raw: { width: 16, height: 16, channels: 1 } })
    .toColourspace('b-w')
    .tiff({ compression: 'jpeg' })
    .toBuffer();
  const first = bytes.readUInt32LE(4);
  for (let at = first + 2; at < bytes.length; at += 12) {
    if (bytes.readUInt16LE(at) !== 262) continue;
    bytes.writeUInt16LE(photometric, at + 8);
    break;
  }
  return bytes;
}

describe('decodeMask', () => {
  test('a TIFF with JPEG compression is as lossy as a JPEG, and keeps its polarity', async () => {
    for (const photometric of [0, 1] as const) {
      const mask = await decodeMask(await jpegTiff(255, photometric), { subject });
      expect([mask.values[0], mask.values[15], mask.histogram.size]).toEqual([0, 255, 2]);
      expect(mask.notes.at(-1)).toMatch(/^TIFF with JPEG compression mask: values are lossy/);
      expect(mask.notes.length).toBe(2 - photometric);
    }
    expect(await codeOf(await jpegTiff(3, 1))).toMatch(/^unsupported: .* class numbers/);
  });

  test('a lossy WebP keeps its alpha channel, which has no losses', async () => {
    const data = Uint8Array.from({ length: 1024 }, (_, i) => (i % 4 < 3 || i % 64 < 32 ? 255 : 0));
    const raw = { width: 16, height: 16, channels: 4 } as const;
    const mask = await decodeMask(await sharp(data, { raw }).webp().toBuffer(), { subject });
    expect([mask.alpha?.values[0], mask.alpha?.values[15]]).toEqual([255, 0]);
  });

  test('WebP in TIFF is read, with losses as such, and other compressions are named', async () => {
    const data = Uint8Array.from({ length: 768 }, (_, i) => (i % 48 < 24 ? 255 : 0));
    const image = sharp(data, { raw: { width: 16, height: 16, channels: 3 } });
    const lossy = await image.clone().tiff({ compression: 'webp', quality: 50 }).toBuffer();
    expect((await decodeMask(lossy, { subject })).notes).toEqual([
      expect.stringMatching(/^TIFF with WebP compression mask: values are lossy/),
    ]);
    /** The same with other numbers in some of its tags, and bytes behind it. */
    const changed = (tags: Readonly<Record<number, number>>, tail: Uint8Array = Buffer.of()) => {
      const other = Buffer.concat([lossy, tail]);
      const at = other.readUInt32LE(4);
      for (let i = at + 2; i < at + 2 + 12 * other.readUInt16LE(at); i += 12) {
        const value = tags[other.readUInt16LE(i)];
        if (value !== undefined) {
          other.writeUInt16LE(4, i + 2);
          other.writeUInt32LE(value, i + 8);
        }
      }
      return other;
    };
    const exact = await image.clone().webp({ lossless: true }).toBuffer();
    // Where its one strip begins, and how long it is.
    const kept = changed({ 273: lossy.length, 279: exact.length }, exact);
    expect((await decodeMask(kept, { subject })).notes).toEqual([]);
    for (const [number, name] of [
      [50_002, /compressed with JPEG XL, which/],
      [34_887, /compressed with LERC, which/],
      [34_712, /compressed with JPEG 2000, which/],
      [33_005, /compressed with JPEG 2000, which/],
      [60_000, /compressed with something \(number 60000\), which/],
    ] as const) {
      const other = changed({ 259: number });
      await expect(decodeMask(other, { subject })).rejects.toMatchObject({
        code: 'unsupported',
        message: expect.stringMatching(name) as string,
      });
    }
  });

  test('reads palette indices, never colours', async () => {
    const data = Uint8Array.of(0, 1, 2, 255, 1, 1);
    const mask = await decodeMask(encode({ width: 3, height: 2, data, channels: 1, palette }), {
      subject,
    });
    expect(mask).toEqual({
      width: 3,
      height: 2,
      kind: 'index',
      values: data,
      histogram: new Map([
        [0, 1],
        [1, 3],
        [2, 1],
        [255, 1],
      ]),
      cores: new Map(),
      slopes: new Map([[1, { pixels: 1, neighbours: 1 }]]),
      alpha: null,
      notes: [],
    });
  });

  test('an index PNG that we wrote keeps every id', async () => {
    const data = Uint8Array.from({ length: 256 }, (_, i) => i);
    const classes = [{ index: 1, name: 'cell', color: '#e69f00' }];
    const bytes = encodeIndexPng({ width: 16, height: 16, data }, classes);
    const mask = await decodeMask(bytes, { subject });
    expect([mask.kind, mask.values]).toEqual(['index', data]);
    // Another reader shows class 1 in its colour.
    const shown = await sharp(bytes).removeAlpha().raw().toBuffer();
    expect([...shown.subarray(3, 6)]).toEqual([0xe6, 0x9f, 0x00]);
  });

  test('unpacks 1, 2 and 4-bit values at odd widths', async () => {
    // 5 × 2 with 2 bits: rows 0 1 2 3 0 and 3 2 1 0 3, each in two bytes after the filter byte.
    const rows = Uint8Array.of(0, 0b00011011, 0b00000000, 0, 0b11100100, 0b11000000);
    const mask = await decodeMask(
      png([header(5, 2, 2, 3), ['PLTE', new Uint8Array(12)], ['IDAT', deflateSync(rows)], END]),
      { subject },
    );
    expect([mask.kind, ...mask.values]).toEqual(['index', 0, 1, 2, 3, 0, 3, 2, 1, 0, 3]);
    const bits = await decodeMask(
      png([header(3, 1, 1, 0), ['IDAT', deflateSync(Uint8Array.of(0, 0b10100000))], END]),
      { subject },
    );
    expect([bits.kind, ...bits.values]).toEqual(['grey', 1, 0, 1]);
    const nibbles = await decodeMask(
      png([header(3, 1, 4, 0), ['IDAT', deflateSync(Uint8Array.of(0, 0xf2, 0x90))], END]),
      { subject },
    );
    expect([...nibbles.values]).toEqual([15, 2, 9]);
  });

  test('reads 8 and 16-bit grey, and grey stored as RGB', async () => {
    const grey = encode({ width: 2, height: 1, data: Uint8Array.of(0, 200), channels: 1 });
    expect(await decodeMask(grey, { subject })).toMatchObject({
      kind: 'grey',
      values: Uint8Array.of(0, 200),
    });
    const wide = encode({
      width: 2,
      height: 1,
      data: Uint16Array.of(3, 60_000),
      channels: 1,
      depth: 16,
    });
    expect(await decodeMask(wide, { subject })).toMatchObject({
      kind: 'grey',
      values: Uint16Array.of(3, 60_000),
    });
    const rgb = encode({
      width: 2,
      height: 1,
      data: Uint8Array.of(0, 0, 0, 255, 255, 255),
      channels: 3,
    });
    expect(await decodeMask(rgb, { subject })).toMatchObject({
      kind: 'grey',
      values: Uint8Array.of(0, 255),
    });
  });

  test('tells colours apart and names them', async () => {
    const data = Uint8Array.of(0, 0, 0, 255, 255, 0, 16, 255, 255, 0, 16, 0);
    const mask = await decodeMask(encode({ width: 3, height: 1, data, channels: 4 }), { subject });
    expect(mask.kind).toBe('colour');
    expect([...mask.histogram]).toEqual([
      [0, 1],
      [0xff0010, 2],
    ]);
    expect(mask.alpha).toMatchObject({
      values: Uint8Array.of(255, 255, 0),
      transparent: 1,
      hidden: 1,
    });
    expect(maskValueName('colour', 0x00_10_ff)).toBe('#0010ff');
    expect(maskValueName('index', 16)).toBe('16');
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'turns EXIF orientation %i of a PNG upright, as its image is turned',
    async (orientation) => {
      const raw = { width: 3, height: 2, channels: 1 } as const;
      const drawn = sharp(Uint8Array.of(0, 1, 2, 3, 4, 5), { raw }).toColourspace('b-w');
      const file = await drawn.withMetadata({ orientation }).png().toBuffer();
      const mask = await decodeMask(file, { subject });
      const image = await decodeImage(fileInMemory(file), { subject });
      expect([mask.width, mask.height]).toEqual([image.width, image.height]);
      const seen = image.data.filter((_, i) => i % image.channels === 0);
      expect([...mask.values]).toEqual([...seen]);
      expect(mask.notes).toEqual(image.notes);
      expect(mask.notes.length).toBe(orientation === 1 ? 0 : 1);
    },
  );

  test('thresholds JPEG masks at 127 and says that they are lossy', async () => {
    const raw = new Uint8Array(64 * 64 * 3);
    for (let i = 0; i < raw.length; i++) raw[i] = Math.floor(i / 3) % 64 < 30 ? 0 : 255;
    const jpeg = await sharp(raw, { raw: { width: 64, height: 64, channels: 3 } })
      .jpeg({ quality: 60 })
      .toBuffer();
    const mask = await decodeMask(jpeg, { subject });
    expect([...mask.histogram.keys()]).toEqual([0, 255]);
    expect(mask.notes[0]).toContain('lossy');
    expect(mask.histogram.get(0)).toBe(64 * 30);
  });

  test('reads TIFF and GIF masks', async () => {
    expect((await decodeMask(tiff('grey16'), { subject })).values).toEqual(
      Uint16Array.from({ length: 12 }, (_, i) => i * 5000),
    );
    const gif = await sharp(Uint8Array.of(0, 255, 255, 0), {
      raw: { width: 2, height: 2, channels: 1 },
    })
      .gif()
      .toBuffer();
    expect(await decodeMask(gif, { subject })).toMatchObject({
      kind: 'grey',
      values: Uint8Array.of(0, 255, 255, 0),
    });
  });
});

describe('TIFF masks are read as stored', () => {
  const [width, height] = [5, 3];
  const page = { width, height, bits: [8] };
  const maskOf = (one: Partial<TiffPage> & Pick<TiffPage, 'samples'>) =>
    decodeMask(writeTiff([{ ...page, ...one }]), { subject });

  test('where white is zero: 255 stays 255, class 2 stays 2, and that is said', async () => {
    const samples = [0, 1, 2, 255, 0, 0, 1, 2, 255, 0, 0, 0, 0, 0, 0];
    for (const compression of ['none', 'lzw'] as const) {
      const mask = await maskOf({ samples, photometric: 0, compression });
      expect([...mask.values]).toEqual(samples);
      expect(mask.kind).toBe('grey');
      expect(mask.notes).toEqual([expect.stringContaining('shows 0 as white')]);
    }
  });

  test('of 1 bit: 0 and 1, as in a PNG of 1 bit', async () => {
    const samples = [0, 1, 1, 0, 0, 0, 1, 0, 0, 1, 1, 1, 0, 0, 0];
    for (const photometric of [0, 1]) {
      const mask = await maskOf({ samples, photometric, bits: [1] });
      expect([...mask.values]).toEqual(samples);
    }
  });

  test('by their numbers where there is a colour table', async () => {
    const samples = [0, 1, 2, 2, 0, 0, 1, 2, 3, 0, 0, 0, 0, 0, 0];
    for (const bits of [2, 4, 8]) {
      const white = Array.from({ length: 3 * 2 ** bits }, (_, i) => 65_535 - 900 * i);
      const mask = await maskOf({ samples, photometric: 3, bits: [bits], tags: { 320: white } });
      expect(mask.kind).toBe('index');
      expect([...mask.values]).toEqual(samples);
    }
  });

  test.each([true, false])('of fax compression, white is zero: %s', async (miniswhite) => {
    const [across, down, ink] = [64, 64, 20];
    const shown = Uint8Array.from({ length: across * down }, (_, i) =>
      i % across < ink ? 0 : 255,
    );
    const bytes = await sharp(shown, { raw: { width: across, height: down, channels: 1 } })
      .toColourspace('b-w')
      .tiff({ compression: 'ccittfax4', bitdepth: 1, miniswhite })
      .toBuffer();
    const mask = await decodeMask(bytes, { subject });
    const black = miniswhite ? 1 : 0;
    expect(mask.histogram).toEqual(
      new Map([
        [0, (black === 0 ? ink : across - ink) * down],
        [1, (black === 1 ? ink : across - ink) * down],
      ]),
    );
    expect(mask.values[0]).toBe(black);
  });
});

describe('bad masks', () => {
  test('a picture, fractions and odd channel counts are refused', async () => {
    const picture = Uint8Array.from({ length: 32 * 32 * 3 }, (_, i) => ((i * i) >> 3) & 255);
    expect(await codeOf(encode({ width: 32, height: 32, data: picture, channels: 3 }))).toMatch(
      /^unsupported: masks\/a\.png .*more than 256 colours/,
    );
    expect(await codeOf(tiff('float'))).toMatch(/^unsupported: .*-0\.75/);
    expect(await codeOf(tiff('five'))).toMatch(/^unsupported: .*5 channels/);
  });

  test('a coloured JPEG is refused', async () => {
    const red = await sharp({
      create: { width: 16, height: 16, channels: 3, background: '#ff0000' },
    })
      .jpeg()
      .toBuffer();
    expect(await codeOf(red)).toMatch(/^unsupported: .*JPEG with colours/);
  });

  test('class numbers beside white are named, and blurred black and white is not', async () => {
    const raw = { width: 64, height: 64, channels: 1 } as const;
    const levels = [0, 3, 7, 200];
    const ids = Uint8Array.from({ length: 4096 }, (_, i) => levels[(i % 64) >> 4] ?? 0);
    for (const quality of [50, 75, 95]) {
      const jpeg = await sharp(ids, { raw }).jpeg({ quality }).toBuffer();
      const [note] = (await decodeMask(jpeg, { subject: 'ids.jpg' })).notes;
      expect(note).toMatch(/regions of .*[67].*, which become 0: if these are classes/);
      const soft = sharp(
        ids.map((value) => (value > 3 ? 255 : 0)),
        { raw },
      ).blur(2);
      const { notes } = await decodeMask(await soft.jpeg({ quality }).toBuffer(), {
        subject: 'soft.jpg',
      });
      expect(notes).toEqual(['JPEG mask: values are lossy, taken as 255 above 127 and as 0 below']);
    }
  });

  test('regions of grey beside white are refused, small ones named, where losses left no two pixels equal', async () => {
    const side = 96;
    const raw = { width: side, height: side, channels: 1 } as const;
    const isIn = (i: number, x: number, y: number, radius: number) =>
      Math.hypot((i % side) - x, Math.floor(i / side) - y) <= radius;
    /** A white disc, and a small one; [height, width] */
    const drawn = (level: number, radius: number) =>
      Uint8Array.from({ length: side * side }, (_, i) =>
        isIn(i, 30, 30, 14) ? 255 : isIn(i, 70, 66, radius) ? level : 0,
      );
    const plain = 'JPEG mask: values are lossy, taken as 255 above 127 and as 0 below';
    for (const quality of [75, 90, 100]) {
      const encoded = (level: number, radius: number, blur: number) =>
        sharp(drawn(level, radius), { raw }).blur(blur).jpeg({ quality }).toBuffer();
      const notesOf = async (file: Uint8Array) => (await decodeMask(file, { subject })).notes;
      expect(await codeOf(await encoded(127, 14, 0.3))).toMatch(
        /^unsupported: .*JPEG with regions of other levels than black and white/,
      );
      for (const level of [100, 127, 160]) {
        expect(await notesOf(await encoded(level, 6, 0.3))).toEqual([
          expect.stringMatching(
            /; but it has even grey between .* \(\d+ px\), which is cut at 127:/,
          ),
        ]);
      }
      // A tenth of the white: some eighty pixels, near black and near white alike.
      for (const level of quality < 90 ? [] : [40, 70, 127, 200]) {
        const small = await encoded(level, 5, 0.3);
        expect((await notesOf(small))[0]).toMatch(/; but it has even grey .* cut at 127:/);
      }
      for (const blur of [0.3, 1, 2]) {
        expect(await notesOf(await encoded(255, 6, blur))).toEqual([plain]);
      }
    }
  });

  test('class numbers and grey levels with losses are called what they are', async () => {
    const raw = { width: 32, height: 32, channels: 1 } as const;
    const shades = (...levels: number[]) =>
      sharp(
        Uint8Array.from({ length: 1024 }, (_, i) => levels[(i % 32) >> 4] ?? 0),
        { raw },
      );
    expect(await codeOf(await shades(0, 2).jpeg().toBuffer())).toMatch(
      /^unsupported: .*JPEG whose values reach only 2 of 255, so class numbers/,
    );
    expect(await codeOf(await shades(0, 3).webp({ quality: 80 }).toBuffer())).toMatch(
      /^unsupported: .*WebP whose values reach only \d+ of 255/,
    );
    expect(await codeOf(await shades(128, 255).jpeg().toBuffer())).toMatch(
      /^unsupported: .*JPEG with regions of other levels than black and white/,
    );
    const empty = await decodeMask(await shades(0, 0).jpeg().toBuffer(), { subject });
    expect([...empty.histogram]).toEqual([[0, 1024]]);
    const exact = await decodeMask(await shades(0, 3).webp({ lossless: true }).toBuffer(), {
      subject,
    });
    expect([...exact.histogram.keys()]).toEqual([0, 3]);
  });

  test('empty, cut and damaged files are unreadable', async () => {
    const data = Uint8Array.from({ length: 4096 }, (_, i) => (i * i) >> 5);
    const whole = encode({ width: 64, height: 64, data, channels: 1, palette });
    expect(await codeOf(new Uint8Array(0))).toMatch(/^unreadable/);
    for (let length = 9; length < whole.length; length += 61) {
      expect(await codeOf(whole.subarray(0, length))).toMatch(/^unreadable/);
    }
    const damaged = Uint8Array.from(whole);
    damaged.fill(0, 1200, 1210);
    expect(await codeOf(damaged)).toMatch(/^unreadable/);
  });

  test('pixel data that ends early is unreadable although every chunk is whole', async () => {
    const rows = deflateSync(new Uint8Array(10 * 11));
    const short = png([header(10, 20, 8, 0), ['IDAT', rows], END]);
    expect(await codeOf(short)).toMatch(/^unreadable/);
    const stream = deflateSync(new Uint8Array(20 * 11));
    const cut = png([header(10, 20, 8, 0), ['IDAT', stream.subarray(0, 8)], END]);
    expect(await codeOf(cut)).toMatch(/^unreadable/);
  });

  test('a header that promises 50,000 px is refused before anything is allocated', async () => {
    expect(await codeOf(png([header(50_000, 50_000, 8, 3), END]))).toMatch(
      /^unsupported: .*50,000 px wide/,
    );
  });
});

describe('masks of 32 bits', () => {
  const page = (samples: readonly number[], width: number): TiffPage => ({
    ...{ width, height: samples.length / width, samples, bits: [32] },
  });

  test('are values where 16 bits hold them', async () => {
    const { values, objects } = await decodeMask(writeTiff([page([0, 7, 65_535, 7], 2)]), {
      subject,
    });
    expect([...values]).toEqual([0, 7, 65_535, 7]);
    expect(objects).toBeUndefined();
  });

  test('number objects where they do not, 70,000 of them too, and it is said', async () => {
    const samples = Array.from({ length: 71_000 }, (_, i) => (i < 1000 ? 0 : i - 999));
    const mask = await decodeMask(writeTiff([page(samples, 355)]), { subject });
    expect(mask.notes.at(-1)).toBe(
      'its 70000 values number objects: each is kept apart, all of one class',
    );
    expect([...mask.histogram]).toEqual([
      [0, 1000],
      [255, 70_000],
    ]);
    expect([mask.objects?.[999], mask.objects?.at(-1)]).toEqual([0, 70_000]);
  });

  test.each([32, 64])('number objects with a sign or without, of %i bits too', async (bits) => {
    const samples = [0, 2 ** 24, 2 ** 24 + 1, 2 ** 31 - 1];
    for (const format of ['signed', 'unsigned'] as const) {
      const file = writeTiff([{ ...page(samples, 2), bits: [bits], format }]);
      expect((await decodeMask(file, { subject })).objects).toEqual(Uint32Array.of(0, 1, 2, 3));
    }
  });

  test('are refused by name where numbers cannot be told apart, or are none', async () => {
    const float = { ...page([0, 2 ** 24 + 2], 2), format: 'float' } as const;
    expect(await codeOf(writeTiff([float]))).toMatch(/unsupported: .*16777218.*Number them from 1/);
    const half = { ...page([0, 0.5], 2), format: 'float' } as const;
    expect(await codeOf(writeTiff([half]))).toContain('0.5, which is no class and no object');
  });
});
