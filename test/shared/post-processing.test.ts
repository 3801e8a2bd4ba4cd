import { describe, expect, it } from 'vitest';
import { IGNORE } from '../../shared/entities.ts';
import {
  AS_DRAWN,
  type ClassScores,
  isAsDrawn,
  type PostProcessing,
  postProcess,
  quantised,
} from '../../shared/post-processing.ts';
import { createRandom } from '../../shared/random.ts';

/** As the rule is written, pixel by pixel, with no thought of time. */
function naive(scores: ClassScores, rule: PostProcessing, blank: number): number[] {
  const { width, height } = scores;
  const least = rule.threshold === null ? null : Math.round(255 * rule.threshold);
  let map = [...scores.likely].map((likely, i) => {
    if (least === null) return likely;
    return (scores.score[i] ?? 0) >= least ? (scores.foreground[i] ?? 0) : blank;
  });
  const near = (i: number, corners: boolean) => {
    const found: number[] = [];
    for (let dy = -1; dy <= 1; dy++) {
      for (let dx = -1; dx <= 1; dx++) {
        const [x, y] = [(i % width) + dx, Math.floor(i / width) + dy];
        if ((dx === 0 && dy === 0) || (!corners && dx !== 0 && dy !== 0)) continue;
        if (x >= 0 && y >= 0 && x < width && y < height) found.push(y * width + x);
      }
    }
    return found;
  };
  const isAtEdge = (i: number) =>
    i % width === 0 || i % width === width - 1 || i < width || i >= width * (height - 1);
  const replace = (goes: (value: number, pixels: readonly number[]) => boolean) => {
    const seen = new Set<number>();
    const going: number[][] = [];
    for (let i = 0; i < map.length; i++) {
      if (seen.has(i)) continue;
      const region = [i];
      seen.add(i);
      for (const at of region) {
        for (const next of near(at, map[i] !== blank)) {
          if (seen.has(next) || map[next] !== map[i]) continue;
          seen.add(next);
          region.push(next);
        }
      }
      if (goes(map[i] ?? 0, region)) going.push(region);
    }
    const gone = new Set(going.flat());
    const after = [...map];
    for (const region of going) {
      const votes = new Map<number, number>();
      for (const at of region) {
        for (const next of near(at, false)) {
          if (gone.has(next)) continue;
          const value = map[next] ?? 0;
          if (!region.includes(next)) votes.set(value, (votes.get(value) ?? 0) + 1);
        }
      }
      const [best] = [...votes].sort(([a, m], [b, n]) => n - m || a - b);
      for (const at of region) after[at] = best?.[0] ?? blank;
    }
    map = after;
  };
  if (rule.minObjectPx > 1) replace((v, pixels) => v !== blank && pixels.length < rule.minObjectPx);
  if (rule.fillHolesPx > 0) {
    replace((v, p) => v === blank && p.length <= rule.fillHolesPx && !p.some(isAtEdge));
  }
  return map;
}

/** Drawn as `.` and digits; every score is that of the digit, or 0. */
function drawn(...lines: string[]): ClassScores {
  const likely = Uint8Array.from(lines.join('').replaceAll('.', '0'), Number);
  const score = likely.map((value) => (value === 0 ? 0 : 255));
  return { width: lines[0]?.length ?? 0, height: lines.length, likely, foreground: likely, score };
}
const shown = (scores: ClassScores, rule: Partial<PostProcessing>) => {
  const { width, data } = postProcess(scores, { ...AS_DRAWN, ...rule });
  return Array.from({ length: data.length / width }, (_, y) =>
    [...data.subarray(y * width, (y + 1) * width)].join('').replaceAll('0', '.'),
  );
};

describe('what becomes of a prediction', () => {
  it('agrees with the rule done pixel by pixel, on maps of any size, classes and settings', () => {
    const random = createRandom(1, 'post-processing');
    for (let round = 0; round < 400; round++) {
      const [width, height] = [1 + random.below(14), 1 + random.below(14)];
      const classes = 2 + random.below(3);
      const size = { length: width * height };
      const blank = round % 4 === 0 ? IGNORE : 0;
      const scores: ClassScores = {
        width,
        height,
        likely: Uint8Array.from(size, () => (random.next() < 0.5 ? 0 : random.below(classes))),
        foreground: Uint8Array.from(size, () => 1 + random.below(classes - 1)),
        score: Uint8Array.from(size, () => random.below(256)),
      };
      const rule = {
        threshold: random.next() < 0.5 ? null : random.next(),
        minObjectPx: random.below(8),
        fillHolesPx: random.below(8),
      };
      const { data } = postProcess(scores, rule, { blank });
      expect([...data], JSON.stringify({ round, rule })).toEqual(naive(scores, rule, blank));
    }
  });

  it('is what the network draws where nothing is asked, and leaves the scores as they are', () => {
    const scores = drawn('.1.', '121', '.1.');
    const before = scores.likely.slice();
    const { data } = postProcess(scores, AS_DRAWN);
    data.fill(7);
    expect(scores.likely).toEqual(before);
    expect([isAsDrawn(AS_DRAWN), isAsDrawn({ ...AS_DRAWN, minObjectPx: 1 })]).toEqual([true, true]);
    expect(isAsDrawn({ ...AS_DRAWN, threshold: 0.5 })).toBe(false);
  });

  it('fills closed holes alone, and none that is larger or open to the edge', () => {
    const scores = drawn('11111.', '1.1.1.', '111.11', '..11.1', '.....1');
    expect(shown(scores, { fillHolesPx: 1 })).toEqual([
      '11111.',
      '111.1.',
      '111.11',
      '..11.1',
      '.....1',
    ]);
    expect(shown(scores, { fillHolesPx: 2 })).toEqual([
      '11111.',
      '11111.',
      '111111',
      '..11.1',
      '.....1',
    ]);
  });

  it('takes specks away, objects that touch by a corner as one, into what surrounds them', () => {
    const scores = drawn('1....', '.1...', '..222', '..232', '..222');
    expect(shown(scores, { minObjectPx: 2 })).toEqual([
      '1....',
      '.1...',
      '..222',
      '..222',
      '..222',
    ]);
    expect(shown(scores, { minObjectPx: 3 })).toEqual([
      '.....',
      '.....',
      '..222',
      '..222',
      '..222',
    ]);
    expect(shown(scores, { minObjectPx: 99 })).toEqual(Array(5).fill('.....'));
    // Of a part of an image: what goes on beyond its edge may be large.
    const { data } = postProcess(scores, { ...AS_DRAWN, minObjectPx: 99 }, { isPart: true });
    expect(data.join('')).toBe('1000001000002220022200222');
  });

  it('takes what reaches the threshold, exactly', () => {
    const scores: ClassScores = {
      width: 4,
      height: 1,
      likely: Uint8Array.of(0, 0, 2, 1),
      foreground: Uint8Array.of(1, 2, 2, 1),
      score: Uint8Array.of(quantised(0.29), quantised(0.3), quantised(0.6), 255),
    };
    expect(shown(scores, { threshold: 0.3 })).toEqual(['.221']);
    expect(shown(scores, { threshold: 1 })).toEqual(['...1']);
    expect(shown(scores, { threshold: 0 })).toEqual(['1221']);
  });
});
