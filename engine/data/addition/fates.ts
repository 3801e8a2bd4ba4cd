/**
 * What becomes of each image that is added to a dataset: new, there already, or of a name that another image has. The one
 * place where that is decided; an original is never replaced.
 */
import { posix } from 'node:path';
import type { AdditionClash, ImportIssue } from '../../../shared/api.ts';
import type { ImageRecord } from '../../../shared/entities.ts';
import { counted, countedWith } from '../../../shared/number-format.ts';
import { contentsOf } from '../../../shared/image-content.ts';
import { oneName } from '../../../shared/names.ts';
import { stemOf } from '../import/folder-tree.ts';
import type { ImportItem } from '../import/plan.ts';

/** An image to be, with the SHA-256 of its file; null: it cannot be read, which its import will tell. */
export interface Hashed {
  readonly item: ImportItem;
  readonly hash: string | null;
}

export interface FateChoices {
  /** Of images that are there already: left alone, or given the masks that come with them as new revisions. */
  readonly same: 'skip' | 'labels';
  /** Of other images with the name of one that is there: asked about, kept under a free name, or left out. */
  readonly clash: 'refuse' | 'rename' | 'skip';
}

export interface Fates {
  /** What is left to do: new images under free names, and those that are there (`stored`) with their new masks. */
  readonly items: readonly ImportItem[];
  /** Images that are there already … */
  readonly same: number;
  /** … and come with a mask. */
  readonly sameWithMasks: number;
  readonly clashes: readonly AdditionClash[];
  readonly issues: readonly ImportIssue[];
}

interface Pictured {
  readonly page: number;
  readonly channelPages?: readonly number[] | null;
}

/** Equal for images that show the same pages of the same bytes. */
export const contentKey = (hash: string, image: Pictured): string =>
  contentsOf({ hash, page: image.page, channelPages: image.channelPages ?? null }).join(',');

/** 'a.png' → 'a (2).png', and 'a (2).png' → 'a (3).png': the first that nobody has. */
export function freeName(name: string, isTaken: (name: string) => boolean): string {
  const extension = posix.extname(name);
  const folder = posix.dirname(name);
  const bare = stemOf(name).replace(/ \(\d+\)$/, '');
  const stem = folder === '.' ? bare : posix.join(folder, bare);
  for (let n = 2; ; n++) {
    const free = `${stem} (${n})${extension}`;
    if (!isTaken(free)) return free;
  }
}

/** @param there the images of the dataset; of them only records are looked at. */
export function fatesOf(
  found: readonly Hashed[],
  { there, choices }: { readonly there: readonly ImageRecord[]; readonly choices: FateChoices },
): Fates {
  const byName = Map.groupBy(there, ({ name }) => oneName(name));
  const byContent = Map.groupBy(there, (image) => contentKey(image.hash, image));
  const comingNames = new Set(found.map(({ item }) => oneName(item.name)));
  const items: ImportItem[] = [];
  const issues: ImportIssue[] = [];
  const clashes: AdditionClash[] = [];
  const given = new Set<number>();
  let same = 0;
  let sameWithMasks = 0;
  const giveLabels = (item: ImportItem, image: ImageRecord | NonNullable<ImportItem['stored']>) => {
    same++;
    if (item.labels === null) return;
    sameWithMasks++;
    if (choices.same === 'skip') return;
    if (given.has(image.id)) {
      const message = `a second mask for ${image.name}: not used`;
      issues.push({ path: item.path, severity: 'skip', message });
      return;
    }
    given.add(image.id);
    items.push({ ...item, stored: image });
  };
  for (const own of Map.groupBy(found, ({ item }) => item.path).values()) {
    const [first] = own;
    if (first === undefined) continue;
    const { name } = first.item;
    const named = byName.get(oneName(name)) ?? [];
    const isTaken = named.length > 0 && !named.some(({ hash }) => hash === first.hash);
    /** What is neither there nor in the way. */
    const fresh: ImportItem[] = [];
    for (const { item, hash } of own) {
      if (item.stored !== undefined) {
        giveLabels(item, item.stored);
        continue;
      }
      const twins = hash === null ? [] : (byContent.get(contentKey(hash, item)) ?? []);
      const twin = twins.find((one) => oneName(one.name) === oneName(name)) ?? twins[0];
      if (twin === undefined) fresh.push(item);
      else giveLabels(item, twin);
    }
    if (fresh.length === 0) continue;
    if (!isTaken) {
      // Other pages of a file that is there are called as it is.
      items.push(...fresh.map((item) => ({ ...item, name: named[0]?.name ?? item.name })));
      continue;
    }
    const free = freeName(name, (one) => byName.has(oneName(one)) || comingNames.has(oneName(one)));
    comingNames.add(oneName(free));
    clashes.push({ name, free });
    if (choices.clash === 'rename') {
      items.push(...fresh.map((item) => ({ ...item, name: free })));
      const message = `${name} is another image of the dataset: this one is added as ${free}`;
      issues.push({ path: name, severity: 'change', message });
    } else if (choices.clash === 'skip') {
      const message = 'has the name of another image of the dataset: left out, as you asked';
      issues.push({ path: name, severity: 'skip', message });
    }
  }
  if (same > sameWithMasks || choices.same === 'skip') {
    const idle = choices.same === 'skip' ? same : same - sameWithMasks;
    const masks =
      choices.same === 'skip' && sameWithMasks > 0
        ? `, and ${counted(sameWithMasks, 'mask')} of theirs not used`
        : '';
    if (idle > 0) {
      const message = `${countedWith(idle, 'image', 'are')} there already, byte for byte: left out${masks}`;
      issues.push({ path: 'images', severity: 'info', message });
    }
  }
  return { items, same, sameWithMasks, clashes, issues };
}

/** The names that stand in the way, for people. */
export const clashWords = (clashes: readonly AdditionClash[]): string => {
  const shown = clashes.slice(0, 5).map(({ name }) => name);
  const more = clashes.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
};
