/** Who speaks to the shell: the engine's page, and no other frame that may have got hold of the bridge. */
import type { FrameEvent } from './electron-api.ts';

/** `ownOrigin`: where the page comes from at the moment. */
export function isOwnFrame({ senderFrame }: FrameEvent, ownOrigin: string): boolean {
  if (senderFrame === null || !URL.canParse(senderFrame.url)) return false;
  return new URL(senderFrame.url).origin === ownOrigin;
}
