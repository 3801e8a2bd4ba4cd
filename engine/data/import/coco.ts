/**
 * COCO instances: JSON files and the images they list. Polygons (a union, filled as pycocotools does), and run lengths,
 * compressed or not. Category ids of any kind become classes 1, 2, … in the order of the ids. Entries are read by
 * coco-entries.ts, images are found by coco-places.ts.
 */
import { dirname, resolve, sep } from 'node:path';
import { z } from 'zod';
import type { ImportIssue } from '../../../shared/api.ts';
import { IGNORE, MAX_CLASSES, type Part } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import { inWords } from '../../../shared/sentences.ts';
import { namedClasses } from '../class-colors.ts';
import { imageOfPages } from '../file-pages.ts';
import type { FileReader } from '../files.ts';
import {
  type CocoCategory,
  type CocoEntries,
  type CocoId,
  type CocoImage,
  type CocoIssues,
  compareIds,
  readAnnotationEntries,
  readCategoryEntries,
  readImageEntries,
} from './coco-entries.ts';
import type { CocoAnnotation } from './coco-paint.ts';
import { findImages, imageFolders } from './coco-places.ts';
import { readJson } from './json-file.ts';
import { sameName } from '../../../shared/names.ts';
import { uniqueNames } from './pairing.ts';
import type { FoundItem, LayoutContents } from './plan.ts';

/** Entries stay unknown here, so that one bad entry costs itself and not the file. */
const CocoFile = z.object({
  images: z.array(z.unknown()),
  annotations: z.array(z.unknown()),
  categories: z.array(z.unknown()),
});

export interface CocoSource {
  readonly json: string;
  /** Of all its images, where the file is one of several. */
  readonly part: Part | null;
}

export interface CocoOptions {
  /** Where the images lie; null: at one of the places where tools put them. */
  readonly imagesDir: string | null;
  readonly reader: FileReader;
}

/** What was found, and the folder in which most images of the first file lie. */
export interface CocoContents extends LayoutContents {
  readonly imagesDir: string;
}

function issuesOf(json: string, issues: ImportIssue[]): CocoIssues {
  const add = (severity: ImportIssue['severity']) => (where: string, message: string) =>
    void issues.push({ path: `${json}: ${where}`, severity, message });
  return { skip: add('skip'), change: add('change'), info: add('info') };
}

/** Reads files whose images are not the same. Errors: unreadable (not COCO JSON), unsupported (too many categories). */
export async function readCoco(
  sources: readonly CocoSource[],
  options: CocoOptions,
): Promise<CocoContents> {
  const issues: ImportIssue[] = [];
  const files: { source: CocoSource; content: z.infer<typeof CocoFile>; own: CocoCategory[] }[] =
    [];
  for (const source of sources) {
    const content = await readJson(source.json, options.reader, CocoFile);
    const own = readCategoryEntries(content.categories, issuesOf(source.json, issues));
    files.push({ source, content, own });
  }
  const categories = unite(files.map((file) => file.own));
  if (categories.length >= MAX_CLASSES) {
    const [first = ''] = sources.map((source) => source.json);
    throw new AppError(
      'unsupported',
      `${first} has ${categories.length} categories; a dataset has at most ${MAX_CLASSES - 1} beside the background. Merge or remove some.`,
      { subject: first },
    );
  }
  const found: Omit<FoundItem, 'name'>[] = [];
  let imagesDir: string | null = null;
  for (const { source, content, own } of files) {
    const classOf = new Map(own.map((one) => [one.id, indexOf(categories, one) + 1]));
    const reading = await readImages(source, { ...options, content, classOf, issues });
    found.push(...reading.items.filter((item) => !inEarlierFile(item, found, issues)));
    imagesDir ??= reading.dir;
  }
  // Pages of one file share its name; other files of one name are told apart.
  const paths = [...new Set(found.map((item) => item.path))];
  const root = imagesDir ?? '';
  const above = folderAbove(paths, root);
  const { names, issues: renamed } = uniqueNames(
    paths.map((path) =>
      path
        .replace(above + sep, '')
        .split(sep)
        .join('/'),
    ),
  );
  issues.push(...renamed);
  const nameOf = new Map(paths.map((path, i) => [path, names[i] ?? path]));
  issues.push({
    path: sources[0]?.json ?? '',
    severity: 'info',
    message: 'objects of one class become one region each pixel: instances are not kept apart',
  });
  const classes = namedClasses(['background', ...categories.map((category) => category.name)]);
  const entries = new Map(classes.map((c) => [String(c.index), c.index]));
  return {
    items: found.map((item) => ({ ...item, name: nameOf.get(item.path) ?? item.path })),
    issues,
    rule: {
      entries: entries.set(String(IGNORE), IGNORE),
      classes,
      why: 'COCO categories in the order of their ids',
    },
    imageClasses: [],
    imagesDir: root,
  };
}

/** `root`, or the folder above it that holds all paths: the images of several parts. */
function folderAbove(paths: readonly string[], root: string): string {
  let above = root;
  while (above !== dirname(above) && paths.some((path) => !path.startsWith(above + sep))) {
    above = dirname(above);
  }
  return above;
}

/** An image that two files list, as one of train and of test, would be there twice. */
function inEarlierFile(
  item: Omit<FoundItem, 'name'>,
  earlier: readonly Omit<FoundItem, 'name'>[],
  issues: ImportIssue[],
): boolean {
  const twin = earlier.find((one) => one.path === item.path && one.page === item.page);
  if (twin === undefined) return false;
  const part = twin.part === null ? '' : ` and stays in ${twin.part}`;
  const message = `a second file lists it, too${item.part === null ? '' : `, for ${item.part}`}: it is imported once${part}`;
  issues.push({ path: item.path, severity: 'change', message });
  return true;
}

/** Categories of several files: those of one name are one class, whatever their ids. */
function unite(lists: readonly (readonly CocoCategory[])[]): CocoCategory[] {
  const [first = [], ...others] = lists;
  const all = [...first];
  for (const category of others.flat()) if (indexOf(all, category) < 0) all.push(category);
  return all.sort((a, b) => compareIds(a.id, b.id));
}

function indexOf(all: readonly CocoCategory[], { id, name }: CocoCategory): number {
  const exact = all.findIndex((one) => one.id === id && one.name === name);
  return exact < 0 ? all.findIndex((one) => one.name === name) : exact;
}

type Content = z.infer<typeof CocoFile>;

async function readImages(
  source: CocoSource,
  options: CocoOptions & {
    content: Content;
    classOf: ReadonlyMap<CocoId, number>;
    issues: ImportIssue[];
  },
): Promise<{ items: Omit<FoundItem, 'name'>[]; dir: string }> {
  const { content, classOf, issues, reader } = options;
  const { json, part } = source;
  const say = issuesOf(json, issues);
  const entries = readAnnotationEntries(content.annotations, new Set(classOf.keys()), say);
  const listed = readImageEntries(content.images, say);
  const folders = options.imagesDir === null ? imageFolders(json) : [options.imagesDir];
  const place = await findImages(
    listed.map((image) => image.fileName),
    { folders, reader },
  );
  const images = locate(listed, { place, folders, issues: say });
  const missing = listed.filter((_, i) => place.paths[i] == null);
  tellMissing(missing, { json, of: listed.length, looked: place.looked, issues });
  const annotations = annotationsOf(entries, { images, classOf, issues: say });
  const merged = mergeSame(images, say);
  return {
    dir: place.dir,
    items: merged.map(({ path, image, same }): Omit<FoundItem, 'name'> => {
      const own = same.flatMap(({ id }) => (id === null ? [] : (annotations.get(id)?.own ?? [])));
      const unusable = same.reduce(
        (sum, { id }) => sum + (id === null ? 0 : (annotations.get(id)?.unusable ?? 0)),
        0,
      );
      const labelled = own.length + unusable > 0 || same.some((one) => one.labelled);
      const labels = {
        kind: 'coco',
        path: json,
        annotations: own,
        unusable,
        size: image.size,
      } as const;
      const { page, pages } = image;
      const images = pages === null ? {} : { images: [imageOfPages(pages)] };
      const drawn = labelled ? labels : null;
      return { path, page, ...images, labels: drawn, part, group: null, imageClass: null };
    }),
  };
}

interface LocatedImage {
  readonly image: CocoImage;
  readonly path: string;
}

/** The path of each image; one whose name would leave its folder, or means the file of another, is left out. */
function locate(
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
    const message = `${elsewhere.length} of them lie at another place than the file says, such as ${elsewhere[0] ?? ''}`;
    issues.info('images', message);
  }
  return out;
}

/** One word about what is not there, with where it was looked for and how to say where it is. */
function tellMissing(
  missing: readonly CocoImage[],
  options: { json: string; of: number; looked: readonly string[]; issues: ImportIssue[] },
): void {
  const [first] = missing;
  if (first === undefined) return;
  const looked = options.looked.length === 0 ? '' : ` (looked in ${inWords(options.looked)})`;
  options.issues.push({
    path: options.json,
    severity: 'skip',
    message: `${missing.length} of its ${options.of} images ${missing.length === 1 ? 'is' : 'are'} not found, such as ${first.fileName}${looked}. Say where they lie: --images DIR on the command line, "Images of the annotations" in the window.`,
  });
}

interface OwnAnnotations {
  readonly own: CocoAnnotation[];
  /** Annotations of the image that could not be read. */
  unusable: number;
}

/** Annotations by image id, in the order of the file. */
function annotationsOf(
  { usable, unusable }: CocoEntries,
  options: {
    images: readonly LocatedImage[];
    classOf: ReadonlyMap<CocoId, number>;
    issues: CocoIssues;
  },
): Map<CocoId, OwnAnnotations> {
  const { images, classOf, issues } = options;
  const pathsOf = new Map<CocoId, Set<string>>();
  for (const { image, path } of images) {
    if (image.id === null) continue;
    pathsOf.set(image.id, (pathsOf.get(image.id) ?? new Set()).add(`${path}#${image.page}`));
  }
  const byImage = new Map<CocoId, OwnAnnotations>();
  const of = (id: CocoId): OwnAnnotations => {
    const known = byImage.get(id) ?? { own: [], unusable: 0 };
    byImage.set(id, known);
    return known;
  };
  for (const { id, imageId, categoryId, crowd, segmentation } of usable) {
    const classIndex = classOf.get(categoryId) ?? 0;
    of(imageId).own.push({ id, classIndex, crowd, segmentation });
  }
  for (const [id, count] of unusable) of(id).unusable += count;
  for (const [id, entry] of byImage) {
    const paths = pathsOf.get(id);
    const count = entry.own.length;
    if (paths === undefined && count > 0) {
      issues.skip(
        `image ${id}`,
        `${count === 1 ? '1 annotation' : `${count} annotations`} of an image that is not listed`,
      );
    }
    if (paths !== undefined && paths.size > 1) {
      issues.skip(
        `image ${id}`,
        `${paths.size} images have this id (${inWords([...paths].map((path) => path.replace(/#0$/, '')))}), so its ${count === 1 ? 'annotation belongs' : `${count} annotations belong`} to none of them. Give each an id of its own.`,
      );
      entry.unusable += entry.own.splice(0).length;
    }
  }
  return byImage;
}

/** Entries of one page of one file are one image, with the annotations of all. */
function mergeSame(
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
