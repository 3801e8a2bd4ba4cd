/** What taking an addition back did, in words. */
import type { AdditionUndone } from './api.ts';
import { counted, countedWith, pronounFor, verbFor } from './number-format.ts';

/** Without what stays by name: that is listed. */
export function undoneWords(
  undone: Pick<AdditionUndone, 'images' | 'revisions' | 'unlabelled' | 'staying'>,
): string {
  const { images, revisions, unlabelled, staying } = undone;
  const parts = [
    ...(images > 0 ? [`${counted(images, 'image')} put into the bin`] : []),
    ...(revisions > 0 ? [`${counted(revisions, 'image')} with the mask from before`] : []),
    ...(unlabelled > 0 ? [`${counted(unlabelled, 'image')} without a mask, as before`] : []),
    ...(staying.length > 0
      ? [
          `${countedWith(staying.length, 'image', 'stay')} as ${pronounFor(staying.length, 'they')} ${verbFor(staying.length, 'are')}`,
        ]
      : []),
  ];
  return parts.join('; ');
}
