/**
 * Which images a file holds: its pages and frames, one by one or several as the channels of one image. Import and prediction ask it
 * through foreign-images.ts; what a TIFF says of its pages is read by tiff-pages.ts.
 */
import type { PagesAs } from '../../shared/api.ts';
import { formatOf, pageCount } from './decode.ts';
import type { ImageFile } from './image-file.ts';
import type { PageNote } from './page-names.ts';
import { tiffPages } from './tiff-pages.ts';

/** Where in its file an image stands. */
export interface ImagePages {
  /** The first, from 0. */
  readonly page: number;
  /** Where its channels are pages: all of them. */
  readonly channelPages: readonly number[] | null;
}

export interface FilePages {
  /** At least one. */
  readonly images: readonly ImagePages[];
  /** Pages that the images are made of. */
  readonly pages: number;
  /** Whether the file itself says that some of its pages are channels. */
  readonly saysChannels: boolean;
  /** What else is in the file. */
  readonly leftOut: readonly PageNote[];
}

/** The image whose channels are these pages. */
export const imageOfPages = (pages: readonly number[]): ImagePages => ({
  page: pages[0] ?? 0,
  channelPages: pages.length > 1 ? pages : null,
});

export const ONE_IMAGE: FilePages = {
  images: [{ page: 0, channelPages: null }],
  pages: 1,
  saysChannels: false,
  leftOut: [],
};

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
