/**
 * From the files that a layout found to the images that they hold: one for each page, or one of several pages that are its
 * channels. Which page of a mask belongs to which of them is mask-pages.ts.
 */
import type { ImportIssue, PagesAs } from '../../../shared/api.ts';
import { counted } from '../../../shared/number-format.ts';
import { type FilePages, type ImagePages, imagesAlong, ONE_IMAGE } from '../file-pages.ts';
import { pageList, type PageNote, pageSuffix } from '../page-names.ts';
import { stemOf } from './folder-tree.ts';
import { shownPath } from './load.ts';
import { type PageOptions, pagesOf, placeMasks } from './mask-pages.ts';
import type { FoundItem, ImportItem, LabelSource } from './plan.ts';

export interface PlacedItems {
  readonly items: readonly ImportItem[];
  readonly issues: readonly ImportIssue[];
  /** Files with several pages: where the choice of `as` matters. */
  readonly severalPages: number;
  /** Files of several images with one mask: where the choice of `oneMask` matters. */
  readonly oneMasks: number;
}

/** Each item of a folder becomes the images of its file. Images of one of several files form a group: one specimen. */
export async function placePages(
  found: readonly FoundItem[],
  options: PageOptions,
): Promise<PlacedItems> {
  const items: ImportItem[] = [];
  const issues: ImportIssue[] = [];
  let severalPages = 0;
  let oneMasks = 0;
  for (const item of found) {
    options.onFile?.();
    const { images: known, storedImages: stored, facts, channels, channelFiles, ...rest } = item;
    const { labels: source, ...kept } = rest;
    const path = shownPath(item.path, options.root);
    const say = (severity: ImportIssue['severity'], message: string) =>
      issues.push({ path, severity, message });
    const own =
      storedPages(stored) ??
      (channelFiles === undefined
        ? alongChannels(await pagesOf(item.path, options), { channels, as: options.as })
        : await joinedPages(channelFiles, options));
    for (const { severity, message } of own.leftOut) say(severity, message);
    if (own.pages > 1) severalPages++;
    const images =
      options.as === 'auto' && stored === undefined ? (known ?? own.images) : own.images;
    const isAlone = found.length === 1;
    const labels = await placeMasks(item, images, {
      ...{ ...options, say, issues },
      isUnreadable: own.isUnreadable === true,
    });
    if (labels.isOneOfSeveral) oneMasks++;
    if (own.pages > 1 && stored === undefined) {
      say('info', arrangement(own, { images, as: options.as, isAlone }));
    }
    const group = item.group ?? (images.length === 1 || isAlone ? null : item.name);
    images.forEach((image, i) => {
      const placed = labels.of[i] ?? null;
      const isSaid = placed === null && source !== null;
      const known = stored?.[i];
      const own = {
        ...(channelFiles === undefined
          ? image
          : joinedPage(item, channelFiles, { image, isOne: images.length === 1 })),
        ...(known === undefined ? {} : { stored: known }),
      };
      const { group: ownGroup, imageClass, excluded, pixelSize } = facts?.(image.page) ?? {};
      items.push({
        ...{ ...kept, ...own, labels: placed, isSaid },
        group: ownGroup ?? group,
        imageClass: imageClass ?? item.imageClass,
        ...(excluded === undefined ? {} : { excluded }),
        ...(pixelSize === undefined ? {} : { pixelSize }),
      });
    });
  }
  return { items, issues, severalPages, oneMasks };
}

/**
 * COCO names the images of a file, by page or as the file. What it does not name is left out, and said to be.
 */
export async function placeNamedPages(
  found: readonly Omit<FoundItem, 'channelFiles'>[],
  options: PageOptions,
): Promise<PlacedItems> {
  const items: ImportItem[] = [];
  const issues: ImportIssue[] = [];
  let severalPages = 0;
  for (const [file, own] of Map.groupBy(found, ({ path }) => path)) {
    options.onFile?.();
    const path = shownPath(file, options.root);
    const stored = own[0]?.storedImages;
    const { images, pages, leftOut } = storedPages(stored) ?? (await pagesOf(file, options));
    issues.push(...leftOut.map((note) => ({ path, ...note })));
    if (pages > 1) severalPages++;
    const used = new Set<number>();
    for (const { images: named, storedImages: all, ...item } of own) {
      const [image] = named ?? images;
      if (image === undefined) continue;
      const known = all?.find(({ page }) => page === image.page);
      for (const page of image.channelPages ?? [image.page]) used.add(page);
      const labels = ownLabels(item.labels);
      items.push({ ...item, ...image, labels, ...(known === undefined ? {} : { stored: known }) });
    }
    // Of images that are there already, those that the file does not name stay as they are.
    if (stored !== undefined) continue;
    const unused = images
      .flatMap((image) => image.channelPages ?? [image.page])
      .filter((page) => !used.has(page));
    if (unused.length > 0) {
      const message = `not in the annotations and left out: its ${pageList(unused)}`;
      issues.push({ path, severity: 'skip', message });
    }
  }
  return { items, issues, severalPages, oneMasks: 0 };
}

const ownLabels = (labels: FoundItem['labels']): LabelSource | null =>
  labels?.kind === 'pages' ? null : labels;

/** What a file holds that is in the project already. */
const storedPages = (stored: FoundItem['storedImages']): FilePages | null =>
  stored === undefined
    ? null
    : {
        images: stored,
        pages: stored.length,
        axes: [stored.length],
        saysChannels: false,
        leftOut: [],
      };

/** So few pages are as often the channels of one image, although the file does not say so. */
const FEW_PAGES = 5;

/** Where a list says how many channels each image has, the slowest axis of the file may be theirs. */
function alongChannels(
  pages: FilePages,
  { channels, as }: { readonly channels: number | undefined; readonly as: PagesAs },
): FilePages {
  const [slowest] = pages.axes;
  const isTheirs = as === 'auto' && pages.axes.length > 1 && slowest === channels;
  return isTheirs ? { ...pages, images: imagesAlong(pages.axes), saysChannels: true } : pages;
}

/** Of files with a channel each, page by page an image with all of them. */
async function joinedPages(files: readonly string[], options: PageOptions): Promise<FilePages> {
  const all: number[] = [];
  for (const file of files) all.push((await pagesOf(file, { ...options, as: 'images' })).pages);
  const count = Math.min(...all);
  const most = Math.max(...all);
  const images = Array.from({ length: count }, (_, page) => ({ page, channelPages: null }));
  const leftOut: PageNote[] = [];
  if (most > count) {
    const message = `its channels have ${count} to ${most} pages: those beyond the first ${count} are left out`;
    leftOut.push({ severity: 'skip', message });
  }
  if (count > 1) {
    const message = `its ${count} pages become ${count} images, each with the ${files.length} channels of all its files`;
    leftOut.push({ severity: 'info', message });
  }
  // Each is put together, and is a file of one page then.
  return { ...ONE_IMAGE, images, leftOut };
}

function joinedPage(
  { name }: FoundItem,
  files: readonly string[],
  { image, isOne }: { readonly image: ImagePages; readonly isOne: boolean },
): Pick<ImportItem, 'name' | 'page' | 'channelFiles'> {
  const stem = stemOf(name);
  return {
    name: isOne ? name : `${stem}${pageSuffix(image.page)}${name.slice(stem.length)}`,
    page: 0,
    channelFiles: files.map((path) => ({ path, page: image.page })),
  };
}

/** What becomes of the pages of a file, in words that are equal for files of one kind. */
function arrangement(
  { pages, saysChannels }: FilePages,
  of: { readonly images: readonly ImagePages[]; readonly as: PagesAs; readonly isAlone: boolean },
): string {
  const { images, as, isAlone } = of;
  const isJoined = images.some(({ channelPages }) => channelPages !== null);
  const why = as === 'auto' ? (saysChannels ? ', as the file says' : '') : ', as you asked';
  const what = isJoined
    ? `its ${pages} pages are the channels of ${counted(images.length, 'image')}${why}`
    : `its ${pages} pages become ${counted(images.length, 'image')}${why}`;
  const otherwise = isJoined
    ? ' (pages as images: --pages images)'
    : saysChannels
      ? ', though the file says that they are channels'
      : pages <= FEW_PAGES && as === 'auto'
        ? ' (channels of one image: --pages channels)'
        : '';
  if (images.length === 1) return what + otherwise;
  const grouped = isAlone ? 'images of their own' : 'one group, which no split divides';
  return `${what}${otherwise}, ${grouped}; copied into the project, the file is stored ${images.length} times (link it to avoid that)`;
}
