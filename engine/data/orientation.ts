/** How a stored image stands, as TIFF and EXIF number it (1 … 8), and bringing it upright. */
import type { Samples } from './decoded-image.ts';

/** Degrees clockwise that bring an EXIF-oriented image upright, and whether it is mirrored. */
const ORIENTATIONS: Readonly<Record<number, string>> = {
  2: 'mirrored',
  3: 'rotated by 180°',
  4: 'rotated by 180° and mirrored',
  5: 'rotated by 90° and mirrored',
  6: 'rotated by 90°',
  7: 'rotated by 270° and mirrored',
  8: 'rotated by 270°',
};

export function orientationNote(orientation: number): string | undefined {
  const applied = ORIENTATIONS[orientation];
  return applied && `EXIF orientation applied (${applied})`;
}

interface Stored<Data> {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** [height, width, channels] */
  readonly data: Data;
}

/** Any other number than 2 … 8 leaves it as it is. */
export function upright<Data extends Samples>(
  image: Stored<Data>,
  orientation: number,
): Pick<Stored<Data>, 'width' | 'height' | 'data'> {
  const { width, height, channels, data } = image;
  if (!(orientation > 1 && orientation <= 8)) return { width, height, data };
  const swapped = orientation >= 5;
  const outWidth = swapped ? height : width;
  const outHeight = swapped ? width : height;
  const out = data.slice() as Data;
  for (let y = 0; y < outHeight; y++) {
    for (let x = 0; x < outWidth; x++) {
      // Row and column of the stored image that is seen at (x, y), by TIFF 6.0 "Orientation".
      const column = swapped ? y : x;
      const row = swapped ? x : y;
      const fromX = [2, 3, 7, 8].includes(orientation) ? width - 1 - column : column;
      const fromY = [3, 4, 6, 7].includes(orientation) ? height - 1 - row : row;
      const from = (fromY * width + fromX) * channels;
      const to = (y * outWidth + x) * channels;
      for (let c = 0; c < channels; c++) out[to + c] = data[from + c] ?? 0;
    }
  }
  return { width: outWidth, height: outHeight, data: out };
}
