import { encode } from 'fast-png';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import * as decoder from '../../../engine/data/decode.ts';
import { fileInMemory } from '../../../engine/data/image-file.ts';
import { formatOf } from '../../../engine/data/image-format.ts';
import { AppError, type ErrorCode } from '../../../shared/errors.ts';
import { tiff } from './tiff-fixtures.ts';

type Options<F extends (...args: never[]) => unknown> = Parameters<F>[1];
const decodeImage = (bytes: Uint8Array, options: Options<typeof decoder.decodeImage>) =>
  decoder.decodeImage(fileInMemory(bytes), options);
const openImage = (bytes: Uint8Array, options: Options<typeof decoder.openImage>) =>
  decoder.openImage(fileInMemory(bytes), options);
const pageCount = (bytes: Uint8Array, options: Options<typeof decoder.pageCount>) =>
  decoder.pageCount(fileInMemory(bytes), options);

const subject = 'cells/a.png';

async function failure(work: Promise<unknown>): Promise<AppError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof AppError) return error;
  throw new Error(`expected an AppError, got ${String(error)}`);
}

async function expectCode(bytes: Uint8Array, code: ErrorCode): Promise<AppError> {
  const error = await failure(decodeImage(bytes, { subject }));
  expect(error.code).toBe(code);
  expect(error.message).toContain(subject);
  return error;
}

/** 3 × 2 RGB, every sample different. */
const RGB_3X2 = Uint8Array.from({ length: 18 }, (_, i) => i * 10);

const noise = (length: number) =>
  Uint8Array.from({ length }, (_, i) => (Math.imul(i + 1, 0x9e3779b1) >>> 13) & 255);

describe('decodeImage', () => {
  test('keeps all 65,536 values of a 16-bit grey PNG', async () => {
    const data = Uint16Array.from({ length: 65_536 }, (_, i) => i);
    const png = encode({ width: 256, height: 256, data, depth: 16, channels: 1 });
    const image = await decodeImage(png, { subject });
    expect(image).toMatchObject({ width: 256, height: 256, channels: 1, bitDepth: 16, notes: [] });
    expect(image.data).toEqual(data);
  });

  test('keeps 16-bit RGB and 8-bit grey and RGB as stored', async () => {
    const rgb16 = Uint16Array.from({ length: 18 }, (_, i) => i * 3001);
    const wide = await decodeImage(
      encode({ width: 3, height: 2, data: rgb16, depth: 16, channels: 3 }),
      { subject },
    );
    expect([wide.channels, wide.bitDepth]).toEqual([3, 16]);
    expect(wide.data).toEqual(rgb16);

    const grey = await decodeImage(
      encode({ width: 6, height: 3, data: RGB_3X2, depth: 8, channels: 1 }),
      { subject },
    );
    expect([grey.width, grey.height, grey.channels, grey.bitDepth]).toEqual([6, 3, 1, 8]);
    expect(grey.data).toEqual(RGB_3X2);

    const rgb = await decodeImage(
      encode({ width: 3, height: 2, data: RGB_3X2, depth: 8, channels: 3 }),
      { subject },
    );
    expect(rgb.channels).toBe(3);
    expect(rgb.data).toEqual(RGB_3X2);
  });

  test('drops alpha without blending and says whether pixels were transparent', async () => {
    const opaque = encode({
      width: 2,
      height: 1,
      data: Uint8Array.of(1, 2, 3, 255, 4, 5, 6, 255),
      channels: 4,
    });
    expect(await decodeImage(opaque, { subject })).toMatchObject({
      channels: 3,
      data: Uint8Array.of(1, 2, 3, 4, 5, 6),
      notes: ['opaque alpha channel dropped'],
    });
    const clear = encode({ width: 2, height: 1, data: Uint8Array.of(7, 0, 9, 255), channels: 2 });
    expect(await decodeImage(clear, { subject })).toMatchObject({
      channels: 1,
      data: Uint8Array.of(7, 9),
      notes: ['alpha channel dropped, though not all pixels are opaque'],
    });
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('turns EXIF orientation %i upright, once', async (value) => {
    // A 3 × 2 photograph whose upright pixels are known by the EXIF specification's row/column rule.
    const stored = [10, 20, 30, 40, 50, 60];
    const upright: Record<number, number[][]> = {
      1: [
        [10, 20, 30],
        [40, 50, 60],
      ],
      2: [
        [30, 20, 10],
        [60, 50, 40],
      ],
      3: [
        [60, 50, 40],
        [30, 20, 10],
      ],
      4: [
        [40, 50, 60],
        [10, 20, 30],
      ],
      5: [
        [10, 40],
        [20, 50],
        [30, 60],
      ],
      6: [
        [40, 10],
        [50, 20],
        [60, 30],
      ],
      7: [
        [60, 30],
        [50, 20],
        [40, 10],
      ],
      8: [
        [30, 60],
        [20, 50],
        [10, 40],
      ],
    };
    const png = await sharp(Buffer.from(stored), { raw: { width: 3, height: 2, channels: 1 } })
      .withMetadata({ orientation: value })
      .png()
      .toBuffer();
    const image = await decodeImage(png, { subject });
    const rows = upright[value] ?? [];
    expect([image.height, image.width]).toEqual([rows.length, rows[0]?.length]);
    expect([...image.data]).toEqual(rows.flat().flatMap((grey) => [grey, grey, grey]));
    expect(image.notes.length).toBe(value === 1 ? 0 : 1);
    if (value === 6) expect(image.notes).toEqual(['EXIF orientation applied (rotated by 90°)']);
  });

  test('expands palettes, reads GIF and WebP, and counts frames', async () => {
    const raw = sharp(RGB_3X2, { raw: { width: 3, height: 2, channels: 3 } });
    const gif = await raw.clone().gif().toBuffer();
    const image = await decodeImage(gif, { subject });
    expect([image.width, image.height, image.channels, image.notes]).toEqual([3, 2, 3, []]);
    expect(await pageCount(gif, { subject })).toBe(1);
    const webp = await raw.clone().webp({ lossless: true }).toBuffer();
    expect((await decodeImage(webp, { subject })).data).toEqual(RGB_3X2);
    const frames = await sharp(
      await Promise.all(
        [80, 160, 240].map((r) =>
          sharp({ create: { width: 4, height: 4, channels: 3, background: { r, g: 0, b: 0 } } })
            .png()
            .toBuffer(),
        ),
      ),
      { join: { animated: true } },
    )
      .gif()
      .toBuffer();
    expect(await pageCount(frames, { subject })).toBe(3);
    const last = await decodeImage(frames, { subject, page: 2 });
    expect([...last.data.subarray(0, 3)]).toEqual([240, 0, 0]);
    expect((await failure(decodeImage(frames, { subject, page: 3 }))).code).toBe('invalid-input');
  });
});

describe('scientific TIFF', () => {
  const grey16 = Uint16Array.from({ length: 12 }, (_, i) => i * 5000);

  test.each(['grey16', 'grey16be', 'zlib', 'zlibbe'] as const)(
    '%s keeps its 16-bit samples',
    async (name) => {
      expect(await decodeImage(tiff(name), { subject })).toEqual({
        width: 4,
        height: 3,
        channels: 1,
        bitDepth: 16,
        data: grey16,
        notes: [],
      });
    },
  );

  test('floating point keeps its units; what is not finite becomes 0 and is noted', async () => {
    const image = await decodeImage(tiff('float'), { subject });
    expect(image.bitDepth).toBe(32);
    expect([...image.data]).toEqual([
      0, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75,
    ]);
    expect(image.notes).toEqual(['1 sample was not finite and became 0']);
  });

  test.each(['floatzlib', 'floatzlibbe'] as const)('%s has its predicted values', async (name) => {
    const image = await decodeImage(tiff(name), { subject });
    expect(image.data).toEqual(Float32Array.from({ length: 12 }, (_, i) => i / 4 - 1));
  });

  test('tiles are put together, those at the edges cut', async () => {
    const image = await decodeImage(tiff('tiles'), { subject });
    expect([image.width, image.height, image.channels]).toEqual([18, 20, 3]);
    expect(image.data).toEqual(Uint16Array.from({ length: 1080 }, (_, i) => i * 50));
  });

  test.each(['none', 'horizontal'] as const)('LZW with predictor %s', async (predictor) => {
    const [width, height] = [120, 90];
    const noise = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * i * 31) >>> 5);
    const raw = { width, height, channels: 3 } as const;
    const bytes = await sharp(noise, { raw }).tiff({ compression: 'lzw', predictor }).toBuffer();
    expect((await decodeImage(bytes, { subject })).data).toEqual(noise);
  });

  test('signed integers become floating point of the same value', async () => {
    const image = await decodeImage(tiff('int16'), { subject });
    expect(image.data).toEqual(Float32Array.of(-3, -2, -1, 0, 1, 2));
  });

  test('reads pages one by one', async () => {
    expect(await pageCount(tiff('stack'), { subject })).toBe(3);
    for (const page of [0, 1, 2]) {
      const image = await decodeImage(tiff('stack'), { subject, page });
      expect(image.data).toEqual(new Uint16Array(6).fill(page * 1000));
    }
    const beyond = await failure(decodeImage(tiff('stack'), { subject, page: 3 }));
    expect(beyond.code).toBe('invalid-input');
  });

  test.each(['five', 'fiveplanar'] as const)('%s keeps five channels', async (name) => {
    const image = await decodeImage(tiff(name), { subject });
    expect([image.width, image.height, image.channels]).toEqual([3, 2, 5]);
    expect(image.data).toEqual(Uint8Array.from({ length: 30 }, (_, i) => i));
  });

  test('drops a declared alpha channel', async () => {
    const image = await decodeImage(tiff('rgba'), { subject });
    expect(image.notes).toEqual(['alpha channel dropped, though not all pixels are opaque']);
    expect([...image.data.subarray(0, 6)]).toEqual([0, 1, 2, 4, 5, 6]);
  });

  test('applies the orientation tag', async () => {
    const image = await decodeImage(tiff('orient6'), { subject });
    expect([image.width, image.height, ...image.data]).toEqual([2, 3, 3, 0, 4, 1, 5, 2]);
    expect(image.notes).toEqual(['EXIF orientation applied (rotated by 90°)']);
  });

  test('white-is-zero and bilevel files come out with black as 0', async () => {
    expect([...(await decodeImage(tiff('white'), { subject })).data]).toEqual([255, 245, 55, 0]);
    expect([...(await decodeImage(tiff('bilevel'), { subject })).data]).toEqual([255, 0, 0, 255]);
  });

  test('pages that lead in a circle are refused', async () => {
    const file = Buffer.from(tiff('grey16'));
    const entries = file.readUInt16LE(8);
    file.writeUInt32LE(8, 8 + 2 + entries * 12); // the next directory is this one again
    const error = await failure(pageCount(file, { subject }));
    expect([error.code, error.message]).toEqual([
      'unreadable',
      expect.stringContaining('lead in a circle'),
    ]);
  });

  test('counts the pages of a BigTIFF', async () => {
    // Header, and two directories without entries: enough to count.
    const file = Buffer.alloc(48);
    file.write('II', 0, 'latin1');
    file.writeUInt16LE(43, 2);
    file.writeUInt16LE(8, 4);
    file.writeBigUInt64LE(16n, 8);
    file.writeBigUInt64LE(32n, 24);
    expect(await pageCount(file, { subject })).toBe(2);
  });

  test('a cut file is refused at every length', async () => {
    const whole = tiff('five');
    for (let length = 1; length < whole.length; length += 7) {
      const error = await failure(decodeImage(whole.subarray(0, length), { subject }));
      expect(error.code).toBe('unreadable');
    }
  });
});

describe('bad input', () => {
  test('an empty file is unreadable', async () => {
    expect((await expectCode(new Uint8Array(0), 'unreadable')).message).toContain('0 bytes');
  });

  test('text is not an image', async () => {
    const error = await expectCode(new TextEncoder().encode('id,mask\n1,2'), 'unreadable');
    expect(error.message).toContain('not an image');
  });

  test.each([
    ['BM', 'BMP'],
    ['\0\0\0\x20ftypheic', 'HEIC'],
    ['\0'.repeat(128) + 'DICM', 'DICOM'],
  ])('%j names the format and the remedy', async (head, name) => {
    const error = await expectCode(Buffer.from(head.padEnd(200, '\0'), 'latin1'), 'unsupported');
    expect(error.message).toContain(name);
    expect(error.message).toContain('Convert it to PNG');
  });

  test('truncated PNG, JPEG, GIF and WebP are refused, never half-decoded', async () => {
    const raw = sharp(noise(64 * 64 * 3), { raw: { width: 64, height: 64, channels: 3 } });
    const files = [
      await raw.clone().png().toBuffer(),
      await raw.clone().jpeg().toBuffer(),
      await raw.clone().gif().toBuffer(),
      await raw.clone().webp().toBuffer(),
    ];
    for (const file of files) {
      await decodeImage(file, { subject });
      for (const share of [0.02, 0.3, 0.6, 0.95]) {
        const cut = file.subarray(0, Math.max(12, Math.floor(file.length * share)));
        expect((await failure(decodeImage(cut, { subject }))).code).toBe('unreadable');
      }
    }
  });

  test('a PNG with a damaged middle is refused', async () => {
    const png = Buffer.from(encode({ width: 64, height: 64, data: noise(4096), channels: 1 }));
    png.fill(0x55, png.length >> 1, (png.length >> 1) + 16);
    await expectCode(png, 'unreadable');
  });

  test('50,000 px wide is refused by the header, with the remedy', async () => {
    const wide = encode({ width: 50_000, height: 1, data: new Uint8Array(50_000), channels: 1 });
    const error = await expectCode(wide, 'unsupported');
    expect(error.message).toContain('50,000 px wide');
    expect(error.message).toContain('tiles');
  });

  test('too many pixels in all are refused; limits are options', async () => {
    const png = encode({ width: 20, height: 20, data: new Uint8Array(400), channels: 1 });
    const limits = { maxSidePx: 100, maxPixels: 399 };
    const error = await failure(decodeImage(png, { subject, limits }));
    expect([error.code, error.message]).toEqual([
      'unsupported',
      'cells/a.png has 20 × 20 px; an image may have 399 px in all. Cut it into tiles, or reduce it, and import those.',
    ]);
  });

  test('the format is told by content, not by name', async () => {
    expect(await formatOf(fileInMemory(tiff('float')), 'a.png')).toBe('tiff');
  });
});

describe('an image that is opened', () => {
  const [width, height] = [37, 61];
  const samples = (channels: number, deep = false) =>
    deep
      ? Uint16Array.from({ length: width * height * channels }, (_, i) => (i * 7919) % 65_536)
      : noise(width * height * channels);
  const rgb = { raw: { width, height, channels: 3 } } as const;

  const files: readonly [string, () => Promise<Uint8Array> | Uint8Array][] = [
    ['grey PNG', () => encode({ width, height, data: samples(1), channels: 1 })],
    ['PNG with alpha', () => encode({ width, height, data: samples(4), channels: 4 })],
    ['16-bit PNG', () => encode({ width, height, data: samples(3, true), depth: 16, channels: 3 })],
    ['interlaced PNG', () => sharp(samples(3), rgb).png({ progressive: true }).toBuffer()],
    ['JPEG', () => sharp(samples(3), rgb).jpeg().toBuffer()],
    [
      'turned JPEG',
      () => sharp(samples(3), rgb).jpeg().withMetadata({ orientation: 6 }).toBuffer(),
    ],
    ['WebP', () => sharp(samples(3), rgb).webp({ lossless: true }).toBuffer()],
    ['striped TIFF', () => sharp(samples(3), rgb).tiff({ compression: 'lzw' }).toBuffer()],
    [
      'tiled TIFF',
      () => sharp(samples(3), rgb).tiff({ tile: true, tileWidth: 16, tileHeight: 16 }).toBuffer(),
    ],
  ];

  test.each(files)(
    'gives the rows of a %s as the whole has them, in any order',
    async (_, make) => {
      const bytes = await make();
      const whole = await decodeImage(bytes, { subject });
      // A band of some rows, so that several are read, and the first again.
      const image = await openImage(bytes, { subject, bandBytes: 2000 });
      const { data, channels, bitDepth } = whole;
      const size = { width: whole.width, height: whole.height };
      expect(image).toMatchObject({ ...size, channels, bitDepth });
      const length = whole.width * whole.channels;
      for (const [top, count] of [
        [0, 5],
        [3, 20],
        [whole.height - 9, 9],
        [1, 2],
        [0, whole.height],
      ] as const) {
        expect(await image.rows(top, count)).toEqual(
          data.slice(top * length, (top + count) * length),
        );
      }
    },
  );

  test.each([
    'grey16',
    'grey16be',
    'zlib',
    'float',
    'five',
    'fiveplanar',
    'zlibbe',
    'floatzlibbe',
    'tiles',
    'rgba',
    'int16',
    'orient6',
    'bilevel',
    'white',
  ] as const)('gives the rows of the TIFF %s as the whole has them', async (name) => {
    const whole = await decodeImage(tiff(name), { subject });
    const image = await openImage(tiff(name), { subject, bandBytes: 1 });
    expect(image).toMatchObject({ channels: whole.channels, bitDepth: whole.bitDepth });
    const length = whole.width * whole.channels;
    for (let row = whole.height - 1; row >= 0; row--) {
      const wanted = whole.data.slice(row * length, (row + 1) * length);
      expect(await image.rows(row, 1)).toEqual(wanted);
    }
  });

  test('keeps a band and no more, and reads none twice in a row', async () => {
    const bytes = encode({ width, height, data: samples(1), channels: 1 });
    const image = await openImage(bytes, { subject, bandBytes: 10 * width });
    const first = await image.rows(0, 4);
    expect((await image.rows(2, 4)).buffer).toBe(first.buffer);
    expect((await image.rows(8, 4)).buffer).not.toBe(first.buffer);
    expect(first.buffer.byteLength).toBeLessThan(2 * 10 * width + 8192);
  });

  test('is refused as a whole one is, and says that it is cut off when its rows are read', async () => {
    expect((await failure(openImage(new Uint8Array(), { subject }))).code).toBe('unreadable');
    const bytes = encode({ width, height, data: samples(3), channels: 3 });
    const image = await openImage(bytes.subarray(0, bytes.length - 900), { subject, bandBytes: 1 });
    expect((await failure(image.rows(height - 5, 5))).message).toContain(subject);
  });
});
