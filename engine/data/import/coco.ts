/**
 * COCO instances: JSON files and the images they list. Polygons (a union, filled as pycocotools does), and run lengths,
 * compressed or not. Entries are read by coco-entries.ts, categories become classes in coco-categories.ts, images are found
 * by coco-places.ts and told apart by coco-images.ts.
 */
import { dirname, sep } from 'node:path';
import type { ImportIssue } from '../../../shared/api.ts';
import type { Part } from '../../../shared/entities.ts';
import { inWords } from '../../../shared/sentences.ts';
import { imageOfPages } from '../file-pages.ts';
import type { FileReader } from '../files.ts';
import { cocoClasses } from './coco-categories.ts';
import type { CocoContent, CocoEntries, CocoId, CocoIssues } from './coco-entries.ts';
import { type LocatedImage, locate, mergeSame, tellMissing } from './coco-images.ts';

import { findImages, imageFolders } from './coco-places.ts';
import { readJson } from './foreign-json.ts';
import type { PaintedShape, ShapeGround } from './paint-shapes.ts';
import { uniqueNames } from './pairing.ts';
import type { FoundItem, LayoutContents } from './plan.ts';
import { counted, countedWith } from '../../../shared/number-format.ts';

/** What an export of ours says of the whole file. */
export interface CocoInfo {
  readonly description: string;
  /** false: class 0 is one of the categories, and pixels without an annotation are of none. */
  readonly has_background?: false;
}

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
  const files: { source: CocoSource; content: CocoContent }[] = [];
  for (const source of sources) {
    const content = await readJson(source.json, options.reader, 'COCO');
    const say = issuesOf(source.json, issues);
    for (const { severity, where, message } of content.issues) say[severity](where, message);
    files.push({ source, content });
  }
  const [first = ''] = sources.map((source) => source.json);
  const classes = cocoClasses(
    files.map(({ content }) => content.categories),
    { json: first, hasBackground: files.every(({ content }) => content.hasBackground) },
  );
  const found: Omit<FoundItem, 'name'>[] = [];
  let imagesDir: string | null = null;
  for (const { source, content } of files) {
    const classOf = classes.valuesOf(content.categories);
    const { beneath, blank } = classes;
    const ground = { beneath, blank };
    const reading = await readImages(source, { ...options, content, classOf, ground, issues });
    const earlier = new Map(found.map((item) => [placeOf(item), item]));
    for (const item of reading.items) if (!inEarlierFile(item, earlier, issues)) found.push(item);
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
  for (const issue of renamed) issues.push(issue);
  const nameOf = new Map(paths.map((path, i) => [path, names[i] ?? path]));
  issues.push({
    path: first,
    severity: 'info',
    message: 'each annotation is an object of its own',
  });
  return {
    items: found.map((item) => ({ ...item, name: nameOf.get(item.path) ?? item.path })),
    issues,
    rule: classes.rule,
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

const placeOf = ({ path, page }: Omit<FoundItem, 'name'>): string => `${path}#${page}`;

/** An image that two files list, as one of train and of test, would be there twice. */
function inEarlierFile(
  item: Omit<FoundItem, 'name'>,
  earlier: ReadonlyMap<string, Omit<FoundItem, 'name'>>,
  issues: ImportIssue[],
): boolean {
  const twin = earlier.get(placeOf(item));
  if (twin === undefined) return false;
  const part = twin.part === null ? '' : ` and stays in ${twin.part}`;
  const message = `a second file lists it, too${item.part === null ? '' : `, for ${item.part}`}: it is imported once${part}`;
  issues.push({ path: item.path, severity: 'change', message });
  return true;
}

async function readImages(
  source: CocoSource,
  options: CocoOptions & {
    content: CocoContent;
    classOf: ReadonlyMap<CocoId, number>;
    ground: ShapeGround;
    issues: ImportIssue[];
  },
): Promise<{ items: Omit<FoundItem, 'name'>[]; dir: string }> {
  const { content, classOf, ground, issues, reader } = options;
  const { json, part } = source;
  const say = issuesOf(json, issues);
  const { images: listed } = content;
  const folders = options.imagesDir === null ? imageFolders(json) : [options.imagesDir];
  const place = await findImages(
    listed.map((image) => image.fileName),
    { folders, reader },
  );
  const images = locate(listed, { place, folders, issues: say });
  const missing = listed.filter((_, i) => place.paths[i] == null);
  tellMissing(missing, { json, of: listed.length, looked: place.looked, issues });
  const annotations = annotationsOf(content.annotations, { images, classOf, issues: say });
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
        kind: 'shapes',
        path: json,
        shapes: own,
        ...ground,
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

interface OwnAnnotations {
  readonly own: PaintedShape[];
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
    const where = `annotation ${id}`;
    of(imageId).own.push({ where, classIndex, crowd, outline: segmentation, object: null });
  }
  for (const [id, count] of unusable) of(id).unusable += count;
  for (const [id, entry] of byImage) {
    const paths = pathsOf.get(id);
    const count = entry.own.length;
    if (paths === undefined && count > 0) {
      issues.skip(`image ${id}`, `${counted(count, 'annotation')} of an image that is not listed`);
    }
    if (paths !== undefined && paths.size > 1) {
      issues.skip(
        `image ${id}`,
        `${paths.size} images have this id (${inWords([...paths].map((path) => path.replace(/#0$/, '')))}), so its ${countedWith(count, 'annotation', 'belong')} to none of them. Give each an id of its own.`,
      );
      entry.unusable += entry.own.splice(0).length;
    }
  }
  return byImage;
}
