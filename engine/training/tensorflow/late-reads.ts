/**
 * Results that are read some calls late, in their order: while a card computes, the host prepares what comes next, and
 * neither waits for the other. With nothing ahead each result is read at once, as it is where the processor computes.
 */

export interface LateReads<T> {
  /** Takes a result that is to come, and gives those that are due: all but the last few. Errors: theirs. */
  next(result: Promise<T>): Promise<T[]>;
  /** All that are left. Errors: theirs. */
  rest(): Promise<T[]>;
}

/** `ahead`: how many results may be to come while the next one is begun (Engine.stepsAhead). */
export function createLateReads<T>(ahead: number): LateReads<T> {
  const coming: Promise<T>[] = [];
  const due = async (left: number): Promise<T[]> => {
    const results: T[] = [];
    while (coming.length > left) {
      const [first] = coming.splice(0, 1);
      if (first !== undefined) results.push(await first);
    }
    return results;
  };
  return {
    next(result) {
      // Its error is told when it is read.
      result.catch(() => undefined);
      coming.push(result);
      return due(ahead);
    },
    rest: () => due(0),
  };
}
