/** Names of what page and main process tell each other; the page's side is preload.ts. */
export const CHANNELS = {
  pickPath: 'graft:pick-path',
  command: 'graft:command',
  painted: 'graft:painted',
} as const;
