/**
 * Writes PNG files: label maps as index PNG, pixels as grey or RGB. Decoding is decode.ts and decode-mask.ts.
 * As elsewhere, sharp is loaded by what needs it: most commands do not, and would start later.
 */
import { encode } from 'fast-png';
import { IGNORE, type SegmentationClass } from '../../shared/entities.ts';
import type { LabelMap } from '../../shared/label-map.ts';

/** Shown for ignored pixels; the classes bring their own colours. */
const IGNORE_COLOR = '#ffffff';

/** '#rrggbb' as [red, green, blue], 0 … 255. */
function rgbOf(color: string): [number, number, number] {
  const value = Number.parseInt(color.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** 256 colours: each class its own, 255 the ignore colour, ids without a class black. */
export function paletteOf(classes: readonly SegmentationClass[]): [number, number, number][] {
  const palette = Array.from({ length: 256 }, (): [number, number, number] => [0, 0, 0]);
  for (const { index, color } of classes) palette[index] = rgbOf(color);
  palette[IGNORE] = rgbOf(IGNORE_COLOR);
  return palette;
}

/** An index PNG whose pixel values are the class ids themselves, 255 for ignore. */
export function encodeIndexPng(
  labelMap: LabelMap,
  classes: readonly SegmentationClass[],
): Uint8Array {
  const { width, height, data } = labelMap;
  return encode({ width, height, data, depth: 8, channels: 1, palette: paletteOf(classes) });
}

/** 8-bit grey (1 channel) or RGB (3 channels); data as [height, width, channels]. */
export async function encodePng(image: {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
}): Promise<Uint8Array> {
  const { width, height, channels, data } = image;
  const { default: sharp } = await import('sharp');
  return sharp(data, { raw: { width, height, channels } })
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .png({ compressionLevel: 6 })
    .toBuffer();
}
