/**
 * Samples of an image under each object, in the values that stand in its file. Taken rows by rows, so that an image need
 * not be in memory as a whole.
 *
 * Source: scikit-image, `regionprops` (intensity_mean, intensity_min, intensity_max, intensity_std, the latter over all
 * pixels: divided by their number).
 */
import type { ObjectRuns } from './object-runs.ts';

type Samples = Uint8Array | Uint16Array | Float32Array;

/** Each [objects · channels], an object's channels side by side. */
export interface Intensities {
  readonly mean: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly sum: Float64Array;
  readonly std: Float64Array;
}

export interface IntensityMeter {
  /** Rows `top` … of the image, interleaved; every row once, from the top. */
  add(samples: Samples, top: number): void;
  result(): Intensities;
}

export function createIntensityMeter(runs: ObjectRuns, channels: number): IntensityMeter {
  const { width, labels, first, row, from, to } = runs;
  const size = labels.length * channels;
  const count = new Float64Array(labels.length);
  /** The first sample of each: deviations from it are small, and whole numbers stay exact. */
  const origin = new Float64Array(size).fill(NaN);
  const sum = new Float64Array(size);
  const squares = new Float64Array(size);
  const min = new Float64Array(size).fill(Infinity);
  const max = new Float64Array(size).fill(-Infinity);
  /** First run of each object that is not taken yet. */
  const next = first.slice(0, labels.length);
  // Objects by their first row, so that a band looks at those alone that it meets.
  const waiting = Int32Array.from(labels.keys()).sort(
    (a, b) => (row[first[a] ?? 0] ?? 0) - (row[first[b] ?? 0] ?? 0),
  );
  let begun = 0;
  let open: number[] = [];

  const takeRun = (object: number, run: number, samples: Samples, top: number) => {
    const begin = ((row[run] ?? 0) - top) * width;
    const start = begin + (from[run] ?? 0);
    const end = begin + (to[run] ?? 0);
    count[object] = (count[object] ?? 0) + end - start;
    for (let c = 0; c < channels; c++) {
      const at = object * channels + c;
      if (Number.isNaN(origin[at])) origin[at] = samples[start * channels + c] ?? 0;
      const zero = origin[at] ?? 0;
      let [own, square] = [0, 0];
      let low = min[at] ?? 0;
      let high = max[at] ?? 0;
      for (let i = start * channels + c; i < end * channels; i += channels) {
        const value = samples[i] ?? 0;
        const off = value - zero;
        own += off;
        square += off * off;
        if (value < low) low = value;
        if (value > high) high = value;
      }
      // What is no number makes none of the whole object, as in NumPy; comparing alone would pass it by.
      if (Number.isNaN(own)) {
        for (let i = start * channels + c; i < end * channels; i += channels) {
          if (Number.isNaN(samples[i])) low = high = NaN;
        }
      }
      sum[at] = (sum[at] ?? 0) + own;
      squares[at] = (squares[at] ?? 0) + square;
      min[at] = low;
      max[at] = high;
    }
  };

  return {
    add(samples, top) {
      const below = top + samples.length / channels / width;
      for (; begun < waiting.length; begun++) {
        const object = waiting[begun] ?? 0;
        if ((row[first[object] ?? 0] ?? 0) >= below) break;
        open.push(object);
      }
      open = open.filter((object) => {
        const end = first[object + 1] ?? 0;
        let run = next[object] ?? 0;
        for (; run < end && (row[run] ?? 0) < below; run++) takeRun(object, run, samples, top);
        next[object] = run;
        return run < end;
      });
    },
    result() {
      const mean = new Float64Array(size);
      const total = new Float64Array(size);
      const std = new Float64Array(size);
      for (let at = 0; at < size; at++) {
        const n = count[Math.floor(at / channels)] ?? 0;
        const off = (sum[at] ?? 0) / n;
        mean[at] = (origin[at] ?? 0) + off;
        total[at] = (origin[at] ?? 0) * n + (sum[at] ?? 0);
        std[at] = Math.sqrt(Math.max(0, (squares[at] ?? 0) / n - off * off));
      }
      return { mean, min, max, sum: total, std };
    },
  };
}
