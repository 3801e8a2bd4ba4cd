/**
 * Area, box, centroid and the axes of the ellipse that has an object's second moments. Sums are of whole numbers counted
 * from the corner of the object's box, so that they are exact as far as 2^53.
 *
 * Sources: scikit-image, `regionprops` (area, bbox, centroid, inertia_tensor, axis_major_length, axis_minor_length,
 * eccentricity, orientation, equivalent_diameter_area); Jähne, Spatio-Temporal Image Processing (Springer 1993), ch. 8.
 */
import type { ObjectRuns } from './object-runs.ts';

export interface Moments {
  /** Pixels. */
  readonly area: number;
  /** Rows minRow … maxRow − 1, columns minColumn … maxColumn − 1. */
  readonly minRow: number;
  readonly minColumn: number;
  readonly maxRow: number;
  readonly maxColumn: number;
  /** Of pixel centres: pixel 0 lies at 0. */
  readonly centroidRow: number;
  readonly centroidColumn: number;
  readonly equivalentDiameter: number;
  readonly majorAxis: number;
  readonly minorAxis: number;
  /** 0 a circle … 1 a line. */
  readonly eccentricity: number;
  /** Radians between the rows' axis and the major axis, counter-clockwise: −π/2 … π/2. */
  readonly orientation: number;
}

/** 0² + 1² + … + n². */
const squares = (n: number): number => (n * (n + 1) * (2 * n + 1)) / 6;

export function momentsOf(runs: ObjectRuns, object: number): Moments {
  const { row, from, to } = runs;
  const begin = runs.first[object] ?? 0;
  const end = runs.first[object + 1] ?? 0;
  const minRow = row[begin] ?? 0;
  const maxRow = (row[end - 1] ?? 0) + 1;
  let minColumn = Infinity;
  let maxColumn = 0;
  for (let i = begin; i < end; i++) {
    minColumn = Math.min(minColumn, from[i] ?? 0);
    maxColumn = Math.max(maxColumn, to[i] ?? 0);
  }
  let area = 0;
  let [sumR, sumC, sumRR, sumCC, sumRC] = [0, 0, 0, 0, 0];
  for (let i = begin; i < end; i++) {
    const r = (row[i] ?? 0) - minRow;
    const a = (from[i] ?? 0) - minColumn;
    const b = (to[i] ?? 0) - minColumn;
    const n = b - a;
    const columns = (n * (a + b - 1)) / 2;
    area += n;
    sumR += n * r;
    sumC += columns;
    sumRR += n * r * r;
    sumCC += squares(b - 1) - (a === 0 ? 0 : squares(a - 1));
    sumRC += r * columns;
  }
  const square = area * area;
  const varR = (area * sumRR - sumR * sumR) / square;
  const varC = (area * sumCC - sumC * sumC) / square;
  const cov = (area * sumRC - sumR * sumC) / square;
  return {
    ...{ area, minRow, minColumn, maxRow, maxColumn },
    centroidRow: minRow + sumR / area,
    centroidColumn: minColumn + sumC / area,
    equivalentDiameter: Math.sqrt((4 * area) / Math.PI),
    ...ellipse({ varR, varC, cov }),
  };
}

function ellipse({ varR, varC, cov }: { varR: number; varC: number; cov: number }) {
  const large = (varR + varC) / 2 + Math.hypot((varR - varC) / 2, cov);
  // As the product of both is the determinant, nothing cancels where the object is a line.
  const small = large === 0 ? 0 : Math.max(0, (varR * varC - cov * cov) / large);
  return {
    majorAxis: 4 * Math.sqrt(large),
    minorAxis: 4 * Math.sqrt(small),
    eccentricity: large === 0 ? 0 : Math.sqrt(1 - Math.min(1, small / large)),
    orientation:
      varR === varC ? (cov > 0 ? 1 : -1) * (Math.PI / 4) : Math.atan2(2 * cov, varR - varC) / 2,
  };
}
