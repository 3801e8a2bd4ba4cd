/** Which folder of masks belongs to which folder of images, where their names do not say it: by the names of the files. */
import { posix } from 'node:path';
import type { ImportIssue } from '../../../shared/api.ts';
import { countedWith, pronounFor } from '../../../shared/number-format.ts';
import { bareStem } from './folder-names.ts';
import { stemOf } from './folder-tree.ts';

export interface FolderMatch {
  /** Mask file → the image file that it goes with. */
  readonly imageOf: ReadonlyMap<string, string>;
  readonly issues: readonly ImportIssue[];
}

/** Files by their bare stem; a stem that two have is no name for either. */
function byStem(files: readonly string[]): Map<string, string> {
  const groups = Map.groupBy(files, (file) => bareStem(stemOf(file)));
  return new Map(
    [...groups].flatMap(([stem, [file, ...others]]) =>
      file === undefined || others.length > 0 ? [] : [[stem, file] as const],
    ),
  );
}

/** Folders that two paths have in common, wherever they stand. */
const kinship = (a: string, b: string): number => {
  const others = new Set(b.split('/'));
  return a.split('/').filter((folder) => others.has(folder)).length;
};

/** Matches what is left: masks and images that found no partner by their path. */
export function matchFolders(images: readonly string[], masks: readonly string[]): FolderMatch {
  const imageFolders = new Map(
    [...Map.groupBy(images, (file) => posix.dirname(file))].map(([dir, files]) => [
      dir,
      byStem(files),
    ]),
  );
  const imageOf = new Map<string, string>();
  const issues: ImportIssue[] = [];
  for (const [dir, files] of Map.groupBy(masks, (file) => posix.dirname(file))) {
    const stems = byStem(files);
    const ranked = [...imageFolders]
      .map(([folder, named]) => ({
        folder,
        named,
        both: [...stems.keys()].filter((stem) => named.has(stem)).length,
        kinship: kinship(folder, dir),
      }))
      .filter(({ both }) => both > 0)
      .sort((a, b) => b.both - a.both || b.kinship - a.kinship);
    const [best, next] = ranked;
    if (best === undefined) continue;
    if (next !== undefined && next.both === best.both && next.kinship === best.kinship) {
      const message = `its masks could belong to the images in ${best.folder}/ or in ${next.folder}/: left out. Call the folders images and masks, with the same folders around them`;
      issues.push({ path: dir, severity: 'skip', message });
      continue;
    }
    for (const [stem, file] of stems) {
      const image = best.named.get(stem);
      if (image !== undefined) imageOf.set(file, image);
    }
    if (best.folder === dir) continue;
    const message = `its ${countedWith(best.both, 'mask', 'were')} taken for ${pronounFor(best.both, 'those')} of ${best.both === 1 ? 'an image' : 'the images'} in ${best.folder}/, by the names of the files`;
    issues.push({ path: dir, severity: 'info', message });
  }
  return { imageOf, issues };
}
