/**
 * Deterministic randomness, addressed rather than consumed: every use names its own stream, e.g.
 * createRandom(seed, 'batch', step). A resumed run needs no saved generator state, only its step,
 * and adding a draw in one place never shifts the numbers of another.
 */
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';

/** murmur3's 32-bit finaliser: every input bit reaches every output bit. */
function mix(h: number): number {
  let x = h;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) | 0;
}

/** Four independent 32-bit words from the address: FNV-1a from four offsets, each finalised. */
function stateOf(address: string): number[] {
  const words: number[] = [];
  for (let w = 0; w < 4; w++) {
    let h = (0x811c9dc5 ^ Math.imul(w + 1, 0x9e3779b1)) | 0;
    for (let i = 0; i < address.length; i++) {
      h = Math.imul(h ^ address.charCodeAt(i), 0x01000193);
    }
    words.push(mix(h ^ w));
  }
  return words;
}

export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform in [from, to). */
  uniform(from: number, to: number): number;
  /** Uniform integer in [0, n). */
  below(n: number): number;
  /** Standard normal. */
  normal(): number;
  /** A new array with the items in random order (Fisher–Yates). */
  shuffled<T>(items: readonly T[]): T[];
}

/** Stream of pseudo-random numbers at the address (seed, …path). Equal addresses give equal streams. */
export function createRandom(seed: number, ...path: readonly (string | number)[]): Random {
  const generator = xoroshiro128plusFromState(stateOf([seed, ...path].join('\u0000')));
  const next = () => uniformFloat64(generator);
  let spare: number | undefined;
  const below = (n: number) => uniformInt(generator, 0, n - 1);
  return {
    next,
    uniform: (from, to) => from + (to - from) * next(),
    below,
    normal() {
      if (spare !== undefined) {
        const value = spare;
        spare = undefined;
        return value;
      }
      // Box–Muller; 1 − u lies in (0, 1], so the logarithm is finite.
      const radius = Math.sqrt(-2 * Math.log(1 - next()));
      const angle = 2 * Math.PI * next();
      spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    },
    shuffled(items) {
      const out = [...items];
      for (let i = out.length - 1; i > 0; i--) {
        const j = below(i + 1);
        const swap = out[i];
        const other = out[j];
        if (swap !== undefined && other !== undefined) {
          out[i] = other;
          out[j] = swap;
        }
      }
      return out;
    },
  };
}
