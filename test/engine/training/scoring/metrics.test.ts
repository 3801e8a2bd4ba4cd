import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { squaredDistances } from '../../../../engine/training/scoring/distance-transform.ts';
import { scoreImage, type ScoredClasses } from '../../../../engine/training/scoring/metrics.ts';
import type { LabelMap } from '../../../../shared/label-map.ts';

/** Rows of digits; '#' is the ignore value. */
function map(...rows: readonly string[]): LabelMap {
  const data = Uint8Array.from(rows.join(''), (c) => (c === '#' ? 255 : Number(c)));
  return { width: rows[0]?.length ?? 0, height: rows.length, data };
}

/** All classes above the background. */
const upTo = (count: number): ScoredClasses => ({
  count,
  scored: Array.from({ length: Math.max(0, count - 1) }, (_, i) => i + 1),
});

/** Numerical Recipes' linear congruential generator, the same in the script of the reference values. */
function lcg(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

interface ReferenceCase {
  readonly kind: 'discs' | 'noise';
  readonly seed: number;
  readonly width: number;
  readonly height: number;
  readonly classes: number;
  readonly ignore: boolean;
  readonly shift: number;
  /** dice, iou, hd95, boundaryF1 */
  readonly expected: readonly [number, number, number, number];
}

function discs(c: ReferenceCase, ignore: boolean, shift: number): LabelMap {
  const random = lcg(c.seed);
  const { width, height } = c;
  const data = new Uint8Array(width * height);
  const fill = (cx: number, cy: number, radius: number, value: number) => {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        if ((x - cx) ** 2 + (y - cy) ** 2 <= radius * radius) data[y * width + x] = value;
      }
    }
  };
  for (let k = 0; k < 6; k++) {
    const cx = random() * width;
    const cy = random() * height;
    const radius = (0.05 + 0.2 * random()) * Math.min(width, height);
    fill(cx + shift, cy, radius, 1 + Math.floor(random() * (c.classes - 1)));
  }
  if (ignore) fill(random() * width, random() * height, 0.2 * Math.min(width, height), 255);
  return { width, height, data };
}

function noise(c: ReferenceCase, seed: number): LabelMap {
  const random = lcg(seed);
  const data = Uint8Array.from({ length: c.width * c.height }, () =>
    Math.floor(random() * c.classes),
  );
  return { width: c.width, height: c.height, data };
}

/*
 * Reference values: the maps above made again in numpy 2.4.6 and scored with scipy 1.17.1. Per class
 * with v = truth != 255, p = (prediction == c) & v, t = (truth == c) & v:
 *   sp = p & ~ndimage.binary_erosion(p); st = t & ~ndimage.binary_erosion(t)
 *   a = ndimage.distance_transform_edt(~st)[sp]; b = ndimage.distance_transform_edt(~sp)[st]
 *   hd95 = max(np.percentile(a, 95), np.percentile(b, 95))
 *   a class without any p and t has no score; means by np.nanmean
 *   tol = max(2, .0075 * np.hypot(w, h)); pr = (a <= tol).mean(); rc = (b <= tol).mean()
 */
// oxfmt-ignore
const REFERENCE: readonly ReferenceCase[] = [
  { kind: 'discs', seed: 1, width: 48, height: 32, classes: 2, ignore: false, shift: 1.5, expected: [0.8684582743988685, 0.7675, 1.4142135623730951, 1.0] },
  { kind: 'discs', seed: 2, width: 37, height: 61, classes: 2, ignore: false, shift: -3, expected: [0.781042654028436, 0.640746500777605, 3.0, 0.6724934989887316] },
  { kind: 'discs', seed: 3, width: 64, height: 64, classes: 4, ignore: false, shift: 2, expected: [0.8560144878612261, 0.7501321287071514, 2.0, 1.0] },
  { kind: 'discs', seed: 4, width: 64, height: 64, classes: 4, ignore: true, shift: 2.5, expected: [0.8272097154603321, 0.7092833774725786, 2.512502246214775, 0.7767421207560056] },
  { kind: 'discs', seed: 5, width: 500, height: 400, classes: 3, ignore: true, shift: 4, expected: [0.9579192437525702, 0.9192387208129618, 4.0, 1.0] },
  { kind: 'discs', seed: 6, width: 33, height: 20, classes: 6, ignore: true, shift: 1, expected: [0.8267310471685718, 0.7084175084175083, 1.0, 1.0] },
  { kind: 'noise', seed: 7, width: 24, height: 24, classes: 2, ignore: false, shift: 0, expected: [0.4973913043478261, 0.33101851851851855, 1.0, 1.0] },
  { kind: 'noise', seed: 8, width: 40, height: 17, classes: 5, ignore: false, shift: 0, expected: [0.16816929046234197, 0.09191670719507807, 2.23606797749979, 0.9286857440891941] },
  { kind: 'noise', seed: 9, width: 1, height: 30, classes: 2, ignore: false, shift: 0, expected: [0.3333333333333333, 0.2, 2.0, 1.0] },
  { kind: 'noise', seed: 10, width: 30, height: 1, classes: 3, ignore: false, shift: 0, expected: [0.3355263157894737, 0.20476190476190476, 5.124999999999998, 0.8466819221967963] },
];

describe('scores of one image', () => {
  for (const c of REFERENCE) {
    const title = `${c.kind} ${c.width}×${c.height}, ${c.classes} classes${c.ignore ? ', ignored pixels' : ''}`;
    it(`equal scipy's: ${title}`, () => {
      const truth = c.kind === 'noise' ? noise(c, c.seed) : discs(c, c.ignore, 0);
      const prediction = c.kind === 'noise' ? noise(c, c.seed + 100) : discs(c, false, c.shift);
      const scores = scoreImage(prediction, truth, upTo(c.classes));
      const [dice, iou, hd95, boundaryF1] = c.expected;
      expect(scores.dice).toBeCloseTo(dice, 12);
      expect(scores.iou).toBeCloseTo(iou, 12);
      expect(scores.hd95).toBeCloseTo(hd95, 10);
      expect(scores.boundaryF1).toBeCloseTo(boundaryF1, 12);
    });
  }

  it('follow by hand for a bar that is one pixel too long', () => {
    const scores = scoreImage(
      map('0000000', '0111100', '0000000'),
      map('0000000', '0111000', '0000000'),
      upTo(2),
    );
    expect(scores.dice).toBeCloseTo(6 / 7, 12);
    expect(scores.iou).toBeCloseTo(3 / 4, 12);
    // Distances of the predicted surface: 0 0 0 1; position .95·3 = 2.85 of them.
    expect(scores.hd95).toBeCloseTo(0.85, 12);
    expect(scores.boundaryF1).toBe(1);
  });

  it('are worst where only one of both holds the class, and none where neither does', () => {
    const empty = map('0000', '0000', '0000');
    const some = map('0000', '0110', '0000');
    const counts = { classIndex: 1, predictedPx: 0, truePx: 0, bothPx: 0 };
    expect(scoreImage(empty, empty, upTo(2))).toEqual({
      ...{ dice: null, iou: null, hd95: null, boundaryF1: null },
      classes: [],
    });
    const worst = { dice: 0, iou: 0, hd95: 5, boundaryF1: 0 };
    expect(scoreImage(empty, some, upTo(2))).toEqual({
      ...worst,
      classes: [{ ...counts, truePx: 2 }],
    });
    expect(scoreImage(some, empty, upTo(2))).toEqual({
      ...worst,
      classes: [{ ...counts, predictedPx: 2 }],
    });
  });

  it('are none where everything is ignored', () => {
    const ignored = map('####', '####');
    expect(scoreImage(map('0110', '0110'), ignored, upTo(3))).toEqual({
      ...{ dice: null, iou: null, hd95: null, boundaryF1: null },
      classes: [],
    });
  });

  it('average the classes that truth or prediction holds: missed and invented ones as worst', () => {
    // Class 1 is found, class 2 is missed, class 3 is nowhere.
    const missed = scoreImage(map('0110', '0000', '0000'), map('0110', '0000', '0220'), upTo(4));
    expect(missed).toMatchObject({ dice: 1 / 2, iou: 1 / 2, hd95: 5 / 2, boundaryF1: 1 / 2 });
    // Class 1 is found, classes 2 and 4 are invented.
    const invented = scoreImage(map('0110', '0220', '0004'), map('0110', '0000', '0000'), upTo(5));
    expect(invented.dice).toBeCloseTo(1 / 3, 12);
    expect(invented.hd95).toBeCloseTo(10 / 3, 12);
    expect(invented.classes.map(({ classIndex }) => classIndex)).toEqual([1, 2, 4]);
  });

  it('are those of the scored classes alone, class 0 among them where it is no background', () => {
    const [prediction, truth] = [map('0011', '0011'), map('0001', '0001')];
    expect(scoreImage(prediction, truth, { count: 2, scored: [1] }).dice).toBeCloseTo(4 / 6, 12);
    expect(scoreImage(prediction, truth, { count: 2, scored: [0] }).dice).toBeCloseTo(8 / 10, 12);
    expect(scoreImage(prediction, truth, { count: 2, scored: [0, 1] }).dice).toBeCloseTo(
      (4 / 6 + 8 / 10) / 2,
      12,
    );
  });

  it('do not see what is predicted under ignored pixels', () => {
    const truth = map('00000', '011##', '011##', '00000');
    expect(scoreImage(map('00000', '01111', '01111', '00000'), truth, upTo(2))).toEqual(
      scoreImage(map('00000', '01100', '01100', '00000'), truth, upTo(2)),
    );
    expect(scoreImage(map('00000', '01111', '01111', '00000'), truth, upTo(2)).dice).toBe(1);
  });

  it('are the same for prediction and truth swapped, and turned by 90°', () => {
    const mapOf = (data: readonly number[]) => ({
      width: 6,
      height: 5,
      data: Uint8Array.from(data),
    });
    const turned = ({ width, height, data }: LabelMap): LabelMap => ({
      width: height,
      height: width,
      data: data.map((_, i) => data[(i % height) * width + Math.floor(i / height)] ?? 0),
    });
    const labels = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 30, maxLength: 30 });
    fc.assert(
      fc.property(labels, labels, (first, second) => {
        const a = mapOf(first);
        const b = mapOf(second);
        const scores = scoreImage(a, b, upTo(3));
        expect({ ...scoreImage(b, a, upTo(3)), classes: scores.classes }).toEqual(scores);
        const fromTurned = scoreImage(turned(a), turned(b), upTo(3));
        expect(fromTurned.dice).toBe(scores.dice);
        expect(fromTurned.hd95 ?? -1).toBeCloseTo(scores.hd95 ?? -1, 12);
      }),
      { numRuns: 50 },
    );
  });

  it('are refused for maps of two sizes, for one class, and for an unknown class', () => {
    const a = map('010');
    expect(() => scoreImage(map('01', '00'), a, upTo(2))).toThrow(/2×2 prediction .* 3×1 truth/);
    expect(() => scoreImage(a, a, upTo(1))).toThrow(/between 2 and 255 classes/);
    expect(() => scoreImage(a, map('050'), upTo(2))).toThrow(
      /class 5, but there are only classes 0 to 1/,
    );
  });

  it('are refused where one side alone differs, and for numbers of classes that none can be', () => {
    const truth = map('01', '00');
    for (const other of [map('010', '000'), map('01'), map('01', '00', '00')]) {
      expect(() => scoreImage(other, truth, upTo(2))).toThrow(/cannot be scored against/);
    }
    for (const classes of [-1, 0, 1, 2.5, 256, NaN]) {
      expect(() => scoreImage(truth, truth, upTo(classes))).toThrow(/between 2 and 255 classes/);
    }
    expect(scoreImage(truth, truth, upTo(2)).dice).toBe(1);
    expect(scoreImage(truth, truth, upTo(255)).dice).toBe(1);
    const last = { width: 2, height: 1, data: Uint8Array.of(0, 254) };
    expect(scoreImage(last, last, upTo(255)).dice).toBe(1);
    expect(() => scoreImage(last, last, upTo(254))).toThrow(/holds class 254/);
  });
});

/** Written by fixtures/surface-scores.py with scipy.ndimage. */
const SurfaceCases = z.array(
  z.object({
    name: z.string(),
    width: z.int(),
    height: z.int(),
    classes: z.int(),
    truth: z.string(),
    prediction: z.string(),
    scores: z.object({
      dice: z.number().nullable(),
      iou: z.number().nullable(),
      hd95: z.number().nullable(),
      boundaryF1: z.number().nullable(),
    }),
  }),
);

const surfaceCases = SurfaceCases.parse(
  JSON.parse(readFileSync(new URL('../fixtures/surface-scores.json', import.meta.url), 'utf8')),
);

describe('scores of outlines', () => {
  it.each(surfaceCases)("equal scipy's: $name", (c) => {
    const { width, height } = c;
    const mapOf = (runLengths: string): LabelMap => {
      const pixels = runLengths.split(' ').flatMap((run) => {
        const [value = NaN, count = NaN] = run.split('*').map(Number);
        return new Array<number>(count).fill(value);
      });
      expect(pixels).toHaveLength(width * height);
      return { width, height, data: Uint8Array.from(pixels) };
    };
    const scores = scoreImage(mapOf(c.prediction), mapOf(c.truth), upTo(c.classes));
    for (const name of ['dice', 'iou', 'hd95', 'boundaryF1'] as const) {
      const expected = c.scores[name];
      if (expected === null) expect(scores[name]).toBeNull();
      else expect(scores[name]).toBeCloseTo(expected, 10);
    }
  });
});

describe('the distance transform', () => {
  it('equals the nearest of all sources, found one by one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 12 }),
        fc.array(fc.nat(143), { maxLength: 20 }),
        (width, height, marks) => {
          const sources = new Uint8Array(width * height);
          for (const m of marks) sources[m % sources.length] = 1;
          const asked = sources.map((_, i) => (i % 3 === 1 ? 0 : 7));
          const distances = [...squaredDistances(sources, asked, { width, height })];
          for (let i = 0; i < sources.length; i++) {
            if (asked[i] === 0) continue;
            let nearest = Infinity;
            for (let j = 0; j < sources.length; j++) {
              if (!sources[j]) continue;
              const dx = (i % width) - (j % width);
              const dy = Math.floor(i / width) - Math.floor(j / width);
              nearest = Math.min(nearest, dx * dx + dy * dy);
            }
            expect(distances.shift()).toBe(nearest);
          }
          expect(distances).toEqual([]);
        },
      ),
    );
  });
});
