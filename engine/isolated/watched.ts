/**
 * What an isolated process and the thread that watches it share. It imports nothing, since the thread loads again whatever
 * it needs before its process may look at a file.
 */

/** What the watching thread shares with its process: the time to end at (ms since 1970; 0: none), bytes, and the owner's id. */
export const WATCHED = { until: 0, memoryBytes: 1, owner: 2 } as const;

/** Last words of a process that took more memory than it may. */
export const TOO_MUCH_MEMORY = 'graft: memory limit';
