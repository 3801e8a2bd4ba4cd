/** A part of an image as somebody sees it in Annotate, as large as a promptable network takes it. */
import type { PredictionRegion } from '../../shared/api.ts';
import {
  type Display,
  defaultDisplay,
  displayImage,
  type ImagePixels,
} from '../../shared/display.ts';
import type { ImageRecord } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import type { Samples } from '../data/decoded-image.ts';
import { readImage } from '../data/image-source.ts';
import { samplesLike } from '../data/decoded-image.ts';
import type { Project } from '../db/project.ts';
import { pictureSize } from './frame.ts';

/** Samples of a part that are held at once. */
const MAX_BYTES = 2 ** 28;

export interface Picture {
  /** [height, width, 3] */
  readonly rgb: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Errors: invalid-input. */
function assertInside(image: ImageRecord, region: PredictionRegion): void {
  const { left, top, width, height } = region;
  const bytes = width * height * image.channels * (image.bitDepth / 8);
  const isInside = left + width <= image.widthPx && top + height <= image.heightPx;
  if (isInside && bytes <= MAX_BYTES) return;
  throw new AppError(
    'invalid-input',
    isInside
      ? `${width} × ${height} px of ${image.name} are too much to be looked at at once. Zoom in.`
      : `The part ${left}, ${top}, ${width} × ${height} px lies outside ${image.name}, which has ${image.widthPx} × ${image.heightPx} px.`,
    { subject: image.name },
  );
}

/** Rows of a region, without what lies left and right of it. */
function cut(
  rows: Samples,
  { left, width, height }: PredictionRegion,
  { imageWidth, channels }: { imageWidth: number; channels: number },
): Samples {
  const out = samplesLike(rows, width * height * channels);
  for (let y = 0; y < height; y++) {
    const from = (y * imageWidth + left) * channels;
    out.set(rows.subarray(from, from + width * channels), y * width * channels);
  }
  return out;
}

/** `region` lies inside the image. */
export async function drawnPicture(
  whole: ImagePixels,
  { region, display }: { readonly region: PredictionRegion; readonly display: Display },
): Promise<Picture> {
  const { width, height } = region;
  const { channels, bitDepth, width: imageWidth } = whole;
  const data = cut(whole.data.subarray(region.top * imageWidth * channels), region, {
    imageWidth,
    channels,
  });
  const shown = displayImage({ width, height, channels, bitDepth, data }, display).all();
  const size = pictureSize(region);
  const { default: sharp } = await import('sharp');
  const rgb = await sharp(new Uint8Array(shown.buffer), { raw: { width, height, channels: 4 } })
    .removeAlpha()
    .resize(size.width, size.height, { fit: 'fill', kernel: 'linear' })
    .raw()
    .toBuffer();
  return { rgb: new Uint8Array(rgb), ...size };
}

/** `display`: left out, as the whole image is shown at first. Errors: invalid-input; those of readImage. */
export async function pictureOf(
  db: Pick<Project, 'datasets'>,
  {
    image,
    region,
    display,
  }: { image: ImageRecord; region: PredictionRegion; display?: Display | undefined },
): Promise<Picture> {
  assertInside(image, region);
  const whole = await readImage(db, image);
  return drawnPicture(whole, { region, display: display ?? defaultDisplay(whole) });
}
