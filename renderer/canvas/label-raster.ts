/**
 * Label maps as colours: filled, outlined or hatched, at any scale. Ignored pixels are striped where they are filled:
 * no grey of theirs would tell them from a grey image. One texel shows 2^level pixels across (level ≥ 0)
 * or a part of one (level < 0, for outlines that stay thin when zoomed in).
 */
import { BACKGROUND, IGNORE } from '../../shared/entities.ts';
import { TILE_PX } from '../../shared/tiles.ts';
import { type LabelLayer, TILE_SHIFT } from './label-layer.ts';
import type { Rect } from './viewport.ts';

/** fill: whole regions; outline: their borders; hatch: stripes and borders, for predictions. */
export type LabelStyle = 'fill' | 'outline' | 'hatch';

/** Colour of each class id, 0xAABBGGRR; 0 is unseen. [256] */
export type Palette = Uint32Array;

/** Of a dataset, how its labels look. */
export interface ClassLook {
  readonly classes: readonly { readonly index: number; readonly color: string }[];
  readonly hasBackground: boolean;
}

/** Texels from one stripe to the next; a power of two. */
const STRIPE = 8;

/** `color`: #rrggbb. */
export function packColor(color: string): number {
  const rgb = Number.parseInt(color.slice(1), 16);
  return (0xff000000 | ((rgb & 255) << 16) | (rgb & 0xff00) | (rgb >> 16)) >>> 0;
}

/** A background is unseen, and so are classes without a colour. */
export function paletteOf({ classes, hasBackground }: ClassLook, ignore: string): Palette {
  const palette = new Uint32Array(256);
  for (const { index, color } of classes) palette[index] = packColor(color);
  if (hasBackground) palette[BACKGROUND] = 0;
  palette[IGNORE] = packColor(ignore);
  return palette;
}

/**
 * Fills the texels `area` of `out` [TILE_PX, TILE_PX] for the texture tile (column, row) of a level; the texel (i, j)
 * begins at pixel ((column · TILE_PX + i) · 2^level, …). Texels beyond the map become unseen.
 */
export function rasteriseLabels(
  layer: LabelLayer,
  { level, column, row, area }: { level: number; column: number; row: number; area: Rect },
  { palette, style, out }: { palette: Palette; style: LabelStyle; out: Uint32Array },
): void {
  if (level === 0 && style === 'fill') {
    const index = row * layer.columns + column;
    const tile = layer.tile(index);
    const { x0, x1, y0, y1 } = layer.tileRect(index);
    for (let y = area.y0; y < area.y1; y++) {
      for (let x = area.x0; x < area.x1; x++) {
        const at = y * TILE_PX + x;
        const value = tile[at] ?? 0;
        const isUnseen = x >= x1 - x0 || y >= y1 - y0 || (value === IGNORE && !isStripe(x, y));
        out[at] = isUnseen ? 0 : (palette[value] ?? 0);
      }
    }
    return;
  }
  const scale = 2 ** level;
  const originX = column * TILE_PX;
  const originY = row * TILE_PX;
  if (style === 'fill' && level > 0) {
    rasteriseReduced(layer, { level, originX, originY, area }, { palette, out });
    return;
  }
  const at = (i: number, j: number) => {
    const x = Math.floor((originX + i + 0.5) * scale);
    const y = Math.floor((originY + j + 0.5) * scale);
    return layer.contains(x, y) ? layer.get(x, y) : -1;
  };
  for (let j = area.y0; j < area.y1; j++) {
    for (let i = area.x0; i < area.x1; i++) {
      const value = at(i, j);
      let color = value < 0 ? 0 : (palette[value] ?? 0);
      if (color !== 0 && !isBorder(value, i, j, at)) {
        const striped = style === 'hatch' && ((originX + i + originY + j) & (STRIPE - 1)) < 2;
        if (style !== 'fill' && !striped) color = 0;
      }
      out[j * TILE_PX + i] = color;
    }
  }
}

/** Half of the texels, in slanting bands that go on from tile to tile. */
const isStripe = (i: number, j: number) => ((i + j) & (STRIPE - 1)) < STRIPE / 2;

function isBorder(value: number, i: number, j: number, at: (i: number, j: number) => number) {
  return (
    at(i - 1, j) !== value ||
    at(i + 1, j) !== value ||
    at(i, j - 1) !== value ||
    at(i, j + 1) !== value
  );
}

/**
 * Texels that stand for several pixels show the mean of four of them, so that thin parts fade and do not vanish. Goes
 * label tile by label tile: a block of pixels lies in one, and tiles of one class are filled at once.
 */
function rasteriseReduced(
  layer: LabelLayer,
  {
    level,
    originX,
    originY,
    area,
  }: { level: number; originX: number; originY: number; area: Rect },
  { palette, out }: { palette: Palette; out: Uint32Array },
): void {
  const side = TILE_PX >> level;
  for (let y0 = area.y0; y0 < area.y1; y0 = Math.min(area.y1, (Math.floor(y0 / side) + 1) * side)) {
    const row = Math.floor((originY + y0) / side);
    const y1 = Math.min(area.y1, (Math.floor(y0 / side) + 1) * side);
    for (
      let x0 = area.x0;
      x0 < area.x1;
      x0 = Math.min(area.x1, (Math.floor(x0 / side) + 1) * side)
    ) {
      const column = Math.floor((originX + x0) / side);
      const x1 = Math.min(area.x1, (Math.floor(x0 / side) + 1) * side);
      const texels = { x0, y0, x1, y1 };
      if (column >= layer.columns || row >= layer.rows) fillTexels(out, texels, 0);
      else {
        const origin = { x: originX - column * side, y: originY - row * side };
        reduceTile(layer, row * layer.columns + column, { level, origin, texels, palette, out });
      }
    }
  }
}

function fillTexels(out: Uint32Array, { x0, y0, x1, y1 }: Rect, color: number): void {
  for (let y = y0; y < y1; y++) out.fill(color, y * TILE_PX + x0, y * TILE_PX + x1);
}

/** `origin`: of the texture, in texels from the first of this label tile. */
function reduceTile(
  layer: LabelLayer,
  index: number,
  options: {
    level: number;
    origin: { x: number; y: number };
    texels: Rect;
    palette: Palette;
    out: Uint32Array;
  },
): void {
  const { level, origin, texels, palette, out } = options;
  const { x0, y0, x1, y1 } = layer.tileRect(index);
  const width = x1 - x0;
  const height = y1 - y0;
  const uniform = layer.uniformValue(index);
  if (uniform !== null && uniform !== IGNORE && width === TILE_PX && height === TILE_PX) {
    fillTexels(out, texels, palette[uniform] ?? 0);
    return;
  }
  const tile = layer.tile(index);
  const scale = 2 ** level;
  const near = scale >> 2;
  const far = scale - 1 - near;
  const ignored = palette[IGNORE] ?? 0;
  const colorAt = (x: number, y: number) =>
    x < width && y < height ? (palette[tile[(y << TILE_SHIFT) | x] ?? 0] ?? 0) : 0;
  for (let j = texels.y0; j < texels.y1; j++) {
    const y = (origin.y + j) * scale;
    for (let i = texels.x0; i < texels.x1; i++) {
      const x = (origin.x + i) * scale;
      const a = colorAt(x + near, y + near);
      const b = colorAt(x + far, y + near);
      const c = colorAt(x + near, y + far);
      const d = colorAt(x + far, y + far);
      const color = a === b && a === c && a === d ? a : meanVisible([a, b, c, d]);
      out[j * TILE_PX + i] = color === ignored && !isStripe(i, j) ? 0 : color;
    }
  }
}

/** Mean colour of the seen ones, as opaque as their share. */
function meanVisible(colors: readonly number[]): number {
  const seen = colors.filter((color) => color !== 0);
  if (seen.length === 0) return 0;
  const mean = (shift: number) =>
    Math.round(seen.reduce((sum, color) => sum + ((color >>> shift) & 255), 0) / seen.length);
  const alpha = Math.round((255 * seen.length) / colors.length);
  return ((alpha << 24) | (mean(16) << 16) | (mean(8) << 8) | mean(0)) >>> 0;
}
