/** Label maps as colours: classes, or where a prediction is right and wrong. Knows nothing of canvases. */
import { BACKGROUND, IGNORE, type SegmentationClass } from '../../../shared/entities.ts';

type Rgb = readonly [red: number, green: number, blue: number];

/** Okabe and Ito: told apart with every common colour vision deficiency. */
const FOUND: Rgb = [0, 158, 115];
const MISSED: Rgb = [230, 159, 0];
const INVENTED: Rgb = [204, 121, 167];
const IGNORED: Rgb = [128, 128, 128];

function rgbOf(color: string): Rgb {
  const value = Number.parseInt(color.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

function put(rgba: Uint8ClampedArray, pixel: number, [red, green, blue]: Rgb): void {
  const at = 4 * pixel;
  rgba[at] = red;
  rgba[at + 1] = green;
  rgba[at + 2] = blue;
  rgba[at + 3] = 255;
}

/** `rgba` [height · width · 4], zeroed; `labels` [height · width]. The background stays clear. */
export function paintLabels(
  rgba: Uint8ClampedArray,
  labels: Uint8Array,
  classes: readonly SegmentationClass[],
): void {
  const colours = new Map(classes.map(({ index, color }) => [index, rgbOf(color)]));
  colours.set(IGNORE, IGNORED);
  labels.forEach((value, pixel) => {
    if (value === BACKGROUND) return;
    put(rgba, pixel, colours.get(value) ?? IGNORED);
  });
}

/** Found where both name the same class, missed where only the truth has it, invented where only the prediction has. */
export function paintErrors(
  rgba: Uint8ClampedArray,
  truth: Uint8Array,
  prediction: Uint8Array,
): void {
  prediction.forEach((predicted, pixel) => {
    const wanted = truth[pixel] ?? BACKGROUND;
    if (wanted === IGNORE) return;
    if (wanted === predicted) {
      if (wanted !== BACKGROUND) put(rgba, pixel, FOUND);
    } else {
      put(rgba, pixel, predicted === BACKGROUND ? MISSED : INVENTED);
    }
  });
}
