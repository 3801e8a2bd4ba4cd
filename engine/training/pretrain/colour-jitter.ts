/**
 * Colour jitter of strength 1 (docs/method.md §4): brightness, contrast, saturation and hue in random order, values clipped
 * to [0, 1] after each. Changes pixels in place. Images without colour have brightness and contrast only.
 */
import type { Random } from '../../../shared/random.ts';
import { luma } from '../images/channels.ts';
import type { SquareImage } from './corruptions.ts';

/** Factor of brightness, contrast and saturation. */
const FACTOR = [0.2, 1.8] as const;
/** Part of a full turn of the colour wheel. */
const HUE = [-0.2, 0.2] as const;

type Jitter = (image: SquareImage, amount: number) => void;

const clipped = (value: number) => (value < 0 ? 0 : value > 1 ? 1 : value);

/** value · factor */
export const changeBrightness: Jitter = ({ pixels }, factor) => {
  for (let i = 0; i < pixels.length; i++) pixels[i] = clipped((pixels[i] ?? 0) * factor);
};

/** mean + factor · (value − mean), with the mean of the channel over the image. */
export const changeContrast: Jitter = ({ channels, pixels }, factor) => {
  for (let c = 0; c < channels; c++) {
    let sum = 0;
    for (let i = c; i < pixels.length; i += channels) sum += pixels[i] ?? 0;
    const mean = (sum * channels) / pixels.length;
    for (let i = c; i < pixels.length; i += channels) {
      pixels[i] = clipped(mean + factor * ((pixels[i] ?? 0) - mean));
    }
  }
};

/** luma + factor · (value − luma), pixel by pixel. */
export const changeSaturation: Jitter = ({ pixels }, factor) => {
  for (let i = 0; i < pixels.length; i += 3) {
    const grey = luma(pixels[i] ?? 0, pixels[i + 1] ?? 0, pixels[i + 2] ?? 0);
    for (let c = i; c < i + 3; c++) pixels[c] = clipped(grey + factor * ((pixels[c] ?? 0) - grey));
  }
};

/** In sixths of the colour wheel, from red over green to blue; 0 where there is no colour. */
function hueOf(red: number, green: number, blue: number, most: number, chroma: number): number {
  if (chroma === 0) return 0;
  if (most === red) return (green - blue) / chroma;
  if (most === green) return (blue - red) / chroma + 2;
  return (red - green) / chroma + 4;
}

/** Turns the hue (HSV) by a part of the colour wheel; value and saturation stay. */
export const turnHue: Jitter = ({ pixels }, turn) => {
  for (let i = 0; i < pixels.length; i += 3) {
    const [red, green, blue] = [pixels[i] ?? 0, pixels[i + 1] ?? 0, pixels[i + 2] ?? 0];
    const most = Math.max(red, green, blue);
    const chroma = most - Math.min(red, green, blue);
    const hue = hueOf(red, green, blue, most, chroma) + 6 * turn;
    // HSV to RGB without cases: each channel falls to its least over two of the six sectors.
    [5, 3, 1].forEach((sector, c) => {
      const k = (((sector + hue) % 6) + 6) % 6;
      pixels[i + c] = most - chroma * Math.max(0, Math.min(k, 4 - k, 1));
    });
  }
};

const FACTORS: readonly Jitter[] = [changeBrightness, changeContrast];
const COLOUR_FACTORS: readonly Jitter[] = [...FACTORS, changeSaturation, turnHue];

export function jitterColours(image: SquareImage, random: Random): void {
  const changes = image.channels === 3 ? COLOUR_FACTORS : FACTORS;
  for (const change of random.shuffled(changes)) {
    const [from, to] = change === turnHue ? HUE : FACTOR;
    change(image, random.uniform(from, to));
  }
}
