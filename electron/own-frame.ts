/** Who speaks to the shell: the engine's page, and no other frame that may have got hold of the bridge. */
import type { IpcMainEvent, IpcMainInvokeEvent } from 'electron';

/** `ownOrigin`: where the page comes from at the moment. */
export function isOwnFrame(
  { senderFrame }: Pick<IpcMainEvent | IpcMainInvokeEvent, 'senderFrame'>,
  ownOrigin: string,
): boolean {
  if (senderFrame === null || !URL.canParse(senderFrame.url)) return false;
  return new URL(senderFrame.url).origin === ownOrigin;
}
