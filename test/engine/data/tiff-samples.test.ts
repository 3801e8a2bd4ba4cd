/** Every kind of sample, however it is stored, comes out as the number that was written. */
import { describe, expect, test } from 'vitest';
import { decodeImage, decodeStored, openImage } from '../../../engine/data/decode.ts';
import { fileInMemory } from '../../../engine/data/image-file.ts';
import { type TiffPage, writeTiff } from './tiff-writer.ts';

const subject = 'a.tif';
const [width, height] = [13, 9];

/** Numbers of so many bits that fill them, every channel its own. */
const numbers = (bits: readonly number[]) =>
  Array.from({ length: width * height * bits.length }, (_, i) =>
    Number((BigInt(i + 1) * 0x9e3779b97f4a7c15n) % (1n << BigInt(bits[i % bits.length] ?? 8))),
  );

const page = (bits: readonly number[], changes: Partial<TiffPage> = {}): TiffPage => ({
  width,
  height,
  bits,
  samples: numbers(bits),
  ...changes,
});

async function stored(one: TiffPage, isBig = false) {
  return decodeStored(fileInMemory(writeTiff([one], { isBig })), { subject });
}

/** As stored, whole and by rows; and the first that differs, so that a failure is short. */
async function expectStored(one: TiffPage, isBig = false): Promise<void> {
  const image = await stored(one, isBig);
  expect([image.width, image.height, image.channels]).toEqual([width, height, one.bits.length]);
  const wrong = one.samples.findIndex((value, i) => image.data[i] !== Math.fround(value));
  expect([wrong, wrong < 0 ? 0 : image.data[wrong]]).toEqual([-1, 0]);
}

const LAYOUTS: readonly [string, Partial<TiffPage>][] = [
  ['in one strip', {}],
  ['in strips', { strip: 4 }],
  ['in tiles', { tile: [16, 16] }],
  ['in narrow tiles', { tile: [8, 8] }],
  ['plane by plane', { planar: true, strip: 4 }],
  ['plane by plane in tiles', { planar: true, tile: [8, 8] }],
];

describe('integers', () => {
  const all = Array.from({ length: 32 }, (_, i) => i + 1);

  test.each(all)('of %i bits, grey, in either order of bytes', async (n) => {
    await expectStored(page([n]));
    await expectStored(page([n]), true);
  });

  describe.each(LAYOUTS)('%s', (_, layout) => {
    test.each([1, 2, 4, 5, 8, 10, 12, 14, 16, 20, 24, 32])('of %i bits in colour', async (n) => {
      await expectStored(page([n, n, n], layout));
      await expectStored(page([n, n, n], layout), true);
      await expectStored(page([n, n, n, n, n], { ...layout, photometric: 1 }));
    });
  });

  test('of other bits in each channel', async () => {
    await expectStored(page([5, 6, 5]));
    await expectStored(page([8, 16, 8]));
  });

  test.each([7, 8, 12, 16, 24, 32])('of %i bits with signs', async (n) => {
    const half = 2 ** (n - 1);
    const samples = numbers([n]).map((value) => value - half);
    await expectStored(page([n], { samples, format: 'signed' }));
    await expectStored(page([n], { samples, format: 'signed' }), true);
  });

  test('of 64 bits as far as 32-bit floating point holds them', async () => {
    const samples = numbers([20]);
    await expectStored(page([64], { samples, format: 'unsigned' }));
    await expectStored(page([64], { samples, format: 'unsigned' }), true);
    const signed = samples.map((value) => value - 2 ** 19);
    await expectStored(page([64], { samples: signed, format: 'signed' }));
    await expectStored(page([64], { samples: signed, format: 'signed' }), true);
  });
});

describe('floating point', () => {
  const samples = Array.from({ length: width * height }, (_, i) => (i - 40) / 4);

  test.each([16, 24, 32, 64])('of %i bits, with predictor and without', async (n) => {
    const one = page([n], { samples, format: 'float' });
    for (const isBig of [false, true]) {
      await expectStored(one, isBig);
      await expectStored({ ...one, compression: 'deflate', predictor: 3 }, isBig);
      await expectStored({ ...one, compression: 'deflate', predictor: 3, tile: [8, 8] }, isBig);
    }
  });

  test('of 32 bits with the predictor of integers', async () => {
    const one = page([32], { samples, format: 'float', compression: 'lzw', predictor: 2 });
    await expectStored(one);
    await expectStored(one, true);
  });
});

describe.each(['none', 'lzw', 'deflate', 'packbits'] as const)('compression %s', (compression) => {
  test.each([1, 8, 12, 16])('with FillOrder 2 and %i bits', async (n) => {
    await expectStored(page([n], { compression, fillOrder: 2 }));
    await expectStored(page([n, n, n], { compression, fillOrder: 2, strip: 4 }));
    await expectStored(page([n, n, n], { compression, fillOrder: 2, planar: true, tile: [8, 8] }));
  });

  test('of runs', async () => {
    const samples = numbers([8]).map((value) => value >> 7);
    await expectStored(page([8], { compression, samples }));
  });
});

describe.each(['lzw', 'deflate'] as const)('compression %s with predictor', (compression) => {
  test.each([8, 16, 32])('and %i bits', async (n) => {
    for (const [, layout] of LAYOUTS) {
      const one = page([n, n, n], { ...layout, compression, predictor: 2 });
      await expectStored(one);
      await expectStored({ ...one, fillOrder: 2 }, true);
    }
  });

  test('that nobody defines is refused', async () => {
    const one = page([12], { compression, predictor: 2 });
    await expect(stored(one)).rejects.toThrow(/predictor 2 is not defined .* 12 bits/);
  });
});

test('complex numbers and other sizes are refused in words', async () => {
  const complex = page([32], { tags: { 339: [6] } });
  await expect(stored(complex)).rejects.toThrow(/its samples are complex numbers.*Save it again/);
  await expect(stored(page([40]))).rejects.toThrow(/unsigned samples of 40 bits/);
});

test.each([
  [8, 3, 8, 'CIELab'],
  [8, 3, 16, 'CIELab'],
  [9, 3, 8, 'ICC Lab'],
  [32_803, 1, 16, 'the raw samples of a camera'],
  [34_892, 3, 16, 'the raw samples of a camera'],
  [32_845, 3, 16, 'LogLuv'],
  [5, 3, 8, 'inks other than CMYK'],
  [7, 1, 8, 'something (number 7)'],
  [6, 3, 8, 'YCbCr in every pixel, without JPEG compression'],
  [6, 3, 16, 'YCbCr in every pixel, without JPEG compression'],
])(
  'photometric interpretation %i is refused by its name',
  async (photometric, channels, n, name) => {
    const full = photometric === 6 ? { 530: [1, 1] } : {};
    const bits = Array.from({ length: channels }, () => n);
    const file = fileInMemory(writeTiff([page(bits, { photometric, tags: full })]));
    for (const decode of [decodeImage, decodeStored]) {
      await expect(decode(file, { subject })).rejects.toMatchObject({
        code: 'unsupported',
        message: `${subject} is a TIFF whose samples are ${name}, which Graft does not read. Save it again as RGB or as grey levels.`,
      });
    }
  },
);

describe('what an image shows', () => {
  const shown = async (one: TiffPage) => {
    const file = fileInMemory(writeTiff([one]));
    const whole = await decodeImage(file, { subject });
    const image = await openImage(file, { subject, bandBytes: 1 });
    expect(image).toMatchObject({ channels: whole.channels, bitDepth: whole.bitDepth });
    const length = width * whole.channels;
    for (const row of [height - 1, 0, 3]) {
      const rows = whole.data.slice(row * length, (row + 1) * length);
      expect(await image.rows(row, 1)).toEqual(rows);
    }
    return whole;
  };

  test.each([1, 2, 4])('%i bits are spread over 0 … 255, as in a PNG', async (n) => {
    const one = page([n]);
    const { data, notes } = await shown(one);
    expect([...data]).toEqual(one.samples.map((v) => (v * 255) / (2 ** n - 1)));
    expect(notes).toEqual([]);
  });

  test.each([8, 10, 12, 16])('%i bits are kept', async (n) => {
    const one = page([n, n, n]);
    expect([...(await shown(one)).data]).toEqual(one.samples);
  });

  test.each([1, 4, 8, 12, 16])('white is zero of %i bits: turned, and said', async (n) => {
    const one = page([n], { photometric: 0 });
    const { data, notes } = await shown(one);
    const most = 2 ** n - 1;
    const scale = n < 8 ? 255 / most : 1;
    expect([...data]).toEqual(one.samples.map((v) => (most - v) * scale));
    expect(notes).toEqual([expect.stringContaining('turned round')]);
    expect([...(await stored(one)).data]).toEqual(one.samples);
    expect((await stored(one)).notes).toEqual([expect.stringContaining('read as stored')]);
  });

  test('white is zero of kinds without a white: kept, and said', async () => {
    const samples = Array.from({ length: width * height }, (_, i) => i / 2);
    const { data, notes } = await shown(page([32], { photometric: 0, samples, format: 'float' }));
    expect([...data]).toEqual(samples);
    expect(notes).toEqual([expect.stringContaining('read as stored')]);
  });

  test.each([1, 2, 4, 8, 16])(
    'a colour table of %i bits: colours; as a mask, numbers',
    async (n) => {
      const size = 2 ** n;
      const colour = (index: number) => [index * 7, 255 - index, index * 3].map((v) => v & 255);
      const table = [0, 1, 2].flatMap((c) =>
        Array.from({ length: size }, (_, index) => (colour(index)[c] ?? 0) * 257),
      );
      const one = page([n], { photometric: 3, tags: { 320: table } });
      const { data, channels, bitDepth } = await shown(one);
      expect([channels, bitDepth]).toEqual([3, 8]);
      expect([...data]).toEqual(one.samples.flatMap(colour));
      const mask = await stored(one);
      expect([...mask.data]).toEqual(one.samples);
      expect(mask.isIndexed).toBe(true);
    },
  );

  test('a colour table of greys alone is grey, of 8 bits as well', async () => {
    const table = [0, 1, 2].flatMap(() => Array.from({ length: 16 }, (_, index) => 255 - index));
    const one = page([4], { photometric: 3, tags: { 320: table } });
    const { data, channels } = await shown(one);
    expect(channels).toBe(1);
    expect([...data]).toEqual(one.samples.map((v) => 255 - v));
  });
});
