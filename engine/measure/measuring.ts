/** A thread that measures objects (engine/data/lent-thread.ts). */
import { type LentThread, lendThread } from '../data/lent-thread.ts';
import type { MeasuredMap, MeasureRequest } from './measure-thread.ts';

export type Measurer = LentThread<MeasureRequest, MeasuredMap | null>;

/** Lends a thread to `work`, which ends with it. `signal` ends it at once. Errors: cancelled; internal; those of `work`. */
export const withMeasurer = <T>(
  signal: AbortSignal,
  work: (measurer: Measurer) => Promise<T>,
): Promise<T> =>
  lendThread(
    {
      thread: 'measure/measure-thread',
      what: 'Measuring',
      after: 'Nothing in the project was changed; try again.',
      signal,
    },
    work,
  );
