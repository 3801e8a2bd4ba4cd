import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { connectedComponents } from '../../../engine/data/components.ts';
import type { LabelMap } from '../../../shared/label-map.ts';

/** The definition: from every pixel that no region has yet, everything of its value that can be reached. */
function byFlooding({ width, height, data }: LabelMap) {
  const ids = new Int32Array(data.length);
  const values: number[] = [];
  for (let start = 0; start < data.length; start++) {
    const value = data[start] ?? 0;
    if (value === 0 || ids[start] !== 0) continue;
    values.push(value);
    const waiting = [start];
    ids[start] = values.length;
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      const [x, y] = [at % width, Math.floor(at / width)];
      for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++) {
        for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) {
          const next = ny * width + nx;
          if (data[next] !== value || ids[next] !== 0) continue;
          ids[next] = values.length;
          waiting.push(next);
        }
      }
    }
  }
  return { ids, values };
}

const drawn = (rows: readonly string[]): LabelMap => ({
  width: rows[0]?.length ?? 0,
  height: rows.length,
  data: Uint8Array.from(rows.join(''), Number),
});

describe('connected regions', () => {
  it('are those that flooding finds, in the order in which rows meet them', () => {
    const maps = fc
      .record({ width: fc.integer({ min: 1, max: 12 }), height: fc.integer({ min: 1, max: 12 }) })
      .chain(({ width, height }) =>
        fc
          .uint8Array({ minLength: width * height, maxLength: width * height, max: 2 })
          .map((data): LabelMap => ({ width, height, data })),
      );
    fc.assert(
      fc.property(maps, (map) => {
        expect(connectedComponents(map)).toEqual(byFlooding(map));
      }),
      { numRuns: 500 },
    );
  });

  it('join at corners, around bends, and never over the edge of the map', () => {
    expect(connectedComponents(drawn(['1001', '0100', '0001'])).values).toEqual([1, 1, 1]);
    expect(connectedComponents(drawn(['10101', '10101', '11111'])).values).toEqual([1]);
    expect(connectedComponents(drawn(['0001', '1000'])).values).toEqual([1, 1]);
  });

  it('keep values apart that touch', () => {
    const { ids, values } = connectedComponents(drawn(['112', '122']));
    expect({ ids: [...ids], values }).toEqual({ ids: [1, 1, 2, 1, 2, 2], values: [1, 2] });
  });
});
