/** Measurements against scikit-image's, and against what can be said by hand. */
import { describe, expect, test } from 'vitest';
import { measureObjects } from '../../../../shared/objects/measure/measure-objects.ts';
import { summaryOf } from '../../../../shared/objects/measure/image-summary.ts';
import regionprops from './regionprops.json' with { type: 'json' };

const height = regionprops.rows.length;
const width = regionprops.rows[0]?.length ?? 0;
const letters = regionprops.rows.join('');
const numbers = Uint32Array.from(letters, (letter) =>
  letter === '.' ? 0 : letter.charCodeAt(0) - 64,
);
const CHANNELS = 2;
const samples = Uint16Array.from(
  { length: width * height * CHANNELS },
  (_, i) =>
    ((Math.floor(i / CHANNELS) % width) * 3701 +
      Math.floor(i / CHANNELS / width) * 1013 +
      (i % CHANNELS) * 5303) %
    65521,
);

function measured(data: Uint32Array, { bandRows = height } = {}) {
  const objects = { width, height, data };
  const classes = {
    width,
    height,
    data: Uint8Array.from(data, (n) => (n === 0 ? 0 : 1 + (n % 2))),
  };
  const measuring = measureObjects({ objects, classes }, { channels: CHANNELS });
  const band = width * CHANNELS;
  for (let top = 0; top < height; top += bandRows) {
    measuring.addRows(samples.subarray(top * band, (top + bandRows) * band), top);
  }
  return { map: classes, ...measuring.result() };
}

const { label: labels, ...table } = regionprops.table;

describe('measurements of objects', () => {
  test.for(Object.entries(table))('%s are those of regionprops_table', ([name, expected]) => {
    const column = measured(numbers).columns.get(name) ?? new Float64Array();
    expect(column).toHaveLength(expected.length);
    for (const [i, value] of expected.entries()) {
      expect(column[i], `${name} of object ${String(labels[i])}`).toBeCloseTo(value, 6);
    }
  });

  test('do not depend on the numbers of objects, nor on how many rows come at once', () => {
    const far = Uint32Array.from(numbers, (n) => (n === 0 ? 0 : n + 4_294_967_000));
    const [near, other] = [measured(numbers), measured(far, { bandRows: 3 })];
    expect([...other.labels]).toEqual(labels.map((n) => n + 4_294_967_000));
    expect(other.columns).toEqual(near.columns);
  });

  test('are those of regionprops_table beside samples that are no numbers, which take those of one object alone', () => {
    const size = { width: 3, height: 2 };
    const data = Uint32Array.of(1, 1, 2, 1, 2, 2);
    const classes = { ...size, data: new Uint8Array(6).fill(1) };
    const measuring = measureObjects({ objects: { ...size, data }, classes }, { channels: 1 });
    measuring.addRows(Float32Array.of(0.5, NaN, 1.25, 2, 3, 4.5), 0);
    const { columns } = measuring.result();
    // scikit-image 0.26: NaN of the first, and of the second (in 32 bits) as here.
    for (const [name, expected] of [
      ['intensity_mean-0', 2.916_666_746_139_526_4],
      ['intensity_min-0', 1.25],
      ['intensity_max-0', 4.5],
      ['intensity_std-0', 1.328_114_867_210_388_2],
    ] as const) {
      const [first, second] = columns.get(name) ?? [];
      expect(first, name).toBeNaN();
      expect(second, name).toBeCloseTo(expected, 6);
    }
    expect([...(columns.get('area') ?? [])]).toEqual([3, 3]);
  });

  test('have what regionprops has no name for', () => {
    const { labels: found, columns } = measured(numbers);
    const row = (name: string) => [...(columns.get(name) ?? [])];
    const square = [...found].indexOf(6);
    expect(row('circularity')[square]).toBeCloseTo((4 * Math.PI * 24) / 18 ** 2, 12);
    expect(row('touches_border')[square]).toBe(0);
    expect(row('touches_border')[0]).toBe(1);
    // Three rows of eight: the octagon of the middles of its sides, whose least height is that of the rows.
    expect(row('feret_diameter_min')[square]).toBe(3);
    const mean = row('intensity_mean-1')[square] ?? 0;
    expect(row('intensity_sum-1')[square]).toBeCloseTo(mean * 24, 6);
  });

  test('of one pixel have a shape, and no circularity where there is no outline', () => {
    const data = new Uint32Array(width * height);
    data[5 * width + 7] = 9;
    const { columns } = measured(data);
    const value = (name: string) => columns.get(name)?.[0];
    expect(value('area')).toBe(1);
    expect(value('perimeter')).toBe(0);
    expect(value('circularity')).toBeNaN();
    expect(value('solidity')).toBe(1);
    expect(value('axis_major_length')).toBe(0);
    expect(value('feret_diameter_max')).toBe(1);
  });

  test('of no object are empty columns', () => {
    const { labels: none, columns } = measured(new Uint32Array(width * height));
    expect(none).toHaveLength(0);
    expect([...columns.values()].every((column) => column.length === 0)).toBe(true);
  });

  test('count objects and covered area by class, of the pixels that are not ignored', () => {
    const all = measured(numbers);
    const { map } = all;
    map.data.fill(255, width * 15);
    const summary = summaryOf(map, { measured: all, classes: [1, 2, 3] });
    expect(summary.map(({ objects }) => objects)).toEqual([
      labels.filter((n) => n % 2 === 0).length,
      labels.filter((n) => n % 2 === 1).length,
      0,
    ]);
    const ones = map.data.filter((value) => value === 1).length;
    expect(summary[0]).toMatchObject({ areaPx: ones, share: ones / (width * 15) });
  });
});
