import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LabelMap } from '../../shared/label-map.ts';
import { reshaped, type ShapeOptions } from '../../shared/class-shape.ts';

const SIZE = { width: 9, height: 7 };
const BASE = { value: 2, radiusPx: 1, areaPx: 3, blank: 0, keepOthers: false };

/** Rows of digits. */
const map = (...rows: readonly string[]) => ({
  width: rows[0]?.length ?? 0,
  height: rows.length,
  data: Uint8Array.from(rows.join(''), Number),
});
const rowsOf = ({ width, data }: LabelMap) =>
  Array.from({ length: data.length / width }, (_, y) =>
    data.subarray(y * width, (y + 1) * width).join(''),
  );
const change =
  (options: Partial<ShapeOptions> & Pick<ShapeOptions, 'change'>) =>
  (before: ReturnType<typeof map>) =>
    rowsOf(reshaped(before, { ...BASE, ...options }));

describe('a class', () => {
  it('grows by a disc, over other classes or beside them', () => {
    const before = map('00000', '00000', '00210', '00000', '00000');
    expect(change({ change: 'grow' })(before)).toEqual([
      ...['00000', '00200', '02220', '00200', '00000'],
    ]);
    expect(change({ change: 'grow', radiusPx: 2, keepOthers: true })(before)).toEqual([
      ...['00200', '02220', '22212', '02220', '00200'],
    ]);
  });

  it('shrinks, though not from the edge of the image, and leaves what is blank', () => {
    const before = map('22200', '22200', '22210', '00000');
    expect(change({ change: 'shrink' })(before)).toEqual(['22000', '22000', '00010', '00000']);
    expect(change({ change: 'shrink', blank: 255 })(before)[2]).toBe('25525525510');
  });

  it('loses holes and thorns that are thinner than twice the distance', () => {
    const rows = ['00000000000', '02222222000', '02220222222', '02222222000', '02222222000'];
    const [, , middle = ''] = change({ change: 'smooth' })(map(...rows, '00000000000'));
    expect(middle.slice(1, 8)).toBe('2222222');
    expect(middle.slice(9)).toBe('00');
  });

  it('has holes filled and specks removed up to an area, others left as they are', () => {
    const before = map('2222200', '2001200', '2222200', '0000002', '0110022');
    expect(change({ change: 'fillHoles' })(before)[1]).toBe('2222200');
    expect(change({ change: 'fillHoles', keepOthers: true })(before)[1]).toBe('2221200');
    expect(change({ change: 'fillHoles', areaPx: 2 })(before)[1]).toBe('2001200');
    expect(change({ change: 'removeSmall', areaPx: 4 })(before).slice(3)).toEqual([
      ...['0000000', '0110000'],
    ]);
  });

  it('grows and shrinks as the distance says, whatever its shape', () => {
    const pixels = fc.array(fc.constantFrom(0, 0, 0, 2), { minLength: 63, maxLength: 63 });
    fc.assert(
      fc.property(pixels, fc.integer({ min: 1, max: 4 }), (values, radiusPx) => {
        const before = { ...SIZE, data: Uint8Array.from(values) };
        const near = (x: number, y: number, wanted: number) =>
          values.some((value, i) => {
            const [dx, dy] = [(i % SIZE.width) - x, Math.floor(i / SIZE.width) - y];
            return value === wanted && dx * dx + dy * dy <= radiusPx * radiusPx;
          });
        const grown = reshaped(before, { ...BASE, change: 'grow', radiusPx }).data;
        const shrunk = reshaped(before, { ...BASE, change: 'shrink', radiusPx }).data;
        values.forEach((_, i) => {
          const [x, y] = [i % SIZE.width, Math.floor(i / SIZE.width)];
          expect(grown[i]).toBe(near(x, y, 2) ? 2 : 0);
          expect(shrunk[i]).toBe(near(x, y, 0) ? 0 : 2);
        });
      }),
    );
  });
});
