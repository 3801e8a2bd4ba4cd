/** Small PNG pictures of images and label maps for people to look at, in the window and the report. */
import { BACKGROUND, type SegmentationClass } from '../../shared/entities.ts';
import { defaultDisplay, displayImage } from '../../shared/display.ts';
import { AppError } from '../../shared/errors.ts';
import type { LabelMap } from '../../shared/label-map.ts';
import type { DecodedImage } from './decoded-image.ts';
import { encodePng, paletteOf } from './encode.ts';

/** Opacity of a class colour over the image. */
const OVERLAY_OPACITY = 0.45;

interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
}

/** As Annotate shows it at first. One channel stays one where it is grey. */
function toPicture(image: DecodedImage): Picture {
  const { width, height, channels, data } = image;
  if (data instanceof Uint8Array && (channels === 1 || channels === 3)) {
    return { width, height, channels, data };
  }
  const colours = displayImage(image, defaultDisplay(image)).all();
  const shown = channels === 1 ? 1 : 3;
  const out = new Uint8Array(colours.length * shown);
  for (let p = 0; p < colours.length; p++) {
    const colour = colours[p] ?? 0;
    for (let c = 0; c < shown; c++) out[p * shown + c] = (colour >> (8 * c)) & 255;
  }
  return { width, height, channels: shown, data: out };
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
  const { default: sharp } = await import('sharp');
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

/** An image as it is shown, no side longer than `maxSidePx`: 8 bits, one channel or three. Twice is as once. */
export async function smallImage(image: DecodedImage, maxSidePx: number): Promise<DecodedImage> {
  return { ...(await shrink(toPicture(image), maxSidePx, 'cubic')), bitDepth: 8, notes: [] };
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
  /** Laid over the image in the colours of `classes`; a background stays clear. */
  readonly labels?: {
    readonly labelMap: LabelMap;
    readonly classes: readonly SegmentationClass[];
    readonly hasBackground: boolean;
  };
}

/** PNG of an image, or of smallImage's, with its label map laid over it where one is given. Errors: invalid-input. */
export async function thumbnailPng(
  image: DecodedImage,
  options: ThumbnailOptions,
): Promise<Uint8Array> {
  const { maxSidePx, labels } = options;
  if (labels === undefined) return imagePng(image, maxSidePx);
  const { labelMap, classes, hasBackground } = labels;
  const base = await shrink(toPicture(image), maxSidePx, 'cubic');
  // Shrunk as values, so that only pixels that are shown are coloured.
  const values = await shrink({ ...labelMap, channels: 1 }, maxSidePx, 'nearest');
  if (values.width !== base.width || values.height !== base.height) {
    throw new AppError(
      'invalid-input',
      `The label map is ${labelMap.width}×${labelMap.height} px, its image ${image.width}×${image.height}.`,
    );
  }
  const colours = maskPicture(values, classes);
  const data = new Uint8ClampedArray(colours.data.length);
  for (let i = 0; i < data.length; i++) {
    const pixel = Math.floor(i / 3);
    const under = base.data[base.channels === 1 ? pixel : i] ?? 0;
    const isClear = hasBackground && values.data[pixel] === BACKGROUND;
    const opacity = isClear ? 0 : OVERLAY_OPACITY;
    data[i] = under + opacity * ((colours.data[i] ?? 0) - under);
  }
  return encodePng({ ...base, channels: 3, data: new Uint8Array(data.buffer) });
}

/** Grey levels of an image squeezed into a square, whatever its proportions: [side, side], 0 … 255, as it is shown. */
export async function greySquare(image: DecodedImage, side: number): Promise<Uint8Array> {
  const { width, height, channels, data } = toPicture(image);
  const { default: sharp } = await import('sharp');
  const grey = await sharp(data, { raw: { width, height, channels } })
    .toColourspace('b-w')
    .resize(side, side, { fit: 'fill', kernel: 'cubic' })
    .raw()
    .toBuffer();
  return new Uint8Array(grey);
}
