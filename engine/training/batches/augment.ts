/**
 * Draws square views of a tile: position, flips, quarter turns, scale, brightness, contrast, noise. Typed arrays only;
 * deterministic by the random stream given. Labels follow the geometry; what lies outside the image is reflected in
 * the pixels and IGNORE in the labels.
 */
import { createRandom, type Random } from '../../../shared/random.ts';
import type { Sample } from '../objectives/objective.ts';
import { sampleWindow, type Turn, type Window, windowAt } from '../images/sample-window.ts';
import type { AnyTile } from '../images/tiles.ts';

/** Share of views that keep their pixels as they are: resampling blurs fine texture and noise, which tests do not. */
const UNSCALED_SHARE = 0.5;
/** Such views are shifted by up to this share of their side instead. */
const MAX_SHIFT = 1 / 8;
/** Side of the window of the other views, relative to the view: below 1 magnifies. */
const WINDOW_SCALE = [0.75, 1.15] as const;
/** Added to every value. */
const BRIGHTNESS = 0.1;
/** Factor about the mean of the view. */
const CONTRAST = [0.8, 1.2] as const;
const MAX_NOISE_DEVIATION = 0.02;
/** Standard deviation of the values of an ordinary view. */
const ORDINARY_SPREAD = 0.2;

/**
 * Whether views are changed. `by-spread`: where values differ less than in an ordinary view, brightness and noise are as
 * much smaller, so that what is dark or faint is not lost below 0 or in noise.
 */
export type Augmentation = boolean | 'by-spread';

/** Standard normal numbers, drawn once: a view's noise is a window of this table at a random place. */
const NOISE_TABLE_LENGTH = 1 << 16;
let noiseTable: Float32Array | undefined;
function normalNumbers(): Float32Array {
  if (noiseTable === undefined) {
    const random = createRandom(0, 'augment', 'noise table');
    noiseTable = Float32Array.from({ length: NOISE_TABLE_LENGTH }, () => random.normal());
  }
  return noiseTable;
}

/** The eight flips and quarter turns of a square. */
const TURNS: readonly Turn[] = [
  { rightX: 1, rightY: 0, downX: 0, downY: 1 },
  { rightX: -1, rightY: 0, downX: 0, downY: 1 },
  { rightX: 1, rightY: 0, downX: 0, downY: -1 },
  { rightX: -1, rightY: 0, downX: 0, downY: -1 },
  { rightX: 0, rightY: 1, downX: 1, downY: 0 },
  { rightX: 0, rightY: -1, downX: 1, downY: 0 },
  { rightX: 0, rightY: 1, downX: -1, downY: 0 },
  { rightX: 0, rightY: -1, downX: -1, downY: 0 },
];
const UPRIGHT: Turn = { rightX: 1, rightY: 0, downX: 0, downY: 1 };

/** Anywhere inside the tile; a window larger than the tile is centred with the same play. */
const place = (extent: number, side: number, share: number) => (extent - side) * share;

function drawWindow(tile: AnyTile, sizePx: number, random: Random): Window {
  const turn = TURNS[random.below(TURNS.length)] ?? UPRIGHT;
  if (random.next() < UNSCALED_SHARE) {
    const shifted = (extent: number) =>
      Math.round(
        place(extent, sizePx, random.next()) + sizePx * random.uniform(-MAX_SHIFT, MAX_SHIFT),
      );
    const left = shifted(tile.width);
    const top = shifted(tile.height);
    return windowAt({ left, top, side: sizePx, sizePx, turn });
  }
  const side = sizePx * random.uniform(...WINDOW_SCALE);
  const left = place(tile.width, side, random.next());
  const top = place(tile.height, side, random.next());
  return windowAt({ left, top, side, sizePx, turn });
}

/** Whole pixels, no turn: the view without augmentation. */
function plainWindow(tile: AnyTile, sizePx: number, random: Random): Window {
  const left = Math.round(place(tile.width, sizePx, random.next()));
  const top = Math.round(place(tile.height, sizePx, random.next()));
  return windowAt({ left, top, side: sizePx, sizePx, turn: UPRIGHT });
}

/** Brightness, contrast and noise in place; values stay in [0, 1]. */
function changeValues(pixels: Float32Array, augment: Augmentation, random: Random): void {
  const contrast = random.uniform(...CONTRAST);
  let brightness = random.uniform(-BRIGHTNESS, BRIGHTNESS);
  let deviation = random.uniform(0, MAX_NOISE_DEVIATION);
  const normal = normalNumbers();
  let noiseAt = random.below(NOISE_TABLE_LENGTH);
  let sum = 0;
  for (let i = 0; i < pixels.length; i++) sum += pixels[i] ?? 0;
  const mean = sum / pixels.length;
  if (augment === 'by-spread') {
    let squares = 0;
    for (let i = 0; i < pixels.length; i++) squares += ((pixels[i] ?? 0) - mean) ** 2;
    const share = Math.min(1, Math.sqrt(squares / pixels.length) / ORDINARY_SPREAD);
    brightness *= share;
    deviation *= share;
  }
  const shift = mean * (1 - contrast) + brightness;
  for (let i = 0; i < pixels.length; i++) {
    const noise = deviation * (normal[noiseAt] ?? 0);
    noiseAt = (noiseAt + 1) & (NOISE_TABLE_LENGTH - 1);
    const value = (pixels[i] ?? 0) * contrast + shift + noise;
    pixels[i] = value < 0 ? 0 : value > 1 ? 1 : value;
  }
}

/**
 * A view of sizePx × sizePx. Without augmentation it is the tile itself (resize mode), or a plain crop at a random
 * place (a tile larger than the view); a tile smaller than the view is reflected.
 */
export function drawView(
  tile: AnyTile,
  options: { readonly sizePx: number; readonly augment: Augmentation },
  random: Random,
): Sample {
  const { sizePx, augment } = options;
  const window =
    augment !== false ? drawWindow(tile, sizePx, random) : plainWindow(tile, sizePx, random);
  const { pixels, labels, depths } = sampleWindow(tile, window, sizePx);
  if (augment !== false) changeValues(pixels, augment, random);
  return {
    sizePx,
    channels: tile.channels,
    pixels,
    labels,
    ...(depths === undefined ? {} : { depths }),
    imageClass: tile.imageClass,
  };
}
