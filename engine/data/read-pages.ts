/**
 * Reads which images a file holds. Import and prediction ask it through foreign-images.ts; what a TIFF says of its pages is
 * read by tiff-pages.ts.
 */
import type { PagesAs } from '../../shared/api.ts';
import { pageAxes, pageCount } from './decode.ts';
import { type FilePages, imageOfPages, imagesAlong } from './file-pages.ts';
import { onlyImage } from './hidden-pictures.ts';
import type { ImageFile } from './image-file.ts';
import { formatOf } from './image-format.ts';
import { tiffPages } from './tiff-pages.ts';

/** 'auto': channels where the file says so. By the file's content, whatever it is called. Errors: unreadable, unsupported. */
export async function filePages(
  file: ImageFile,
  { subject, as }: { readonly subject: string; readonly as: PagesAs },
): Promise<FilePages> {
  const format = await formatOf(file, subject);
  if (format === 'png' || format === 'jpeg') return onlyImage(file, format);
  if (format !== 'tiff') {
    const axes = (await pageAxes(file, { subject })) ?? [await pageCount(file, { subject })];
    const count = axes.reduce((product, length) => product * length, 1);
    const frames = Array.from({ length: count }, (_, i) => i);
    const found = { ...arranged(frames, { as, channels: null }), axes, leftOut: [] };
    // Slices of several channels are images of these.
    const isAlong = as === 'channels' && axes.length > 1;
    return isAlong ? { ...found, images: imagesAlong(axes) } : found;
  }
  const { images, channels, leftOut } = await tiffPages(file, subject);
  return { ...arranged(images, { as, channels }), axes: [images.length], leftOut };
}

function arranged(
  pages: readonly number[],
  of: { readonly as: PagesAs; readonly channels: readonly (readonly number[])[] | null },
): Omit<FilePages, 'axes' | 'leftOut'> {
  const { as, channels } = of;
  const apart = pages.map((page) => [page]);
  const groups = as === 'images' ? apart : (channels ?? (as === 'channels' ? [pages] : apart));
  return {
    images: groups.map(imageOfPages),
    pages: pages.length,
    saysChannels: channels !== null,
  };
}
