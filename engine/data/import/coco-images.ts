/** The images that COCO lists and the files that they are: which file each is, which are missing, which are the same. */
import { resolve, sep } from 'node:path';
import type { ImportIssue } from '../../../shared/api.ts';
import { sameName } from '../../../shared/names.ts';
import { inWords } from '../../../shared/sentences.ts';
import type { CocoImage, CocoIssues } from './coco-entries.ts';
import type { findImages } from './coco-places.ts';
import { counted, verbFor } from '../../../shared/number-format.ts';

export interface LocatedImage {
  readonly image: CocoImage;
  readonly path: string;
}

/** The path of each image; one whose name would leave its folder, or means the file of another, is left out. */
export function locate(
  listed: readonly CocoImage[],
  options: {
    place: Awaited<ReturnType<typeof findImages>>;
    folders: readonly string[];
    issues: CocoIssues;
  },
): LocatedImage[] {
  const { place, issues } = options;
  const written = (name: string) =>
    sameName(
      name
        .trim()
        .replaceAll('\\', '/')
        .replace(/^(\.?\/)+/, ''),
    );
  const byPath = Map.groupBy(listed.keys(), (i) => place.paths[i]?.path ?? '');
  const out: LocatedImage[] = [];
  const elsewhere: string[] = [];
  for (const [i, image] of listed.entries()) {
    const found = place.paths[i] ?? null;
    const path = found?.path ?? resolve(place.dir, image.fileName);
    if (!options.folders.some((folder) => path.startsWith(folder + sep))) {
      issues.skip(image.where, `its file ${image.fileName} lies outside ${place.dir}`);
      continue;
    }
    const sharers = found === null ? [] : (byPath.get(path) ?? []);
    const others = [...sharers].flatMap((k) => listed[k] ?? []);
    const names = [...new Set(others.map((one) => written(one.fileName)))];
    if (found !== null && !found.asWritten && names.length > 1) {
      issues.skip(
        image.where,
        `${inWords(names)} would all be the file ${path}: left out. Put the images into folders as the file names them.`,
      );
      continue;
    }
    if (found?.asWritten === false) elsewhere.push(`${image.fileName} as ${path}`);
    out.push({ image, path });
  }
  if (elsewhere.length > 0) {
    const message = `${elsewhere.length} of them ${verbFor(elsewhere.length, 'lie')} at another place than the file says, such as ${elsewhere[0] ?? ''}`;
    issues.info('images', message);
  }
  return out;
}

/** One word about what is not there, with where it was looked for and how to say where it is. */
export function tellMissing(
  missing: readonly CocoImage[],
  options: { json: string; of: number; looked: readonly string[]; issues: ImportIssue[] },
): void {
  const [first] = missing;
  if (first === undefined) return;
  const looked = options.looked.length === 0 ? '' : ` (looked in ${inWords(options.looked)})`;
  options.issues.push({
    path: options.json,
    severity: 'skip',
    message: `${missing.length} of its ${counted(options.of, 'image')} ${verbFor(missing.length, 'are')} not found, such as ${first.fileName}${looked}. Say where they lie: --images DIR.`,
  });
}

/** Entries of one page of one file are one image, with the annotations of all. */
export function mergeSame(
  images: readonly LocatedImage[],
  issues: CocoIssues,
): { path: string; image: CocoImage; same: CocoImage[] }[] {
  const groups = Map.groupBy(images, ({ path, image }) => `${path}#${image.page}`);
  return [...groups.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const same = [first.image];
    let { image } = first;
    for (const { image: other } of others) {
      const [a, b] = [image.size, other.size];
      if (a !== null && b !== null && (a.width !== b.width || a.height !== b.height)) {
        issues.skip(
          other.where,
          `is the same file as ${first.image.where} (${other.fileName}), but of ${b.width}×${b.height} px instead of ${a.width}×${a.height}: left out with its annotations`,
        );
        continue;
      }
      if (same.every((one) => one.id !== other.id)) same.push(other);
      image = { ...image, size: a ?? b };
      issues.change(
        other.where,
        `is the same file as ${first.image.where} (${other.fileName}): they become one image, with the annotations of both`,
      );
    }
    return [{ path: first.path, image, same }];
  });
}
