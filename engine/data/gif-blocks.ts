/** Whether a GIF is all there: its decoder takes one that is cut off for one of fewer frames. */
import { unreadableImage } from './decoded-image.ts';
import type { ImageFile } from './image-file.ts';

// GIF89a, sections 17 to 27.
const HEADER_BYTES = 13;
const IMAGE = 0x2c;
const IMAGE_BYTES = 9;
const EXTENSION = 0x21;
const END = 0x3b;

/** Bytes of a colour table that a field of flags speaks of. */
const tableBytes = (flags: number): number =>
  (flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1);

/** Index behind the blocks of data that begin at `at`; beyond the file where they do not end. */
function behindData(bytes: Uint8Array, at: number): number {
  let next = at;
  for (;;) {
    const length = bytes[next];
    if (length === undefined) return Infinity;
    next += 1 + length;
    if (length === 0) return next;
  }
}

function reachesItsEnd(bytes: Uint8Array): boolean {
  let at = HEADER_BYTES + tableBytes(bytes[10] ?? 0);
  while (at < bytes.length) {
    const kind = bytes[at];
    if (kind === END) return true;
    if (kind === EXTENSION) at = behindData(bytes, at + 2);
    else if (kind === IMAGE) {
      const table = tableBytes(bytes[at + IMAGE_BYTES] ?? 0);
      // One byte tells how the codes begin.
      at = behindData(bytes, at + 1 + IMAGE_BYTES + table + 1);
    } else if (kind === 0) at++; // padding that some programs leave
    else return false;
  }
  return false;
}

/** An opened file does not change, and each of its frames asks. */
const known = new WeakMap<ImageFile, Promise<void>>();

/** Errors: unreadable, where it ends before its end. */
export function assertWholeGif(file: ImageFile, subject: string): Promise<void> {
  const before = known.get(file);
  if (before !== undefined) return before;
  const checked = file.read(0, file.sizeBytes).then((bytes) => {
    if (!reachesItsEnd(bytes)) throw unreadableImage(subject, new Error('its end is missing'));
  });
  known.set(file, checked);
  return checked;
}
