/** Time for timing a study: where a step takes minutes, what is measured must not take hours. */

/** Nothing more is timed after that: what one layout takes a trainer bounds by itself (engine/training/calibrate.ts). */
const BUDGET_MS = 3 * 60_000;

/** The first layout is timed whatever it takes, others only while there is some time left. */
export class TimingBudget {
  readonly #now: () => number;
  readonly #begun: number;
  /** What was passed over, in words. */
  readonly passedOver = new Set<string>();

  /** `now`: milliseconds, of any clock that goes on. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#begun = now();
  }

  /** undefined: it was passed over. Errors: those of `time`. */
  async whileThereIsTime<T>(what: string, time: () => Promise<T>): Promise<T | undefined> {
    if (this.#now() - this.#begun <= BUDGET_MS) return time();
    this.passedOver.add(what);
    return undefined;
  }
}
