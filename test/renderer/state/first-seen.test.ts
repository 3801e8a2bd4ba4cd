import { expect, it } from 'vitest';
import { imagePoint, type Viewport } from '../../../renderer/canvas/viewport.ts';
import { FIRST_PX, firstSeen } from '../../../renderer/state/first-seen.ts';

const view = (side: number, zoom: number, at = side / 2): Viewport => ({
  image: { width: side, height: side },
  screen: { width: 1000, height: 800 },
  zoom,
  center: imagePoint(at, at),
});

it('of a large image the middle of the screen comes first, then the screen, then the rest', () => {
  expect(firstSeen(view(1024, 1))).toEqual([]);
  expect(firstSeen(view(4096, 2))).toEqual([{ x0: 1798, y0: 1848, x1: 2298, y1: 2248 }]);
  // At the edge, what lies outside the image is nothing to predict.
  expect(firstSeen(view(4096, 2, 100))).toEqual([{ x0: 0, y0: 0, x1: 350, y1: 300 }]);
  const middle = { x0: 1728, y0: 1728, x1: 1728 + FIRST_PX, y1: 1728 + FIRST_PX };
  const screen = { x0: 1548, y0: 1648, x1: 2548, y1: 2448 };
  expect(firstSeen(view(4096, 1))).toEqual([middle, screen]);
  // All of the image is on the screen: then it is asked for once.
  expect(firstSeen(view(4096, 0.2))).toEqual([middle]);
  expect(firstSeen(view(4096, 1, 9000))).toEqual([]);
});
