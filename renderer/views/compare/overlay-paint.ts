/** Label maps as colours: classes, or where a prediction is right and wrong. Knows nothing of canvases. */
import { BACKGROUND, type Dataset, IGNORE } from '../../../shared/entities.ts';

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

/** `rgba` [height · width · 4], zeroed; `labels` [height · width]. A background stays clear. */
export function paintLabels(
  rgba: Uint8ClampedArray,
  labels: Uint8Array,
  { classes, hasBackground }: Pick<Dataset, 'classes' | 'hasBackground'>,
): void {
  const colours = new Map(classes.map(({ index, color }) => [index, rgbOf(color)]));
  colours.set(IGNORE, IGNORED);
  labels.forEach((value, pixel) => {
    if (hasBackground && value === BACKGROUND) return;
    put(rgba, pixel, colours.get(value) ?? IGNORED);
  });
}

/**
 * Found where both name the same class, missed where only the truth has it, invented where only the prediction has.
 * Without a background every pixel that is not found is of a wrong class, and painted as invented.
 */
export function paintErrors(
  rgba: Uint8ClampedArray,
  maps: { readonly truth: Uint8Array; readonly prediction: Uint8Array },
  { hasBackground }: Pick<Dataset, 'hasBackground'>,
): void {
  const isGround = (value: number) => hasBackground && value === BACKGROUND;
  maps.prediction.forEach((predicted, pixel) => {
    const wanted = maps.truth[pixel] ?? BACKGROUND;
    if (wanted === IGNORE) return;
    if (wanted === predicted) {
      if (!isGround(wanted)) put(rgba, pixel, FOUND);
    } else {
      put(rgba, pixel, isGround(predicted) ? MISSED : INVENTED);
    }
  });
}
