import { describe, expect, it } from 'vitest';
import { type OldRevision, thinnable } from '../../../engine/care/thinning.ts';
import { createRandom } from '../../../shared/random.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NOW = Date.parse('2026-03-31T12:30:00Z');
const AUTHORS = ['human', 'model', 'corrected', 'imported'];

function revisionsFrom(seed: number): OldRevision[] {
  const stream = createRandom(seed, 'revisions');
  const random = () => stream.next();
  let at = NOW - 200 * DAY_MS * random();
  const count = 1 + Math.floor(random() * 120);
  return Array.from({ length: count }, (_, i) => {
    at = Math.min(NOW, at + (random() < 0.7 ? HOUR_MS : 9 * DAY_MS) * random());
    const author = AUTHORS[Math.floor(random() * AUTHORS.length)] ?? '';
    return { id: i + 1, author, at, kept: random() < 0.1, pinned: random() < 0.1 };
  });
}

describe('thinning the history of an image', () => {
  it('never drops the current, kept, pinned, fresh revision or the last of an author, and thinned again drops nothing', () => {
    for (let seed = 0; seed < 300; seed++) {
      const all = revisionsFrom(seed);
      const gone = new Set(thinnable(all, NOW));
      const left = all.filter(({ id }) => !gone.has(id));
      for (const one of all.filter(({ id }) => gone.has(id))) {
        expect(one.kept || one.pinned, `seed ${seed}`).toBe(false);
        expect(NOW - one.at).toBeGreaterThanOrEqual(DAY_MS);
        // A later one of its author stays, and so does one of its hour, day or week.
        const later = left.filter(({ id }) => id > one.id);
        expect(later.some(({ author }) => author === one.author)).toBe(true);
        const age = NOW - one.at;
        const span = age < 7 * DAY_MS ? HOUR_MS : age < 30 * DAY_MS ? DAY_MS : 7 * DAY_MS;
        expect(later.some(({ at }) => at - one.at < span)).toBe(true);
      }
      expect(gone.has(all.length)).toBe(false);
      expect(thinnable(left, NOW)).toEqual([]);
      expect(thinnable(all.toReversed(), NOW).toSorted((a, b) => a - b)).toEqual(
        [...gone].toSorted((a, b) => a - b),
      );
    }
  });

  it('leaves one an hour of a week, one a day of a month and one a week before', () => {
    const every = (stepMs: number, fromMs: number, toMs: number) =>
      Array.from(
        { length: Math.floor((fromMs - toMs) / stepMs) },
        (_, i) => NOW - fromMs + i * stepMs,
      );
    const times = [
      ...every(DAY_MS, 90 * DAY_MS, 30 * DAY_MS),
      ...every(6 * HOUR_MS, 30 * DAY_MS, 7 * DAY_MS),
      ...every(15 * 60_000, 7 * DAY_MS, 0),
    ];
    const all = times.map((at, i) => ({
      id: i + 1,
      author: 'human',
      at,
      kept: false,
      pinned: false,
    }));
    const gone = new Set(thinnable(all, NOW));
    const leftBetween = (from: number, to: number) =>
      all.filter(({ id, at }) => !gone.has(id) && NOW - at <= from && NOW - at > to).length;
    expect(leftBetween(DAY_MS - 1, -1)).toBe(95);
    expect(leftBetween(7 * DAY_MS, DAY_MS)).toBeLessThanOrEqual(6 * 24 + 2);
    expect(leftBetween(7 * DAY_MS, DAY_MS)).toBeGreaterThanOrEqual(6 * 24);
    expect(leftBetween(30 * DAY_MS, 7 * DAY_MS)).toBeLessThanOrEqual(24);
    expect(leftBetween(90 * DAY_MS, 30 * DAY_MS)).toBeLessThanOrEqual(10);
    expect(leftBetween(90 * DAY_MS, 30 * DAY_MS)).toBeGreaterThanOrEqual(8);
  });
});
