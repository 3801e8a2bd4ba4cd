/**
 * Lists of classes that other tools write beside masks: CVAT's labelmap.txt (name:r,g,b:…), labelme's class_names.txt
 * (one a line), class_dict.csv (name,r,g,b) and CamVid's label_colors.txt (r g b name).
 */
import { posix, resolve } from 'node:path';
import { BACKGROUND, IGNORE, MAX_CLASSES } from '../../../shared/entities.ts';
import { namedClasses } from '../class-colors.ts';
import type { FileReader } from '../files.ts';
import type { FolderTree } from './folder-tree.ts';
import { readLines } from './text-file.ts';
import type { ValueRule } from './value-mapping.ts';

interface ListedClass {
  readonly name: string;
  /** '#rrggbb', where masks may be drawn in colours. */
  readonly colour: string | null;
}

const NAMES = ['labelmap.txt', 'class_names.txt', 'class_dict.csv', 'label_colors.txt'];
/** Also as QuPath writes it: Ignore* */
const IS_IGNORED = /^_*(void|ignore|ignored|unlabell?ed)_*\*?$/i;
const IS_BACKGROUND = /^[_\s]*(background|bg)[_\s]*$/i;

export const isBackgroundName = (name: string): boolean => IS_BACKGROUND.test(name);
export const isIgnoredName = (name: string): boolean => IS_IGNORED.test(name);

const hexOf = (channels: readonly string[]): string | null =>
  channels.length === 3 && channels.every((c) => /^\d{1,3}$/.test(c) && Number(c) <= 255)
    ? `#${channels.map((c) => Number(c).toString(16).padStart(2, '0')).join('')}`
    : null;

/** A line of any of the lists; null: a heading or a comment. */
function readLine(line: string, list: string): ListedClass | null {
  if (line === '' || line.startsWith('#')) return null;
  if (list === 'class_names.txt') return { name: line, colour: null };
  if (list === 'labelmap.txt') {
    const [name = '', colour = ''] = line.split(':');
    return name === '' ? null : { name, colour: hexOf(colour.split(',').map((c) => c.trim())) };
  }
  const parts = line.split(list === 'class_dict.csv' ? /\s*,\s*/ : /\s+/);
  const [name, channels] =
    list === 'class_dict.csv'
      ? [parts[0] ?? '', parts.slice(1, 4)]
      : [parts.slice(3).join(' '), parts.slice(0, 3)];
  const colour = hexOf(channels);
  return colour === null || name === '' ? null : { name, colour };
}

/** What the first such list at the top of the folder says, with its path; undefined where there is none. */
export async function readClassList(
  tree: FolderTree,
  reader: FileReader,
): Promise<{ readonly file: string; readonly rule: ValueRule } | undefined> {
  const file = NAMES.map((name) =>
    tree.files.find((f) => posix.basename(f) === name && f.split('/').length <= 2),
  ).find((found) => found !== undefined);
  if (file === undefined) return undefined;
  const list = posix.basename(file);
  const lines = await readLines(resolve(tree.root, file), reader);
  const listed = lines.flatMap((line) => readLine(line.trim(), list) ?? []);
  const rule = ruleOf(listed, list);
  return rule === null ? undefined : { file, rule };
}

/**
 * The place in the list is the value of an index mask; labelme counts from −1, for what it ignores. What is called
 * background is class 0, wherever it stands.
 */
function ruleOf(listed: readonly ListedClass[], list: string): ValueRule | null {
  const first = list === 'class_names.txt' && IS_IGNORED.test(listed[0]?.name ?? '') ? -1 : 0;
  const entries = new Map<string, number>();
  const names = [listed.find((one) => isBackgroundName(one.name))?.name ?? 'background'];
  listed.forEach((one, i) => {
    const index = IS_IGNORED.test(one.name)
      ? IGNORE
      : isBackgroundName(one.name)
        ? BACKGROUND
        : names.push(one.name) - 1;
    if (first + i >= 0) entries.set(String(first + i), index);
    if (one.colour !== null) entries.set(one.colour, index);
  });
  if (names.length < 2 || names.length > MAX_CLASSES) return null;
  if (!entries.has(String(IGNORE))) entries.set(String(IGNORE), IGNORE);
  return { entries, classes: namedClasses(names), why: `${list} says so`, isList: true };
}
