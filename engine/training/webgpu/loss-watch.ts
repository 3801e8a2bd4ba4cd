/**
 * Whoever waits for a card is told when it is lost. Only while it waits: a race against one promise that never settles would
 * keep everything that was ever read.
 */

interface LossWatch {
  /** How many wait. */
  readonly waiting: number;
  /** What `work` gives. Errors: those of `work`; what `lost` was told, if that comes first. */
  unlessLost<T>(work: Promise<T>): Promise<T>;
  /** Tells all who wait. */
  lost(error: Error): void;
}

export function createLossWatch(): LossWatch {
  const waiting = new Set<(error: Error) => void>();
  return {
    get waiting() {
      return waiting.size;
    },
    async unlessLost<T>(work: Promise<T>) {
      const { promise, resolve, reject } = Promise.withResolvers<T>();
      waiting.add(reject);
      work.then(resolve, reject);
      try {
        return await promise;
      } finally {
        waiting.delete(reject);
      }
    },
    lost(error) {
      for (const tell of waiting) tell(error);
    },
  };
}
