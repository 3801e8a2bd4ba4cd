/**
 * The values of an image that become 0 and 1. 16- and 32-bit images have no agreed white: two percentiles over all their
 * channels stand for it. Exact, from counts of halves of the values' bits, so that an image is read in pieces and never
 * sorted: 16 bits in one pass, 32 in two.
 */
import type { ImageOfRows, Samples } from '../../data/decoded-image.ts';
import { piecesOf } from './row-pieces.ts';

const LOW_PERCENTILE = 0.001;
const HIGH_PERCENTILE = 0.999;

export interface ValueRange {
  readonly low: number;
  readonly high: number;
}

/** Values of 16 bits, and of each half of 32. */
const HALF_VALUES = 2 ** 16;

/** Where the smallest but `rank` lies among counts, and its rank within that count. */
function find(counts: Uint32Array, rank: number): { at: number; rank: number } {
  let below = 0;
  for (let at = 0; at < counts.length; at++) {
    const count = counts[at] ?? 0;
    if (below + count > rank) return { at, rank: rank - below };
    below += count;
  }
  return { at: 0, rank: 0 };
}

const EXPONENT = 0x7f800000;
const SIGN = 0x80000000;

/**
 * Visits finite float32 values as the two halves of 32 bits that are ordered as the values are (IEEE 754: negative ones
 * inverted).
 */
function visitHalves(values: Float32Array, visit: (upper: number, lower: number) => void): void {
  for (const bits of new Uint32Array(values.buffer, values.byteOffset, values.length)) {
    if ((bits & EXPONENT) === EXPONENT) continue; // no number, or infinite
    const ordered = (bits & SIGN) === 0 ? bits | SIGN : ~bits;
    visit(ordered >>> 16, ordered & 0xffff);
  }
}

const word = new Uint32Array(1);
const asFloat = new Float32Array(word.buffer);
function fromHalves(upper: number, lower: number): number {
  const ordered = ((upper << 16) | lower) >>> 0;
  word[0] = (ordered & SIGN) === 0 ? ~ordered : ordered & ~SIGN;
  return asFloat[0] ?? 0;
}

async function eachPiece(image: ImageOfRows, use: (samples: Samples) => void): Promise<void> {
  for (const { top, count } of piecesOf(image)) use(await image.rows(top, count));
}

/** 0 … 255 for 8-bit images, else percentiles. Errors: those of `rows`. */
export async function measureRange(image: ImageOfRows): Promise<ValueRange> {
  if (image.bitDepth === 8) return { low: 0, high: 255 };
  const uppers = new Uint32Array(HALF_VALUES);
  let total = 0;
  await eachPiece(image, (samples) => {
    if (samples instanceof Float32Array) {
      visitHalves(samples, (upper) => {
        uppers[upper] = (uppers[upper] ?? 0) + 1;
        total++;
      });
      return;
    }
    for (const value of samples) uppers[value] = (uppers[value] ?? 0) + 1;
    total += samples.length;
  });
  if (total === 0) return { low: 0, high: 0 };
  const [low, high] = [LOW_PERCENTILE, HIGH_PERCENTILE].map((share) =>
    find(uppers, Math.round(share * (total - 1))),
  );
  if (low === undefined || high === undefined) throw new Error('two percentiles are two');
  if (image.bitDepth === 16) return { low: low.at, high: high.at };
  const ofLow = new Uint32Array(HALF_VALUES);
  const ofHigh = new Uint32Array(HALF_VALUES);
  await eachPiece(image, (samples) => {
    if (!(samples instanceof Float32Array)) return;
    visitHalves(samples, (upper, lower) => {
      if (upper === low.at) ofLow[lower] = (ofLow[lower] ?? 0) + 1;
      if (upper === high.at) ofHigh[lower] = (ofHigh[lower] ?? 0) + 1;
    });
  });
  return {
    low: fromHalves(low.at, find(ofLow, low.rank).at),
    high: fromHalves(high.at, find(ofHigh, high.rank).at),
  };
}
