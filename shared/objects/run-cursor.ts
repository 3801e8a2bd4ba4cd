/** Walks along several codes at once without unpacking any: class maps and object maps of one size. */
import { readLabelMapRuns } from '../label-map.ts';
import { readObjectMapRuns } from './object-map.ts';

/** Goes forward through the runs of a code. */
export interface RunCursor {
  /** Of the run in which the last asked pixel lies. */
  readonly value: number;
  /** Goes to the run of a pixel, not before the last one that was asked for; where it ends, row-major. */
  through(pixel: number): number;
}

class Runs implements RunCursor {
  readonly #values: Uint32Array | Uint8Array;
  readonly #ends: Uint32Array;
  #at = 0;

  constructor(values: Uint32Array | Uint8Array, ends: Uint32Array) {
    this.#values = values;
    this.#ends = ends;
  }

  get value(): number {
    return this.#values[this.#at] ?? 0;
  }

  through(pixel: number): number {
    while ((this.#ends[this.#at] ?? Infinity) <= pixel) this.#at++;
    return this.#ends[this.#at] ?? Infinity;
  }
}

/** Errors: corrupt. */
export function classRuns(code: Uint8Array): RunCursor {
  let count = 0;
  readLabelMapRuns(code, () => count++);
  const values = new Uint8Array(count);
  const ends = new Uint32Array(count);
  let at = 0;
  readLabelMapRuns(code, (value, _start, end) => {
    values[at] = value;
    ends[at++] = end;
  });
  return new Runs(values, ends);
}

/** Errors: corrupt. */
export function objectRuns(code: Uint8Array): RunCursor {
  let count = 0;
  readObjectMapRuns(code, () => count++);
  const values = new Uint32Array(count);
  const ends = new Uint32Array(count);
  let at = 0;
  readObjectMapRuns(code, (number, _start, end) => {
    values[at] = number;
    ends[at++] = end;
  });
  return new Runs(values, ends);
}
