import { describe, expect, it } from 'vitest';
import { PatchMap } from '../../../renderer/canvas/patch-map.ts';
import { patchRegion } from '../../../renderer/canvas/patch-region.ts';

describe('the part that is cut into patches', () => {
  const image = { width: 8000, height: 6000 };
  const view = { x0: 1001, y0: 2003, x1: 1801, y1: 2603 };

  it('is what is in view and some room around it, and stays while the view is in it', () => {
    const first = patchRegion({ image, view, sizePx: 20, last: null });
    expect(first).toEqual({ x0: 881, y0: 1913, x1: 1921, y1: 2693, step: 1, sizePx: 20 });
    const moved = { ...view, x0: view.x0 + 100, x1: view.x1 + 100 };
    expect(patchRegion({ image, view: moved, sizePx: 20, last: first })).toBe(first);
    expect(patchRegion({ image, view: moved, sizePx: 30, last: first })).not.toBe(first);
    const far = { ...view, x0: view.x0 + 200, x1: view.x1 + 200 };
    expect(patchRegion({ image, view: far, sizePx: 20, last: first }).x0).toBe(1081);
  });

  it('is looked at coarsely where it is large, and says which patches can be told so', () => {
    const whole = { x0: -50, y0: -50, x1: 8050, y1: 6050 };
    const region = patchRegion({ image, view: whole, sizePx: 20, last: null });
    expect(region).toEqual({ x0: 0, y0: 0, x1: 8000, y1: 6000, step: 8, sizePx: 48 });
  });
});

describe('patches that were looked at coarsely', () => {
  const region = { x0: 4, y0: 2, x1: 11, y1: 5, step: 2, sizePx: 12 };
  // Four columns and two rows: the last of both are cut off by the edge of the image.
  const map = new PatchMap(
    {
      numbers: Int32Array.of(0, 0, 1, 1, 0, 1, 1, 1),
      boxes: Int32Array.of(0, 0, 2, 2, 1, 0, 4, 2),
      shades: Uint8Array.of(1, 2),
    },
    region,
  );

  it('are found by a pixel of the image, and are made of whole pixels of it', () => {
    expect([map.at(3, 2), map.at(4, 2), map.at(7, 3), map.at(7, 4), map.at(10, 4)]).toEqual([
      -1, 0, 0, 1, 1,
    ]);
    const spans: number[][] = [];
    map.forEachSpan(1, (y, x0, x1) => spans.push([y, x0, x1]));
    expect(spans).toEqual([
      [2, 8, 11],
      [3, 8, 11],
      [4, 6, 11],
    ]);
    expect(map.under({ x: 9.5, y: 3.5 })).toEqual({
      region: { left: 6, top: 2, width: 5, height: 3 },
      runs: [2, 3, 2, 8],
    });
    expect(map.under({ x: 6.5, y: 4.5 })).toBe(map.under({ x: 10.5, y: 2.5 }));
    expect(map.under({ x: 0, y: 0 })).toBeNull();
  });

  it('are seen where they lie', () => {
    const view = {
      ...{ image: { width: 20, height: 10 }, screen: { width: 100, height: 50 } },
      ...{ zoom: 5, center: { x: 10, y: 5 } },
    };
    expect(map.viewOf(view)).toMatchObject({ zoom: 10, center: { x: 3, y: 1.5 } });
  });
});
