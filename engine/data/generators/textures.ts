/** The textures of TexShapes (docs/method.md §6): fields of mean 0 and variance 1, at random angle, phase and period. */
import type { Random } from '../../../shared/random.ts';
import { standardise, valueNoise } from './value-noise.ts';

/** `honeycomb` occurs in no source image: it is the unseen texture of the far target. */
export type Texture = 'stripes' | 'checker' | 'dots' | 'granular' | 'smooth' | 'honeycomb';

/** Pixels, whatever the size of the image. */
const MIN_PERIOD_PX = 4.5;
const MAX_PERIOD_PX = 7;

/** @returns [sizePx · sizePx], mean 0, variance 1 */
export function drawTexture(texture: Texture, sizePx: number, random: Random): Float64Array {
  switch (texture) {
    case 'stripes':
      return wave(sizePx, random, (u) => Math.sin(u));
    case 'checker':
      return wave(sizePx, random, (u, v) => (Math.sin(u) * Math.sin(v) >= 0 ? 1 : -1));
    case 'dots':
      return wave(sizePx, random, (u, v) => (Math.cos(u) + Math.cos(v) > 0.9 ? 1 : 0));
    case 'granular':
      return valueNoise(sizePx, sizePx / 3, random);
    case 'smooth':
      return valueNoise(sizePx, sizePx / 12, random);
    case 'honeycomb':
      return wave(sizePx, random, (u, v) => {
        const tilt = (Math.sqrt(3) / 2) * v;
        // Three waves at 120°: bright walls between dark hexagonal cells.
        return Math.cos(u) + Math.cos(tilt - u / 2) + Math.cos(tilt + u / 2) < -0.6 ? 1 : 0;
      });
  }
}

/** `shade` of two perpendicular phases u and v in radians, standardised. */
function wave(
  sizePx: number,
  random: Random,
  shade: (u: number, v: number) => number,
): Float64Array {
  const angle = random.uniform(0, 2 * Math.PI);
  const frequency = (2 * Math.PI) / random.uniform(MIN_PERIOD_PX, MAX_PERIOD_PX);
  const phaseU = random.uniform(0, 2 * Math.PI);
  const phaseV = random.uniform(0, 2 * Math.PI);
  const cos = Math.cos(angle) * frequency;
  const sin = Math.sin(angle) * frequency;
  const field = new Float64Array(sizePx * sizePx);
  for (let y = 0, i = 0; y < sizePx; y++) {
    for (let x = 0; x < sizePx; x++, i++) {
      field[i] = shade(x * cos + y * sin + phaseU, y * cos - x * sin + phaseV);
    }
  }
  return standardise(field);
}
