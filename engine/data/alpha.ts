/**
 * Alpha channels: what a file says is one is left out of its samples, and counted. Which channel it is, is the business of
 * each decoder; that no other channel ever is one, too.
 */
import { type AlphaSamples, firstChannels, type Samples, samplesLike } from './decoded-image.ts';

/** Interleaved channels without that at `left`. */
export function withoutChannel(samples: Samples, channels: number, left: number): Samples {
  if (left === channels - 1) return firstChannels(samples, channels, left);
  const out = samplesLike(samples, samples.length - samples.length / channels);
  let to = 0;
  for (let i = 0; i < samples.length; i++) {
    if (i % channels !== left) out[to++] = samples[i] ?? 0;
  }
  return out;
}

/** One of several interleaved channels, as alpha; of floating point, 1 is opaque. */
export function alphaOf(samples: Samples, channels: number, at: number): AlphaSamples {
  const pixels = samples.length / channels;
  const out = samples instanceof Uint16Array ? new Uint16Array(pixels) : new Uint8Array(pixels);
  const scale = samples instanceof Float32Array ? 255 : 1;
  for (let i = 0; i < pixels; i++) {
    out[i] = Math.min(scale === 1 ? Infinity : 255, (samples[i * channels + at] ?? 0) * scale);
  }
  return out;
}

/** Pixels that are not opaque. */
export function countTransparent(alpha: AlphaSamples): number {
  const opaque = alpha instanceof Uint8Array ? 255 : 65_535;
  let count = 0;
  for (const value of alpha) if (value < opaque) count++;
  return count;
}

/** What is said of an alpha channel that was left out; null: there is none. */
export function alphaNotes(transparentPx: number | null): string[] {
  if (transparentPx === null) return [];
  if (transparentPx === 0) return ['opaque alpha channel dropped'];
  return ['alpha channel dropped, though not all pixels are opaque'];
}
