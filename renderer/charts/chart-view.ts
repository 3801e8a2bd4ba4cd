/**
 * What of a chart is seen and read, and what pointer and keys make of that. Knows drawings, no elements; positions are
 * in units of the drawing.
 */
import type { Drawing } from '../../shared/charts/drawing.ts';
import type { Range } from '../../shared/charts/scale.ts';

export interface ChartView {
  /** Stretch of the x axis; null for the whole. */
  readonly range: Range | null;
  /** Index of what is read; null for nothing. */
  readonly at: number | null;
}

interface Position {
  readonly x: number;
  readonly y: number;
}

export const ZOOM_STEP = 1.5;
/** Of the whole axis: nothing is to be seen in less. */
const SMALLEST_SHARE = 1 / 1000;
/** Of the width, by one key. */
const MOVE_SHARE = 0.2;

/** Index of the reading at a position: across the plot the nearest one, of rows the one that is there. */
export function readingAt({ readings, plot }: Drawing, { x, y }: Position): number | null {
  if (readings === null) return null;
  const { positions, rowHeight } = readings;
  if (readings.along === 'rows') {
    const index = positions.findIndex((middle) => Math.abs(y - middle) <= rowHeight / 2);
    return index < 0 ? null : index;
  }
  let nearest: number | null = null;
  for (const [index, position] of positions.entries()) {
    if (!isInView(position, plot)) continue;
    const best = positions[nearest ?? -1];
    if (best === undefined || Math.abs(position - x) < Math.abs(best - x)) nearest = index;
  }
  return nearest;
}

/** Rounding moves points that lie on an edge. */
export function isInView(position: number, { left, right }: Drawing['plot']): boolean {
  return position >= left - 0.01 && position <= right + 0.01;
}

/** The stretch between two positions; null where that is the whole axis, or there is no axis. */
export function rangeBetween({ axis }: Drawing, a: number, b: number): Range | null {
  if (axis === null) return null;
  const { scale, whole } = axis;
  const [first, last] = [scale.at(whole[0]), scale.at(whole[1])];
  const smallest = (last - first) * SMALLEST_SHARE;
  const width = Math.max(Math.abs(b - a), smallest);
  if (width >= last - first - 0.01) return null;
  // Wholly on the axis, moved there where it reaches beyond.
  const from = Math.min(Math.max((a + b - width) / 2, first), last - width);
  return [scale.valueAt(from), scale.valueAt(from + width)];
}

/** `factor` above 1 shows less; what is at `x` stays there. */
export function zoomedAt(drawing: Drawing, x: number, factor: number): Range | null {
  const { left, right } = drawing.plot;
  const fixed = Math.min(Math.max(x, left), right);
  return rangeBetween(drawing, fixed - (fixed - left) / factor, fixed + (right - fixed) / factor);
}

/** `share` of the width to the right, as far as the axis goes. */
function movedBy(drawing: Drawing, share: number): Range | null {
  const { left, right } = drawing.plot;
  const distance = share * (right - left);
  return rangeBetween(drawing, left + distance, right + distance);
}

/** What a key makes of a view; null where the key means nothing here. */
export function viewAfterKey(
  view: ChartView,
  { key, shiftKey }: { readonly key: string; readonly shiftKey: boolean },
  drawing: Drawing,
  zooms: boolean,
): ChartView | null {
  if (zooms && drawing.axis !== null) {
    const range = rangeAfterKey(view, key, shiftKey, drawing);
    if (range !== undefined) return { ...view, range };
  }
  if (key === 'Escape') return view.at === null ? null : { ...view, at: null };
  const at = indexAfterKey(view.at, key, drawing);
  if (at === null) return null;
  return { at, range: zooms ? rangeWith(drawing, view.range, at) : view.range };
}

/** undefined where the key leaves the axis alone. */
function rangeAfterKey(
  { range, at }: ChartView,
  key: string,
  shiftKey: boolean,
  drawing: Drawing,
): Range | null | undefined {
  const { plot, readings } = drawing;
  const crosshair = readings?.along === 'x' ? readings.positions[at ?? -1] : undefined;
  const middle = crosshair ?? (plot.left + plot.right) / 2;
  if (key === '+' || key === '=') return zoomedAt(drawing, middle, ZOOM_STEP);
  if (key === '-' || key === '_') return zoomedAt(drawing, middle, 1 / ZOOM_STEP);
  if (key === '0') return null;
  const towards = key === 'ArrowLeft' ? -1 : key === 'ArrowRight' ? 1 : 0;
  if (towards === 0 || range === null) return undefined;
  return shiftKey || readings?.along === 'rows'
    ? movedBy(drawing, towards * MOVE_SHARE)
    : undefined;
}

function indexAfterKey(at: number | null, key: string, { readings, plot }: Drawing): number | null {
  if (readings === null || readings.positions.length === 0) return null;
  const { along, positions } = readings;
  const last = positions.length - 1;
  const [back, on] =
    along === 'rows' ? (['ArrowUp', 'ArrowDown'] as const) : (['ArrowLeft', 'ArrowRight'] as const);
  if (key === 'Home') return 0;
  if (key === 'End') return last;
  if (key !== back && key !== on) return null;
  if (at !== null) return Math.min(last, Math.max(0, at + (key === on ? 1 : -1)));
  // One begins with what is in view.
  const seen = (position: number) => along === 'rows' || isInView(position, plot);
  const first = key === on ? positions.findIndex(seen) : positions.findLastIndex(seen);
  return first < 0 ? null : first;
}

/** The stretch, moved so far that a reading is in it. */
function rangeWith(drawing: Drawing, range: Range | null, at: number): Range | null {
  const { readings, plot } = drawing;
  const position = readings?.along === 'x' ? readings.positions[at] : undefined;
  if (range === null || position === undefined || isInView(position, plot)) return range;
  const edge = position < plot.left ? plot.left : plot.right;
  return movedBy(drawing, (position - edge) / (plot.right - plot.left));
}
