/** The border of what was cut out coarsely, at the image's own resolution. */
import { expect, it } from 'vitest';
import { cutHere, cutRequest, cutShape } from '../../../renderer/canvas/cutter.ts';
import { LabelLayer } from '../../../renderer/canvas/label-layer.ts';
import { borderCells, coarseShape } from '../../../shared/assist/cut-border.ts';
import { NO_SCRIBBLE } from '../../../shared/assist/scribbled.ts';
import { forEachSpan } from '../../../shared/mask-runs.ts';
import { createRandom } from '../../../shared/random.ts';

const SIDE = 240;
const { signal } = new AbortController();
const random = createRandom(1, 'noise');
const noise = Uint8Array.from({ length: SIDE * SIDE }, () => random.below(30));

/** A flower of eleven petals. */
const isInside = (x: number, y: number) => {
  const [dx, dy] = [x + 0.5 - SIDE / 2, y + 0.5 - SIDE / 2];
  return Math.hypot(dx, dy) < 50 + 6 * Math.sin(11 * Math.atan2(dy, dx));
};
const displayed = (x: number, y: number) =>
  0x010101 * (100 + (isInside(x, y) ? 60 : 0) + (noise[y * SIDE + x] ?? 0));

function asked(scribbles: LabelLayer, points: { x: number; y: number; inside: boolean }[] = []) {
  const seen = { displayed, scribbles, value: 1 };
  const box = { x0: 60, y0: 60, x1: 179, y1: 177 };
  const found = cutRequest({ points, box, shape: null }, seen, { mostSide: 60 });
  if (found === null) expect.fail('there is a box');
  return { seen, asked: found };
}

function wrong({ region, runs }: NonNullable<Awaited<ReturnType<typeof cutShape>>>): number {
  const mask = new Uint8Array(SIDE * SIDE);
  forEachSpan(runs, region.width, (y, x0, x1) => {
    const row = (region.top + y) * SIDE + region.left;
    mask.fill(1, row + x0, row + x1);
  });
  return mask.filter((one, i) => (one === 1) !== isInside(i % SIDE, Math.floor(i / SIDE))).length;
}

it('follows an outline that every fourth pixel alone cannot show', async () => {
  const { seen, asked: cut } = asked(new LabelLayer(SIDE, SIDE, NO_SCRIBBLE));
  expect(cut.request.step).toBe(4);
  const { inside } = await cutHere.out(cut.request, signal);
  const { runs } = coarseShape({ ...cut.region, step: 4, inside });
  const coarse = wrong({ region: cut.region, runs });
  const fine = await cutShape(cut, seen, { cut: cutHere, signal });
  if (fine === null) expect.fail('nothing is proposed');
  expect(coarse).toBeGreaterThan(300);
  expect(wrong(fine)).toBeLessThan(coarse / 4);
  expect(await cutShape(cut, seen, { cut: cutHere, signal })).toEqual(fine);
});

it('does there as clicks and the thinnest scribbles say', async () => {
  const scribbles = new LabelLayer(SIDE, SIDE, NO_SCRIBBLE);
  const edit = scribbles.edit();
  edit.fillSpan(120, 150, 174, { value: 0, only: null });
  edit.commit();
  const { seen, asked: cut } = asked(scribbles, [{ x: 120.5, y: 68.5, inside: true }]);
  const mask = await cutShape(cut, seen, { cut: cutHere, signal });
  if (mask === null) expect.fail('nothing is proposed');
  const painted = new Set<string>();
  forEachSpan(mask.runs, mask.region.width, (y, x0, x1) => {
    for (let x = x0; x < x1; x++) painted.add(`${mask.region.left + x} ${mask.region.top + y}`);
  });
  expect(painted.has('120 68')).toBe(true);
  for (let x = 150; x < 174; x++) expect.soft(painted.has(`${x} 120`), `${x}`).toBe(false);
});

it('looks at no pixel that is far from the border', () => {
  const inside = new Uint8Array(20 * 20);
  for (let y = 5; y < 15; y++) inside.fill(1, y * 20 + 5, y * 20 + 15);
  const cells = borderCells({ step: 3, width: 59, height: 60, inside });
  // Two cells to each side of the square's outline.
  expect(cells).toHaveLength(14 * 14 - 6 * 6);
  expect(borderCells({ step: 3, width: 59, height: 60, inside: inside.fill(1) })).toHaveLength(0);
});
