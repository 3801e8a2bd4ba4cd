/**
 * The border of an object at the image's own resolution, where only some pixels were looked at to find it: all pixels in a
 * band around the coarse border are cut once more, by the same mixtures, while the band's edges stay on their sides
 * (Lombaert, Sun, Grady and Xu, "A multilevel banded graph cuts method", ICCV 2005, of two levels).
 */
import { RunWriter } from '../mask-runs.ts';
import { type CutHints, forEachClicked, isInBox, UNMARKED } from './cut-out.ts';
import { cutAgain, KNOWN, type Mixtures } from './grab-cut.ts';
import { NEIGHBOURS } from './min-cut.ts';

/** What was found coarsely: cells of `step` × `step` pixels of a region, those at its far edges cut off. */
export interface CoarseShape {
  readonly step: number;
  /** Of the region, in pixels. */
  readonly width: number;
  readonly height: number;
  /** 1 where a cell is of the object. [rows, columns] */
  readonly inside: Uint8Array;
}

export interface BorderRequest extends CoarseShape, CutHints {
  readonly mixtures: Mixtures;
  /** Cells of the band, ascending. */
  readonly cells: Int32Array;
  /** Of the pixels of these cells, as they are shown; [cells, step, step, 3], whatever beyond the region. */
  readonly rgb: Uint8Array;
  /** KNOWN.inside, KNOWN.outside or UNMARKED; [cells, step, step] */
  readonly marks: Uint8Array;
}

/** A shape in the region (mask-runs.ts). */
export interface CutShape {
  readonly runs: readonly number[];
  /** In pixels. */
  readonly area: number;
}

/** Cells on each side of the coarse border. */
const BAND_CELLS = 2;

const columnsOf = ({ width, step }: CoarseShape) => Math.ceil(width / step);
const rowsOf = ({ height, step }: CoarseShape) => Math.ceil(height / step);

/** Cells near which the shape ends, ascending. */
export function borderCells(shape: CoarseShape): Int32Array {
  const [columns, rows] = [columnsOf(shape), rowsOf(shape)];
  const { inside } = shape;
  let band = new Uint8Array(inside.length);
  const each = (
    visit: (cell: number, isNear: (is: (other: number) => boolean) => boolean) => void,
  ) => {
    for (let y = 0, cell = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++, cell++) {
        const at = cell;
        visit(at, (is) =>
          NEIGHBOURS.some(([dx, dy]) => {
            const [toX, toY] = [x + dx, y + dy];
            return (
              toX >= 0 && toY >= 0 && toX < columns && toY < rows && is(at + dy * columns + dx)
            );
          }),
        );
      }
    }
  };
  each((cell, isNear) => {
    if (isNear((other) => inside[other] !== inside[cell])) band[cell] = 1;
  });
  for (let wide = 1; wide < BAND_CELLS; wide++) {
    const before = band;
    const grown = band.slice();
    each((cell, isNear) => {
      if (isNear((other) => before[other] === 1)) grown[cell] = 1;
    });
    band = grown;
  }
  const cells: number[] = [];
  band.forEach((one, cell) => {
    if (one === 1) cells.push(cell);
  });
  return Int32Array.from(cells);
}

/** Calls `visit` for every pixel of some cells that lies in the region; `at`: its place among all pixels of the cells. */
export function forEachCellPixel(
  shape: CoarseShape,
  cells: Int32Array,
  visit: (x: number, y: number, at: number) => void,
): void {
  const { step, width, height } = shape;
  const columns = columnsOf(shape);
  cells.forEach((cell, i) => {
    const [left, top] = [(cell % columns) * step, Math.floor(cell / columns) * step];
    for (let dy = 0; dy < step && top + dy < height; dy++) {
      for (let dx = 0; dx < step && left + dx < width; dx++) {
        visit(left + dx, top + dy, (i * step + dy) * step + dx);
      }
    }
  });
}

/** Which pixels of the band are neighbours, and which lie at its edge. */
function bandGraph(shape: CoarseShape, cells: Int32Array) {
  const { step, width, height } = shape;
  const columns = columnsOf(shape);
  const place = new Int32Array(shape.inside.length).fill(-1);
  cells.forEach((cell, i) => (place[cell] = i));
  const pixels = cells.length * step * step;
  const near = new Int32Array(pixels * NEIGHBOURS.length).fill(-1);
  const isEdge = new Uint8Array(pixels);
  /** −1: outside the region; −2: outside the band. */
  const pixelAt = (x: number, y: number): number => {
    if (x < 0 || y < 0 || x >= width || y >= height) return -1;
    const [column, row] = [Math.floor(x / step), Math.floor(y / step)];
    const i = place[row * columns + column] ?? -1;
    return i < 0 ? -2 : (i * step + (y - row * step)) * step + (x - column * step);
  };
  forEachCellPixel(shape, cells, (x, y, at) => {
    NEIGHBOURS.forEach(([dx, dy], tie) => {
      const other = pixelAt(x + dx, y + dy);
      if (other >= 0) near[at * NEIGHBOURS.length + tie] = other;
      else if (other === -2) isEdge[at] = 1;
    });
  });
  return { near, isEdge, pixelAt };
}

export function cutBorder(request: BorderRequest): CutShape {
  const { cells, rgb, marks, box, mixtures, inside, step } = request;
  const { near, isEdge, pixelAt } = bandGraph(request, cells);
  const coarseAt = (at: number) => inside[cells[Math.floor(at / (step * step))] ?? 0] ?? 0;
  const known = new Uint8Array(marks.length).fill(KNOWN.outside);
  forEachCellPixel(request, cells, (x, y, at) => {
    const isIn = isInBox(box, x + 0.5, y + 0.5);
    const mark = isIn ? (marks[at] ?? UNMARKED) : UNMARKED;
    if (mark !== UNMARKED) known[at] = mark;
    else if (isEdge[at] === 1) known[at] = coarseAt(at) === 1 ? KNOWN.inside : KNOWN.outside;
    else if (isIn) known[at] = KNOWN.perhapsInside;
  });
  forEachClicked(request, 1, (x, y, one) => {
    const at = pixelAt(x, y);
    if (at >= 0) known[at] = one;
  });
  const cut = cutAgain(rgb, known, { near, mixtures });
  const isCell = new Uint8Array(inside.length);
  for (const cell of cells) isCell[cell] = 1;
  return written(request, (cell, x, y) =>
    isCell[cell] === 1 ? (cut[pixelAt(x, y)] ?? 0) : (inside[cell] ?? 0),
  );
}

/** The coarse shape itself. */
export const coarseShape = (shape: CoarseShape): CutShape =>
  written(shape, (cell) => shape.inside[cell] ?? 0);

/** `insideAt`: 1 where a pixel of a cell is of the object. */
function written(
  shape: CoarseShape,
  insideAt: (cell: number, x: number, y: number) => number,
): CutShape {
  const { width, height, step } = shape;
  const columns = columnsOf(shape);
  const writer = new RunWriter(width);
  for (let y = 0; y < height; y++) {
    const row = Math.floor(y / step) * columns;
    let start = -1;
    for (let x = 0; x < width; x++) {
      const isInside = insideAt(row + Math.floor(x / step), x, y) === 1;
      if (isInside && start < 0) start = x;
      if (isInside || start < 0) continue;
      writer.add(y, start, x);
      start = -1;
    }
    if (start >= 0) writer.add(y, start, width);
  }
  return { runs: writer.runs, area: writer.area };
}
