/** From a drawn scene to stored pixels: optical blur, tint, sensor noise, eight bits. */
import type { Random } from '../../../shared/random.ts';

export interface ExposureOptions {
  /** Standard deviation of the Gaussian blur, pixels. */
  readonly blurPx: number;
  /** Standard deviation of the noise, of the range 0 … 1; the same in all channels of a pixel. */
  readonly noise: number;
  /** Factor of each channel: one for grey, three for RGB. */
  readonly tint: readonly number[];
}

/**
 * @param scene [sizePx · sizePx], 0 black … 1 white; values beyond are clipped
 * @returns [sizePx · sizePx · channels], 0 … 255
 */
export function expose(
  scene: Float64Array,
  sizePx: number,
  options: ExposureOptions,
  random: Random,
): Uint8Array {
  const sharp = gaussianBlur(scene, sizePx, options.blurPx);
  const channels = options.tint.length;
  const out = new Uint8Array(scene.length * channels);
  for (let i = 0; i < sharp.length; i++) {
    const noise = options.noise * random.normal();
    for (let c = 0; c < channels; c++) {
      const value = (sharp[i] ?? 0) * (options.tint[c] ?? 1) + noise;
      out[i * channels + c] = Math.round(255 * Math.min(1, Math.max(0, value)));
    }
  }
  return out;
}

/** Separable Gaussian out to three standard deviations; the border pixel goes on beyond the border. */
export function gaussianBlur(field: Float64Array, sizePx: number, sigmaPx: number): Float64Array {
  const radius = Math.ceil(3 * sigmaPx);
  const kernel = Float64Array.from({ length: 2 * radius + 1 }, (_, k) =>
    Math.exp(-((k - radius) ** 2) / (2 * sigmaPx ** 2)),
  );
  const sum = kernel.reduce((a, b) => a + b, 0);
  const along = (from: Float64Array, step: number, across: number) => {
    const to = new Float64Array(from.length);
    for (let line = 0; line < sizePx; line++) {
      for (let x = 0; x < sizePx; x++) {
        let value = 0;
        for (let k = -radius; k <= radius; k++) {
          const at = Math.min(sizePx - 1, Math.max(0, x + k));
          value += (kernel[k + radius] ?? 0) * (from[line * across + at * step] ?? 0);
        }
        to[line * across + x * step] = value / sum;
      }
    }
    return to;
  };
  return along(along(field, 1, sizePx), sizePx, 1);
}
