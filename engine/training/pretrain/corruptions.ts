/**
 * The corruptions that reconstruction tasks undo (docs/method.md §3 and §4): pure functions of a square image and a random
 * stream. Typed arrays only; the clean image is never changed.
 */
import type { Random } from '../../../shared/random.ts';
import { luma } from '../images/channels.ts';

/** A square image: [size, size, channels] in [0, 1]. */
export interface SquareImage {
  readonly sizePx: number;
  readonly channels: number;
  readonly pixels: Float32Array;
}

/** A new array of the clean image's shape. */
export type Corruption = (clean: SquareImage, random: Random) => Float32Array;

interface Block {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** 1 … most, evenly. */
const countUpTo = (most: number, random: Random) => 1 + random.below(most);

/** A block of this size anywhere inside the image. */
function placeBlock(size: Pick<Block, 'width' | 'height'>, sizePx: number, random: Random): Block {
  const left = random.below(sizePx - size.width + 1);
  const top = random.below(sizePx - size.height + 1);
  return { left, top, ...size };
}

/** Indices of a block's pixels, row by row. */
function pixelsOf({ left, top, width, height }: Block, sizePx: number): number[] {
  return Array.from(
    { length: width * height },
    (_, i) => (top + Math.floor(i / width)) * sizePx + left + (i % width),
  );
}

/** Uniform in [0, 1) for each channel. */
const randomColour = (channels: number, random: Random) =>
  Float32Array.from({ length: channels }, () => random.next());

/** Copies whole pixels, all channels: `to[i]` of `target` becomes `from[i]` of `source`. */
function copyPixels(
  source: Float32Array,
  target: Float32Array,
  indices: { readonly from: readonly number[]; readonly to: readonly number[] },
  channels: number,
): void {
  indices.to.forEach((to, i) => {
    const from = (indices.from[i] ?? 0) * channels;
    target.set(source.subarray(from, from + channels), to * channels);
  });
}

const SHUFFLED_BLOCKS = 15;
/** Sides of shuffled blocks stay below this share of the image's. */
const SHUFFLED_SIDE = 0.2;

/** Up to 15 blocks with sides U[1, .2·size), the pixels of each in random order. */
export const shuffleLocally: Corruption = ({ sizePx, channels, pixels }, random) => {
  const out = pixels.slice();
  const sides = Math.max(1, Math.ceil(SHUFFLED_SIDE * sizePx) - 1);
  for (let n = countUpTo(SHUFFLED_BLOCKS, random); n > 0; n--) {
    const size = { width: countUpTo(sides, random), height: countUpTo(sides, random) };
    const to = pixelsOf(placeBlock(size, sizePx, random), sizePx);
    copyPixels(out.slice(), out, { from: random.shuffled(to), to }, channels);
  }
  return out;
};

const PAINTED_BLOCKS = 5;
/** Sides of painted blocks, as shares of the image's. */
const PAINTED_SIDE = [0.14, 0.2] as const;

/** Up to 5 blocks with sides .14 – .20 of the image's, each in one random colour. */
export const paintIn: Corruption = ({ sizePx, channels, pixels }, random) => {
  const out = pixels.slice();
  const side = () => Math.max(1, Math.round(sizePx * random.uniform(...PAINTED_SIDE)));
  for (let n = countUpTo(PAINTED_BLOCKS, random); n > 0; n--) {
    const block = placeBlock({ width: side(), height: side() }, sizePx, random);
    const colour = randomColour(channels, random);
    for (const pixel of pixelsOf(block, sizePx)) out.set(colour, pixel * channels);
  }
  return out;
};

const KEPT_WINDOWS = 5;
/** A kept window's side is the image's less a share drawn from here. */
const WINDOW_LOSS = [2 / 7, 3 / 7] as const;

/** A canvas of one random colour on which up to 5 windows of the image, sides W − U[2W/7, 3W/7), are kept. */
export const paintOut: Corruption = ({ sizePx, channels, pixels }, random) => {
  const out = new Float32Array(pixels.length);
  const colour = randomColour(channels, random);
  for (let p = 0; p < sizePx * sizePx; p++) out.set(colour, p * channels);
  const side = () => Math.round(sizePx * (1 - random.uniform(...WINDOW_LOSS)));
  for (let n = countUpTo(KEPT_WINDOWS, random); n > 0; n--) {
    const window = placeBlock({ width: side(), height: side() }, sizePx, random);
    for (let y = window.top; y < window.top + window.height; y++) {
      const from = (y * sizePx + window.left) * channels;
      out.set(pixels.subarray(from, from + window.width * channels), from);
    }
  }
  return out;
};

/** Points of the curve that are computed; between them the map is linear. */
const CURVE_POINTS = 256;
const INVERTED_SHARE = 0.5;

/**
 * A map of [0, 1] onto itself: the cubic Bézier curve from (0, 0) to (1, 1) with two random control points in the unit
 * square (so it rises everywhere), turned upside down half the time. After Zhou et al. 2019, arXiv 1908.06912.
 */
export function randomIntensityMap(random: Random): (value: number) => number {
  const [x1, y1, x2, y2] = [random.next(), random.next(), random.next(), random.next()];
  const inverted = random.next() < INVERTED_SHARE;
  const bezier = (first: number, second: number, t: number) =>
    3 * (1 - t) ** 2 * t * first + 3 * (1 - t) * t ** 2 * second + t ** 3;
  const points = Array.from({ length: CURVE_POINTS + 1 }, (_, i) => {
    const t = i / CURVE_POINTS;
    return { x: bezier(x1, x2, t), y: bezier(y1, y2, t) };
  });
  // The same curve over evenly spaced values, so that a lookup needs no search.
  const table = new Float32Array(CURVE_POINTS + 1);
  let segment = 0;
  for (let i = 0; i <= CURVE_POINTS; i++) {
    const x = i / CURVE_POINTS;
    while (segment < CURVE_POINTS - 1 && (points[segment + 1]?.x ?? 1) < x) segment++;
    const [from, to] = [points[segment] ?? { x: 0, y: 0 }, points[segment + 1] ?? { x: 1, y: 1 }];
    const share = to.x > from.x ? (x - from.x) / (to.x - from.x) : 0;
    const y = from.y + share * (to.y - from.y);
    table[i] = inverted ? 1 - y : y;
  }
  return (value) => {
    const at = Math.min(1, Math.max(0, value)) * CURVE_POINTS;
    const low = Math.min(CURVE_POINTS - 1, Math.floor(at));
    const [from = 0, to = 0] = [table[low], table[low + 1]];
    return from + (at - low) * (to - from);
  };
}

/** Every channel through a random intensity map of its own. */
export const mapIntensities: Corruption = ({ channels, pixels }, random) => {
  const maps = Array.from({ length: channels }, () => randomIntensityMap(random));
  return pixels.map((value, i) => maps[i % channels]?.(value) ?? value);
};

/** Standard deviation of the noise, in units of the image's values. */
const NOISE_DEVIATION = 0.22;

/** x̃ = (x + σε) / √(1 + σ²) with σ = .22, and the standard normal ε itself; both of the image's shape. */
export function addNoise(
  { pixels }: SquareImage,
  random: Random,
): { readonly noisy: Float32Array; readonly noise: Float32Array } {
  const noise = Float32Array.from({ length: pixels.length }, () => random.normal());
  const scale = 1 / Math.sqrt(1 + NOISE_DEVIATION ** 2);
  const noisy = pixels.map((value, i) => (value + NOISE_DEVIATION * (noise[i] ?? 0)) * scale);
  return { noisy, noise };
}

/** The image x = x̃ · √(1 + σ²) − σε that was there before noise was added. */
export const removeNoise = (noisy: Float32Array, noise: Float32Array): Float32Array =>
  noisy.map(
    (value, i) => value * Math.sqrt(1 + NOISE_DEVIATION ** 2) - NOISE_DEVIATION * (noise[i] ?? 0),
  );

/** An RGB image's luma in all three channels. */
export const removeColour: Corruption = ({ channels, pixels }) => {
  if (channels !== 3) throw new Error(`an image of ${channels} channel(s) has no colour to remove`);
  const out = new Float32Array(pixels.length);
  for (let i = 0; i < pixels.length; i += 3) {
    out.fill(luma(pixels[i] ?? 0, pixels[i + 1] ?? 0, pixels[i + 2] ?? 0), i, i + 3);
  }
  return out;
};

const SWAPS = 10;
/** Side of swapped patches, as a share of the image's. */
const SWAPPED_SIDE = 1 / 8;

/** 10 times, two patches of side S/8 that do not overlap change places (Chen et al. 2019). */
export const swapPatches: Corruption = ({ sizePx, channels, pixels }, random) => {
  const out = pixels.slice();
  const side = Math.max(1, Math.round(SWAPPED_SIDE * sizePx));
  const draw = () => placeBlock({ width: side, height: side }, sizePx, random);
  for (let n = 0; n < SWAPS; n++) {
    const one = draw();
    let other = draw();
    while (Math.abs(one.left - other.left) < side && Math.abs(one.top - other.top) < side) {
      other = draw();
    }
    const [a, b] = [pixelsOf(one, sizePx), pixelsOf(other, sizePx)];
    copyPixels(out.slice(), out, { from: [...b, ...a], to: [...a, ...b] }, channels);
  }
  return out;
};

const MASKED_SHARE = 0.6;
const MASKED_SIDE_PX = 8;

/**
 * 60 % of the 8 px patches become the mean colour of the rest. `masked`: [size, size], 1 where a pixel was masked.
 * Where 8 does not divide the side, the last patches are narrower.
 */
export function maskPatches(
  { sizePx, channels, pixels }: SquareImage,
  random: Random,
): { readonly visible: Float32Array; readonly masked: Float32Array } {
  const along = Math.ceil(sizePx / MASKED_SIDE_PX);
  const patches = random.shuffled(Array.from({ length: along * along }, (_, i) => i));
  const chosen = new Set(patches.slice(0, Math.round(MASKED_SHARE * patches.length)));
  const masked = Float32Array.from({ length: sizePx * sizePx }, (_, p) => {
    const [x, y] = [p % sizePx, Math.floor(p / sizePx)];
    const patch = Math.floor(y / MASKED_SIDE_PX) * along + Math.floor(x / MASKED_SIDE_PX);
    return chosen.has(patch) ? 1 : 0;
  });
  const mean = new Float64Array(channels);
  let kept = 0;
  masked.forEach((isMasked, p) => {
    if (isMasked === 1) return;
    kept++;
    for (let c = 0; c < channels; c++) mean[c] = (mean[c] ?? 0) + (pixels[p * channels + c] ?? 0);
  });
  const colour = Float32Array.from(mean, (sum) => sum / Math.max(1, kept));
  const visible = pixels.slice();
  masked.forEach((isMasked, p) => {
    if (isMasked === 1) visible.set(colour, p * channels);
  });
  return { visible, masked };
}
