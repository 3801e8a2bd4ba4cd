/**
 * Reads a square window of a tile: pixels bilinearly, labels and depths from the nearest pixel. What lies outside the tile is
 * reflected in the pixels and IGNORE in the labels. Where windows lie is drawn in augment.ts.
 *
 * Windows are turned by quarters only, so the place along each axis of the tile depends on one axis of the view:
 * neighbours, weights and reflection are worked out once a row and a column, never once a pixel.
 */
import { IGNORE } from '../../../shared/entities.ts';
import { type AnyTile, cutTile } from './tiles.ts';

/** A flip or quarter turn: directions in the tile of the view's right and down, each 1 along one axis, either way. */
export interface Turn {
  readonly rightX: number;
  readonly rightY: number;
  readonly downX: number;
  readonly downY: number;
}

/** View pixel (x, y) sees the tile at origin + step · (x·right + y·down), in pixel centres of the tile. */
export interface Window {
  readonly originX: number;
  readonly originY: number;
  /** Tile pixels from one view pixel to the next. */
  readonly step: number;
  readonly turn: Turn;
}

/** The window of `side` tile pixels whose low corner is (left, top), seen by sizePx × sizePx pixels. */
export function windowAt(options: {
  readonly left: number;
  readonly top: number;
  readonly side: number;
  readonly sizePx: number;
  readonly turn: Turn;
}): Window {
  const { left, top, side, sizePx, turn } = options;
  const step = side / sizePx;
  // The centre of the window stays where it is; view pixel centres are (size − 1) / 2 away from it.
  const half = (sizePx - 1) / 2;
  return {
    originX: left + side / 2 - 0.5 - half * step * (turn.rightX + turn.downX),
    originY: top + side / 2 - 0.5 - half * step * (turn.rightY + turn.downY),
    step,
    turn,
  };
}

/** Index reflected into 0 … n−1 (edge pixels are not repeated). */
function reflect(index: number, n: number): number {
  if (n === 1) return 0;
  const period = 2 * (n - 1);
  const i = ((index % period) + period) % period;
  return i < n ? i : period - i;
}

/** An axis of the tile: its pixels, and the values from one of them to the next where the first there is `from`. */
interface Axis {
  readonly extent: number;
  readonly from: number;
  readonly stride: number;
}

/**
 * Where an axis of the view lies along an axis of the tile, one entry a value: a column has one for each channel, so
 * that a row of the view is one flat loop.
 */
interface Places {
  /** Offsets into the tile's values of the two neighbours. */
  readonly before: Int32Array;
  readonly after: Int32Array;
  /** Weight of the one after, in [0, 1). */
  readonly weight: Float64Array;
  /** Whether every weight is 0: the neighbour before is the value. */
  readonly whole: boolean;
}

function placesAlong(
  positions: Float64Array,
  { extent, from, stride }: Axis,
  channels: number,
): Places {
  const length = positions.length * channels;
  const before = new Int32Array(length);
  const after = new Int32Array(length);
  const weight = new Float64Array(length);
  let whole = true;
  positions.forEach((position, i) => {
    const low = Math.floor(position);
    if (position !== low) whole = false;
    for (let c = 0; c < channels; c++) {
      before[i * channels + c] = (reflect(low, extent) - from) * stride + c;
      after[i * channels + c] = (reflect(low + 1, extent) - from) * stride + c;
      weight[i * channels + c] = position - low;
    }
  });
  return { before, after, weight, whole };
}

/** Positions in the tile along its x and y of the view's columns, or of its rows. */
interface Positions {
  readonly columns: Float64Array;
  readonly rows: Float64Array;
}

function positionsOf({ originX, originY, step, turn }: Window, sizePx: number): Positions {
  const upright = turn.rightX !== 0;
  const columns = new Float64Array(sizePx);
  const rows = new Float64Array(sizePx);
  const right = (upright ? turn.rightX : turn.rightY) * step;
  const down = (upright ? turn.downY : turn.downX) * step;
  // Summed along a row, multiplied down a column: the last bits of a view are part of what a seed promises.
  let along = upright ? originX : originY;
  const origin = upright ? originY : originX;
  for (let i = 0; i < sizePx; i++) {
    columns[i] = along;
    along += right;
    rows[i] = origin + i * down;
  }
  return { columns, rows };
}

/** Copies whole pixels, whose places need no weights. */
function copyPixels(data: Float32Array, out: Float32Array, columns: Places, rows: Places): void {
  let at = 0;
  for (const row of rows.before) {
    for (let x = 0; x < columns.before.length; x++) {
      out[at++] = data[row + (columns.before[x] ?? 0)] ?? 0;
    }
  }
}

/** Blends the neighbours along the view's columns, then along its rows. */
function blendColumnsFirst(
  data: Float32Array,
  out: Float32Array,
  columns: Places,
  rows: Places,
): void {
  let at = 0;
  for (let y = 0; y < rows.before.length; y++) {
    const upper = rows.before[y] ?? 0;
    const lower = rows.after[y] ?? 0;
    const dy = rows.weight[y] ?? 0;
    for (let x = 0; x < columns.before.length; x++) {
      const left = columns.before[x] ?? 0;
      const right = columns.after[x] ?? 0;
      const dx = columns.weight[x] ?? 0;
      const above = (data[upper + left] ?? 0) * (1 - dx) + (data[upper + right] ?? 0) * dx;
      const below = (data[lower + left] ?? 0) * (1 - dx) + (data[lower + right] ?? 0) * dx;
      out[at++] = above * (1 - dy) + below * dy;
    }
  }
}

/** Blends the neighbours along the view's rows, then along its columns. */
function blendRowsFirst(
  data: Float32Array,
  out: Float32Array,
  columns: Places,
  rows: Places,
): void {
  let at = 0;
  for (let y = 0; y < rows.before.length; y++) {
    const upper = rows.before[y] ?? 0;
    const lower = rows.after[y] ?? 0;
    const dy = rows.weight[y] ?? 0;
    for (let x = 0; x < columns.before.length; x++) {
      const left = columns.before[x] ?? 0;
      const right = columns.after[x] ?? 0;
      const dx = columns.weight[x] ?? 0;
      const before = (data[upper + left] ?? 0) * (1 - dy) + (data[lower + left] ?? 0) * dy;
      const after = (data[upper + right] ?? 0) * (1 - dy) + (data[lower + right] ?? 0) * dy;
      out[at++] = before * (1 - dx) + after * dx;
    }
  }
}

/** First and last pixel of an axis that positions along it are read from. */
function reached(positions: Float64Array, extent: number): readonly [first: number, last: number] {
  let [first, last] = [extent - 1, 0];
  for (const position of positions) {
    const low = Math.floor(position);
    for (const pixel of [reflect(low, extent), reflect(low + 1, extent)]) {
      first = Math.min(first, pixel);
      last = Math.max(last, pixel);
    }
  }
  return [first, last];
}

/** The part of a tile that a window sees: all of it where its values are there. */
function partSeen(tile: AnyTile, positions: Positions, upright: boolean) {
  if ('data' in tile) return { left: 0, top: 0, ...tile };
  const { columns, rows } = positions;
  const [left, right] = reached(upright ? columns : rows, tile.width);
  const [top, bottom] = reached(upright ? rows : columns, tile.height);
  const part = { left, top, width: right - left + 1, height: bottom - top + 1 };
  return { ...part, ...cutTile(tile, part) };
}

type PartSeen = ReturnType<typeof partSeen>;

/** Axes of the tile in an array of the part's, of so many values a pixel. */
const axesOf = (tile: AnyTile, { left, top, width }: PartSeen, channels: number) => ({
  x: { extent: tile.width, from: left, stride: channels },
  y: { extent: tile.height, from: top, stride: channels * width },
});

function samplePixels(
  tile: AnyTile,
  part: PartSeen,
  positions: Positions,
  upright: boolean,
): Float32Array {
  const { channels, data } = part;
  const { x, y } = axesOf(tile, part, channels);
  const columns = placesAlong(positions.columns, upright ? x : y, channels);
  const rows = placesAlong(positions.rows, upright ? y : x, 1);
  const out = new Float32Array(columns.before.length * rows.before.length);
  if (columns.whole && rows.whole) copyPixels(data, out, columns, rows);
  // Along the tile's x first, whichever way it is seen: the order of the sums decides the last bits.
  else if (upright) blendColumnsFirst(data, out, columns, rows);
  else blendRowsFirst(data, out, columns, rows);
  return out;
}

const OUTSIDE = -1;

/** Offsets of the nearest pixels; OUTSIDE where the tile has none. */
function nearestAlong(positions: Float64Array, { extent, from, stride }: Axis): Int32Array {
  return Int32Array.from(positions, (position) => {
    const nearest = Math.round(position);
    return nearest < 0 || nearest >= extent ? OUTSIDE : (nearest - from) * stride;
  });
}

function sampleLabels(
  tile: AnyTile,
  part: PartSeen,
  labels: Uint8Array,
  positions: Positions,
  upright: boolean,
): Uint8Array {
  const { x, y } = axesOf(tile, part, 1);
  const columns = nearestAlong(positions.columns, upright ? x : y);
  const rows = nearestAlong(positions.rows, upright ? y : x);
  const sizePx = rows.length;
  const out = new Uint8Array(sizePx * sizePx);
  let at = 0;
  for (let i = 0; i < sizePx; i++) {
    const row = rows[i] ?? OUTSIDE;
    for (let j = 0; j < sizePx; j++) {
      const column = columns[j] ?? OUTSIDE;
      out[at++] = row < 0 || column < 0 ? IGNORE : (labels[row + column] ?? IGNORE);
    }
  }
  return out;
}

/** pixels: [sizePx, sizePx, channels]; labels, and depths where the tile has them: [sizePx, sizePx]. */
export function sampleWindow(
  tile: AnyTile,
  window: Window,
  sizePx: number,
): {
  readonly pixels: Float32Array;
  /** null where the tile has none. */
  readonly labels: Uint8Array | null;
  readonly depths?: Uint8Array;
} {
  const positions = positionsOf(window, sizePx);
  const upright = window.turn.rightX !== 0;
  const part = partSeen(tile, positions, upright);
  const { labels, depths } = part;
  const nearest = (plane: Uint8Array) => sampleLabels(tile, part, plane, positions, upright);
  return {
    pixels: samplePixels(tile, part, positions, upright),
    labels: labels && nearest(labels),
    ...(depths === undefined ? {} : { depths: nearest(depths) }),
  };
}
