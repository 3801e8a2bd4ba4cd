/**
 * What a pixel looks like, as numbers: brightness, edges, blobs, ridges and texture of every channel at five scales, of
 * the samples as stored. Computed tile by tile with what lies around; a pixel's numbers depend on no tile.
 *
 * Scales are standard deviations of Gaussians (Lindeberg, Scale-Space Theory, 1994). From 4 px on they are computed of
 * the image at a half, a quarter and an eighth of its size, and read between pixels (bilinear): what is so smooth has no
 * more pixels than that. Structure tensor: Förstner and Gülch 1987; both its scales are the same.
 */
import {
  gaussianKernel,
  halve,
  HALVE_REACH,
  HALVE_VARIANCE,
  part,
  type Plane,
  reachOf,
  smooth,
} from './filters.ts';
import { type Area, channelOf, type SampleRegion } from './region.ts';

/** Standard deviations in pixels of the image, and how often the image is halved for each. */
const SCALES = [
  { sigmaPx: 1, halvings: 0 },
  { sigmaPx: 2, halvings: 0 },
  { sigmaPx: 4, halvings: 1 },
  { sigmaPx: 8, halvings: 2 },
  { sigmaPx: 16, halvings: 3 },
] as const;
const MAX_HALVINGS = 3;

/** In this order at every scale. */
const KINDS = [
  'smoothed',
  'gradient',
  'Laplacian',
  'Hessian, larger eigenvalue',
  'Hessian, smaller eigenvalue',
  'structure tensor, larger eigenvalue',
  'structure tensor, smaller eigenvalue',
] as const;

/** The sample itself, and every kind at every scale. */
const PER_CHANNEL = 1 + SCALES.length * KINDS.length;

export const featureCount = (channels: number): number => channels * PER_CHANNEL;

/** Variance of the image after so many halvings, in its squared original pixels. */
function varianceAfter(halvings: number): number {
  let variance = 0;
  for (let i = 0; i < halvings; i++) variance += HALVE_VARIANCE * 4 ** i;
  return variance;
}

const LEVELS = SCALES.map(({ sigmaPx, halvings }) => {
  const kernel = gaussianKernel(
    Math.sqrt((sigmaPx ** 2 - varianceAfter(halvings)) / 4 ** halvings),
  );
  // Smoothed, differences of neighbours, smoothed again.
  return { halvings, kernel, reach: 2 * reachOf(kernel) + 1 };
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

/** The kinds of one scale, in their order. `image`: the area grown by `reach` of the level. */
function kindsOf(image: Plane, kernel: ReturnType<typeof gaussianKernel>): Float32Array[] {
  const smoothed = smooth(image, kernel);
  const { data: g, width: w } = smoothed;
  // One smaller on every side: differences of neighbours.
  const inner = { width: w - 2, height: smoothed.height - 2 };
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
  const tensor = [xx, xy, yy].map((data) => smooth({ ...inner, data }, kernel).data);
  const [sxx, sxy, syy] = tensor;
  const reach = reachOf(kernel);
  const out = { width: inner.width - 2 * reach, height: inner.height - 2 * reach };
  const planes = KINDS.map(() => new Float32Array(out.width * out.height));
  const [smooths, gradients, laplacians, hessians1, hessians2, tensors1, tensors2] = planes;
  if (
    smooths === undefined ||
    gradients === undefined ||
    laplacians === undefined ||
    hessians1 === undefined ||
    hessians2 === undefined ||
    tensors1 === undefined ||
    tensors2 === undefined ||
    sxx === undefined ||
    sxy === undefined ||
    syy === undefined
  )
    throw new Error('a kind of feature has no plane');
  for (let y = 0, to = 0; y < out.height; y++) {
    let at = (y + reach + 1) * w + reach + 1;
    for (let x = 0; x < out.width; x++, at++, to++) {
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
      laplacians[to] = hxx + hyy;
      const hessian = Math.sqrt(((hxx - hyy) / 2) ** 2 + hxy * hxy);
      hessians1[to] = (hxx + hyy) / 2 + hessian;
      hessians2[to] = (hxx + hyy) / 2 - hessian;
      const [a, b, c] = [sxx[to] ?? 0, sxy[to] ?? 0, syy[to] ?? 0];
      const spread = Math.sqrt(((a - c) / 2) ** 2 + b * b);
      tensors1[to] = (a + c) / 2 + spread;
      tensors2[to] = (a + c) / 2 - spread;
    }
  }
  return planes;
}

/** Planes of one scale of one channel. */
interface LevelPlanes {
  readonly halvings: number;
  /** Of the halved image. */
  readonly area: Area;
  readonly planes: readonly Float32Array[];
}

interface ChannelFeatures {
  readonly samples: Float32Array;
  readonly levels: readonly LevelPlanes[];
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
      const levels = LEVELS.map(({ halvings, kernel, reach }) => {
        const from = pyramid[halvings];
        if (from === undefined) throw new Error('an image is missing');
        const own = halvedArea(area, halvings);
        return {
          halvings,
          area: own,
          planes: kindsOf(cut(from.plane, from.area, grown(own, reach)), kernel),
        };
      });
      return { samples: cut(image, region.area, area).data, levels };
    });
  }

  get bytes(): number {
    let count = 0;
    for (const { samples, levels } of this.#channels) {
      count += samples.length;
      for (const { planes } of levels) count += planes.length * (planes[0]?.length ?? 0);
    }
    return 4 * count;
  }

  /** Puts the numbers of the pixels of row `y` (from the top of the area) into `out` [width, count]. */
  row(y: number, out: Float32Array): void {
    const width = this.area.x1 - this.area.x0;
    const { count } = this;
    let feature = 0;
    for (const { samples, levels } of this.#channels) {
      for (let x = 0, to = feature; x < width; x++, to += count)
        out[to] = samples[y * width + x] ?? 0;
      feature++;
      for (const level of levels) {
        for (const plane of level.planes) {
          if (level.halvings === 0) {
            for (let x = 0, to = feature; x < width; x++, to += count) {
              out[to] = plane[y * width + x] ?? 0;
            }
          } else readBetween(plane, { level, of: this.area, y, width, out, feature, count });
          feature++;
        }
      }
    }
  }

  /** Of one pixel, in pixels from the first of the area, into `out` from `at` on. */
  pixel(x: number, y: number, out: Float32Array, at: number): void {
    const width = this.area.x1 - this.area.x0;
    let to = at;
    for (const { samples, levels } of this.#channels) {
      out[to++] = samples[y * width + x] ?? 0;
      for (const level of levels) {
        for (const plane of level.planes) {
          if (level.halvings === 0) out[to++] = plane[y * width + x] ?? 0;
          else {
            const one = {
              level,
              of: this.area,
              y,
              width: 1,
              out,
              feature: to++,
              count: 1,
              from: x,
            };
            readBetween(plane, one);
          }
        }
      }
    }
  }
}

/** Reads a row of a halved image between its pixels. `from`: the first pixel, from the first of the area. */
function readBetween(
  plane: Float32Array,
  options: {
    readonly level: LevelPlanes;
    readonly of: Area;
    readonly y: number;
    readonly width: number;
    readonly out: Float32Array;
    readonly feature: number;
    readonly count: number;
    readonly from?: number;
  },
): void {
  const { level, of, y, width, out, feature, count, from = 0 } = options;
  const size = 2 ** level.halvings;
  const columns = level.area.x1 - level.area.x0;
  const placeY = (of.y0 + y + 0.5) / size - 0.5;
  const top = Math.floor(placeY);
  const down = placeY - top;
  const upper = (top - level.area.y0) * columns;
  const lower = upper + columns;
  for (let x = 0, to = feature; x < width; x++, to += count) {
    const placeX = (of.x0 + from + x + 0.5) / size - 0.5;
    const left = Math.floor(placeX);
    const right = placeX - left;
    const i = left - level.area.x0;
    const a = (plane[upper + i] ?? 0) * (1 - right) + (plane[upper + i + 1] ?? 0) * right;
    const b = (plane[lower + i] ?? 0) * (1 - right) + (plane[lower + i + 1] ?? 0) * right;
    out[to] = a * (1 - down) + b * down;
  }
}
