import { expect, it } from 'vitest';
import { imagePoint, type Viewport } from '../../../renderer/canvas/viewport.ts';
import { AT_ONCE_PX, firstSeen } from '../../../renderer/state/first-seen.ts';

const view = (side: number, zoom: number, at = side / 2): Viewport => ({
  image: { width: side, height: side },
  screen: { width: 1000, height: 800 },
  zoom,
  center: imagePoint(at, at),
});

it('of a large image what is on the screen comes first, and of much of it the middle', () => {
  expect(firstSeen(view(1024, 1))).toBeNull();
  expect(firstSeen(view(4096, 2))).toEqual({ x0: 1798, y0: 1848, x1: 2298, y1: 2248 });
  // At the edge, what lies outside the image is nothing to predict.
  expect(firstSeen(view(4096, 2, 100))).toEqual({ x0: 0, y0: 0, x1: 350, y1: 300 });
  const all = firstSeen(view(4096, 0.2));
  expect(all).toEqual({ x0: 1536, y0: 1536, x1: 1536 + AT_ONCE_PX, y1: 1536 + AT_ONCE_PX });
  expect(firstSeen(view(4096, 1, 9000))).toBeNull();
});
