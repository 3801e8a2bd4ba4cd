/**
 * Saturating power laws through a few points, a − b·((x + d)/(x₀ + d))^(−c) with x₀ the smallest x (d = 0: Cortes et al. 1994;
 * Figueroa et al. 2012, doi 10.1186/1472-6947-12-8; d makes room for curves that begin slowly, such as exponentials), with
 * 0 ≤ a ≤ 1, b ≥ 0 and c and d on a stated grid, and profile-likelihood intervals of whatever is linear in a and b: the curve at
 * x, its ceiling, a gain. Estimates are means over the grid by likelihood: a few points do not choose one law. Pure, without
 * randomness. What the intervals hold in simulations: docs/labelling.md.
 */
import type { Interval } from '../../../shared/analysis.ts';

export interface CurvePoint {
  /** Images or minutes, above 0. */
  readonly x: number;
  /** Dice, 0 … 1. */
  readonly y: number;
  /** Standard error of y as against the other points. */
  readonly error: number;
}

/** Of a curve at fixed c and d. */
interface Parameters {
  readonly a: number;
  readonly b: number;
}

/** Of the grid. */
interface Shape {
  readonly c: number;
  readonly d: number;
}

interface AtShape extends Shape {
  /** Unbounded least squares. */
  readonly centre: Parameters;
  /** Sum of squares there, in units of the errors. */
  readonly floor: number;
  /** Of the quadratic: hAA·da² + 2·hAB·da·db + hBB·db² is added. */
  readonly hAA: number;
  readonly hAB: number;
  readonly hBB: number;
}

interface Reading {
  readonly estimate: number;
  readonly interval: Interval;
}

interface FittedCurve {
  /** Of the curve at x. 95 %. */
  readonly at: (x: number) => Reading;
  /** Of a. */
  readonly ceiling: () => Reading;
  /** From one x to a larger one. */
  readonly gain: (from: number, to: number) => Reading;
}

/** Of c: below, a curve is nearly a straight line in log x; above, with the largest d, nearly an exponential. */
const EXPONENTS = Array.from({ length: 36 }, (_, i) => 0.1 * 250 ** (i / 35));
/** Of d, in multiples of the largest x. */
const SHIFTS = [0, 0.25, 1, 4];
/** χ² of one number at 95 %. */
const CHI_SQUARE = 1.959964 ** 2;
/** Numbers that a curve has, but for its shift, which few points can tell anything of. */
const PARAMETERS = 3;
/** Distinct x that a fit needs, and how far apart the outermost must be. */
export const LEAST_POINTS = 3;
const LEAST_SPREAD = 1.5;

/** Why a curve is not fitted; null: it is. */
export function curveObstacle(points: readonly { readonly x: number }[]): 'few' | 'alike' | null {
  const xs = new Set(points.map(({ x }) => x));
  if (xs.size < LEAST_POINTS) return 'few';
  return Math.max(...xs) < LEAST_SPREAD * Math.min(...xs) ? 'alike' : null;
}

function leastSquares(
  points: readonly CurvePoint[],
  { c, d }: Shape,
  fall: (x: number) => number,
): AtShape {
  const rows = points.map(({ x, y, error }) => ({ z: fall(x), y, w: 1 / error ** 2 }));
  const sum = (of: (row: (typeof rows)[number]) => number) =>
    rows.reduce((total, row) => total + row.w * of(row), 0);
  // y = a − b·z
  const [hAA, hAB, hBB] = [sum(() => 1), -sum(({ z }) => z), sum(({ z }) => z * z)];
  const [sy, szy] = [sum(({ y }) => y), -sum(({ z, y }) => z * y)];
  const determinant = hAA * hBB - hAB * hAB;
  const a = (hBB * sy - hAB * szy) / determinant;
  const b = (hAA * szy - hAB * sy) / determinant;
  const floor = sum(({ z, y }) => (y - a + b * z) ** 2);
  return { c, d, centre: { a, b }, floor, hAA, hAB, hBB };
}

const rest = ({ centre, floor, hAA, hAB, hBB }: AtShape, { a, b }: Parameters) => {
  const [da, db] = [a - centre.a, b - centre.b];
  return floor + hAA * da * da + 2 * hAB * da * db + hBB * db * db;
};

const isAllowed = ({ a, b }: Parameters) => a >= 0 && a <= 1 && b >= 0;

/** The best within the bounds, at fixed c and d. */
function best(at: AtShape): Parameters {
  const { centre, hAA, hAB, hBB } = at;
  if (isAllowed(centre)) return centre;
  const onEdge = [0, 1].map((a) => ({
    a,
    b: Math.max(0, centre.b - (hAB / hBB) * (a - centre.a)),
  }));
  const flat = { a: Math.min(1, Math.max(0, centre.a + (hAB / hAA) * centre.b)), b: 0 };
  return [...onEdge, flat].reduce((one, other) => (rest(at, other) < rest(at, one) ? other : one));
}

/** Both roots of what is left of a quadratic on one edge of the bounds; none where the edge is too far away. */
function roots(curvature: number, middle: number, room: number): number[] {
  if (room < 0) return [];
  const half = Math.sqrt(room / curvature);
  return [middle - half, middle + half];
}

/** Where p·a + q·b is largest and smallest among the allowed parameters whose sum of squares is at most `limit`. */
function extremes(at: AtShape, [p, q]: readonly [number, number], limit: number): number[] {
  const { centre, floor, hAA, hAB, hBB } = at;
  const found: Parameters[] = [best(at)];
  const determinant = hAA * hBB - hAB * hAB;
  const length = (p * p * hBB - 2 * p * q * hAB + q * q * hAA) / determinant;
  if (limit > floor && length > 0) {
    const step = Math.sqrt((limit - floor) / length) / determinant;
    const [da, db] = [step * (hBB * p - hAB * q), step * (hAA * q - hAB * p)];
    found.push({ a: centre.a + da, b: centre.b + db }, { a: centre.a - da, b: centre.b - db });
  }
  for (const a of [0, 1]) {
    const b = centre.b - (hAB / hBB) * (a - centre.a);
    for (const root of roots(hBB, b, limit - rest(at, { a, b }))) found.push({ a, b: root });
    found.push({ a, b: 0 });
  }
  const a = centre.a + (hAB / hAA) * centre.b;
  for (const root of roots(hAA, a, limit - rest(at, { a, b: 0 }))) found.push({ a: root, b: 0 });
  return found
    .filter((one) => isAllowed(one) && rest(at, one) <= limit + 1e-9)
    .map((one) => p * one.a + q * one.b);
}

/** Throws where curveObstacle names one: to be asked before. */
export function fitCurve(points: readonly CurvePoint[]): FittedCurve {
  const obstacle = curveObstacle(points);
  if (obstacle !== null) throw new Error(`no curve: ${obstacle}`);
  const xs = points.map(({ x }) => x);
  const [first, last] = [Math.min(...xs), Math.max(...xs)];
  const fallOf =
    ({ c, d }: Shape) =>
    (x: number) =>
      ((x + d) / (first + d)) ** -c;
  const fits = EXPONENTS.flatMap((c) =>
    SHIFTS.map((shift) => {
      const shape = { c, d: shift * last };
      const at = leastSquares(points, shape, fallOf(shape));
      const parameters = best(at);
      return { at, ...parameters, rest: rest(at, parameters), fall: fallOf(shape) };
    }),
  );
  const least = Math.min(...fits.map((fit) => fit.rest));
  const freedom = points.length - PARAMETERS;
  // Points that scatter more than their errors say have larger ones.
  const scale = freedom > 0 ? Math.max(1, least / freedom) : 1;
  const limit = least + CHI_SQUARE * scale;
  const weights = fits.map((fit) => Math.exp((least - fit.rest) / (2 * scale)));
  const total = weights.reduce((sum, one) => sum + one, 0);
  /** Of p·a + q·b, with q of the curve's fall. */
  const read = (p: number, q: (fall: (x: number) => number) => number): Reading => {
    const values = fits.flatMap(({ at, fall }) => extremes(at, [p, q(fall)], limit));
    const estimate = fits.reduce(
      (sum, { a, b, fall }, i) => sum + ((weights[i] ?? 0) / total) * (p * a + q(fall) * b),
      0,
    );
    return { estimate, interval: [Math.min(...values), Math.max(...values)] };
  };
  return {
    at: (x) => read(1, (fall) => -fall(x)),
    ceiling: () => read(1, () => 0),
    gain: (from, to) => read(0, (fall) => fall(from) - fall(to)),
  };
}
