/** Which images a file holds: its pages and frames, one by one or several as the channels of one image. Read by read-pages.ts. */
import type { PageNote } from './page-names.ts';

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
  /** Lengths of the axes that they run along, the slowest first, where the file tells several apart. */
  readonly axes: readonly number[];
  /** Whether the file itself says that some of its pages are channels. */
  readonly saysChannels: boolean;
  /** What else is in the file. */
  readonly leftOut: readonly PageNote[];
  /** The file cannot be read: how many images it holds is not known, and one stands for them. */
  readonly isUnreadable?: boolean;
}

/** The image whose channels are these pages. */
export const imageOfPages = (pages: readonly number[]): ImagePages => ({
  page: pages[0] ?? 0,
  channelPages: pages.length > 1 ? pages : null,
});

/** Images whose channels run along the slowest of several axes. */
export function imagesAlong(axes: readonly number[]): ImagePages[] {
  const pages = axes.reduce((product, length) => product * length, 1);
  const [channels = 1] = axes;
  const images = pages / channels;
  return Array.from({ length: images }, (_, i) =>
    imageOfPages(Array.from({ length: channels }, (__, c) => c * images + i)),
  );
}

export const ONE_IMAGE: FilePages = {
  images: [{ page: 0, channelPages: null }],
  pages: 1,
  axes: [1],
  saysChannels: false,
  leftOut: [],
};
