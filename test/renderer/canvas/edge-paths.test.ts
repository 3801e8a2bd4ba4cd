import { describe, expect, test } from 'vitest';
import { EDGE_REACH_PX, EdgePaths } from '../../../renderer/canvas/edge-paths.ts';
import { imagePoint } from '../../../renderer/canvas/viewport.ts';

const SIZE = { width: 120, height: 100 };
/** A bright disc on dark ground. */
const MIDDLE = { x: 60, y: 50, r: 30 };
const disc = (x: number, y: number) =>
  Math.hypot(x + 0.5 - MIDDLE.x, y + 0.5 - MIDDLE.y) < MIDDLE.r ? 200 : 40;
const onRim = (angle: number) =>
  imagePoint(MIDDLE.x + MIDDLE.r * Math.cos(angle), MIDDLE.y + MIDDLE.r * Math.sin(angle));
const offRim = ({ x, y }: { x: number; y: number }) =>
  Math.abs(Math.hypot(x - MIDDLE.x, y - MIDDLE.y) - MIDDLE.r);

describe('a way along edges', () => {
  test('follows the rim of a disc, though the straight way is shorter', () => {
    const paths = new EdgePaths(SIZE, disc);
    paths.start(onRim(0));
    const way = paths.to(onRim(2)) ?? [];
    expect(Math.max(...way.map(offRim))).toBeLessThan(2);
    expect(way.length).toBeGreaterThan(35);
    // From pixel to neighbouring pixel.
    way.slice(1).forEach(({ x, y }, i) => {
      const before = way[i] ?? { x: 0, y: 0 };
      expect(Math.max(Math.abs(x - before.x), Math.abs(y - before.y))).toBe(1);
    });
  });

  test('is straight where there is no edge, and begins at the start', () => {
    const paths = new EdgePaths(SIZE, () => 7);
    paths.start(imagePoint(10.2, 20.7));
    const way = paths.to(imagePoint(30, 20)) ?? [];
    expect(way).toHaveLength(21);
    expect(way[0]).toEqual({ x: 10.5, y: 20.5 });
    expect(way.every(({ y }) => y === 20.5)).toBe(true);
  });

  test('goes on where a frame had no time left, to the same way', () => {
    const [hasty, patient] = [new EdgePaths(SIZE, disc), new EdgePaths(SIZE, disc)];
    hasty.start(onRim(0));
    patient.start(onRim(0));
    expect(hasty.to(onRim(2), 0)).toBeNull();
    let way = null;
    for (let frame = 0; way === null && frame < 1000; frame++) way = hasty.to(onRim(2), 0);
    expect(way).toEqual(patient.to(onRim(2)));
  });

  test('stays in the image, and ends at its reach', () => {
    const large = { width: 2000, height: 40 };
    const paths = new EdgePaths(large, () => 0);
    paths.start(imagePoint(-5, 500));
    const way = paths.to(imagePoint(EDGE_REACH_PX - 1, 0)) ?? [];
    expect(way[0]).toEqual({ x: 0.5, y: 39.5 });
    expect(way.every(({ x, y }) => x > 0 && y > 0 && y < 40)).toBe(true);
    expect(paths.to(imagePoint(EDGE_REACH_PX + 10, 0))).toBeNull();
  });
});
