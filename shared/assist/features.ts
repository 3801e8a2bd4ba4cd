/**
 * What a pixel looks like, as numbers: brightness, edges, blobs, ridges and texture of every channel at four scales, of
 * the samples as stored. Computed tile by tile with what lies around; a pixel's numbers depend on no tile.
 *
 * Scales are standard deviations of Gaussians (Lindeberg, Scale-Space Theory, 1994). From 2 px on they are computed of
 * the image at a half, a quarter and an eighth of its size, and read between pixels (bilinear): what is so smooth has no
 * more pixels than that. Structure tensor: Förstner and Gülch 1987; both its scales are the same. There are no more scales
 * and tensors than these: what is seen from further away tells a pixel's place rather than its kind, and a forest that
 * learned from a few strokes goes by it (test/bench/scribbles.ts: Dice .05 to .07 lower with 16 px and a tensor each).
 */
import {
  gaussianKernel,
  halve,
  HALVE_REACH,
  HALVE_VARIANCE,
  part,
  type Plane,
  REACH,
  smooth,
} from './filters.ts';
import { type Area, channelOf, type SampleRegion } from './region.ts';

/** Standard deviations in pixels of the image, how often the image is halved for each, and which have a structure tensor. */
const SCALES = [
  { sigmaPx: 1, halvings: 0, hasTensor: true },
  { sigmaPx: 2, halvings: 1, hasTensor: false },
  { sigmaPx: 4, halvings: 2, hasTensor: true },
  { sigmaPx: 8, halvings: 3, hasTensor: false },
] as const;
const MAX_HALVINGS = 3;

/** In this order at every scale: smoothed, gradient, Laplacian, Hessian's larger and smaller eigenvalue … */
const KINDS = 5;
/** … and where there is one, the structure tensor's larger and smaller eigenvalue. */
const TENSOR_KINDS = 2;

/** The sample itself, and every kind at every scale. */
const PER_CHANNEL =
  1 + SCALES.reduce((sum, { hasTensor }) => sum + KINDS + (hasTensor ? TENSOR_KINDS : 0), 0);

export const featureCount = (channels: number): number => channels * PER_CHANNEL;

/** Variance of the image after so many halvings, in its squared original pixels. */
function varianceAfter(halvings: number): number {
  let variance = 0;
  for (let i = 0; i < halvings; i++) variance += HALVE_VARIANCE * 4 ** i;
  return variance;
}

/** What reading between pixels adds, in squared pixels of the halved image: those of a quarter and of three. */
const READ_VARIANCE = 3 / 16;

const LEVELS = SCALES.map(({ sigmaPx, halvings, hasTensor }) => {
  const left = (sigmaPx ** 2 - varianceAfter(halvings)) / 4 ** halvings;
  return {
    ...{ halvings, hasTensor },
    kernel: gaussianKernel(Math.sqrt(halvings === 0 ? left : left - READ_VARIANCE)),
    // Smoothed, differences of neighbours, and for a tensor smoothed again.
    reach: (hasTensor ? 2 * REACH : REACH) + 1,
  };
});

const grown = ({ x0, y0, x1, y1 }: Area, before: number, after = before): Area => ({
  x0: x0 - before,
  y0: y0 - before,
  x1: x1 + after,
  y1: y1 + after,
});

/** The pixels of a halved image between which those of an area lie. */
function halvedArea({ x0, y0, x1, y1 }: Area, halvings: number): Area {
  if (halvings === 0) return { x0, y0, x1, y1 };
  const size = 2 ** halvings;
  const before = (place: number) => Math.floor((place + 0.5) / size - 0.5);
  return { x0: before(x0), y0: before(y0), x1: before(x1 - 1) + 2, y1: before(y1 - 1) + 2 };
}

/** What each halved image has to hold for the features of an area; the first one is the image itself. */
function areasNeeded(area: Area): Area[] {
  const areas: Area[] = [];
  for (let halvings = MAX_HALVINGS; halvings >= 0; halvings--) {
    let { x0, y0, x1, y1 } = halvedArea(area, halvings);
    const reach = Math.max(
      ...LEVELS.filter((one) => one.halvings === halvings).map((one) => one.reach),
    );
    ({ x0, y0, x1, y1 } = grown({ x0, y0, x1, y1 }, reach));
    const [next] = areas;
    if (next !== undefined) {
      const { before, after } = HALVE_REACH;
      x0 = Math.min(x0, 2 * next.x0 - before);
      y0 = Math.min(y0, 2 * next.y0 - before);
      // `next.x1` is one beyond the last.
      x1 = Math.max(x1, 2 * next.x1 - 1 + after);
      y1 = Math.max(y1, 2 * next.y1 - 1 + after);
    }
    areas.unshift({ x0, y0, x1, y1 });
  }
  return areas;
}

/** What has to be known of the image for the features of an area. */
export const regionNeeded = (area: Area): Area => areasNeeded(area)[0] ?? area;

function cut(plane: Plane, of: Area, wanted: Area): Plane {
  return part(plane, {
    left: wanted.x0 - of.x0,
    top: wanted.y0 - of.y0,
    width: wanted.x1 - wanted.x0,
    height: wanted.y1 - wanted.y0,
  });
}

type Kernel = ReturnType<typeof gaussianKernel>;

/** The kinds of one scale, in their order. `smoothed`: the area grown by one and by `margin`. */
function kindsOf({ data: g, width: w, height: h }: Plane, margin: number): Float32Array[] {
  const before = margin + 1;
  const [width, height] = [w - 2 * before, h - 2 * before];
  const plane = () => new Float32Array(width * height);
  const [smooths, gradients, laplacians, larger, smaller] = [
    plane(),
    plane(),
    plane(),
    plane(),
    plane(),
  ];
  for (let y = 0, to = 0; y < height; y++) {
    let at = (y + before) * w + before;
    for (let x = 0; x < width; x++, at++, to++) {
      const here = g[at] ?? 0;
      const [left, right] = [g[at - 1] ?? 0, g[at + 1] ?? 0];
      const [above, below] = [g[at - w] ?? 0, g[at + w] ?? 0];
      const dx = (right - left) / 2;
      const dy = (below - above) / 2;
      smooths[to] = here;
      gradients[to] = Math.sqrt(dx * dx + dy * dy);
      const hxx = left + right - 2 * here;
      const hyy = above + below - 2 * here;
      const hxy =
        ((g[at + w + 1] ?? 0) -
          (g[at + w - 1] ?? 0) -
          (g[at - w + 1] ?? 0) +
          (g[at - w - 1] ?? 0)) /
        4;
      const middle = (hxx + hyy) / 2;
      const half = (hxx - hyy) / 2;
      const spread = Math.sqrt(half * half + hxy * hxy);
      laplacians[to] = hxx + hyy;
      larger[to] = middle + spread;
      smaller[to] = middle - spread;
    }
  }
  return [smooths, gradients, laplacians, larger, smaller];
}

/** Larger and smaller eigenvalue of the structure tensor. `smoothed`: the area grown by one more than REACH. */
function tensorOf({ data: g, width: w, height: h }: Plane, kernel: Kernel): Float32Array[] {
  const inner = { width: w - 2, height: h - 2 };
  const size = inner.width * inner.height;
  const [xx, xy, yy] = [new Float32Array(size), new Float32Array(size), new Float32Array(size)];
  for (let y = 0, to = 0; y < inner.height; y++) {
    for (let x = 0, at = (y + 1) * w + 1; x < inner.width; x++, at++, to++) {
      const dx = ((g[at + 1] ?? 0) - (g[at - 1] ?? 0)) / 2;
      const dy = ((g[at + w] ?? 0) - (g[at - w] ?? 0)) / 2;
      xx[to] = dx * dx;
      xy[to] = dx * dy;
      yy[to] = dy * dy;
    }
  }
  const sxx = smooth({ ...inner, data: xx }, kernel).data;
  const sxy = smooth({ ...inner, data: xy }, kernel).data;
  const syy = smooth({ ...inner, data: yy }, kernel).data;
  const [larger, smaller] = [new Float32Array(sxx.length), new Float32Array(sxx.length)];
  for (let i = 0; i < sxx.length; i++) {
    const [a, b, c] = [sxx[i] ?? 0, sxy[i] ?? 0, syy[i] ?? 0];
    const half = (a - c) / 2;
    const spread = Math.sqrt(half * half + b * b);
    larger[i] = (a + c) / 2 + spread;
    smaller[i] = (a + c) / 2 - spread;
  }
  return [larger, smaller];
}

interface ChannelFeatures {
  readonly samples: Float32Array;
  /** Planes of each of LEVELS, of the halved image. */
  readonly levels: readonly (readonly Float32Array[])[];
}

/** Features of all pixels of an area, the smooth ones at their own size. */
export class TileFeatures {
  readonly area: Area;
  /** Numbers a pixel has. */
  readonly count: number;
  readonly #channels: readonly ChannelFeatures[];

  /** `region`: `regionNeeded(area)`. */
  constructor(area: Area, region: SampleRegion) {
    this.area = area;
    this.count = featureCount(region.channels);
    const areas = areasNeeded(area);
    this.#channels = Array.from({ length: region.channels }, (_, channel) => {
      const image = {
        width: region.area.x1 - region.area.x0,
        height: region.area.y1 - region.area.y0,
        data: channelOf(region, channel),
      };
      const pyramid = [{ plane: image as Plane, area: region.area }];
      for (let halvings = 1; halvings <= MAX_HALVINGS; halvings++) {
        const above = pyramid[halvings - 1];
        const wanted = areas[halvings];
        if (above === undefined || wanted === undefined) throw new Error('an image is missing');
        const { before, after } = HALVE_REACH;
        const source = {
          x0: 2 * wanted.x0 - before,
          y0: 2 * wanted.y0 - before,
          x1: 2 * wanted.x1 - 1 + after,
          y1: 2 * wanted.y1 - 1 + after,
        };
        pyramid.push({ plane: halve(cut(above.plane, above.area, source)), area: wanted });
      }
      const levels = LEVELS.map(({ halvings, kernel, hasTensor, reach }) => {
        const from = pyramid[halvings];
        if (from === undefined) throw new Error('an image is missing');
        const own = halvedArea(area, halvings);
        const smoothed = smooth(cut(from.plane, from.area, grown(own, reach)), kernel);
        const kinds = kindsOf(smoothed, hasTensor ? REACH : 0);
        return hasTensor ? [...kinds, ...tensorOf(smoothed, kernel)] : kinds;
      });
      return { samples: cut(image, region.area, area).data, levels };
    });
  }

  get bytes(): number {
    let count = 0;
    for (const { samples, levels } of this.#channels) {
      count += samples.length;
      for (const planes of levels) count += planes.length * (planes[0]?.length ?? 0);
    }
    return 4 * count;
  }

  /** Puts the numbers of the pixels of row `y` (from the top of the area) into `out` [width, count]. */
  row(y: number, out: Float32Array): void {
    this.#read({ y, from: 0, width: this.area.x1 - this.area.x0 }, out);
  }

  /** Of one pixel, in pixels from the first of the area, into `out` from `at` on. */
  pixel(x: number, y: number, out: Float32Array, at: number): void {
    this.#read({ y, from: x, width: 1 }, out.subarray(at, at + this.count));
  }

  #read(
    pixels: { readonly y: number; readonly from: number; readonly width: number },
    out: Float32Array,
  ) {
    const { y, from, width } = pixels;
    const { count } = this;
    const first = y * (this.area.x1 - this.area.x0) + from;
    const direct = (plane: Float32Array, feature: number) => {
      for (let x = 0, to = feature; x < width; x++, to += count) out[to] = plane[first + x] ?? 0;
    };
    const betweens = LEVELS.map(({ halvings }) =>
      halvings === 0 ? null : new Between(this.area, halvings, pixels),
    );
    let feature = 0;
    for (const { samples, levels } of this.#channels) {
      direct(samples, feature++);
      levels.forEach((planes, i) => {
        const between = betweens[i] ?? null;
        for (const plane of planes) {
          if (between === null) direct(plane, feature);
          else between.read(plane, out, { feature, count });
          feature++;
        }
      });
    }
  }
}

/** Reads some pixels of a row out of a halved image, between its pixels (bilinear). */
class Between {
  readonly #width: number;
  /** First pixel of the two rows between which the pixels lie, and how far down. */
  readonly #upper: number;
  readonly #lower: number;
  readonly #down: number;
  /** Of each pixel, the column of the halved image to its left, from the first that is read, and how far right of it. */
  readonly #lefts: Int32Array;
  readonly #rights: Float32Array;
  /** The halved row at the height of the pixels. */
  readonly #halved: Float32Array;

  constructor(
    of: Area,
    halvings: number,
    { y, from, width }: { readonly y: number; readonly from: number; readonly width: number },
  ) {
    const size = 2 ** halvings;
    const halved = halvedArea(of, halvings);
    const columns = halved.x1 - halved.x0;
    const placeY = (of.y0 + y + 0.5) / size - 0.5;
    const top = Math.floor(placeY);
    const place = (x: number) => (of.x0 + from + x + 0.5) / size - 0.5;
    const begin = Math.floor(place(0));
    this.#width = width;
    this.#down = placeY - top;
    this.#upper = (top - halved.y0) * columns + begin - halved.x0;
    this.#lower = this.#upper + columns;
    this.#halved = new Float32Array(Math.floor(place(width - 1)) - begin + 2);
    this.#lefts = new Int32Array(width);
    this.#rights = new Float32Array(width);
    for (let x = 0; x < width; x++) {
      const left = Math.floor(place(x));
      this.#lefts[x] = left - begin;
      this.#rights[x] = place(x) - left;
    }
  }

  /** Every `count`-th of `out`, from `feature` on. */
  read(
    plane: Float32Array,
    out: Float32Array,
    { feature, count }: { readonly feature: number; readonly count: number },
  ): void {
    const halved = this.#halved;
    const [upper, lower, down] = [this.#upper, this.#lower, this.#down];
    for (let i = 0; i < halved.length; i++) {
      halved[i] = (plane[upper + i] ?? 0) * (1 - down) + (plane[lower + i] ?? 0) * down;
    }
    const [lefts, rights, width] = [this.#lefts, this.#rights, this.#width];
    for (let x = 0, to = feature; x < width; x++, to += count) {
      const left = lefts[x] ?? 0;
      const right = rights[x] ?? 0;
      out[to] = (halved[left] ?? 0) * (1 - right) + (halved[left + 1] ?? 0) * right;
    }
  }
}
