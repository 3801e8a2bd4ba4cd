/** What `graft` returns to the shell. docs/command-line.md lists these for users. */
import type { ErrorCode } from '../../shared/errors.ts';

export const EXIT = {
  ok: 0,
  bug: 1,
  usage: 2,
  badInput: 3,
  locked: 4,
  noEngine: 5,
  /** The command ended, but some runs or files failed; the output says which. */
  partial: 6,
  noSpace: 7,
  interrupted: 130,
} as const;

export function exitCodeOf(code: ErrorCode): number {
  switch (code) {
    case 'invalid-input':
    case 'not-found':
    case 'conflict':
    case 'unreadable':
    case 'unsupported':
    case 'corrupt':
    case 'newer-version':
      return EXIT.badInput;
    case 'locked':
      return EXIT.locked;
    case 'no-space':
      return EXIT.noSpace;
    case 'engine-unavailable':
      return EXIT.noEngine;
    case 'cancelled':
      return EXIT.interrupted;
    case 'internal':
      return EXIT.bug;
  }
}
