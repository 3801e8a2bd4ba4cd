/** Which places in our decoders any file has reached so far. */
import type { Unreached } from './coverage-messages.ts';

type Ranges = readonly (readonly [number, number])[];

function inBoth(a: Ranges, b: Ranges): (readonly [number, number])[] {
  const both: (readonly [number, number])[] = [];
  for (const [from, to] of a) {
    for (const [start, end] of b) {
      const range = [Math.max(from, start), Math.min(to, end)] as const;
      if (range[0] < range[1]) both.push(range);
    }
  }
  return both;
}

const lengthOf = (ranges: Ranges): number => ranges.reduce((sum, [from, to]) => sum + to - from, 0);

export class Reached {
  /** By function, the places in it that nothing has reached. */
  readonly #left = new Map<string, Ranges>();

  get functions(): number {
    return this.#left.size;
  }

  /** Characters of the source, in functions that ran, that nothing has reached. */
  get left(): number {
    return [...this.#left.values()].reduce((sum, ranges) => sum + lengthOf(ranges), 0);
  }

  /** Whether one of these runs reached a place that none had reached. */
  add(unreached: Unreached): boolean {
    let isNew = false;
    for (const [name, ranges] of unreached) {
      const known = this.#left.get(name);
      const left = known === undefined ? ranges : inBoth(known, ranges);
      if (known !== undefined && lengthOf(left) === lengthOf(known)) continue;
      this.#left.set(name, left);
      isNew = true;
    }
    return isNew;
  }
}
