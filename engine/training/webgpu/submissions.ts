/**
 * How a row of commands is cut into submissions. A card draws the screen between them, so none may take long: the work of
 * each command is estimated, and what the estimate is worth on this card is measured when the row has run.
 */

/** Of one command. */
export interface Work {
  /** Read or written. */
  readonly bytes: number;
  /** Products and sums. */
  readonly operations: number;
}

/** The longest that a card may be kept from drawing the screen, with room for what was not foreseen. */
export const LONGEST_SUBMISSION_MS = 40;

/** A card of the weaker kind, and what a command costs whatever it does: their proportions are what counts. */
const OPERATIONS_PER_MS = 3e8;
const BYTES_PER_MS = 3e7;
const COMMAND_MS = 0.01;

export const estimatedMs = ({ bytes, operations }: Work): number =>
  Math.max(operations / OPERATIONS_PER_MS, bytes / BYTES_PER_MS) + COMMAND_MS;

/** Calls after which it is known well enough what a row takes. */
const MEASURED_CALLS = 5;

export interface Submissions {
  /** Where each submission ends, as a number of commands from the first. */
  ends(): readonly number[];
  /** Whether it is worth measuring how long the next row takes. */
  readonly isMeasured: boolean;
  /** How long the row took from the first command to the last. */
  took(ms: number): void;
}

/** Until something was measured every command is a submission. */
export function createSubmissions(row: readonly Work[]): Submissions {
  const estimates = row.map(estimatedMs);
  const estimated = estimates.reduce((sum, ms) => sum + ms, 0);
  let calls = 0;
  /** Milliseconds of this card for one that was estimated; null: not known yet. The worst that was seen. */
  let slowness: number | null = null;
  let ends = row.map((_, i) => i + 1);

  function cut(): void {
    ends = [];
    let ms = 0;
    estimates.forEach((one, i) => {
      const next = one * (slowness ?? 0);
      if (i > 0 && ms + next > LONGEST_SUBMISSION_MS) {
        ends.push(i);
        ms = 0;
      }
      ms += next;
    });
    ends.push(row.length);
  }

  return {
    ends: () => ends,
    get isMeasured() {
      return calls < MEASURED_CALLS;
    },
    took(ms) {
      calls++;
      if (estimated === 0) return;
      slowness = Math.max(slowness ?? 0, ms / estimated);
      cut();
    },
  };
}
