import { describe, expect, test } from 'vitest';
import { LabelLayer } from '../../../renderer/canvas/label-layer.ts';
import { TILE_PX } from '../../../shared/tiles.ts';
import {
  paletteOf,
  rasteriseLabels,
  type LabelStyle,
} from '../../../renderer/canvas/label-raster.ts';

const classes = [
  { index: 0, color: '#00ff00' },
  { index: 1, color: '#ff0000' },
  { index: 2, color: '#0000ff' },
];
const paletteIn = (hasBackground: boolean) => paletteOf({ classes, hasBackground }, '#808080');
const palette = paletteIn(true);
const RED = 0xff0000ff;
const BLUE = 0xffff0000;
const GREEN = 0xff00ff00;

/** 300 × 300 px with class 1 in 10 … 20 both ways and class 2 in the last pixel. */
function layer(): LabelLayer {
  const map = new LabelLayer(300, 300);
  const edit = map.edit();
  for (let y = 10; y < 20; y++) edit.fillSpan(y, 10, 20, { value: 1, only: null });
  edit.fillSpan(299, 299, 300, { value: 2, only: null });
  edit.commit();
  return map;
}

function raster(
  style: LabelStyle,
  tile: { level: number; column: number; row: number },
  hasBackground = true,
) {
  const out = new Uint32Array(TILE_PX * TILE_PX);
  const area = { x0: 0, y0: 0, x1: TILE_PX, y1: TILE_PX };
  rasteriseLabels(layer(), { ...tile, area }, { palette: paletteIn(hasBackground), style, out });
  return (x: number, y: number) => out[y * TILE_PX + x] ?? 0;
}

describe('labels as colours', () => {
  test('filled regions have the colour of their class, the background none', () => {
    const at = raster('fill', { level: 0, column: 0, row: 0 });
    expect([at(9, 10), at(10, 10), at(19, 19), at(20, 19)]).toEqual([0, RED, RED, 0]);
  });

  test.each([0, 1, 2])(
    'ignored regions are striped where they are filled, at level %i',
    (level) => {
      const map = new LabelLayer(1024, 1024, 255);
      const out = new Uint32Array(TILE_PX * TILE_PX);
      const area = { x0: 0, y0: 0, x1: TILE_PX, y1: TILE_PX };
      rasteriseLabels(map, { level, column: 0, row: 0, area }, { palette, style: 'fill', out });
      const row = (y: number) =>
        Array.from(out.subarray(y * TILE_PX, y * TILE_PX + 8), (color) =>
          color === 0 ? '.' : '#',
        );
      expect(row(0).join('')).toBe('####....');
      expect(row(2).join('')).toBe('##....##');
    },
  );

  test.each(['fill', 'outline', 'hatch'] as const)(
    'without a background class 0 is drawn like the others, and nothing beyond the map: %s',
    (style) => {
      const whole = raster(style, { level: 0, column: 0, row: 0 }, false);
      expect([whole(9, 10), whole(10, 10), whole(19, 19), whole(20, 19)]).toEqual([
        ...[GREEN, RED, RED, GREEN],
      ]);
      // Stripes of the hatch and borders apart, only what is filled has an inside.
      expect(whole(100, 106)).toBe(style === 'fill' ? GREEN : 0);
      const edge = raster(style, { level: 0, column: 1, row: 1 }, false);
      expect([edge(43, 43), edge(44, 43), edge(43, 44)]).toEqual([BLUE, 0, 0]);
      const reduced = raster(style, { level: 1, column: 0, row: 0 }, false);
      expect([reduced(148, 149), reduced(150, 149), reduced(149, 150)]).toEqual([...[GREEN, 0, 0]]);
    },
  );

  test('beyond the edge of the map nothing is seen', () => {
    const at = raster('fill', { level: 0, column: 1, row: 1 });
    expect([at(43, 43), at(44, 43)]).toEqual([BLUE, 0]);
  });

  test('an outline keeps the border and drops the inside', () => {
    const at = raster('outline', { level: 0, column: 0, row: 0 });
    expect([at(10, 15), at(11, 15), at(18, 15), at(19, 15)]).toEqual([RED, 0, 0, RED]);
  });

  test('magnified, an outline stays one texel wide', () => {
    const at = raster('outline', { level: -2, column: 0, row: 0 });
    expect([at(39, 60), at(40, 60), at(41, 60), at(79, 60), at(80, 60)]).toEqual([
      0,
      RED,
      0,
      RED,
      0,
    ]);
  });

  test('hatching adds stripes between the borders', () => {
    const at = raster('hatch', { level: 0, column: 0, row: 0 });
    const inside = [11, 12, 13, 14, 15, 16, 17, 18].map((x) => at(x, 15));
    expect(inside.filter((color) => color === RED)).toHaveLength(2);
    expect(at(10, 15)).toBe(RED);
  });

  test('zoomed out, a block that is half covered is half opaque', () => {
    const at = raster('fill', { level: 3, column: 0, row: 0 });
    // Texel 1 shows the pixels 8 … 15, of which the samples at 10 and 13 lie inside.
    expect(at(1, 1)).toBe(RED);
    // Texel 2 shows 16 … 23: 18 lies inside, 21 outside.
    expect(at(2, 1)).toBe(0x800000ff);
    expect(at(2, 2)).toBe(0x400000ff);
    expect(at(0, 0)).toBe(0);
  });

  test('zoomed out, a part of a texture is what the whole shows there', () => {
    const map = new LabelLayer(1500, 1100);
    const edit = map.edit();
    for (let y = 0; y < 1100; y++) {
      const value = (y >> 5) % 3;
      edit.fillSpan(y, (y * 7) % 300, 900 + ((y * 13) % 600), { value, only: null });
    }
    edit.commit();
    for (const level of [1, 2, 3]) {
      const tile = { level, column: level === 1 ? 1 : 0, row: level === 1 ? 1 : 0 };
      const draw = (out: Uint32Array, area: { x0: number; y0: number; x1: number; y1: number }) =>
        rasteriseLabels(map, { ...tile, area }, { palette, style: 'fill', out });
      const whole = new Uint32Array(TILE_PX * TILE_PX).fill(7);
      draw(whole, { x0: 0, y0: 0, x1: TILE_PX, y1: TILE_PX });
      expect(whole).not.toContain(7);
      const near = (2 ** level) >> 2;
      const far = 2 ** level - 1 - near;
      const at = (x: number, y: number) => (map.contains(x, y) ? (palette[map.get(x, y)] ?? 0) : 0);
      for (const [i, j] of [
        [0, 0],
        [37, 90],
        [128, 127],
        [200, 255],
        [255, 31],
      ] as const) {
        const x = (tile.column * TILE_PX + i) * 2 ** level;
        const y = (tile.row * TILE_PX + j) * 2 ** level;
        const samples = [
          at(x + near, y + near),
          at(x + far, y + near),
          at(x + near, y + far),
          at(x + far, y + far),
        ];
        const [first] = samples;
        if (samples.every((color) => color === first)) expect(whole[j * TILE_PX + i]).toBe(first);
      }
      const part = whole.slice();
      for (let y = 33; y < 190; y++) part.fill(7, y * TILE_PX + 61, y * TILE_PX + 201);
      draw(part, { x0: 61, y0: 33, x1: 201, y1: 190 });
      expect(part).toEqual(whole);
    }
  });

  test('only the asked texels are written', () => {
    const out = new Uint32Array(TILE_PX * TILE_PX).fill(7);
    rasteriseLabels(
      layer(),
      { level: 0, column: 0, row: 0, area: { x0: 9, y0: 10, x1: 11, y1: 11 } },
      { palette, style: 'fill', out },
    );
    expect(out.filter((color) => color !== 7)).toEqual(Uint32Array.of(0, RED));
  });
});
