/**
 * Reads which images a file holds. Import and prediction ask it through foreign-images.ts; what a TIFF says of its pages is
 * read by tiff-pages.ts.
 */
import type { PagesAs } from '../../shared/api.ts';
import { pageCount } from './decode.ts';
import { type FilePages, imageOfPages, ONE_IMAGE } from './file-pages.ts';
import type { ImageFile } from './image-file.ts';
import { formatOf } from './image-format.ts';
import { tiffPages } from './tiff-pages.ts';

/** 'auto': channels where the file says so. By the file's content, whatever it is called. Errors: unreadable, unsupported. */
export async function filePages(
  file: ImageFile,
  { subject, as }: { readonly subject: string; readonly as: PagesAs },
): Promise<FilePages> {
  const format = await formatOf(file, subject);
  if (format === 'png' || format === 'jpeg') return ONE_IMAGE;
  if (format !== 'tiff') {
    const frames = Array.from({ length: await pageCount(file, { subject }) }, (_, i) => i);
    return { ...arranged(frames, { as, channels: null }), leftOut: [] };
  }
  const { images, channels, leftOut } = await tiffPages(file, subject);
  return { ...arranged(images, { as, channels }), leftOut };
}

function arranged(
  pages: readonly number[],
  of: { readonly as: PagesAs; readonly channels: readonly (readonly number[])[] | null },
): Omit<FilePages, 'leftOut'> {
  const { as, channels } = of;
  const apart = pages.map((page) => [page]);
  const groups = as === 'images' ? apart : (channels ?? (as === 'channels' ? [pages] : apart));
  return {
    images: groups.map(imageOfPages),
    pages: pages.length,
    saysChannels: channels !== null,
  };
}
