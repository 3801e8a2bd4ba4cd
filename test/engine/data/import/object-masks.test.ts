import { expect, it } from 'vitest';
import type { DecodedMask } from '../../../../engine/data/decoded-mask.ts';
import { objectsOfSecondMask } from '../../../../engine/data/import/object-masks.ts';
import { evidenceOf } from '../../../../engine/data/mask-evidence.ts';

function mask(...numbers: number[]): DecodedMask {
  const values = Uint8Array.from(numbers);
  const size = { width: values.length, height: 1 };
  return {
    ...size,
    kind: 'index',
    values,
    ...evidenceOf(values, size.width),
    alpha: null,
    notes: [],
  };
}

it('numbers objects of class 0 too, which may be no background', () => {
  const { objects, split } = objectsOfSecondMask(mask(1, 1, 2, 2, 0, 255), mask(0, 0, 0, 1, 1, 1));
  expect([[...objects], split]).toEqual([[1, 1, 2, 3, 0, 0], 0]);
});

it('an object on several classes becomes as many, which is counted', () => {
  const { objects, split } = objectsOfSecondMask(mask(7, 7, 8), mask(1, 2, 2));
  expect([[...objects], split]).toEqual([[1, 2, 3], 1]);
});
