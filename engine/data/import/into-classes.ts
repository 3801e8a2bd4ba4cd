/**
 * From the classes that an import would make to those of a dataset that is there: by name, and where masks have no names for
 * their values, by number. Classes of the dataset keep their numbers and names; what it lacks gets the next free number.
 */
import type { ImportAlternative, ImportDoubt } from '../../../shared/api.ts';
import {
  BACKGROUND,
  type Dataset,
  IGNORE,
  MAX_CLASSES,
  type SegmentationClass,
} from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import { sameName } from '../../../shared/names.ts';
import { inWords } from '../../../shared/sentences.ts';
import { classColor } from '../class-colors.ts';
import { isBackground } from './background.ts';
import type { Proposal } from './mask-values.ts';
import { FOREGROUND, labelsOf, type SeenValues, type ValueMapping } from './value-mapping.ts';

/** The dataset that something is added to. */
export type Into = Pick<Dataset, 'name' | 'classes' | 'hasBackground'>;

export interface IntoClasses {
  /** With the numbers of the dataset; its classes are the dataset's and, behind them, those that are new. */
  readonly mapping: ValueMapping;
  readonly doubts: readonly ImportDoubt[];
  /** What the masks' own list calls a value; empty where nothing names them. */
  readonly nameOf: ReadonlyMap<string, string>;
}

/** Equal for names of classes that differ in case and spaces alone. */
export const sameClass = (name: string): string =>
  sameName(name)
    .toLowerCase()
    .replaceAll(/[\s_-]+/g, '');

const isGround = (one: SegmentationClass): boolean =>
  one.index === BACKGROUND && isBackground([one], { choice: 'auto' });

/** Numbers that are no class of a dataset yet, ascending. Errors: unsupported, where there is none left. */
function freeNumbers({ name, classes }: Into): () => number {
  const taken = new Set(classes.map(({ index }) => index));
  return () => {
    let next = 1;
    while (taken.has(next)) next++;
    if (next >= MAX_CLASSES) {
      throw new AppError(
        'unsupported',
        `"${name}" would have more than ${MAX_CLASSES - 1} classes beside the background. Map some of the values to classes that are there (--map).`,
      );
    }
    taken.add(next);
    return next;
  };
}

/** Whether every value that a mapping knows is itself the number of a class: masks that somebody wrote for this dataset. */
function areItsNumbers({ entries, otherwise }: ValueMapping, { classes }: Into): boolean {
  if (otherwise === 'foreground') return false;
  const numbers = new Set(classes.map(({ index }) => String(index)));
  return [...entries].every(([value, index]) => index === IGNORE || numbers.has(value));
}

/**
 * @param seen the masks: what none of them holds becomes no new class.
 * @param options `named`: whether a list beside the masks names their classes.
 * Errors: unsupported (too many classes).
 */
export function intoClasses(
  { mapping, doubts }: Proposal,
  seen: readonly SeenValues[],
  { named, into }: { readonly named: boolean; readonly into: Into },
): IntoClasses {
  const nextFree = freeNumbers(into);
  const byName = new Map(into.classes.map((one) => [sameClass(one.name), one.index]));
  const numbers = new Set(into.classes.map(({ index }) => index));
  const used = new Set(seen.flatMap((mask) => labelsOf(mask, mapping)));
  const asNumbers = !named && areItsNumbers(mapping, into);
  const fresh: SegmentationClass[] = [];
  const numberOf = new Map<number, number>();
  const take = (one: SegmentationClass): void => {
    const known =
      (isGround(one) && into.hasBackground ? BACKGROUND : undefined) ??
      byName.get(sameClass(one.name)) ??
      (!named && numbers.has(one.index) ? one.index : undefined);
    if (known !== undefined) numberOf.set(one.index, known);
    else if (used.has(one.index)) {
      const index = nextFree();
      numberOf.set(one.index, index);
      fresh.push({ index, name: freeName(one.name, byName), color: classColor(index) });
    }
  };
  if (!asNumbers) for (const one of mapping.classes) take(one);
  const becomes = ([value, index]: readonly [string, number]): (readonly [string, number])[] => {
    if (index === IGNORE) return [[value, IGNORE]];
    const to = asNumbers ? Number(value) : numberOf.get(index);
    return to === undefined ? [] : [[value, to]];
  };
  const nameOfClass = new Map(mapping.classes.map(({ index, name }) => [index, name]));
  return {
    mapping: {
      ...mapping,
      entries: new Map([...mapping.entries].flatMap(becomes)),
      classes: [...into.classes, ...fresh],
      spare: [],
      foreground: numberOf.get(FOREGROUND) ?? FOREGROUND,
    },
    doubts: [
      ...doubts.map((doubt) => inItsNumbers(doubt, { numberOf, nextFree, asNumbers })),
      ...(named || asNumbers ? [] : takenFor(new Map([...mapping.entries].flatMap(becomes)), into)),
    ],
    nameOf: named
      ? new Map(
          [...mapping.entries].flatMap(([value, index]) => {
            const name = nameOfClass.get(index);
            return name === undefined ? [] : [[value, name] as const];
          }),
        )
      : new Map(),
  };
}

/** What masks of one class are drawn in, by custom. */
const CUSTOMARY = new Set(['1', '255', '65535']);

/** Numbers in masks that are none of a class, and were taken for one all the same. */
function takenFor(entries: ReadonlyMap<string, number>, into: Into): ImportDoubt[] {
  const taken = [...entries].flatMap(([value, index]) => {
    const isOdd = /^\d+$/.test(value) && Number(value) !== index && !CUSTOMARY.has(value);
    const to = isOdd ? into.classes.find((one) => one.index === index) : undefined;
    return to === undefined || index === BACKGROUND ? [] : [{ value, to }];
  });
  if (taken.length === 0) return [];
  const words = taken.map(({ value, to }) => `${value} for class ${to.index} (${to.name})`);
  const message = `The masks hold numbers that are no class of "${into.name}", which are taken in their order: ${inWords(words)}. Where another class is meant, say so (--map).`;
  return [{ message, instead: [] }];
}

const freeName = (name: string, taken: ReadonlyMap<string, number>): string => {
  let free = name;
  for (let n = 2; taken.has(sameClass(free)); n++) free = `${name} (${n})`;
  return free;
};

/** What could be chosen instead, in the numbers of the dataset. */
function inItsNumbers(
  { message, instead }: ImportDoubt,
  {
    numberOf,
    nextFree,
    asNumbers,
  }: {
    readonly numberOf: ReadonlyMap<number, number>;
    readonly nextFree: () => number;
    readonly asNumbers: boolean;
  },
): ImportDoubt {
  const own = new Map<number, number>();
  const translate = (index: number): number => {
    if (index === IGNORE || index === BACKGROUND) return index;
    const known = (asNumbers ? index : numberOf.get(index)) ?? own.get(index);
    const number = known ?? nextFree();
    own.set(index, number);
    return number;
  };
  return {
    message,
    instead: instead.map((alternative): ImportAlternative => {
      if (alternative.mapping === null) return alternative;
      const pairs = Object.entries(alternative.mapping).map(
        ([value, index]) => [value, translate(index)] as const,
      );
      return {
        ...alternative,
        mapping: Object.fromEntries(pairs),
        flag: `--map ${pairs.map(([value, index]) => `${value}=${index}`).join(',')}`,
      };
    }),
  };
}

/**
 * The classes that a mapping leads to: the dataset's as they are, and behind them those that are new, named as the masks
 * name their values, or by their number.
 */
export function classesInto(
  { entries, classes }: ValueMapping,
  { into, nameOf }: { readonly into: Into; readonly nameOf: IntoClasses['nameOf'] },
): SegmentationClass[] {
  const own = new Set(into.classes.map(({ index }) => index));
  const fresh = [...new Set(entries.values())]
    .filter((index) => index !== IGNORE && !own.has(index))
    .sort((a, b) => a - b);
  return [
    ...into.classes,
    ...fresh.map((index): SegmentationClass => {
      const names = [...entries].flatMap(([value, to]) =>
        to === index ? (nameOf.get(value) ?? []) : [],
      );
      const proposed = classes.find((one) => one.index === index)?.name;
      const [name] = [...new Set(names)];
      const isOthers = into.classes.some((one) => one.name === proposed);
      return {
        index,
        name: name ?? (proposed === undefined || isOthers ? `class ${index}` : proposed),
        color: classColor(index),
      };
    }),
  ];
}
