/**
 * Which pages of a TIFF are images of their own, and which are channels of one image: by its directories, and by what
 * ImageJ, OME, tifffile and MetaMorph write beside them.
 */
import type { GeoTIFFImage } from 'geotiff';
import { AppError } from '../../shared/errors.ts';
import { counted, nounFor, verbFor } from '../../shared/number-format.ts';
import { unreadableImage } from './decoded-image.ts';
import type { ImageFile } from './image-file.ts';
import { pageList, type PageNote } from './page-names.ts';
import type { DescribedPlanes } from './described-planes.ts';
import { describedPlanes } from './tiff-description.ts';
import { compressionOf, UNCOMPRESSED } from './tiff-blocks.ts';
import { withDirectory } from './tiff-image.ts';
import { readDirectories, type TiffDirectory } from './tiff-directory.ts';
import { moveStrips, uncompressedBytes } from './tiff-rows.ts';

/** A page is a directory of the chain, counted from 0; of a file of planes without directories, such a plane. */
export interface TiffPages {
  readonly count: number;
  /** Pages that are images, ascending. */
  readonly images: readonly number[];
  /** The pages that are the channels of each image, where the file says that pages are channels; else null. */
  readonly channels: readonly (readonly number[])[] | null;
  /** What is in the file and no image of its own. */
  readonly leftOut: readonly PageNote[];
  /** Of a plane, where planes follow the only directory without one of their own. */
  readonly planeBytes: number | null;
}

/** Errors: unreadable; invalid-input, where there is no such page; those of `use`. */
export async function withPage<T>(
  file: ImageFile,
  { subject, page }: { readonly subject: string; readonly page: number },
  use: (image: GeoTIFFImage) => Promise<T>,
): Promise<T> {
  try {
    const { count, planeBytes } = await tiffPages(file, subject);
    if (page >= count) {
      throw new AppError('invalid-input', `${subject} has ${count} page(s), not ${page + 1}.`, {
        subject,
      });
    }
    return await withDirectory(file, planeBytes === null ? page : 0, async (image) => {
      if (planeBytes !== null) await moveStrips(image, page * planeBytes);
      return use(image);
    });
  } catch (error) {
    throw unreadableImage(subject, error);
  }
}

/** An opened file does not change, and each reading of its rows asks. */
const known = new WeakMap<ImageFile, Promise<TiffPages>>();

/** Errors: unreadable, unsupported (planes that cannot be found). */
export function tiffPages(file: ImageFile, subject: string): Promise<TiffPages> {
  const before = known.get(file);
  if (before !== undefined) return before;
  const pages = findPages(file, subject);
  known.set(file, pages);
  return pages;
}

async function findPages(file: ImageFile, subject: string): Promise<TiffPages> {
  const directories = await readDirectories(file, subject);
  const [first] = directories;
  if (first === undefined) throw unreadableImage(subject, new Error('it has no pages'));
  const described = describedPlanes(first);
  const leftOut: PageNote[] = [...elsewhereNotes(described), ...saidNotes(described, first)];
  if (directories.length === 1) {
    const planes = Math.max(first.planes, described?.count ?? 1);
    if (planes > 1) {
      const planeBytes = await findPlanes(file, { subject, planes });
      const images = Array.from({ length: planes }, (_, plane) => plane);
      const { channels, notes } = channelsOf(described?.channels ?? null, images);
      return {
        count: planes,
        images,
        channels,
        leftOut: [...leftOut, ...subNotes(directories), ...notes],
        planeBytes,
      };
    }
  }
  const full = pagesOfKind(directories, 'image');
  // A small picture that was taken out of its file is still marked as a copy: then it is the image.
  const images = full.length > 0 ? full : directories.map((_, page) => page);
  if (full.length > 0) {
    leftOut.push(...kindNotes(directories, 'reduced', 'reduced copy'));
    leftOut.push(...kindNotes(directories, 'transparency', 'transparency mask'));
  }
  leftOut.push(...subNotes(directories), ...sizeNotes(directories, images));
  const missing = (described?.count ?? 1) - images.length;
  if (missing > 0 && described?.isOneFile === true) {
    const message = `its description speaks of ${described.count} planes, and ${missing} of them ${verbFor(missing, 'have')} no directory: these cannot be found`;
    leftOut.push({ severity: 'skip', message });
  }
  const { channels, notes } = channelsOf(described?.channels ?? null, images);
  leftOut.push(...notes);
  if (notes.length === 0 && missing <= 0) leftOut.push(...saidPagesNotes(described, images.length));
  return { count: directories.length, images, channels, leftOut, planeBytes: null };
}

/** What a description says that cannot be, or what OME-XML says of sides and samples that the planes have otherwise. */
function saidNotes(
  described: DescribedPlanes | undefined,
  { width, height, sampleType }: TiffDirectory,
): PageNote[] {
  const { size, type, faults = [] } = described ?? {};
  const change = (message: string): PageNote => ({ severity: 'change', message });
  const asTheyAre = 'the planes are taken as they are';
  return [
    ...faults.map((fault) => change(`its description ${fault}: ${asTheyAre}`)),
    ...(size === undefined || (size.width === width && size.height === height)
      ? []
      : [
          change(
            `its description (OME) speaks of ${size.width}×${size.height} px, and its planes have ${width}×${height}: ${asTheyAre}`,
          ),
        ]),
    ...(type === undefined || sampleType === null || type === sampleType
      ? []
      : [
          change(
            `its description (OME) speaks of samples of the type ${type}, and its planes have ${sampleType}: ${asTheyAre}`,
          ),
        ]),
  ];
}

/** Where OME-XML numbers other pages than there are. */
function saidPagesNotes(described: DescribedPlanes | undefined, there: number): PageNote[] {
  const { pages, count = 0, isOneFile = false } = described ?? {};
  if (pages === undefined || !isOneFile || (pages === there && count === there)) return [];
  const spoken = pages > there ? `page ${pages}` : counted(count, 'plane');
  const message = `its description (OME) speaks of ${spoken}, and it has ${counted(there, 'page')}: the planes are taken as they are`;
  return [{ severity: 'change', message }];
}

/** OME puts planes of one image into several files; each is read by itself. */
function elsewhereNotes(described: DescribedPlanes | undefined): PageNote[] {
  if (described?.elsewhere === undefined) return [];
  const { files, areChannels } = described.elsewhere;
  const [first = '', ...more] = files;
  const named = more.length === 0 ? first : `${first} and ${counted(more.length, 'other file')}`;
  return areChannels
    ? [
        {
          severity: 'change',
          message: `its description (OME) says that it belongs together with ${named}, which may hold other channels of it: every file becomes an image of its own. To have one image of all channels, save them as one file, or call the files NAME_0000, NAME_0001 … in a folder imagesTr`,
        },
      ]
    : [
        info(
          `its description (OME) says that other planes of it lie in ${named}: every file becomes images of its own`,
        ),
      ];
}

/** What is said of channels holds only where it speaks of just the pages that there are. */
function channelsOf(
  described: readonly (readonly number[])[] | null,
  images: readonly number[],
): { readonly channels: TiffPages['channels']; readonly notes: readonly PageNote[] } {
  if (described === null) return { channels: null, notes: [] };
  const pages = described.map((group) => group.map((plane) => images[plane]));
  const named = pages.flat();
  const isWhole = named.length === images.length && new Set(named).size === images.length;
  if (isWhole) {
    const channels = pages.map((group) => group.filter((page) => page !== undefined));
    return { channels, notes: [] };
  }
  if (images.length < 2) return { channels: null, notes: [] };
  const most = Math.max(...described.map((group) => group.length));
  const message = `its description speaks of ${counted(described.length, 'image')} of ${most} channels, which does not fit its ${images.length} pages: each page becomes an image of its own (all of them as the channels of one: --pages channels)`;
  return { channels: null, notes: [{ severity: 'change', message }] };
}

/** Bytes of each plane. Errors: unreadable, unsupported. */
async function findPlanes(
  file: ImageFile,
  { subject, planes }: { readonly subject: string; readonly planes: number },
): Promise<number> {
  const remedy = 'Save it again with a directory for each plane.';
  const cannot = (reason: string) =>
    new AppError(
      'unsupported',
      `${subject} says that it holds ${planes} planes, and has one directory: ${reason}. ${remedy}`,
      { subject },
    );
  try {
    return await withDirectory(file, 0, async (image) => {
      if (image.isTiled || compressionOf(image) !== UNCOMPRESSED) {
        throw cannot('the others cannot be found, because the first is compressed or tiled');
      }
      const strips = image.fileDirectory;
      const offsets = Array.from((await strips.loadValue('StripOffsets')) ?? [], Number);
      const counts = Array.from((await strips.loadValue('StripByteCounts')) ?? [], Number);
      const isOnePiece = offsets.every(
        (at, i) => i === 0 || at === (offsets[i - 1] ?? 0) + (counts[i - 1] ?? 0),
      );
      const [first] = offsets;
      if (first === undefined || !isOnePiece) {
        throw cannot('the others cannot be found, because the first does not stand in one piece');
      }
      const bytes = uncompressedBytes(image, subject);
      const present = Math.floor((file.sizeBytes - first) / bytes);
      if (present < planes) {
        throw cannot(`the file ends in the ${present + 1}${ordinal(present + 1)}. It is cut off`);
      }
      return bytes;
    });
  } catch (error) {
    throw unreadableImage(subject, error);
  }
}

const ordinal = (n: number) => (n === 1 ? 'st' : n === 2 ? 'nd' : n === 3 ? 'rd' : 'th');

const pagesOfKind = (directories: readonly TiffDirectory[], kind: TiffDirectory['kind']) =>
  directories.flatMap((directory, page) => (directory.kind === kind ? [page] : []));

function kindNotes(
  directories: readonly TiffDirectory[],
  kind: TiffDirectory['kind'],
  name: string,
): PageNote[] {
  const pages = pagesOfKind(directories, kind);
  if (pages.length === 0) return [];
  const what = pages.length === 1 ? `a ${name}` : nounFor(pages.length, name);
  return [
    info(
      `its ${pageList(pages)} ${verbFor(pages.length, 'are')} ${what} (${sizesOf(directories, pages)}) and left out`,
    ),
  ];
}

const info = (message: string): PageNote => ({ severity: 'info', message });

function sizesOf(directories: readonly TiffDirectory[], pages: readonly number[]): string {
  const sizes = new Set(
    pages.map((page) => `${directories[page]?.width ?? 0}×${directories[page]?.height ?? 0}`),
  );
  return `${[...sizes].slice(0, 4).join(', ')}${sizes.size > 4 ? ' …' : ''} px`;
}

/** Smaller copies that nothing marks as such would be taken for images. */
function sizeNotes(directories: readonly TiffDirectory[], images: readonly number[]): PageNote[] {
  const [first] = images;
  const of = (page: number | undefined) => directories[page ?? 0];
  const differs = images.some(
    (page) => of(page)?.width !== of(first)?.width || of(page)?.height !== of(first)?.height,
  );
  if (!differs) return [];
  const message = `its pages differ in size (${sizesOf(directories, images)}) and all become images: delete those that are copies or labels of others`;
  return [{ severity: 'change', message }];
}

function subNotes(directories: readonly TiffDirectory[]): PageNote[] {
  const count = directories.reduce((sum, { subDirectories }) => sum + subDirectories, 0);
  if (count === 0) return [];
  const what = counted(count, 'smaller or other image');
  return [info(`${what} that ${verbFor(count, 'hang')} on its pages (SubIFDs): left out`)];
}
