/** From the names of labels to classes: in the order of a list, else of the alphabet; what is called background or ignored is that. */
import { posix, resolve } from 'node:path';
import type { ImportDoubt } from '../../../shared/api.ts';
import { BACKGROUND, IGNORE, MAX_CLASSES } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import { sameName } from '../../../shared/names.ts';
import { inWords } from '../../../shared/sentences.ts';
import { namedClasses } from '../class-colors.ts';
import type { FileReader } from '../files.ts';
import { isBackgroundName, isIgnoredName } from './class-list.ts';
import { byName, type FolderTree } from './folder-tree.ts';
import { mapped } from './mask-doubts.ts';
import type { LabelName } from './shapes.ts';
import { readLines } from './text-file.ts';
import type { ValueRule } from './value-mapping.ts';

/** Lists of names, one a line, as labelme, YOLO and others write them beside labels. */
const LISTS = ['labels.txt', 'classes.txt', 'class_names.txt', 'obj.names'];

/** Names that a list in the folder gives, in its order, with its path; null: there is no such list. */
export async function listedNames(
  tree: FolderTree,
  reader: FileReader,
): Promise<{ readonly file: string; readonly names: readonly string[] } | null> {
  const file = LISTS.map((list) =>
    tree.files.find((f) => posix.basename(f) === list && f.split('/').length <= 2),
  ).find((found) => found !== undefined);
  if (file === undefined) return null;
  const lines = await readLines(resolve(tree.root, file), reader);
  const names = lines.map((line) => line.trim());
  while (names.at(-1) === '') names.pop();
  return { file, names };
}

export interface LabelClasses {
  readonly rule: ValueRule;
  /** What shapes of a label are painted with. */
  readonly valueOf: (label: string) => number;
}

/**
 * @param listedLabels in an order of their own. @param usedLabels names that shapes have. @param from where the order comes from.
 * Errors: unsupported (too many), naming `path`.
 */
export function labelClasses(
  listedLabels: readonly LabelName[],
  usedLabels: ReadonlySet<string>,
  { from, path }: { readonly from: string; readonly path: string },
): LabelClasses {
  // Labels that look alike are one class, in whichever Unicode form each shape has them.
  const listed = listedLabels.map((one) => ({ ...one, name: sameName(one.name) }));
  const used = new Set([...usedLabels].map(sameName));
  const known = new Set(listed.map(({ name }) => name));
  const others = [...used].filter((name) => !known.has(name)).sort(byName);
  const colours = new Map<string, string>();
  for (const { name, color } of listed) if (color !== null) colours.set(name, color);
  const all = [...new Set([...listed.map(({ name }) => name), ...others])];
  const ordered = all.filter((name) => !isBackgroundName(name) && !isIgnoredName(name));
  const grounds = all.filter((name) => isBackgroundName(name) && used.has(name));
  if (ordered.length + grounds.length >= MAX_CLASSES) {
    throw new AppError(
      'unsupported',
      `${path} has ${ordered.length} labels; a dataset has at most ${MAX_CLASSES - 1} classes beside the background. Merge or remove some.`,
      { subject: path },
    );
  }
  const named = namedClasses(['background', ...ordered, ...grounds]).map((one) => ({
    ...one,
    color: (one.index === BACKGROUND ? undefined : colours.get(one.name)) ?? one.color,
  }));
  const count = ordered.length + 1;
  const [classes, spare] = [named.slice(0, count), named.slice(count)];
  const values = new Map(named.slice(1).map(({ name, index }) => [name, index]));
  const entries = new Map([
    ...classes.map(({ index }) => [String(index), index] as const),
    ...spare.map(({ index }) => [String(index), BACKGROUND] as const),
    [String(IGNORE), IGNORE] as const,
  ]);
  const why = `classes by the names of labels, in the order of ${from}`;
  return {
    rule: { entries, classes, spare, why, doubts: groundDoubts(grounds, count) },
    valueOf: (label) =>
      isIgnoredName(label) ? IGNORE : (values.get(sameName(label)) ?? BACKGROUND),
  };
}

function groundDoubts(grounds: readonly string[], first: number): ImportDoubt[] {
  if (grounds.length === 0) return [];
  const message = `The label ${inWords(grounds.map((name) => `"${name}"`))} is taken for the background, over what lies beneath it.`;
  const instead = grounds.map((name, i) =>
    mapped(String(first + i), first + i, `"${name}" is a class of its own`),
  );
  return [{ message, instead }];
}
