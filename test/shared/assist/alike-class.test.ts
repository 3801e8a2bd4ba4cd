import { expect, it } from 'vitest';
import { alikeClass, type KnownLook, lookOf, looksOf } from '../../../shared/assist/alike-class.ts';
import type { ImagePixels } from '../../../shared/display.ts';

/** Bright and dark squares of 4 px, one a cell of 8 px: bright ones are of class 2, dark ones of class 1. */
const SIDE = 64;
const bright = (cell: number) => cell % 3 === 0;
const cellOf = (i: number) => Math.floor(i / SIDE / 8) * (SIDE / 8) + Math.floor((i % SIDE) / 8);
const isIn = (i: number) => i % 8 < 4 && Math.floor(i / SIDE) % 8 < 4;
const pixels: ImagePixels = {
  ...{ width: SIDE, height: SIDE, channels: 1, bitDepth: 32 },
  data: Float32Array.from({ length: SIDE * SIDE }, (_, i) =>
    isIn(i) ? (bright(cellOf(i)) ? 200 : 90) + (i % 3) : i === 5 ? Number.NaN : 10,
  ),
};
const map = {
  ...{ width: SIDE, height: SIDE },
  data: Uint8Array.from({ length: SIDE * SIDE }, (_, i) =>
    isIn(i) ? (bright(cellOf(i)) ? 2 : 1) : 0,
  ),
};
const known = looksOf(pixels, map, { hasBackground: true });
const square = (left: number, top: number) => ({ region: { left, top, width: 4 }, runs: [0, 16] });

it('looks at size and samples, the same of a shape and of the object that it becomes', () => {
  expect(known).toHaveLength(64);
  expect(known.map(({ value }) => value).slice(0, 4)).toEqual([2, 1, 1, 2]);
  expect(lookOf(pixels, square(0, 0))).toEqual(known[0]?.look);
  expect(lookOf(pixels, square(-10, 0))).toBeNull();
  const ofNothing = lookOf(pixels, { region: { left: 5, top: 0, width: 1 }, runs: [0, 1] });
  expect(ofNothing).toEqual(Float64Array.of(0, 0, 0));
});

it('says the class of the most alike objects', () => {
  const dark = lookOf(pixels, square(8, 0));
  const light = lookOf(pixels, square(24, 0));
  if (dark === null || light === null) expect.fail('no shape');
  expect(alikeClass(dark, known)).toEqual({ value: 1, votes: 7, of: 7 });
  expect(alikeClass(light, known)).toEqual({ value: 2, votes: 7, of: 7 });
});

it('says nothing where little is known, all is of one class, or those that are alike do not agree', () => {
  const look = lookOf(pixels, square(0, 0));
  if (look === null) expect.fail('no shape');
  expect(alikeClass(look, known.slice(0, 3))).toBeNull();
  expect(
    alikeClass(
      look,
      known.filter(({ value }) => value === 2),
    ),
  ).toBeNull();
  const mixed = known.map((one, i): KnownLook => ({ ...one, value: 1 + (i % 2) }));
  expect(alikeClass(look, mixed.slice(0, 8))).toBeNull();
  const ofOtherChannels = known.map((one): KnownLook => ({ ...one, look: new Float64Array(5) }));
  expect(alikeClass(look, ofOtherChannels)).toBeNull();
});
