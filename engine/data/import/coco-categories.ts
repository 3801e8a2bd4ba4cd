/**
 * From COCO's categories to classes: 1, 2, … in the order of their ids, over several files. One that is called background
 * is the background and no class beside it; it is painted with a value of its own, so that it can be kept as a class.
 */
import type { ImportDoubt } from '../../../shared/api.ts';
import { BACKGROUND, IGNORE, MAX_CLASSES } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import { inWords } from '../../../shared/sentences.ts';
import { colourClassZero, namedClasses } from '../class-colors.ts';
import { isBackgroundName } from './class-list.ts';
import type { ShapeGround } from './paint-shapes.ts';
import { type CocoCategory, type CocoId, compareIds } from './coco-entries.ts';
import { mapped } from './mask-doubts.ts';
import type { ValueRule } from './value-mapping.ts';
import { nounFor, verbFor } from '../../../shared/number-format.ts';

export interface CocoClasses extends ShapeGround {
  readonly rule: ValueRule;
  /** The values that annotations of each category of one file are painted with. */
  valuesOf(own: readonly CocoCategory[]): ReadonlyMap<CocoId, number>;
}

/**
 * @param lists the categories of each file.
 * @param options `hasBackground`: false, where the first category is class 0. Errors: unsupported (too many), naming `json`.
 */
export function cocoClasses(
  lists: readonly (readonly CocoCategory[])[],
  { json, hasBackground }: { readonly json: string; readonly hasBackground: boolean },
): CocoClasses {
  const all = unite(lists);
  if (all.length >= MAX_CLASSES) {
    throw new AppError(
      'unsupported',
      `${json} has ${all.length} categories; a dataset has at most ${MAX_CLASSES - 1} beside the background. Merge or remove some.`,
      { subject: json },
    );
  }
  if (!hasBackground) return classesFromZero(all);
  const grounds = all.filter(({ name }) => isBackgroundName(name));
  const ordered = [...all.filter((one) => !grounds.includes(one)), ...grounds];
  const every = namedClasses(['background', ...ordered.map(({ name }) => name)]);
  const count = ordered.length - grounds.length;
  const [classes, spare] = [every.slice(0, count + 1), every.slice(count + 1)];
  const entries = new Map([
    ...classes.map((c) => [String(c.index), c.index] as const),
    ...spare.map((c) => [String(c.index), BACKGROUND] as const),
    [String(IGNORE), IGNORE] as const,
  ]);
  return {
    rule: {
      entries,
      classes,
      spare,
      why: 'COCO categories in the order of their ids',
      doubts: grounds.length === 0 ? [] : [groundDoubt(grounds, count)],
    },
    valuesOf: (own) => new Map(own.map((one) => [one.id, indexOf(ordered, one) + 1])),
    beneath: new Set(spare.map(({ index }) => index)),
    blank: BACKGROUND,
  };
}

/** Of an export of ours without a background: every pixel is of a category, or ignored. */
function classesFromZero(all: readonly CocoCategory[]): CocoClasses {
  const classes = colourClassZero(namedClasses(all.map(({ name }) => name)));
  const values = [...classes.map(({ index }) => index), IGNORE];
  return {
    rule: {
      entries: new Map(values.map((value) => [String(value), value] as const)),
      classes,
      hasBackground: false,
      why: 'COCO categories in the order of their ids, the first as class 0, as the file says',
    },
    valuesOf: (own) => new Map(own.map((one) => [one.id, indexOf(all, one)])),
    beneath: new Set(),
    blank: IGNORE,
  };
}

function groundDoubt(grounds: readonly CocoCategory[], classes: number): ImportDoubt {
  const named = inWords(grounds.map(({ id, name }) => `${id} "${name}"`));
  const which = nounFor(grounds.length, 'category');
  return {
    message: `The ${which} ${named} ${verbFor(grounds.length, 'are')} taken for the background, beneath all objects.`,
    instead: grounds.map(({ name }, i) => {
      const value = classes + 1 + i;
      return mapped(String(value), value, `"${name}" is a class of its own`);
    }),
  };
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
