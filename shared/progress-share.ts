/** Progress of work whose size is not a number of things. */
import type { Progress } from './api.ts';

/** `share`: 0 … 1; people see it in steps of a thousandth. */
export const shareOf = (share: number, message: string): Progress => ({
  done: Math.round(share * 1000),
  total: 1000,
  message,
});
