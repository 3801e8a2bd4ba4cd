/**
 * Small PNG pictures of images and label maps for people to look at, in the window and the report.
 * Contrast is stretched here and only here: training reads samples as stored.
 */
import sharp from 'sharp';
import { BACKGROUND, type SegmentationClass } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import type { LabelMap } from '../../shared/label-map.ts';
import type { DecodedImage, Samples } from './decoded-image.ts';
import { encodePng, paletteOf } from './encode.ts';

/** Shares of the samples that 16-bit and floating-point pictures show as black and as white. */
const BLACK_SHARE = 0.005;
const WHITE_SHARE = 0.995;
/** Samples that the shares are estimated from. */
const STRETCH_SAMPLES = 100_000;
/** Opacity of a class colour over the image. */
const OVERLAY_OPACITY = 0.45;

interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
}

/** Sample values that become 0 and 255: all of them for 8 bits, else between two percentiles. */
function displayRange(samples: Samples, bitDepth: number): { black: number; white: number } {
  if (bitDepth === 8) return { black: 0, white: 255 };
  const stride = Math.max(1, Math.floor(samples.length / STRETCH_SAMPLES));
  const some = new Float64Array(Math.ceil(samples.length / stride));
  for (let i = 0; i < some.length; i++) some[i] = samples[i * stride] ?? 0;
  some.sort();
  const at = (share: number) => some[Math.round(share * (some.length - 1))] ?? 0;
  return { black: at(BLACK_SHARE), white: at(WHITE_SHARE) };
}

/** Grey for one channel, else the first three as red, green and blue (two: without blue). */
function toPicture(image: DecodedImage): Picture {
  const { width, height, channels, data } = image;
  if (data instanceof Uint8Array && (channels === 1 || channels === 3)) {
    return { width, height, channels, data };
  }
  const { black, white } = displayRange(data, image.bitDepth);
  const scale = white > black ? 255 / (white - black) : 0;
  const shown = channels === 1 ? 1 : 3;
  // Clamped arrays round and saturate.
  const out = new Uint8ClampedArray(width * height * shown);
  for (let p = 0; p < width * height; p++) {
    for (let c = 0; c < Math.min(shown, channels); c++) {
      out[p * shown + c] = ((data[p * channels + c] ?? 0) - black) * scale;
    }
  }
  return { width, height, channels: shown, data: new Uint8Array(out.buffer) };
}

/** No side longer than `maxSidePx`, in the same proportion; small pictures stay as they are. */
async function shrink(
  picture: Picture,
  maxSidePx: number,
  kernel: 'nearest' | 'cubic',
): Promise<Picture> {
  const { width, height, channels } = picture;
  const scale = maxSidePx / Math.max(width, height);
  if (scale >= 1) return picture;
  const to = (side: number) => Math.max(1, Math.round(side * scale));
  const { data, info } = await sharp(picture.data, { raw: { width, height, channels } })
    .resize(to(width), to(height), { fit: 'fill', kernel })
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, channels, data };
}

function maskPicture(labelMap: LabelMap, classes: readonly SegmentationClass[]): Picture {
  const palette = paletteOf(classes);
  // Colour of every label value, as one flat table.
  const colours = new Uint8Array(3 * 256);
  palette.forEach((colour, value) => colours.set(colour, 3 * value));
  const labels = labelMap.data;
  const data = new Uint8Array(labels.length * 3);
  for (let p = 0; p < labels.length; p++) {
    const from = 3 * (labels[p] ?? 0);
    data[3 * p] = colours[from] ?? 0;
    data[3 * p + 1] = colours[from + 1] ?? 0;
    data[3 * p + 2] = colours[from + 2] ?? 0;
  }
  return { width: labelMap.width, height: labelMap.height, channels: 3, data };
}

/** PNG of an image, no side longer than `maxSidePx`. */
export async function imagePng(image: DecodedImage, maxSidePx: number): Promise<Uint8Array> {
  return encodePng(await shrink(toPicture(image), maxSidePx, 'cubic'));
}

/** PNG of a label map in its classes' colours, no side longer than `maxSidePx`. */
export async function maskPng(
  labelMap: LabelMap,
  classes: readonly SegmentationClass[],
  maxSidePx: number,
): Promise<Uint8Array> {
  const values = await shrink({ ...labelMap, channels: 1 }, maxSidePx, 'nearest');
  return encodePng(maskPicture(values, classes));
}

export interface ThumbnailOptions {
  /** Longest side of the picture. */
  readonly maxSidePx: number;
  /** Laid over the image in the colours of `classes`; the background stays clear. */
  readonly labels?: {
    readonly labelMap: LabelMap;
    readonly classes: readonly SegmentationClass[];
  };
}

/** PNG of an image, with its label map laid over it where one is given. */
export async function thumbnailPng(
  image: DecodedImage,
  options: ThumbnailOptions,
): Promise<Uint8Array> {
  const { maxSidePx, labels } = options;
  if (labels === undefined) return imagePng(image, maxSidePx);
  const { labelMap, classes } = labels;
  if (labelMap.width !== image.width || labelMap.height !== image.height) {
    throw new AppError(
      'invalid-input',
      `The label map is ${labelMap.width}×${labelMap.height} px, its image ${image.width}×${image.height}.`,
    );
  }
  const base = await shrink(toPicture(image), maxSidePx, 'cubic');
  // Shrunk as values, so that only pixels that are shown are coloured.
  const values = await shrink({ ...labelMap, channels: 1 }, maxSidePx, 'nearest');
  const colours = maskPicture(values, classes);
  const data = new Uint8ClampedArray(colours.data.length);
  for (let i = 0; i < data.length; i++) {
    const pixel = Math.floor(i / 3);
    const under = base.data[base.channels === 1 ? pixel : i] ?? 0;
    const opacity = values.data[pixel] === BACKGROUND ? 0 : OVERLAY_OPACITY;
    data[i] = under + opacity * ((colours.data[i] ?? 0) - under);
  }
  return encodePng({ ...base, channels: 3, data: new Uint8Array(data.buffer) });
}
