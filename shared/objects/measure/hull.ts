/**
 * Convex hulls of objects: their area in pixels, and the largest and smallest distance between two parallel lines that
 * hold them. All in whole numbers of half pixels, so that no rounding decides whether a pixel belongs to a hull.
 *
 * Sources: scikit-image, `convex_hull_image` with offset_coordinates (a pixel is the four middles of its sides; the hull
 * has every pixel whose centre lies in it or on its edge) and `feret_diameter_max` (over the outline of the hull's pixels,
 * which runs through the same middles); the hull itself by Andrew's monotone chain (1979). The least Feret diameter is the
 * least height over a side of the hull (Freeman and Shapira, 1975).
 */
import type { ObjectRuns } from './object-runs.ts';

export interface Hull {
  /** Pixels of the object's convex hull (area_convex). */
  readonly area: number;
  readonly feretMax: number;
  readonly feretMin: number;
}

/** Of every row of an object's box: its first and its last pixel's column; last < first where a row has none. */
interface Extents {
  readonly first: Int32Array;
  readonly last: Int32Array;
}

function extentsOf(runs: ObjectRuns, object: number): Extents {
  const begin = runs.first[object] ?? 0;
  const end = runs.first[object + 1] ?? 0;
  const top = runs.row[begin] ?? 0;
  const rows = (runs.row[end - 1] ?? 0) - top + 1;
  const first = new Int32Array(rows).fill(2 ** 30);
  const last = new Int32Array(rows).fill(-1);
  for (let i = begin; i < end; i++) {
    const r = (runs.row[i] ?? 0) - top;
    const from = runs.from[i] ?? 0;
    const to = (runs.to[i] ?? 0) - 1;
    if (from < (first[r] ?? 0)) first[r] = from;
    if (to > (last[r] ?? 0)) last[r] = to;
  }
  return { first, last };
}

/** Corners of a hull along one flank, from the top down: rows and columns in half pixels. */
interface Flank {
  readonly rows: number[];
  readonly columns: number[];
}

/** `side` −1: the left flank, 1: the right one. */
function flankOf({ first, last }: Extents, side: -1 | 1): Flank {
  const columnOf = side < 0 ? first : last;
  const has = (r: number) => r >= 0 && r < first.length && (last[r] ?? -1) >= (first[r] ?? 0);
  const rows: number[] = [];
  const columns: number[] = [];
  const add = (row: number, column: number) => {
    for (let n = rows.length; n >= 2; n--) {
      const [r0, r1] = [rows[n - 2] ?? 0, rows[n - 1] ?? 0];
      const [c0, c1] = [columns[n - 2] ?? 0, columns[n - 1] ?? 0];
      // The middle one stays where it stands out to its side.
      if (side * ((c1 - c0) * (row - r0) - (column - c0) * (r1 - r0)) > 0) break;
      rows.pop();
      columns.pop();
    }
    rows.push(row);
    columns.push(column);
  };
  for (let half = -1; half <= 2 * first.length - 1; half++) {
    if (half % 2 === 0) {
      const r = half / 2;
      if (has(r)) add(half, 2 * (columnOf[r] ?? 0) + side);
      continue;
    }
    // Between two rows: the middles of lower sides of the one and upper sides of the other.
    const [upper, lower] = [(half - 1) / 2, (half + 1) / 2];
    const both = [upper, lower].filter(has).map((r) => 2 * (columnOf[r] ?? 0));
    if (both.length > 0) add(half, side < 0 ? Math.min(...both) : Math.max(...both));
  }
  return { rows, columns };
}

/** Columns of pixels that a flank reaches on every row, exactly. */
function reach(
  { rows, columns }: Flank,
  { count, side }: { count: number; side: -1 | 1 },
): Int32Array {
  const reached = new Int32Array(count);
  let k = 0;
  for (let r = 0; r < count; r++) {
    const half = 2 * r;
    while (k + 2 < rows.length && (rows[k + 1] ?? 0) < half) k++;
    const [r0, r1] = [rows[k] ?? 0, rows[k + 1] ?? 0];
    const [c0, c1] = [columns[k] ?? 0, columns[k + 1] ?? 0];
    const column = (c0 * (r1 - r0) + (c1 - c0) * (half - r0)) / (2 * (r1 - r0));
    reached[r] = side < 0 ? Math.ceil(column) : Math.floor(column);
  }
  return reached;
}

/** Corners as one ring. */
function ringOf(
  left: Flank,
  right: Flank,
): { readonly rows: number[]; readonly columns: number[] } {
  return {
    rows: [...left.rows, ...right.rows.toReversed()],
    columns: [...left.columns, ...right.columns.toReversed()],
  };
}

function feretOf({ rows, columns }: { readonly rows: number[]; readonly columns: number[] }) {
  let largest = 0;
  let least = Infinity;
  for (let i = 0; i < rows.length; i++) {
    const r = rows[i] ?? 0;
    const c = columns[i] ?? 0;
    const j = i + 1 === rows.length ? 0 : i + 1;
    const dr = (rows[j] ?? 0) - r;
    const dc = (columns[j] ?? 0) - c;
    let height = 0;
    for (let k = 0; k < rows.length; k++) {
      const er = (rows[k] ?? 0) - r;
      const ec = (columns[k] ?? 0) - c;
      largest = Math.max(largest, er * er + ec * ec);
      height = Math.max(height, Math.abs(dr * ec - dc * er));
    }
    if (dr !== 0 || dc !== 0) least = Math.min(least, height / Math.hypot(dr, dc));
  }
  return { feretMax: Math.sqrt(largest) / 2, feretMin: least / 2 };
}

export function hullOf(runs: ObjectRuns, object: number): Hull {
  const extents = extentsOf(runs, object);
  const count = extents.first.length;
  const first = reach(flankOf(extents, -1), { count, side: -1 });
  const last = reach(flankOf(extents, 1), { count, side: 1 });
  let area = 0;
  for (let r = 0; r < count; r++) area += (last[r] ?? 0) - (first[r] ?? 0) + 1;
  // The outline of the hull's pixels goes a little beyond the hull: that is what Feret is taken of.
  const filled = { first, last };
  return { area, ...feretOf(ringOf(flankOf(filled, -1), flankOf(filled, 1))) };
}
