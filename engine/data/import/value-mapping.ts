/** From mask values to classes: what a mapping means, value by value. How one is found is mask-values.ts. */
import type { ImportDoubt, ImportPreview } from '../../../shared/api.ts';
import { BACKGROUND, IGNORE, type SegmentationClass } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import type { LabelMap } from '../../../shared/label-map.ts';
import { readMaskValues, type WrittenValues } from '../../../shared/mask-values.ts';
import { classColor } from '../class-colors.ts';
import type { DecodedMask, MaskAlpha } from '../decoded-mask.ts';
import { type MaskKind, maskValueName, type Slope, type ValueEvidence } from '../mask-evidence.ts';

/** What a layout says about its masks. */
export interface ValueRule {
  /** Value as maskValueName writes it → class index, or 255 for ignore. */
  readonly entries: ReadonlyMap<string, number>;
  readonly classes: readonly SegmentationClass[];
  readonly why: string;
  /** Whether class 0 is the background, where the files themselves say it. */
  readonly hasBackground?: boolean;
  /** Whether it is a list beside the masks, which may have forgotten some of their values. */
  readonly isList?: boolean;
  /** Classes that a mapping of the user can bring into use. */
  readonly spare?: readonly SegmentationClass[];
  /** What becomes of values without an entry, where they are no class that is unknown: numbers of objects. */
  readonly otherwise?: ValueMapping['otherwise'];
  /** What of it may well be meant otherwise. */
  readonly doubts?: readonly ImportDoubt[];
}

export interface ValueMapping extends ValueRule {
  /** Which channel of masks with alpha is read; masks without are read by their colours. */
  readonly channel: 'colour' | 'alpha';
  /**
   * What becomes of values without an entry: unknown ones are ignored and reported; object numbers are all foreground;
   * smoothed edges and noise go to the nearest value that has an entry.
   */
  readonly otherwise: 'ignore' | 'foreground' | 'nearest';
  /** The class of `foreground`; 1 where it is left out. */
  readonly foreground?: number;
  /** Largest value of the masks: distances are measured as if it were 255. */
  readonly top: number;
  /** Of values that the user said something of: the range that it was said of; null: of the value itself. */
  readonly rangeOf?: ReadonlyMap<string, string | null>;
}

export interface KindOfValues extends ValueEvidence {
  readonly kind: MaskKind;
}

/** Values seen in one mask. */
export interface SeenValues extends KindOfValues {
  /** See DecodedMask. */
  readonly isNumbered?: boolean | undefined;
  readonly alpha: (ValueEvidence & Pick<MaskAlpha, 'hidden' | 'transparent'>) | null;
}

/** The class of all objects where their numbers tell none apart. */
export const FOREGROUND = 1;

/** What a layout says, as a mapping. */
export const ruleMapping = (rule: ValueRule): ValueMapping => ({
  ...rule,
  channel: 'colour',
  otherwise: rule.otherwise ?? 'ignore',
  top: IGNORE,
});

/** What of a mask is read. */
export const readValues = (
  { kind, histogram, cores, slopes, alpha }: SeenValues,
  channel: ValueMapping['channel'],
): KindOfValues =>
  channel === 'alpha' && alpha !== null
    ? { kind: 'grey', histogram: alpha.histogram, cores: alpha.cores, slopes: alpha.slopes }
    : { kind, histogram, cores, slopes };

type Point = readonly [number, number, number];

/** Where a value lies in the cube of colours, 0 … 255 a side. */
export function pointOf(kind: MaskKind, value: number, top: number): Point {
  if (kind === 'colour') return [value >> 16, (value >> 8) & 255, value & 255];
  const level = top > 255 ? (value * 255) / top : value;
  return [level, level, level];
}

export const distance = (a: Point, b: Point): number =>
  Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

function pointOfName(name: string, top: number): Point {
  return name.startsWith('#')
    ? pointOf('colour', Number.parseInt(name.slice(1), 16), top)
    : pointOf('grey', Number(name), top);
}

/** Class of each value; undefined: unknown, and so ignored. */
function classifier(mapping: ValueMapping): (kind: MaskKind, value: number) => number | undefined {
  const { entries, otherwise, foreground = FOREGROUND, top } = mapping;
  const anchors = [...entries]
    .filter(([, index]) => index !== IGNORE)
    .map(([name, index]) => ({ index, point: pointOfName(name, top) }));
  return (kind, value) => {
    const entry = entries.get(maskValueName(kind, value));
    if (entry !== undefined || otherwise === 'ignore') return entry;
    if (otherwise === 'foreground') return foreground;
    const point = pointOf(kind, value, top);
    let nearest: { index: number; far: number } | undefined;
    for (const { index, point: anchor } of anchors) {
      const far = distance(point, anchor);
      if (nearest === undefined || far < nearest.far) nearest = { index, far };
    }
    return nearest?.index;
  };
}

/** What the user says of values: their keys as written, and the values that these stand for. */
export type GivenMapping = Readonly<Record<string, number>>;

/** Errors: invalid-input (a key that is no value). */
function writtenValues(given: GivenMapping): (WrittenValues & { readonly index: number })[] {
  return Object.entries(given).map(([text, index]) => {
    const read = readMaskValues(text.trim());
    if (typeof read !== 'string') return { ...read, index };
    throw new AppError('invalid-input', `"${text}" ${read}.`, { subject: 'mapping' });
  });
}

/** The name of a class that nothing else names. */
const numbered = (index: number) => (index === BACKGROUND ? 'background' : `class ${index}`);

/**
 * A mapping with what the user says of some values in the place of what was proposed for them; the others keep their
 * proposal. Names go with the values that they name: a class is called as before where one of its values stays, else
 * after the values that come to it. Errors: invalid-input.
 */
export function userMapping(given: GivenMapping, proposed: ValueMapping): ValueMapping {
  const written = writtenValues(given);
  // What is said of a single value counts more than what is said of a range.
  const ordered = written.toSorted((a, b) => b.values.length - a.values.length);
  const own = new Map(
    ordered.flatMap(({ values, index }) => values.map((value) => [value, index] as const)),
  );
  const rangeOf = new Map(
    ordered.flatMap(({ key, values }) =>
      values.map((value) => [value, values.length > 1 ? key : null] as const),
    ),
  );
  const entries = new Map([...proposed.entries, ...own]);
  const used = [...entries.values()].filter((index) => index !== IGNORE);
  const count = Math.max(1, ...used.map((index) => index + 1));
  const proposedOf = (index: number) => proposed.classes.find((c) => c.index === index);
  const classes = Array.from({ length: count }, (_, index): SegmentationClass => {
    /** The classes proposed for what becomes this one. */
    const before = [...entries]
      .filter(([, becomes]) => becomes === index)
      .flatMap(([value]) => proposed.entries.get(value) ?? []);
    const known = proposedOf(index);
    const isLeft = index === BACKGROUND && before.length === 0;
    if (known !== undefined && (before.includes(index) || isLeft)) return known;
    const arrived = [...new Set(before)]
      .flatMap((from) => proposedOf(from) ?? [])
      .filter((from) => from.name !== numbered(from.index));
    const [first] = arrived;
    if (first === undefined) {
      const spare = proposed.spare?.find((c) => c.index === index);
      return spare ?? { index, name: numbered(index), color: classColor(index) };
    }
    // Black is the background's.
    const isColoured = index !== BACKGROUND && first.index !== BACKGROUND;
    return {
      index,
      name: arrived.map(({ name }) => name).join(', '),
      color: isColoured ? first.color : classColor(index),
    };
  });
  return { ...proposed, entries, classes, rangeOf, why: 'as you asked' };
}

/** Keys of what the user says that no mask holds any value of. */
export function unmatchedKeys(
  given: GivenMapping,
  seen: readonly SeenValues[],
  { channel }: Pick<ValueMapping, 'channel'>,
): string[] {
  const present = new Set(totals(seen.map((mask) => readValues(mask, channel))).map((f) => f.name));
  return writtenValues(given)
    .filter(({ values }) => !values.some((value) => present.has(value)))
    .map(({ key }) => key);
}

/** Values that the label map of a mask will hold. */
export function labelsOf(mask: SeenValues, mapping: ValueMapping): number[] {
  const { kind, histogram } = readValues(mask, mapping.channel);
  const classOf = classifier(mapping);
  return [...new Set([...histogram.keys()].map((value) => classOf(kind, value) ?? IGNORE))];
}

/** Values of a mask that the mapping does not know, and the number of their pixels. */
export function unknownValues(
  mask: SeenValues,
  mapping: ValueMapping,
): { value: string; pixels: number }[] {
  const { kind, histogram } = readValues(mask, mapping.channel);
  const classOf = classifier(mapping);
  return [...histogram]
    .filter(([value]) => classOf(kind, value) === undefined)
    .map(([value, pixels]) => ({ value: maskValueName(kind, value), pixels }));
}

/** Label map of a mask; unknown values become ignore. */
export function applyMapping(mask: DecodedMask, mapping: ValueMapping): LabelMap {
  const { kind, histogram } = readValues(mask, mapping.channel);
  const values =
    mapping.channel === 'alpha' && mask.alpha !== null ? mask.alpha.values : mask.values;
  const classOf = classifier(mapping);
  const table = new Map<number, number>();
  for (const value of histogram.keys()) table.set(value, classOf(kind, value) ?? IGNORE);
  const data = new Uint8Array(values.length);
  for (let i = 0; i < data.length; i++) data[i] = table.get(values[i] ?? 0) ?? IGNORE;
  return { width: mask.width, height: mask.height, data };
}

/** Where the values of a mask are read as the numbers of objects, these; null where they are read as classes. */
export function objectNumbersOf(mask: DecodedMask, mapping: ValueMapping): Uint32Array | null {
  if (mapping.otherwise !== 'foreground' || mapping.channel === 'alpha') return null;
  return Uint32Array.from(mask.values);
}

/** Pixels of all masks by value, in the order of the values. */
export interface FoundValue {
  readonly kind: MaskKind;
  readonly value: number;
  readonly name: string;
  readonly pixels: number;
  /** How many masks hold it. */
  readonly masks: number;
  /** See ValueEvidence. */
  readonly cores: number;
  readonly slope: Slope;
}

const NO_SLOPE: Slope = { pixels: 0, neighbours: 0 };

export function totals(seen: readonly KindOfValues[]): FoundValue[] {
  const sums = new Map<string, { -readonly [K in keyof FoundValue]: FoundValue[K] }>();
  for (const { kind, histogram, cores, slopes } of seen) {
    for (const [value, pixels] of histogram) {
      const name = maskValueName(kind, value);
      const none = { kind, value, name, pixels: 0, masks: 0, cores: 0, slope: NO_SLOPE };
      const sum = sums.get(name) ?? none;
      const slope = slopes.get(value) ?? NO_SLOPE;
      sum.pixels += pixels;
      sum.masks++;
      sum.cores += cores.get(value) ?? 0;
      sum.slope = {
        pixels: sum.slope.pixels + slope.pixels,
        neighbours: Math.max(sum.slope.neighbours, slope.neighbours),
      };
      sums.set(name, sum);
    }
  }
  return [...sums.values()].sort((a, b) => a.value - b.value);
}

/**
 * The values found and what becomes of them. Those that share a fate without an entry of their own are one line: object
 * numbers, edges and noise.
 */
export function describeValues(
  seen: readonly SeenValues[],
  mapping: ValueMapping,
): ImportPreview['values'] {
  const classOf = classifier(mapping);
  const lines: {
    first: string;
    last: string;
    count: number;
    pixels: number;
    becomes: number;
    single: boolean;
    range: string | undefined;
  }[] = [];
  for (const { kind, value, name, pixels } of totals(
    seen.map((s) => readValues(s, mapping.channel)),
  )) {
    const becomes = classOf(kind, value) ?? IGNORE;
    const range = mapping.rangeOf?.get(name) ?? undefined;
    const single =
      range === undefined && (mapping.entries.has(name) || mapping.otherwise === 'ignore');
    const open =
      kind === 'colour'
        ? lines.find((line) => !line.single && line.becomes === becomes)
        : lines.at(-1);
    if (!single && open?.single === false && open.range === range && open.becomes === becomes) {
      open.last = name;
      open.count++;
      open.pixels += pixels;
    } else lines.push({ first: name, last: name, count: 1, pixels, becomes, single, range });
  }
  return lines.map(({ first, last, count, pixels, becomes }) => ({
    value:
      count === 1
        ? first
        : first.startsWith('#')
          ? `${first} and ${count - 1} others`
          : `${first}…${last}`,
    key: count === 1 ? first : first.startsWith('#') ? null : `${first}-${last}`,
    pixels,
    becomes,
  }));
}
