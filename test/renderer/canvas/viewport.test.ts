import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  centredOn,
  fit,
  imagePoint,
  intersection,
  MAX_ZOOM,
  minZoom,
  panBy,
  partInView,
  resized,
  screenPoint,
  toImage,
  toScreen,
  type Viewport,
  visiblePart,
  zoomAt,
} from '../../../renderer/canvas/viewport.ts';

const size = fc.record({
  width: fc.integer({ min: 1, max: 20_000 }),
  height: fc.integer({ min: 1, max: 20_000 }),
});
const screen = fc.record({
  width: fc.integer({ min: 50, max: 5000 }),
  height: fc.integer({ min: 50, max: 5000 }),
});

/** Image pixels that are at least partly on the screen, or null where there are none. */
function visiblePixels(view: Viewport) {
  const from = toImage(view, screenPoint(0, 0));
  const to = toImage(view, screenPoint(view.screen.width, view.screen.height));
  return intersection(
    { x0: Math.floor(from.x), y0: Math.floor(from.y), x1: Math.ceil(to.x), y1: Math.ceil(to.y) },
    { x0: 0, y0: 0, x1: view.image.width, y1: view.image.height },
  );
}

describe('the viewport', () => {
  test('shows the whole image, centred, after fit', () => {
    fc.assert(
      fc.property(size, screen, (image, canvas) => {
        const view = fit(image, canvas);
        const from = toScreen(view, imagePoint(0, 0));
        const to = toScreen(view, imagePoint(image.width, image.height));
        expect(from.x).toBeGreaterThanOrEqual(0);
        expect(from.y).toBeGreaterThanOrEqual(0);
        expect(from.x + to.x).toBeCloseTo(canvas.width, 6);
        expect(from.y + to.y).toBeCloseTo(canvas.height, 6);
        expect(visiblePixels(view)).toEqual({ x0: 0, y0: 0, x1: image.width, y1: image.height });
      }),
    );
  });

  test('image to screen and back is the identity', () => {
    fc.assert(
      fc.property(
        size,
        screen,
        fc.double({ min: -100, max: 20_000, noNaN: true }),
        (image, canvas, x) => {
          const view = fit(image, canvas);
          const back = toImage(view, toScreen(view, imagePoint(x, -x)));
          expect(back.x).toBeCloseTo(x, 6);
          expect(back.y).toBeCloseTo(-x, 6);
        },
      ),
    );
  });

  test('zooming in keeps the pixel under the cursor where it is', () => {
    const view = fit({ width: 1000, height: 500 }, { width: 800, height: 600 });
    const at = screenPoint(500, 320);
    const zoomed = zoomAt(view, at, view.zoom * 3);
    expect(zoomed.zoom).toBeCloseTo(view.zoom * 3);
    expect(toImage(zoomed, at).x).toBeCloseTo(toImage(view, at).x, 9);
    expect(toImage(zoomed, at).y).toBeCloseTo(toImage(view, at).y, 9);
  });

  test('no sequence of zooms, pans and resizes loses the image', () => {
    const verb = fc.oneof(
      fc.record({
        kind: fc.constant('zoom' as const),
        x: fc.integer({ min: 0, max: 800 }),
        y: fc.integer({ min: 0, max: 600 }),
        factor: fc.double({ min: 0.01, max: 100, noNaN: true }),
      }),
      fc.record({
        kind: fc.constant('pan' as const),
        dx: fc.integer({ min: -9000, max: 9000 }),
        dy: fc.integer({ min: -9000, max: 9000 }),
      }),
      fc.record({ kind: fc.constant('resize' as const), to: screen }),
    );
    fc.assert(
      fc.property(size, fc.array(verb, { maxLength: 12 }), (image, verbs) => {
        let view = fit(image, { width: 800, height: 600 });
        for (const step of verbs) {
          if (step.kind === 'zoom')
            view = zoomAt(view, screenPoint(step.x, step.y), view.zoom * step.factor);
          else if (step.kind === 'pan') view = panBy(view, step.dx, step.dy);
          else view = resized(view, step.to);
          expect(view.zoom).toBeLessThanOrEqual(MAX_ZOOM);
          expect(view.zoom).toBeGreaterThanOrEqual(minZoom(image, view.screen) * (1 - 1e-12));
          expect(visiblePixels(view)).not.toBeNull();
        }
      }),
    );
  });
});

test('what is in view: the screen in pixels of the image, and what of it is image', () => {
  const view = fit({ width: 100, height: 100 }, { width: 400, height: 200 });
  const seen = visiblePart(view);
  expect(toScreen(view, imagePoint(seen.x0, seen.y0))).toEqual({ x: 0, y: 0 });
  expect(toScreen(view, imagePoint(seen.x1, seen.y1))).toEqual({ x: 400, y: 200 });
  expect(seen.x0).toBeLessThan(0);
  expect(partInView(view)).toEqual({ x0: 0, y0: 0, x1: 100, y1: 100 });
  const near = centredOn(zoomAt(view, screenPoint(0, 0), 16), imagePoint(90, 40));
  expect(toScreen(near, imagePoint(90, 40))).toEqual({ x: 200, y: 100 });
  expect(partInView(near)).toEqual({ x0: 77.5, y0: 33.75, x1: 100, y1: 46.25 });
  // The middle stays on the image, so that none is lost.
  expect(centredOn(view, imagePoint(-5, 500)).center).toEqual({ x: 0, y: 100 });
});
