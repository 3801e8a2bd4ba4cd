/** From mask values to classes: what a layout prescribes, what the user says, or what the values look like. */
import type { ImportPreview } from '../../../shared/api.ts';
import {
  BACKGROUND,
  IGNORE,
  MAX_CLASSES,
  type SegmentationClass,
} from '../../../shared/entities.ts';
import type { LabelMap } from '../../../shared/label-map.ts';
import { classColor, namedClasses } from '../class-colors.ts';
import { type DecodedMask, type MaskKind, maskValueName } from '../decode-mask.ts';

/** What a layout says about its masks. */
export interface ValueRule {
  /** Value as maskValueName writes it → class index, or 255 for ignore. */
  readonly entries: ReadonlyMap<string, number>;
  readonly classes: readonly SegmentationClass[];
  readonly why: string;
}

export interface ValueMapping extends ValueRule {
  /**
   * What becomes of values without an entry: unknown ones are ignored and reported; object numbers
   * are all foreground; grey edges between black and white go to the nearer.
   */
  readonly otherwise: 'ignore' | 'foreground' | 'nearer';
}

/** Values seen in one mask. */
export type SeenValues = Pick<DecodedMask, 'kind' | 'histogram'>;

const WHITE = 255;
/** Grey masks with more values than this number objects, not classes. */
const MANY_VALUES = 64;
/** Black and white make up this share of an anti-aliased mask. */
const MOSTLY_BLACK_AND_WHITE = 0.9;
const FOREGROUND_NAME = 'foreground';

function totals(seen: readonly SeenValues[]): { kind: MaskKind; value: number; pixels: number }[] {
  const sums = new Map<string, { kind: MaskKind; value: number; pixels: number }>();
  for (const { kind, histogram } of seen) {
    for (const [value, pixels] of histogram) {
      const key = maskValueName(kind, value);
      const sum = sums.get(key);
      if (sum === undefined) sums.set(key, { kind, value, pixels });
      else sum.pixels += pixels;
    }
  }
  return [...sums.values()].sort((a, b) => a.value - b.value);
}

const binary = (why: string, entries: [string, number][]): ValueMapping => ({
  entries: new Map(entries),
  classes: namedClasses(['background', FOREGROUND_NAME]),
  why,
  otherwise: 'ignore',
});

/** Class indices from the set of all values found, with the reason in words. */
export function proposeMapping(seen: readonly SeenValues[]): ValueMapping {
  const found = totals(seen);
  const values = found.map((f) => f.value);
  const colours = found.some((f) => f.kind === 'colour');
  if (!colours && values.every((v) => v === 0 || v === WHITE)) {
    return binary('masks hold only 0 and 255, so 255 is the foreground', [
      ['0', BACKGROUND],
      ['255', 1],
    ]);
  }
  if (colours) return colourMapping(found);
  const indexed = found.every((f) => f.kind === 'index');
  const pixels = found.reduce((sum, f) => sum + f.pixels, 0);
  const extremes = found.filter((f) => f.value === 0 || f.value === WHITE);
  const extremePixels = extremes.reduce((sum, f) => sum + f.pixels, 0);
  const eightBit = values.every((v) => v <= WHITE);
  if (
    !indexed &&
    eightBit &&
    extremes.length === 2 &&
    values.length > 8 &&
    extremePixels >= MOSTLY_BLACK_AND_WHITE * pixels
  ) {
    return {
      ...binary(
        'masks are black and white with grey edges, so values above 127 are the foreground',
        [
          ['0', BACKGROUND],
          ['255', 1],
        ],
      ),
      otherwise: 'nearer',
    };
  }
  if (!indexed && values.length > MANY_VALUES) {
    return {
      ...binary(
        `masks hold ${values.length} values, which number objects rather than classes: all but 0 are the foreground`,
        [['0', BACKGROUND]],
      ),
      otherwise: 'foreground',
    };
  }
  return indexMapping(values, indexed);
}

function indexMapping(values: readonly number[], indexed: boolean): ValueMapping {
  const ids = values.filter((v) => v !== 0 && v !== WHITE);
  // Grey levels like 0, 128, 255 are three classes; small class ids beside 255 mean "ignore".
  const whiteIgnored = values.includes(WHITE) && (indexed || ids.every((v) => v < MANY_VALUES));
  const classValues = [...ids, ...(values.includes(WHITE) && !whiteIgnored ? [WHITE] : [])];
  const entries = new Map<string, number>([['0', BACKGROUND]]);
  const names = ['background'];
  classValues.slice(0, MAX_CLASSES - 1).forEach((value, i) => {
    entries.set(String(value), i + 1);
    names.push(classValues.length === 1 ? FOREGROUND_NAME : `class ${value}`);
  });
  if (whiteIgnored) entries.set(String(WHITE), IGNORE);
  const why = `each value is a class of its own${whiteIgnored ? ', and 255 beside them is ignored' : ''}`;
  return { entries, classes: namedClasses(names), why, otherwise: 'ignore' };
}

/** Black is the background; the other colours are classes in their own colour, in order of their value. */
function colourMapping(
  found: readonly { kind: MaskKind; value: number; pixels: number }[],
): ValueMapping {
  const entries = new Map<string, number>([
    [maskValueName('colour', 0), BACKGROUND],
    ['0', BACKGROUND],
  ]);
  const classes = namedClasses(['background']);
  for (const { kind, value } of found) {
    const name = maskValueName(kind, value);
    if (entries.has(name) || classes.length >= MAX_CLASSES) continue;
    const color = kind === 'colour' ? name : classColor(classes.length);
    entries.set(name, classes.length);
    classes.push({ index: classes.length, name: `class ${name}`, color });
  }
  return { entries, classes, why: 'each colour is a class of its own', otherwise: 'ignore' };
}

/** A mapping that the user gave, with the class names that are known. */
export function userMapping(
  given: Readonly<Record<string, number>>,
  known: readonly SegmentationClass[],
): ValueMapping {
  const indices = Object.values(given).filter((index) => index !== IGNORE);
  const count = Math.max(1, ...indices.map((index) => index + 1));
  const classes = Array.from({ length: count }, (_, index) => {
    const name = index === BACKGROUND ? 'background' : `class ${index}`;
    return known.find((c) => c.index === index) ?? { index, name, color: classColor(index) };
  });
  return {
    entries: new Map([
      // Black stays background unless the user says otherwise.
      ['0', BACKGROUND],
      [maskValueName('colour', 0), BACKGROUND],
      ...Object.entries(given).map(([value, index]) => [value.toLowerCase(), index] as const),
    ]),
    classes,
    why: 'as you asked',
    otherwise: 'ignore',
  };
}

/** Class of a value; undefined: unknown, and so ignored. */
function classOf(mapping: ValueMapping, kind: MaskKind, value: number): number | undefined {
  const entry = mapping.entries.get(maskValueName(kind, value));
  if (entry !== undefined) return entry;
  if (mapping.otherwise === 'foreground') return 1;
  if (mapping.otherwise === 'nearer') return value > WHITE / 2 ? 1 : BACKGROUND;
  return undefined;
}

/** Values of a mask that the mapping does not know, and the number of their pixels. */
export function unknownValues(
  mask: SeenValues,
  mapping: ValueMapping,
): { value: string; pixels: number }[] {
  return [...mask.histogram]
    .filter(([value]) => classOf(mapping, mask.kind, value) === undefined)
    .map(([value, pixels]) => ({ value: maskValueName(mask.kind, value), pixels }));
}

/** Label map of a mask; unknown values become ignore. */
export function applyMapping(mask: DecodedMask, mapping: ValueMapping): LabelMap {
  const table = new Map<number, number>();
  for (const value of mask.histogram.keys()) {
    table.set(value, classOf(mapping, mask.kind, value) ?? IGNORE);
  }
  const data = new Uint8Array(mask.values.length);
  for (let i = 0; i < data.length; i++) data[i] = table.get(mask.values[i] ?? 0) ?? IGNORE;
  return { width: mask.width, height: mask.height, data };
}

/** The values found and what becomes of them; values of one fate that number objects or edges as a range. */
export function describeValues(
  seen: readonly SeenValues[],
  mapping: ValueMapping,
): ImportPreview['values'] {
  const ranges: { from: string; to: string; pixels: number; becomes: number; merge: boolean }[] =
    [];
  for (const { kind, value, pixels } of totals(seen)) {
    const name = maskValueName(kind, value);
    const becomes = classOf(mapping, kind, value) ?? IGNORE;
    const merge = !mapping.entries.has(name) && mapping.otherwise !== 'ignore';
    const last = ranges.at(-1);
    if (merge && last?.merge === true && last.becomes === becomes) {
      last.to = name;
      last.pixels += pixels;
    } else ranges.push({ from: name, to: name, pixels, becomes, merge });
  }
  return ranges.map(({ from, to, pixels, becomes }) => ({
    value: from === to ? from : `${from}…${to}`,
    pixels,
    becomes,
  }));
}
