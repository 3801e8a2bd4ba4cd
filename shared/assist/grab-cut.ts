/**
 * Cuts an object out by its colours: GrabCut (Rother, Kolmogorov and Blake, SIGGRAPH 2004). Two mixtures of Gaussians say
 * how the object and what is around it look, ties between neighbours say where an edge is, and the smallest cut divides
 * them; again and again, as the mixtures follow what was cut. Deterministic.
 */
import { createRandom } from '../random.ts';
import { minCut, NEIGHBOURS, neighboursIn } from './min-cut.ts';

/** What is known of a pixel. */
export const KNOWN = { outside: 0, inside: 1, perhapsOutside: 2, perhapsInside: 3 } as const;

export interface ColourImage {
  readonly width: number;
  readonly height: number;
  /** [height, width, 3], 0 … 255. */
  readonly rgb: Uint8Array;
}

/** Gaussians of a mixture. */
const COMPONENTS = 5;
const ROUNDS = 5;
/** Rounds of k-means that they begin with. */
const FIRST_ROUNDS = 8;
/** Pixels that mixtures are fitted to. */
const MOST_SAMPLES = 20_000;
/** Weight of an edge that is not there; of the paper. */
const SMOOTHNESS = 50;
/** What is known for sure outweighs all ties of a pixel. */
const SURE = 8 * SMOOTHNESS + 1;
/** Variance that even one colour has: that of rounding, and a little noise. */
const LEAST_VARIANCE = 2;

interface Gaussian {
  readonly mean: readonly [number, number, number];
  /** Inverse of the covariance: xx, xy, xz, yy, yz, zz. */
  readonly inverse: readonly [number, number, number, number, number, number];
  /** −log of weight over the root of the determinant. */
  readonly cost: number;
}

type Mixture = readonly Gaussian[];

/** How the object looks, and what is around it. */
export interface Mixtures {
  readonly object: Mixture;
  readonly around: Mixture;
}

export interface GrabbedObject {
  /** 1 where a pixel is of the object. [height · width] */
  readonly inside: Uint8Array;
  /** null: there are no two sides. */
  readonly mixtures: Mixtures | null;
}

function costOf({ mean, inverse, cost }: Gaussian, r: number, g: number, b: number): number {
  const [x, y, z] = [r - mean[0], g - mean[1], b - mean[2]];
  const [xx, xy, xz, yy, yz, zz] = inverse;
  return cost + 0.5 * (xx * x * x + yy * y * y + zz * z * z) + xy * x * y + xz * x * z + yz * y * z;
}

/** Which Gaussian a colour is of, and at what cost. */
function nearest(mixture: Mixture, rgb: Uint8Array, at: number): { which: number; cost: number } {
  let [which, best] = [0, Infinity];
  for (const [k, one] of mixture.entries()) {
    const cost = costOf(one, rgb[at] ?? 0, rgb[at + 1] ?? 0, rgb[at + 2] ?? 0);
    if (cost < best) [which, best] = [k, cost];
  }
  return { which, cost: best };
}

/** Of pixels that were given to `COMPONENTS` groups; groups without pixels are left out. */
function fitted(rgb: Uint8Array, pixels: Int32Array, groups: Uint8Array): Mixture {
  const sums = Array.from({ length: COMPONENTS }, () => new Float64Array(10));
  pixels.forEach((pixel, i) => {
    const sum = sums[groups[i] ?? 0];
    if (sum === undefined) return;
    const color = [rgb[3 * pixel] ?? 0, rgb[3 * pixel + 1] ?? 0, rgb[3 * pixel + 2] ?? 0] as const;
    const [r, g, b] = color;
    [1, r, g, b, r * r, r * g, r * b, g * g, g * b, b * b].forEach((value, k) => {
      sum[k] = (sum[k] ?? 0) + value;
    });
  });
  return sums.flatMap((sum) => {
    const [n = 0, r = 0, g = 0, b = 0, rr = 0, rg = 0, rb = 0, gg = 0, gb = 0, bb = 0] = sum;
    if (n === 0) return [];
    const mean = [r / n, g / n, b / n] as const;
    const xx = rr / n - mean[0] ** 2 + LEAST_VARIANCE;
    const yy = gg / n - mean[1] ** 2 + LEAST_VARIANCE;
    const zz = bb / n - mean[2] ** 2 + LEAST_VARIANCE;
    const [xy, xz, yz] = [
      rg / n - mean[0] * mean[1],
      rb / n - mean[0] * mean[2],
      gb / n - mean[1] * mean[2],
    ];
    const determinant =
      xx * (yy * zz - yz * yz) - xy * (xy * zz - yz * xz) + xz * (xy * yz - yy * xz);
    const inverse = [
      (yy * zz - yz * yz) / determinant,
      (xz * yz - xy * zz) / determinant,
      (xy * yz - xz * yy) / determinant,
      (xx * zz - xz * xz) / determinant,
      (xy * xz - xx * yz) / determinant,
      (xx * yy - xy * xy) / determinant,
    ] as const;
    const cost = -Math.log(n / pixels.length) + 0.5 * Math.log(determinant);
    return [{ mean, inverse, cost }];
  });
}

/** Groups by k-means, its first middles far from one another. */
function firstGroups(rgb: Uint8Array, pixels: Int32Array): Uint8Array {
  const random = createRandom(1, 'grab cut');
  const groups = new Uint8Array(pixels.length);
  const colorOf = (i: number) => {
    const at = 3 * (pixels[i] ?? 0);
    return [rgb[at] ?? 0, rgb[at + 1] ?? 0, rgb[at + 2] ?? 0] as const;
  };
  const middles: (readonly [number, number, number])[] = [colorOf(random.below(pixels.length))];
  const far = new Float64Array(pixels.length).fill(Infinity);
  const squared = (
    a: readonly [number, number, number],
    b: readonly [number, number, number],
  ): number => (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2;
  while (middles.length < COMPONENTS) {
    const last = middles.at(-1) ?? colorOf(0);
    let furthest = 0;
    for (let i = 0; i < pixels.length; i++) {
      far[i] = Math.min(far[i] ?? 0, squared(colorOf(i), last));
      if ((far[i] ?? 0) > (far[furthest] ?? 0)) furthest = i;
    }
    if (far[furthest] === 0) break;
    middles.push(colorOf(furthest));
  }
  for (let round = 0; round < FIRST_ROUNDS; round++) {
    const sums = middles.map(() => [0, 0, 0, 0] as [number, number, number, number]);
    for (let i = 0; i < pixels.length; i++) {
      const color = colorOf(i);
      let [which, best] = [0, Infinity];
      for (const [k, middle] of middles.entries()) {
        const distance = squared(color, middle);
        if (distance < best) [which, best] = [k, distance];
      }
      groups[i] = which;
      const sum = sums[which];
      if (sum === undefined) continue;
      sum[0]++;
      sum[1] += color[0];
      sum[2] += color[1];
      sum[3] += color[2];
    }
    for (const [k, [n, r, g, b]] of sums.entries()) {
      if (n > 0) middles[k] = [r / n, g / n, b / n];
    }
  }
  return groups;
}

/** Every so many-th of the pixels for which `is` holds. */
function someOf(size: number, is: (pixel: number) => boolean): Int32Array {
  const all: number[] = [];
  for (let i = 0; i < size; i++) if (is(i)) all.push(i);
  const every = Math.max(1, Math.ceil(all.length / MOST_SAMPLES));
  return Int32Array.from(all.filter((_, i) => i % every === 0));
}

const TIE_LENGTHS = NEIGHBOURS.map(([dx, dy]) => Math.hypot(dx, dy));

/** Ties between neighbours: weak where colours differ by more than they usually do. `near`: as minCut takes it. */
function tiesOf(rgb: Uint8Array, near: Int32Array): Float32Array {
  const ties = new Float32Array(near.length);
  const degree = NEIGHBOURS.length;
  let [sum, count] = [0, 0];
  for (let i = 0; i < near.length; i++) {
    const other = near[i] ?? -1;
    if (other < 0) continue;
    const [a, b] = [3 * Math.floor(i / degree), 3 * other];
    const squared =
      ((rgb[a] ?? 0) - (rgb[b] ?? 0)) ** 2 +
      ((rgb[a + 1] ?? 0) - (rgb[b + 1] ?? 0)) ** 2 +
      ((rgb[a + 2] ?? 0) - (rgb[b + 2] ?? 0)) ** 2;
    ties[i] = squared;
    sum += squared;
    count++;
  }
  const beta = sum === 0 ? 0 : count / (2 * sum);
  for (let i = 0; i < near.length; i++) {
    if ((near[i] ?? -1) < 0) continue;
    ties[i] = (SMOOTHNESS * Math.exp(-beta * (ties[i] ?? 0))) / (TIE_LENGTHS[i % degree] ?? 1);
  }
  return ties;
}

/** What pulls each pixel to the object (above 0) or away from it. `known`: KNOWN of each pixel. [pixels] */
function terminalsOf(
  rgb: Uint8Array,
  known: Uint8Array,
  { object, around }: Mixtures,
): Float32Array {
  return Float32Array.from(known, (one, i) => {
    if (one === KNOWN.inside) return SURE;
    if (one === KNOWN.outside) return -SURE;
    return nearest(around, rgb, 3 * i).cost - nearest(object, rgb, 3 * i).cost;
  });
}

/** `known`: KNOWN of each pixel. Nothing, where no pixel may be inside or none outside: there are no two sides then. */
export function grabCut({ width, height, rgb }: ColourImage, known: Uint8Array): GrabbedObject {
  const size = width * height;
  let inside: Uint8Array = Uint8Array.from(known, (one) => one & 1);
  const near = neighboursIn({ width, height });
  const ties = tiesOf(rgb, near);
  let mixtures: Mixtures | null = null;
  for (let round = 0; round < ROUNDS; round++) {
    const before: Mixtures | null = mixtures;
    const mixtureOf = (side: 0 | 1): Mixture => {
      const pixels = someOf(size, (i) => inside[i] === side);
      if (pixels.length === 0) return [];
      const own = side === 1 ? before?.object : before?.around;
      const groups =
        own === undefined
          ? firstGroups(rgb, pixels)
          : Uint8Array.from(pixels, (pixel) => nearest(own, rgb, 3 * pixel).which);
      return fitted(rgb, pixels, groups);
    };
    const [object, around] = [mixtureOf(1), mixtureOf(0)];
    if (object.length === 0 || around.length === 0) {
      if (mixtures === null) inside = new Uint8Array(size);
      break;
    }
    mixtures = { object, around };
    const terminals = terminalsOf(rgb, known, mixtures);
    const after = minCut({ near, terminals, ties: ties.slice() });
    const isSame = after.every((value, i) => value === inside[i]);
    inside = after;
    if (isSame) break;
  }
  return { inside, mixtures };
}

/**
 * The smallest cut among some pixels, by mixtures that are known. `rgb` [pixels, 3]; `near`: as minCut takes it. Returns 1
 * where a pixel is of the object.
 */
export function cutAgain(
  rgb: Uint8Array,
  known: Uint8Array,
  { near, mixtures }: { readonly near: Int32Array; readonly mixtures: Mixtures },
): Uint8Array {
  return minCut({ near, terminals: terminalsOf(rgb, known, mixtures), ties: tiesOf(rgb, near) });
}
