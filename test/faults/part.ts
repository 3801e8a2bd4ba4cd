/** What a part of the harness is: cases made from a seed, each tried on the product, and what came of them. */

export interface Fault {
  readonly kind: string;
  /** Of its case: `--seed S --first NUMBER --count 1` tries that alone again. */
  readonly number: number;
  /** What was tried, and what was seen in the place of what had to be. */
  readonly what: string;
}

export interface PartReport {
  /** Cases by kind. */
  readonly tried: ReadonlyMap<string, number>;
  readonly faults: readonly Fault[];
  /** Figures that were measured on the way, in words: the largest memory, the slowest answer. */
  readonly figures: readonly string[];
}

export interface Cases {
  readonly seed: number;
  /** Number of the first case; what a case is depends on seed and number alone. */
  readonly first: number;
  readonly count: number;
  /** Told how far it is. */
  readonly say: (line: string) => void;
}

export interface FaultPart {
  readonly name: string;
  /** Cases of a whole run. */
  readonly count: number;
  /** Cases within `npm test`: some seconds of an idle machine. */
  readonly shortCount: number;
  run(cases: Cases): Promise<PartReport>;
}

/** Gathers a report case by case. */
export class Findings {
  readonly #tried = new Map<string, number>();
  readonly #faults: Fault[] = [];

  tried(kind: string): void {
    this.#tried.set(kind, (this.#tried.get(kind) ?? 0) + 1);
  }

  fault(fault: Fault): void {
    this.#faults.push(fault);
  }

  get faults(): number {
    return this.#faults.length;
  }

  report(figures: readonly string[] = []): PartReport {
    return { tried: this.#tried, faults: this.#faults, figures };
  }
}
