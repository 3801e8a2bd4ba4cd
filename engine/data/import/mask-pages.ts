/** Which page of a mask belongs to which image of a file: the one rule for masks of every format. */
import type { ImportIssue, OneMask, PagesAs } from '../../../shared/api.ts';
import { counted, verbFor } from '../../../shared/number-format.ts';
import type { FilePages, ImagePages } from '../file-pages.ts';
import type { FileReader } from '../files.ts';
import { foreignPagesOrOne } from '../foreign-images.ts';
import { pageList } from '../page-names.ts';
import { shownPath } from './load.ts';
import type { FoundItem, LabelSource } from './plan.ts';
import { byPlane } from './shape-planes.ts';

export interface PageOptions {
  readonly reader: FileReader;
  /** Folder that paths in issues are relative to. */
  readonly root: string;
  /** 'auto': channels where the file says so. */
  readonly as: PagesAs;
  /** Where a mask of one page goes that belongs to several images. */
  readonly oneMask: OneMask;
  /** Called before each file. */
  readonly onFile?: () => void;
}

/** What a file holds; one that cannot be read is taken for one image until it is decoded. */
export const pagesOf = (
  path: string,
  { reader, root, as }: Pick<PageOptions, 'reader' | 'root' | 'as'>,
): Promise<FilePages> =>
  foreignPagesOrOne(reader.open(path, 0), { subject: shownPath(path, root), as });

interface PlacedLabels {
  /** Of each image. */
  readonly of: readonly (LabelSource | null)[];
  readonly isOneOfSeveral: boolean;
}

/** The labels of each image of a file; says what is not used, and what is left unlabelled. */
export async function placeMasks(
  { labels }: FoundItem,
  images: readonly ImagePages[],
  options: PageOptions & {
    say: (severity: ImportIssue['severity'], message: string) => void;
    issues: ImportIssue[];
    /** The file of the images: why is said where they are decoded. */
    isUnreadable: boolean;
  },
): Promise<PlacedLabels> {
  const { say, issues, root, isUnreadable } = options;
  const apart = (of: readonly (LabelSource | null)[]) => ({ of, isOneOfSeveral: false });
  if (labels === null) return apart(images.map(() => null));
  if (labels.kind === 'pages') {
    const used = new Set<number>();
    const of = images.map(({ page }): LabelSource | null => {
      const path = labels.paths.get(page);
      if (path === undefined) return null;
      used.add(page);
      const objects = labels.objects?.get(page);
      return { kind: 'mask', path, page: 0, ...(objects === undefined ? {} : { objects }) };
    });
    for (const [page, path] of labels.paths) {
      if (used.has(page)) continue;
      const message = `not used: its image has no ${pageList([page])}`;
      issues.push({ path: shownPath(path, root), severity: 'skip', message });
    }
    sayUnlabelled(of, images, say);
    return apart(of);
  }
  if (labels.kind === 'shapes') {
    const placed = byPlane(labels, images, { path: shownPath(labels.path, root), issues });
    if ('whole' in placed) return onePlaced(placed.whole, images, options);
    sayUnlabelled(placed.of, images, say);
    return apart(placed.of);
  }
  if (labels.kind !== 'mask') return onePlaced(labels, images, options);
  const mask = await pagesOf(labels.path, { ...options, as: 'images' });
  const path = shownPath(labels.path, root);
  issues.push(...mask.leftOut.map((note) => ({ path, ...note })));
  if (labels.objects !== undefined) {
    // Its pages are those of the mask of classes.
    const { leftOut } = await pagesOf(labels.objects, { ...options, as: 'images' });
    const shown = shownPath(labels.objects, root);
    issues.push(...leftOut.map((note) => ({ path: shown, ...note })));
  }
  const pages = mask.images.map(({ page }) => page);
  const ofPage = (page: number): LabelSource => ({ ...labels, page });
  const [first = 0] = pages;
  if (pages.length === 1) return onePlaced(ofPage(first), images, options);
  const channels = images.flatMap(({ page, channelPages }) => channelPages ?? [page]);
  const isOfChannels = channels.length > images.length && pages.length === channels.length;
  const at = isOfChannels ? channels.toSorted((a, b) => a - b) : images.map(({ page }) => page);
  const own = images.map(({ page }) => pages[at.indexOf(page)] ?? null);
  const unused = pages.filter((page) => !own.includes(page));
  if (unused.length > 0) {
    const why = isOfChannels
      ? '. It has one for each page of the image, and these are channels: that of the first of them is taken'
      : `, for the image has ${counted(images.length, 'page')}`;
    const message = isUnreadable
      ? 'not used: its image cannot be read'
      : `not used: its ${pageList(unused)}${why}`;
    issues.push({ path, severity: 'skip', message });
  }
  const of = own.map((page) => (page === null ? null : ofPage(page)));
  sayUnlabelled(of, images, say);
  return apart(of);
}

/** Labels of one page: of the one image, or of the first of several unless they are asked for on every one. */
function onePlaced(
  labels: LabelSource,
  images: readonly ImagePages[],
  {
    oneMask,
    say,
  }: PageOptions & { say: (severity: ImportIssue['severity'], message: string) => void },
): PlacedLabels {
  if (images.length === 1) return { of: [labels], isOneOfSeveral: false };
  if (oneMask === 'every') {
    say('change', `its one mask is put on every one of its ${images.length} images, as you asked`);
    return { of: images.map(() => labels), isOneOfSeveral: true };
  }
  const rest = pageList(images.slice(1).map(({ page }) => page));
  say(
    'change',
    `one mask for ${images.length} images: it is taken for ${pageList([images[0]?.page ?? 0])}, and ${rest} ${verbFor(images.length - 1, 'are')} imported unlabelled (a mask that holds for all of them: --one-mask every)`,
  );
  return { of: images.map((_, i) => (i === 0 ? labels : null)), isOneOfSeveral: true };
}

function sayUnlabelled(
  of: readonly (LabelSource | null)[],
  images: readonly ImagePages[],
  say: (severity: ImportIssue['severity'], message: string) => void,
): void {
  const bare = images.filter((_, i) => of[i] === null).map(({ page }) => page);
  if (bare.length > 0) say('info', `no mask for ${pageList(bare)}: imported unlabelled`);
}
