/** From what label files say to the images of an import: which file each image is, its shapes by class, and what is not used. */
import { resolve } from 'node:path';
import type { ImportIssue } from '../../../shared/api.ts';
import { counted, verbFor } from '../../../shared/number-format.ts';
import { partOfName, partOfPath } from './folder-names.ts';
import { type FolderTree, isImageName, stemOf, unusedFiles } from './folder-tree.ts';
import { ImageFinder } from './image-finder.ts';
import { labelClasses } from './label-classes.ts';
import { uniqueNames } from './pairing.ts';
import type { FoundItem, LabelSource, LayoutContents } from './plan.ts';
import type { LabelContent, LabelledImage, LabelName, NamedShape } from './shapes.ts';

export interface ReadLabelFile {
  /** Relative to the folder. */
  readonly file: string;
  /** Text: why it cannot be read. */
  readonly content: LabelContent | string;
}

export interface LabelLayoutOptions {
  readonly tree: FolderTree;
  /** The folder of the images; the same where nothing else is said. */
  readonly imageTree: FolderTree;
  /** Whether a file lists its images, or each belongs to one by its name. */
  readonly lists: boolean;
  /** Names that a list gives, in its order. */
  readonly listed: readonly LabelName[];
  /** The list that the order of the classes comes from; null: there is none beside the labels. */
  readonly order: string | null;
  /** Files that were read beside the labels. */
  readonly used: readonly string[];
}

interface Labelled {
  readonly file: string;
  readonly shapes: NamedShape[];
  size: LabelledImage['size'];
  part: LabelledImage['part'];
  unusable: number;
  labelled: boolean;
  /** Label files that speak of it. */
  readonly by: string[];
}

/** Errors: unsupported (too many classes). */
export function labelLayout(
  files: readonly ReadLabelFile[],
  { tree, imageTree, lists, listed, order, used }: LabelLayoutOptions,
): LayoutContents {
  const issues: ImportIssue[] = [];
  const finder = new ImageFinder(imageTree);
  const found = new Map<string, Labelled>();
  const parts = new Set(files.map(({ file }) => partOfName(stemOf(file))));
  const missing: MissingImage[] = [];
  for (const { file, content } of files) {
    const images = typeof content === 'string' ? [UNREADABLE] : content.images;
    if (typeof content === 'string')
      issues.push({ path: file, severity: 'skip', message: content });
    else {
      for (const { severity, where, message } of content.issues) {
        issues.push({ path: `${file}: ${where}`, severity, message });
      }
    }
    // Of several files, each may be a part of a split.
    const partOfFile = lists && parts.size > 1 ? (partOfName(stemOf(file)) ?? null) : null;
    for (const image of images) {
      const of = imageOf(image, { file, finder, lists });
      if (!of.ok) {
        const isLost = typeof content !== 'string';
        if (isLost)
          missing.push({
            where: lists ? `${file}: ${image.where}` : file,
            reason: of.reason,
            holdsPicture: image.holdsPicture === true,
          });
        continue;
      }
      const known = found.get(of.file);
      if (known === undefined) {
        found.set(of.file, {
          ...{ file: of.file, shapes: [...image.shapes], size: image.size },
          part: image.part ?? partOfFile ?? partOfPath(of.file) ?? null,
          ...{ unusable: image.unusable, labelled: image.labelled, by: [file] },
        });
        continue;
      }
      const message = `${of.file} has labels in ${known.by[0] ?? ''} already: both are taken, and these lie above`;
      issues.push({ path: `${file}: ${image.where}`, severity: 'change', message });
      // A group of another file is another object.
      const before = known.by.length;
      known.shapes.push(
        ...image.shapes.map(({ object, ...shape }) => ({
          ...shape,
          object: object === null ? null : `${before}/${object}`,
        })),
      );
      known.unusable += image.unusable;
      known.labelled ||= image.labelled;
      known.by.push(file);
    }
  }
  sayMissing(missing, issues);
  const names = new Set([...found.values()].flatMap(({ shapes }) => shapes.map((s) => s.label)));
  const ofFiles = files.flatMap(({ content }) =>
    typeof content === 'string' ? [] : content.labels,
  );
  const isInFile = lists && ofFiles.length > 0;
  const classes = labelClasses([...listed, ...ofFiles], names, {
    from: order ?? (isInFile ? 'the list in the file' : 'the alphabet'),
    path: tree.root,
  });
  issues.push(...objectsFound(files, [...found.values()]));
  const images = imageTree.files.filter((file) => found.has(file) || (!lists && isImageName(file)));
  const { names: unique, issues: renamed } = uniqueNames(images);
  const items = images.map((file, i): FoundItem => {
    const own = found.get(file);
    return {
      ...{ path: resolve(imageTree.root, file), page: 0, name: unique[i] ?? file },
      labels: own === undefined ? null : labelsOf(own, tree.root, classes.valueOf),
      part: own?.part ?? partOfPath(file) ?? null,
      ...{ group: null, imageClass: null },
    };
  });
  const all = new Set([...files.map(({ file }) => file), ...used, ...images]);
  const left = unusedFiles(tree, all);
  return {
    items,
    issues: [...tree.issues, ...issues, ...renamed, ...left],
    rule: classes.rule,
    imageClasses: [],
  };
}

/** How many objects the labels tell apart. */
function objectsFound(files: readonly ReadLabelFile[], found: readonly Labelled[]): ImportIssue[] {
  const outlines = found.reduce((sum, { shapes }) => sum + shapes.length, 0);
  const objects = found.reduce((sum, { shapes }) => {
    const alone = shapes.filter(({ object }) => object === null).length;
    const groups = shapes.flatMap(({ label, object }) =>
      object === null ? [] : `${object} ${label}`,
    );
    return sum + alone + new Set(groups).size;
  }, 0);
  const [first] = files;
  if (outlines === 0 || first === undefined) return [];
  const message =
    objects === outlines
      ? `${counted(outlines, 'outline')}, each an object of its own`
      : `${counted(outlines, 'outline')} of ${counted(objects, 'object')}: those of one class that share a group are one`;
  return [{ path: first.file, severity: 'info', message }];
}

/** The image of a label file that cannot be read: it has labels, of which nothing can be used. */
const UNREADABLE: LabelledImage = {
  ...{ where: 'image', fileName: null, size: null, part: null, shapes: [] },
  ...{ unusable: 1, labelled: true },
};

function imageOf(
  { fileName }: LabelledImage,
  { file, finder, lists }: { file: string; finder: ImageFinder; lists: boolean },
) {
  if (fileName === null) {
    return lists ? ({ ok: false, reason: 'it names no image' } as const) : finder.beside(file);
  }
  const named = finder.named(fileName, file);
  if (named.ok) return named;
  // An image that was renamed together with its labels; an id without the ending of its file.
  const beside = lists ? finder.beside(`${fileName}.json`) : finder.beside(file);
  return beside.ok ? beside : named;
}

function labelsOf(
  { shapes, size, unusable, labelled, by }: Labelled,
  root: string,
  valueOf: (label: string) => number,
): LabelSource | null {
  if (shapes.length + unusable === 0 && !labelled) return null;
  const [path = ''] = by;
  const painted = shapes.map(({ label, ...shape }) => ({ ...shape, classIndex: valueOf(label) }));
  return {
    ...{ kind: 'shapes', path: resolve(root, path), shapes: painted, unusable, size },
    ...{ beneath: new Set<number>(), blank: 0 },
  };
}

/** Images that are named one by one. */
const MOST_MISSING = 20;

interface MissingImage {
  readonly where: string;
  readonly reason: string;
  readonly holdsPicture: boolean;
}

function sayMissing(missing: readonly MissingImage[], issues: ImportIssue[]): void {
  for (const { where, reason, holdsPicture } of missing.slice(0, MOST_MISSING)) {
    const held = holdsPicture
      ? '. The file holds a picture itself (imageData), which Graft does not read: save it as an image of the same name beside the file'
      : '';
    const message = `${reason}: its labels are not used. Say where the images lie: --images DIR${held}`;
    issues.push({ path: where, severity: 'skip', message });
  }
  const more = missing.length - MOST_MISSING;
  const [first] = missing;
  if (more <= 0 || first === undefined) return;
  const message = `${counted(more, 'more image')} of labels ${verbFor(more, 'are')} not found`;
  issues.push({ path: first.where, severity: 'skip', message });
}
