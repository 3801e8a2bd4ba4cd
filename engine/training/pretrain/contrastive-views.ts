/**
 * The augmented views that contrastive tasks compare (docs/method.md §4): random resized crop and flip; for RGB images
 * colour jitter, greyscale and blur, for others brightness and contrast. Pure functions of a square image and a random
 * stream; all values stay in [0, 1]. After Chen et al. 2020, arXiv 2002.05709, appendix A.
 */
import type { Random } from '../../../shared/random.ts';
import { jitterColours } from './colour-jitter.ts';
import { removeColour, type SquareImage } from './corruptions.ts';

/** Of the crop, as a share of the image. */
const CROP_AREA = [0.08, 1] as const;
/** Width to height of the crop; drawn evenly in its logarithm, so that neither orientation is preferred. */
const CROP_ASPECT = [3 / 4, 4 / 3] as const;
/** Wide crops of nearly the whole area do not fit and are drawn again so many times. */
const CROP_TRIES = 10;
const FLIP_SHARE = 0.5;
const JITTER_SHARE = 0.8;
const GREYSCALE_SHARE = 0.2;
const BLUR_SHARE = 0.5;
/** Width of the blur's kernel as a share of the image's side … */
const BLUR_KERNEL = 1 / 10;
/** … and its standard deviation, in pixels. */
const BLUR_DEVIATION = [0.1, 2] as const;

export interface Crop {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** In whole pixels; the whole image where no draw fits. */
export function drawCrop(sizePx: number, random: Random): Crop {
  for (let tried = 0; tried < CROP_TRIES; tried++) {
    const area = random.uniform(...CROP_AREA) * sizePx * sizePx;
    const [narrow, wide] = CROP_ASPECT;
    const aspect = Math.exp(random.uniform(Math.log(narrow), Math.log(wide)));
    const width = Math.round(Math.sqrt(area * aspect));
    const height = Math.round(Math.sqrt(area / aspect));
    if (width < 1 || height < 1 || width > sizePx || height > sizePx) continue;
    const left = random.below(sizePx - width + 1);
    return { left, top: random.below(sizePx - height + 1), width, height };
  }
  return { left: 0, top: 0, width: sizePx, height: sizePx };
}

/** Source pixels and weight for each output pixel of one axis: bilinear, within the crop. */
function axisTaps(start: number, extent: number, sizePx: number) {
  return Array.from({ length: sizePx }, (_, i) => {
    const at = Math.min(extent - 1, Math.max(0, ((i + 0.5) * extent) / sizePx - 0.5));
    const low = Math.min(Math.max(0, extent - 2), Math.floor(at));
    return { low: start + low, high: start + Math.min(extent - 1, low + 1), share: at - low };
  });
}

/** The crop enlarged to the image's size, mirrored where asked. */
export function resizeCrop(image: SquareImage, crop: Crop, mirrored: boolean): Float32Array {
  const { sizePx, channels, pixels } = image;
  const out = new Float32Array(pixels.length);
  const columns = axisTaps(crop.left, crop.width, sizePx);
  if (mirrored) columns.reverse();
  let at = 0;
  for (const row of axisTaps(crop.top, crop.height, sizePx)) {
    for (const column of columns) {
      const upper = row.low * sizePx;
      const lower = row.high * sizePx;
      for (let c = 0; c < channels; c++) {
        const value = (pixel: number) => pixels[pixel * channels + c] ?? 0;
        const above = value(upper + column.low) * (1 - column.share);
        const below = value(lower + column.low) * (1 - column.share);
        out[at++] =
          (above + value(upper + column.high) * column.share) * (1 - row.share) +
          (below + value(lower + column.high) * column.share) * row.share;
      }
    }
  }
  return out;
}

/** Gaussian blur with a kernel of S/10 pixels (odd, at least 3); the edge is repeated outwards. */
export function blur({ sizePx, channels, pixels }: SquareImage, deviation: number): Float32Array {
  const radius = Math.max(1, Math.round((BLUR_KERNEL * sizePx) / 2));
  const weights = Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * deviation ** 2)),
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const kernel = Float32Array.from(weights, (weight) => weight / total);
  /** Blurs along one axis: `step` values from pixel to pixel, `across` from line to line. */
  const along = (source: Float32Array, step: number, across: number) => {
    const blurred = new Float32Array(source.length);
    for (let line = 0; line < sizePx; line++) {
      for (let i = 0; i < sizePx; i++) {
        for (let c = 0; c < channels; c++) {
          const start = line * across + c;
          let sum = 0;
          for (let k = -radius; k <= radius; k++) {
            const from = Math.min(sizePx - 1, Math.max(0, i + k));
            sum += (kernel[k + radius] ?? 0) * (source[start + from * step] ?? 0);
          }
          blurred[start + i * step] = sum;
        }
      }
    }
    return blurred;
  };
  const row = sizePx * channels;
  return along(along(pixels, channels, row), row, channels);
}

/** A new view of the image, of the same shape. */
export function contrastiveView(image: SquareImage, random: Random): Float32Array {
  const { sizePx, channels } = image;
  const crop = drawCrop(sizePx, random);
  let pixels = resizeCrop(image, crop, random.next() < FLIP_SHARE);
  const shaped = () => ({ sizePx, channels, pixels });
  if (random.next() < JITTER_SHARE) jitterColours(shaped(), random);
  if (channels !== 3) return pixels;
  if (random.next() < GREYSCALE_SHARE) pixels = removeColour(shaped(), random);
  if (random.next() < BLUR_SHARE) pixels = blur(shaped(), random.uniform(...BLUR_DEVIATION));
  return pixels;
}
