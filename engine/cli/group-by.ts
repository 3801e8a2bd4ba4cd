/** Groups of images (patients, slides) from the command line: a pattern of their names, or a table that says them. */
import { InvalidArgumentError } from 'commander';
import { AppError } from '../../shared/errors.ts';
import { sameName } from '../../shared/names.ts';

const GROUP = '{group}';

/** A file name says what kind of value it is. */
export const isTable = (value: string): boolean => /\.(csv|tsv|txt)$/i.test(value);

/** What stands before the last dot; a name of dots alone is all stem. */
const stemOf = (name: string): string => name.replace(/(?<=.)\.[^.]+$/, '');

/**
 * "{group}_*": what stands for {group} in a name without its ending; `*` is anything, and {group} takes as much as fits.
 * @throws InvalidArgumentError, where the pattern has not one {group}
 */
export function groupPattern(pattern: string): (name: string) => string | null {
  const pieces = pattern.split(GROUP);
  if (pieces.length !== 2) {
    throw new InvalidArgumentError(
      `a pattern with one ${GROUP}, such as "${GROUP}_*", or a table by its file name (.csv)`,
    );
  }
  const escaped = pieces.map((piece) =>
    piece.replaceAll(/[\\^$.+?()[\]{}|/-]/g, '\\$&').replaceAll('*', '.*'),
  );
  const whole = new RegExp(`^${escaped.join('(.+)')}$`);
  return (name) => whole.exec(stemOf(name))?.[1] ?? whole.exec(name)?.[1] ?? null;
}

/** One line of a table of two columns or more; quotes as in RFC 4180. */
function cellsOf(line: string, separator: string): string[] {
  const cells: string[] = [];
  let cell = '';
  let quoted = false;
  for (let i = 0; i < line.length; i++) {
    const c = line.charAt(i);
    if (quoted && c === '"' && line.charAt(i + 1) === '"') {
      cell += '"';
      i++;
    } else if (c === '"') {
      quoted = !quoted;
    } else if (c === separator && !quoted) {
      cells.push(cell.trim());
      cell = '';
    } else {
      cell += c;
    }
  }
  return [...cells, cell.trim()];
}

export interface TableGroups {
  /** By name of the image. */
  readonly groups: ReadonlyMap<string, string>;
  /** Names of the table that are no image. */
  readonly unknown: readonly string[];
}

/**
 * Reads image and group from the first two columns of a table; a first line that names no image is its heading. Names go
 * with or without their ending.
 * @throws AppError invalid-input, where a line has no group, or an image has two
 */
export function groupTable(text: string, names: readonly string[]): TableGroups {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '');
  const separator = ['\t', ';', ','].find((one) => lines[0]?.includes(one)) ?? ',';
  const known = new Map<string, string>();
  for (const name of names) known.set(sameName(stemOf(name)), name);
  for (const name of names) known.set(sameName(name), name);
  const groups = new Map<string, string>();
  const unknown: string[] = [];
  for (const [at, line] of lines.entries()) {
    const [image = '', group = ''] = cellsOf(line, separator);
    const name = known.get(sameName(image));
    if (name === undefined) {
      if (at > 0) unknown.push(image);
      continue;
    }
    if (group === '') {
      throw new AppError(
        'invalid-input',
        `Line ${at + 1} of the table names no group for "${image}". Two columns are needed: image, group.`,
      );
    }
    const other = groups.get(name) ?? group;
    if (other !== group) {
      throw new AppError(
        'invalid-input',
        `The table puts "${image}" into two groups, ${other} and ${group}. Leave one of them out.`,
      );
    }
    groups.set(name, group);
  }
  return { groups, unknown };
}
