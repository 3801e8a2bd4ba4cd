/** The images that files hold which are to be predicted, one by one, and what the mask of each is called. */
import type { ImportIssue, PagesAs } from '../../shared/api.ts';
import { AppError } from '../../shared/errors.ts';
import { counted } from '../../shared/number-format.ts';
import type { ImagePages } from '../data/file-pages.ts';
import { foreignPagesOrOne } from '../data/foreign-images.ts';
import { openFile } from '../data/image-file.ts';
import { type InputFile, inputFiles, type InputFiles } from '../data/input-files.ts';
import { pageList, pageSuffix } from '../data/page-names.ts';

export interface FileInput extends ImagePages {
  readonly path: string;
  /** Name of its file, with the folders below the one that was given. */
  readonly name: string;
  /** The path, and the page where its file holds several images. */
  readonly shown: string;
  /** Counted from 1, where its file holds several images; else null. */
  readonly pageNumber: number | null;
  /** Name of the mask's file, in the same folders. */
  readonly mask: string;
}

/** Errors: invalid-input, where there are no images in what was given. */
export async function imageFiles(paths: readonly string[], except: string): Promise<InputFiles> {
  const found = await inputFiles(paths, except);
  if (found.files.length > 0) return found;
  const also = found.notes.length === 0 ? '' : ` (${found.notes.join('; ')})`;
  throw new AppError(
    'invalid-input',
    `There are no images in what was given${also}. Name image files, or folders that hold some.`,
  );
}

/** Every image of every file, as an import would take them, and what of the files is none. */
export async function imagesOfFiles(
  files: readonly InputFile[],
  as: PagesAs,
): Promise<{ inputs: FileInput[]; issues: ImportIssue[] }> {
  const inputs: FileInput[] = [];
  const issues: ImportIssue[] = [];
  const taken = new Set<string>();
  for (const { path, name, target } of files) {
    const { images, pages, leftOut } = await foreignPagesOrOne(openFile(path, 0), {
      subject: path,
      as,
    });
    issues.push(...leftOut.map((note) => ({ path, ...note })));
    if (pages > 1) {
      const joined = images.some(({ channelPages }) => channelPages !== null);
      const what = joined ? 'are the channels of' : 'are';
      const message = `its ${counted(pages, 'page')} ${what} ${counted(images.length, 'image')}: each gets a mask`;
      issues.push({ path, severity: 'info', message });
    }
    for (const image of images) {
      const isOne = images.length === 1;
      const stem = isOne ? target : target + pageSuffix(image.page);
      // The second page of 'a' and a file 'a.p2' keep their own masks.
      const unique = taken.has(stem) ? `${stem}-${inputs.length + 1}` : stem;
      taken.add(unique);
      inputs.push({
        ...image,
        ...{ path, name },
        shown: isOne ? path : `${path} ${pageList([image.page])}`,
        pageNumber: isOne ? null : image.page + 1,
        mask: `${unique}.png`,
      });
    }
  }
  return { inputs, issues };
}
