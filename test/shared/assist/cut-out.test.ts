/** Cutting out: the smallest cut against all that there are, and GrabCut on shapes that are known. */
import { describe, expect, it } from 'vitest';
import { cutOut, UNMARKED } from '../../../shared/assist/cut-out.ts';
import { minCut, NEIGHBOURS, neighboursIn } from '../../../shared/assist/min-cut.ts';
import { createRandom } from '../../../shared/random.ts';

describe('the smallest cut', () => {
  it('is as small as the smallest of all', () => {
    for (let trial = 0; trial < 60; trial++) {
      const random = createRandom(trial, 'cut');
      const [width, height] = [2 + random.below(2), 2 + random.below(2)];
      const size = width * height;
      const terminals = Float32Array.from({ length: size }, () => random.below(21) - 10);
      const ties = new Float32Array(size * 8);
      const tied = (pixel: number, tie: number): number | null => {
        const [dx, dy] = NEIGHBOURS[tie] ?? [0, 0];
        const [x, y] = [(pixel % width) + dx, Math.floor(pixel / width) + dy];
        return x < 0 || y < 0 || x >= width || y >= height ? null : y * width + x;
      };
      for (let pixel = 0; pixel < size; pixel++) {
        for (let tie = 4; tie < 8; tie++) {
          const other = tied(pixel, tie);
          if (other === null) continue;
          const capacity = random.below(8);
          ties[pixel * 8 + tie] = capacity;
          ties[other * 8 + 7 - tie] = capacity;
        }
      }
      const costOf = (inside: (pixel: number) => boolean): number => {
        let cost = 0;
        for (let pixel = 0; pixel < size; pixel++) {
          const terminal = terminals[pixel] ?? 0;
          if (inside(pixel) ? terminal < 0 : terminal > 0) cost += Math.abs(terminal);
          for (let tie = 0; tie < 8; tie++) {
            const other = tied(pixel, tie);
            if (other === null || !inside(pixel) || inside(other)) continue;
            cost += ties[pixel * 8 + tie] ?? 0;
          }
        }
        return cost;
      };
      let least = Infinity;
      for (let choice = 0; choice < 2 ** size; choice++) {
        least = Math.min(
          least,
          costOf((pixel) => ((choice >> pixel) & 1) === 1),
        );
      }
      const cut = minCut({
        ...{ near: neighboursIn({ width, height }) },
        ...{ terminals: terminals.slice(), ties: ties.slice() },
      });
      expect(costOf((pixel) => cut[pixel] === 1)).toBeCloseTo(least, 3);
    }
  });
});

const SIZE = 60;

/** A disc of 15 px on noise; `contrast`: by how many levels it is brighter. */
function disc({ contrast = 60 } = {}) {
  const random = createRandom(1, 'disc');
  const truth = Uint8Array.from({ length: SIZE * SIZE }, (_, i) =>
    Math.hypot((i % SIZE) - 30, Math.floor(i / SIZE) - 30) < 15 ? 1 : 0,
  );
  const rgb = new Uint8Array(SIZE * SIZE * 3);
  truth.forEach((inside, i) =>
    rgb.fill(100 + contrast * inside + random.below(30), 3 * i, 3 * i + 3),
  );
  return { image: { width: SIZE, height: SIZE, rgb }, truth };
}

function cutOf(
  image: ReturnType<typeof disc>['image'],
  more: Partial<Parameters<typeof cutOut>[0]> = {},
): Uint8Array {
  return cutOut({
    ...{ image, step: 1, points: [], shape: null },
    box: { x0: 10, y0: 10, x1: 50, y1: 50 },
    marks: new Uint8Array(SIZE * SIZE).fill(UNMARKED),
    ...more,
  }).inside;
}

const wrong = (mask: Uint8Array, truth: Uint8Array) =>
  mask.filter((value, i) => value !== truth[i]).length;

describe('cutting out', () => {
  it('finds a disc in its box, the same each time', () => {
    const { image, truth } = disc();
    const mask = cutOf(image);
    expect(wrong(mask, truth)).toBeLessThan(0.03 * truth.filter((one) => one === 1).length);
    expect(cutOf(image)).toEqual(mask);
  });

  it('does as clicks, scribbles and the box say', () => {
    const { image } = disc();
    const at = 30 * SIZE + 30;
    expect(cutOf(image, { points: [{ x: 30.5, y: 30.5, inside: false }] })[at]).toBe(0);
    const marks = new Uint8Array(SIZE * SIZE).fill(UNMARKED);
    marks[12 * SIZE + 12] = 1;
    expect(cutOf(image, { marks })[12 * SIZE + 12]).toBe(1);
    // One that lies outside the box was drawn for something else.
    marks[5 * SIZE + 5] = 1;
    expect(cutOf(image, { marks })[5 * SIZE + 5]).toBe(0);
    const flat = { width: SIZE, height: SIZE, rgb: new Uint8Array(SIZE * SIZE * 3).fill(80) };
    marks.fill(UNMARKED)[5 * SIZE + 5] = 1;
    expect(cutOf(flat, { marks })).not.toContain(1);
    const half = cutOf(image, { box: { x0: 10, y0: 10, x1: 30, y1: 50 } });
    expect(half.filter((one, i) => one === 1 && i % SIZE >= 30)).toEqual(new Uint8Array());
  });

  it('takes an image of one colour, and finds nothing in a box around all of an image', () => {
    const flat = { width: SIZE, height: SIZE, rgb: new Uint8Array(SIZE * SIZE * 3).fill(80) };
    expect(cutOf(flat).length).toBe(SIZE * SIZE);
    const all = { x0: 0, y0: 0, x1: SIZE, y1: SIZE };
    expect(cutOf(disc().image, { box: all })).toEqual(new Uint8Array(SIZE * SIZE));
  });
});
