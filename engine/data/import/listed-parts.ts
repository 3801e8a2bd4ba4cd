/** Lists of names say which part of a split each image belongs to. What they say twice, or of no image, is named. */
import type { ImportIssue } from '../../../shared/api.ts';
import type { Part } from '../../../shared/entities.ts';
import { countedWith } from '../../../shared/number-format.ts';
import type { FileReader } from '../files.ts';

export type ListedPart = readonly [name: string, part: Part];

/** What lists of names are read with. `known`: names of the images. */
export interface ListReading {
  readonly reader: FileReader;
  readonly known: ReadonlySet<string>;
  readonly issues: ImportIssue[];
}

/** Parts by name: of a name that is listed for several parts, the last one counts, which is said. */
export function partsByName(
  listed: readonly ListedPart[],
  { path, issues }: { readonly path: string; readonly issues: ImportIssue[] },
): Map<string, Part> {
  const parts = new Map(listed);
  const all = Map.groupBy(listed, ([name]) => name);
  const twice = [...all].filter(([, own]) => new Set(own.map(([, part]) => part)).size > 1);
  const [first] = twice;
  if (first !== undefined) {
    const [name, own] = first;
    const both = [...new Set(own.map(([, part]) => part))].join(' and ');
    const message = `${countedWith(twice.length, 'name', 'stand')} in several parts of one split, such as ${name} in ${both}: it counts for ${parts.get(name) ?? ''}`;
    issues.push({ path, severity: 'change', message });
  }
  return parts;
}

/** Names of a list that belong to no image. */
export function sayAbsent(
  names: readonly string[],
  { path, issues }: { readonly path: string; readonly issues: ImportIssue[] },
): void {
  const [first] = names;
  if (first === undefined) return;
  const message = `${countedWith(names.length, 'name', 'are')} listed without an image, such as ${first}`;
  issues.push({ path, severity: 'skip', message });
}
