/**
 * Draws square views of a tile: position, flips, quarter turns, scale, brightness, contrast, noise. Typed arrays only;
 * deterministic by the random stream given. Labels follow the geometry; what lies outside the image is reflected in
 * the pixels and IGNORE in the labels.
 */
import { IGNORE } from '../../shared/entities.ts';
import { createRandom, type Random } from '../../shared/random.ts';
import type { Sample } from './objective.ts';
import type { Tile } from './tiles.ts';

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

/** Where a view lies in its tile: view pixel (x, y) sees the tile at origin + x·right + y·down. */
interface Window {
  readonly originX: number;
  readonly originY: number;
  readonly rightX: number;
  readonly rightY: number;
  readonly downX: number;
  readonly downY: number;
}

/** The eight flips and quarter turns of a square as directions of right and down. */
const TURNS = [
  [1, 0, 0, 1],
  [-1, 0, 0, 1],
  [1, 0, 0, -1],
  [-1, 0, 0, -1],
  [0, 1, 1, 0],
  [0, -1, 1, 0],
  [0, 1, -1, 0],
  [0, -1, -1, 0],
] as const;

/** A window of `side` tile pixels whose low corner is (left, top), seen through a turn. */
function windowAt(
  left: number,
  top: number,
  side: number,
  sizePx: number,
  turn: (typeof TURNS)[number],
): Window {
  const step = side / sizePx;
  const [rightX, rightY, downX, downY] = turn;
  // The centre of the window stays where it is; view pixel centres are (size − 1) / 2 away from it.
  const half = (sizePx - 1) / 2;
  const centreX = left + side / 2 - 0.5;
  const centreY = top + side / 2 - 0.5;
  return {
    originX: centreX - half * step * (rightX + downX),
    originY: centreY - half * step * (rightY + downY),
    rightX: rightX * step,
    rightY: rightY * step,
    downX: downX * step,
    downY: downY * step,
  };
}

/** Anywhere inside the tile; a window larger than the tile is centred with the same play. */
const place = (extent: number, side: number, share: number) => (extent - side) * share;

function drawWindow(tile: Tile, sizePx: number, random: Random): Window {
  const turn = TURNS[random.below(TURNS.length)] ?? TURNS[0];
  if (random.next() < UNSCALED_SHARE) {
    const shifted = (extent: number) =>
      Math.round(
        place(extent, sizePx, random.next()) + sizePx * random.uniform(-MAX_SHIFT, MAX_SHIFT),
      );
    return windowAt(shifted(tile.width), shifted(tile.height), sizePx, sizePx, turn);
  }
  const side = sizePx * random.uniform(...WINDOW_SCALE);
  const left = place(tile.width, side, random.next());
  const top = place(tile.height, side, random.next());
  return windowAt(left, top, side, sizePx, turn);
}

/** Whole pixels, no turn: the view without augmentation. */
function plainWindow(tile: Tile, sizePx: number, random: Random): Window {
  const left = Math.round(place(tile.width, sizePx, random.next()));
  const top = Math.round(place(tile.height, sizePx, random.next()));
  return windowAt(left, top, sizePx, sizePx, TURNS[0]);
}

/** Index reflected into 0 … n−1 (edge pixels are not repeated). */
function reflect(index: number, n: number): number {
  if (n === 1) return 0;
  const period = 2 * (n - 1);
  const i = ((index % period) + period) % period;
  return i < n ? i : period - i;
}

/** Bilinear sampling along the window. */
function samplePixels(tile: Tile, sizePx: number, window: Window): Float32Array {
  const { width, height, channels, data } = tile;
  const out = new Float32Array(sizePx * sizePx * channels);
  let at = 0;
  for (let y = 0; y < sizePx; y++) {
    let fx = window.originX + y * window.downX;
    let fy = window.originY + y * window.downY;
    for (let x = 0; x < sizePx; x++) {
      const x0 = Math.floor(fx);
      const y0 = Math.floor(fy);
      const dx = fx - x0;
      const dy = fy - y0;
      const inside = x0 >= 0 && y0 >= 0 && x0 + 1 < width && y0 + 1 < height;
      const left = inside ? x0 : reflect(x0, width);
      const right = inside ? x0 + 1 : reflect(x0 + 1, width);
      const top = (inside ? y0 : reflect(y0, height)) * width;
      const bottom = (inside ? y0 + 1 : reflect(y0 + 1, height)) * width;
      for (let c = 0; c < channels; c++) {
        const upper =
          (data[(top + left) * channels + c] ?? 0) * (1 - dx) +
          (data[(top + right) * channels + c] ?? 0) * dx;
        const lower =
          (data[(bottom + left) * channels + c] ?? 0) * (1 - dx) +
          (data[(bottom + right) * channels + c] ?? 0) * dx;
        out[at++] = upper * (1 - dy) + lower * dy;
      }
      fx += window.rightX;
      fy += window.rightY;
    }
  }
  return out;
}

/** Label of the nearest pixel along the window. */
function sampleLabels(tile: Tile, labels: Uint8Array, sizePx: number, window: Window): Uint8Array {
  const { width, height } = tile;
  const out = new Uint8Array(sizePx * sizePx);
  let at = 0;
  for (let y = 0; y < sizePx; y++) {
    let fx = window.originX + y * window.downX;
    let fy = window.originY + y * window.downY;
    for (let x = 0; x < sizePx; x++) {
      const nx = Math.round(fx);
      const ny = Math.round(fy);
      const outside = nx < 0 || ny < 0 || nx >= width || ny >= height;
      out[at++] = outside ? IGNORE : (labels[ny * width + nx] ?? IGNORE);
      fx += window.rightX;
      fy += window.rightY;
    }
  }
  return out;
}

/** Brightness, contrast and noise in place; values stay in [0, 1]. */
function changeValues(pixels: Float32Array, random: Random): void {
  const contrast = random.uniform(...CONTRAST);
  const brightness = random.uniform(-BRIGHTNESS, BRIGHTNESS);
  const deviation = random.uniform(0, MAX_NOISE_DEVIATION);
  const normal = normalNumbers();
  let noiseAt = random.below(NOISE_TABLE_LENGTH);
  let sum = 0;
  for (const value of pixels) sum += value;
  const mean = sum / pixels.length;
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
  tile: Tile,
  options: { readonly sizePx: number; readonly augment: boolean },
  random: Random,
): Sample {
  const { sizePx, augment } = options;
  const window = augment ? drawWindow(tile, sizePx, random) : plainWindow(tile, sizePx, random);
  const pixels = samplePixels(tile, sizePx, window);
  if (augment) changeValues(pixels, random);
  return {
    sizePx,
    channels: tile.channels,
    pixels,
    labels: tile.labels === null ? null : sampleLabels(tile, tile.labels, sizePx, window),
    imageClass: tile.imageClass,
  };
}
