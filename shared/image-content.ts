/**
 * When two images are the same one: they show the same page of the same bytes. Splits, the search for leaks, imports and
 * the window ask here. Images of other names, folders, datasets and projects may be the same; other pages of one file
 * are not.
 */
import type { ImageRecord } from './entities.ts';

/** What an image shows, each as a key that is equal for the same and for nothing else. Any in common: a copy. */
export const contentsOf = ({
  hash,
  page,
  channelPages = null,
}: Pick<ImageRecord, 'hash' | 'page'> & {
  readonly channelPages?: readonly number[] | null | undefined;
}): readonly string[] => (channelPages ?? [page]).map((one) => `${hash} ${one}`);
