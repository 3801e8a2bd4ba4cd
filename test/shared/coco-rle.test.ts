import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  cocoArea,
  cocoBox,
  cocoRuns,
  compressCocoCounts,
  encodeCocoRuns,
  forEachCocoPixel,
} from '../../shared/coco-rle.ts';

/**
 * Made with pycocotools 2.0.11: mask.encode of random NumPy masks (densities 0 … 1, some enlarged to long
 * runs), their mask.area and mask.toBbox; `bits` is numpy.packbits of the row-major mask, base64.
 */
const recorded = z
  .array(
    z.object({
      size: z.tuple([z.number(), z.number()]),
      bits: z.string(),
      counts: z.string(),
      area: z.number(),
      bbox: z.array(z.number()),
    }),
  )
  .parse(JSON.parse(readFileSync(new URL('./pycocotools-masks.json', import.meta.url), 'utf8')));

function unpackBits(bits: string, length: number): Uint8Array {
  const packed = Buffer.from(bits, 'base64');
  return Uint8Array.from({ length }, (_, i) => ((packed[i >> 3] ?? 0) >> (7 - (i & 7))) & 1);
}

/** Runs of the ones; a mask without any is one run of zeros. */
const runsOf = (data: Uint8Array, size: readonly [number, number]) =>
  encodeCocoRuns(data, size).get(1) ?? [size[0] * size[1]];

/** Row-major mask of 0 and 1. */
function decodeCocoRle(rle: Parameters<typeof cocoRuns>[0]) {
  const runs = cocoRuns(rle);
  if (!runs.ok) return runs;
  const mask = new Uint8Array(rle.size[0] * rle.size[1]);
  forEachCocoPixel(runs.counts, rle.size, (i) => (mask[i] = 1));
  return { ok: true as const, mask };
}

function reasonOf(size: readonly [number, number], counts: string | number[]): string {
  const runs = cocoRuns({ size, counts });
  return runs.ok ? 'accepted' : runs.reason;
}

const masks = fc
  .record({ width: fc.integer({ min: 1, max: 40 }), height: fc.integer({ min: 1, max: 40 }) })
  .chain(({ width, height }) =>
    fc.record({
      size: fc.constant<[number, number]>([height, width]),
      data: fc
        .array(fc.constantFrom(0, 0, 0, 1, 2), {
          minLength: width * height,
          maxLength: width * height,
        })
        .map((values) => Uint8Array.from(values)),
    }),
  );

describe('COCO RLE', () => {
  test('a 4 × 3 mask with its top row set is 0130000', () => {
    const data = Uint8Array.of(1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    const counts = runsOf(data, [4, 3]);
    expect(counts).toEqual([0, 1, 3, 1, 3, 1, 3]);
    expect(compressCocoCounts(counts)).toBe('0130000');
    expect(decodeCocoRle({ size: [4, 3], counts: '0130000' })).toEqual({ ok: true, mask: data });
  });

  test('agrees with pycocotools on codes, areas and boxes', () => {
    expect(recorded.length).toBe(60);
    for (const { size, bits, counts, area, bbox } of recorded) {
      const data = unpackBits(bits, size[0] * size[1]);
      const runs = runsOf(data, size);
      expect(compressCocoCounts(runs)).toBe(counts);
      expect(decodeCocoRle({ size, counts })).toEqual({ ok: true, mask: data });
      expect(cocoArea(runs)).toBe(area);
      expect(cocoBox(runs, size)).toEqual(bbox);
    }
  });

  test('any class of any map survives both forms', () => {
    fc.assert(
      fc.property(masks, ({ size, data }) => {
        const counts = runsOf(data, size);
        const mask = data.map((value) => (value === 1 ? 1 : 0));
        expect(decodeCocoRle({ size, counts })).toEqual({ ok: true, mask });
        expect(decodeCocoRle({ size, counts: compressCocoCounts(counts) })).toEqual({
          ok: true,
          mask,
        });
      }),
    );
  });

  test('runs of a thousand million pixels survive compression', () => {
    const counts = [2 ** 29, 1, 2, 2 ** 29 - 3];
    expect(cocoRuns({ size: [2 ** 15, 2 ** 15], counts: compressCocoCounts(counts) })).toEqual({
      ok: true,
      counts,
    });
  });
});

describe('runs of a mask', () => {
  test('are known of every value but the background', () => {
    const runs = encodeCocoRuns(Int32Array.of(0, 7, 300, 0, 0, 0), [2, 3]);
    expect([...runs]).toEqual([
      [7, [2, 1, 3]],
      [300, [4, 1, 1]],
    ]);
    expect([...encodeCocoRuns(new Uint8Array(6), [2, 3])]).toEqual([]);
  });

  test('may be empty between others, and then lie nowhere', () => {
    expect(cocoBox([1, 0, 3], [2, 2])).toEqual([0, 0, 0, 0]);
    expect(cocoBox([1, 0, 1, 1, 1], [2, 2])).toEqual([1, 0, 1, 1]);
    expect(cocoArea([1, 0, 1, 1, 1])).toBe(1);
  });

  test('take up to seven characters each', () => {
    const four = 'T'; // 4, and more to come
    expect(reasonOf([2, 2], `${four}PPPPP0`)).toBe('accepted');
    expect(reasonOf([2, 2], `${four}PPPPPP0`)).toMatch(/too long/);
  });
});

describe('hostile counts are refused with a reason', () => {
  test.each<[string, [number, number], string | number[], RegExp]>([
    ['negative', [2, 2], [5, -1], /a run is -1 long/],
    ['fraction', [2, 2], [1.5, 2.5], /a run is 1\.5 long/],
    ['not a number', [2, 2], [Number.NaN, 4], /a run is NaN long/],
    ['overflow', [2, 2], [1e308, 1e308], /cover Infinity of 4 pixels/],
    ['too few', [2, 2], [1, 2], /cover 3 of 4 pixels/],
    ['too many', [2, 2], [1, 4], /cover 5 of 4 pixels/],
    ['none', [2, 2], [], /cover 0 of 4 pixels/],
    ['negative in compressed form', [2, 2], 'O', /a run is -1 long/],
    ['cut off', [2, 2], 'P', /cut off/],
    ['endless', [2, 2], 'oooooooooooo0', /too long/],
    ['foreign characters', [2, 2], '1 2', /the character ' '/],
    ['the first character below', [2, 2], '/', /the character '\/'/],
    ['the first character above', [2, 2], 'p4', /the character 'p'/],
    ['half a size', [1.5, 4], [6], /its size is 1\.5 × 4/],
    ['no size', [0, 4], [0], /its size is 0 × 4/],
    ['a size beyond all memory', [1e6, 1e6], '0', /its size is 1000000 × 1000000/],
  ])('%s', (_, size, counts, reason) => {
    expect(reasonOf(size, counts)).toMatch(reason);
    expect(decodeCocoRle({ size, counts }).ok).toBe(false);
  });

  test('no string of any kind throws or gives a wrong size', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 30 }), (counts) => {
        const decoded = decodeCocoRle({ size: [5, 7], counts });
        if (decoded.ok) expect(decoded.mask.length).toBe(35);
        else expect(decoded.reason).not.toBe('');
      }),
    );
  });
});
