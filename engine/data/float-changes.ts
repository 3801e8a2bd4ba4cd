/**
 * What becomes of samples that are no unsigned integers of 8 or 16 bits: 32-bit floating point, in every format. A sample
 * that is no number would spoil whatever is computed of its image, so it becomes 0, and is counted.
 */
import { counted, countedWith } from '../../shared/number-format.ts';
export class FloatChanges {
  /** Those of `notes` that hold no more where the numbers are read as they are stored. */
  static readonly ROUNDING = /32-bit floating point$/;

  /** Whether the file holds integers. */
  isInteger = false;
  #inexact = 0;
  #notFinite = 0;

  toFloat(value: number): number {
    const rounded = Math.fround(value);
    if (!Number.isFinite(rounded)) {
      this.#notFinite++;
      return 0;
    }
    if (rounded !== value) this.#inexact++;
    return rounded;
  }

  /** DecodedImage.notes, of what was read so far. */
  notes(): string[] {
    return [
      ...(this.isInteger ? ['integer samples read as 32-bit floating point'] : []),
      ...(this.#inexact > 0
        ? [`${counted(this.#inexact, 'sample')} rounded to 32-bit floating point`]
        : []),
      ...(this.#notFinite > 0
        ? [`${countedWith(this.#notFinite, 'sample', 'were')} not finite and became 0`]
        : []),
    ];
  }
}

/** Whole numbers as they are; null where one of them needs a sign or more than 32 bits. */
export function wholeNumbers(values: ArrayLike<number>): Uint32Array | null {
  const out = new Uint32Array(values.length);
  for (let i = 0; i < out.length; i++) {
    const value = values[i] ?? 0;
    out[i] = value;
    if (out[i] !== value) return null;
  }
  return out;
}
