/** Rows of a table of measurements: which of them, in which order, and how they spread. Pure functions of columns. */
import type { MeasuredImage } from '../../shared/api.ts';
import { csvLine, type CsvValue } from '../../shared/csv.ts';
import type { Dataset } from '../../shared/entities.ts';
import { NO_NUMBER } from '../../shared/number-format.ts';
import { type MeasureColumn, TABLE_KEYS } from '../../shared/objects/measure/columns.ts';
import { nameInUnit, scaleFor, sideIn, unitOf } from '../../shared/objects/measure/in-units.ts';
import type { LengthUnit } from '../../shared/pixel-size.ts';

/** One as it is shown: in pixels, or in a unit. */
export interface ShownColumn extends MeasureColumn {
  /** Its name in pixels, whatever it is shown in. */
  readonly key: string;
  /** µm²; empty: it has none. */
  readonly unit: string;
  /** Decimals that all its values are shown with. */
  readonly decimals: number;
  /** [rows] */
  readonly values: Float64Array;
}

export interface MeasuredRows {
  readonly length: number;
  readonly images: readonly MeasuredImage[];
  /** Number of the image in `images`, of the object, and its class. Each [rows]. */
  readonly image: Float64Array;
  readonly label: Float64Array;
  readonly class: Float64Array;
  readonly columns: readonly ShownColumn[];
}

/** `values`: those of TABLE_KEYS, then those of `columns`. `unit`: that lengths and areas are shown in; null: pixels. */
export function measuredRows(
  table: { readonly images: readonly MeasuredImage[]; readonly columns: readonly MeasureColumn[] },
  values: readonly Float64Array[],
  unit: LengthUnit | null,
): MeasuredRows {
  const { images, columns } = table;
  const [image = new Float64Array(), label = image, ofClass = image] = values;
  const sides = images.map(({ pixelSize }) => sideIn(pixelSize, unit));
  return {
    ...{ length: image.length, images, image, label, class: ofClass },
    columns: columns.map((column, i) => {
      const own = values[TABLE_KEYS.length + i] ?? new Float64Array(image.length);
      const isScaled = unit !== null && scaleFor(column.kind, 1) !== undefined;
      const scaled = isScaled
        ? own.map(
            (value, row) => value * (scaleFor(column.kind, sides[image[row] ?? 0] ?? NaN) ?? 1),
          )
        : own;
      return {
        ...column,
        key: column.name,
        name: isScaled ? nameInUnit(column, unit) : column.name,
        unit: unitOf(column.kind, isScaled ? unit : null),
        decimals: decimalsOf(scaled, column),
        values: scaled,
      };
    }),
  };
}

/** What a range of a column holds: from … to, both included. */
export interface Gate {
  /** ShownColumn.key */
  readonly column: string;
  readonly from: number;
  readonly to: number;
}

export interface RowFilters {
  /** Of the image's name. */
  readonly text: string;
  readonly classIndex: number | null;
  readonly gates: readonly Gate[];
}

export const NO_GATES: RowFilters = { text: '', classIndex: null, gates: [] };

export function rowsPassing(
  rows: MeasuredRows,
  { text, classIndex, gates }: RowFilters,
): Int32Array {
  const word = text.trim().toLowerCase();
  const named = rows.images.map(({ name }) => name.toLowerCase().includes(word));
  const ranges = gates.flatMap(({ column, from, to }) => {
    const values = rows.columns.find(({ key }) => key === column)?.values;
    return values === undefined ? [] : [{ values, from, to }];
  });
  const passing = new Int32Array(rows.length);
  let count = 0;
  for (let i = 0; i < rows.length; i++) {
    if (!named[rows.image[i] ?? 0]) continue;
    if (classIndex !== null && rows.class[i] !== classIndex) continue;
    const isInside = ranges.every(({ values, from, to }) => {
      const value = values[i] ?? NaN;
      return value >= from && value <= to;
    });
    if (isInside) passing[count++] = i;
  }
  return passing.slice(0, count);
}

export interface RowOrder {
  /** ShownColumn.key, or one of TABLE_KEYS. */
  readonly column: string;
  readonly isDescending: boolean;
}

export const FIRST_ORDER: RowOrder = { column: 'image', isDescending: false };

const keyOf = (rows: MeasuredRows, column: string): Float64Array => {
  if (column === 'image' || column === 'label' || column === 'class') return rows[column];
  return rows.columns.find(({ key }) => key === column)?.values ?? rows.image;
};

/** What has no value stands last, whichever way it is sorted; equal rows stay as they were measured. */
export function inOrder(
  rows: MeasuredRows,
  which: Int32Array,
  { column, isDescending }: RowOrder,
): Int32Array {
  const values = keyOf(rows, column);
  const sign = isDescending ? -1 : 1;
  return which.toSorted((a, b) => {
    const [x = NaN, y = NaN] = [values[a], values[b]];
    if (x === y) return a - b;
    if (Number.isNaN(x) || Number.isNaN(y)) {
      return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || a - b;
    }
    return sign * (x - y);
  });
}

/** A column that is chosen again turns round; numbers begin with the largest. */
export const orderBy = (column: string, before: RowOrder): RowOrder =>
  column === before.column
    ? { column, isDescending: !before.isDescending }
    : { column, isDescending: !TABLE_KEYS.some((key) => key === column) };

/** Least and largest finite value; null: there is none. */
export function spreadOf(values: Float64Array): readonly [number, number] | null {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low > high ? null : [low, high];
}

/** How many of some rows lie in each of `bins` equal parts of a range. */
export function histogramOf(
  values: Float64Array,
  which: Int32Array,
  {
    range: [low, high],
    bins,
  }: { readonly range: readonly [number, number]; readonly bins: number },
): Int32Array {
  const counts = new Int32Array(bins);
  const width = (high - low) / bins;
  for (const row of which) {
    const value = values[row] ?? NaN;
    if (!(value >= low && value <= high)) continue;
    const bin = width === 0 ? 0 : Math.min(bins - 1, Math.floor((value - low) / width));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}

/** As few as tell objects apart: none of whole numbers, three of what lies between 0 and 1. */
function decimalsOf(values: Float64Array, { kind }: Pick<MeasureColumn, 'kind'>): number {
  if (kind === 'ratio' || kind === 'angle') return 3;
  const finite = values.filter((value) => Number.isFinite(value));
  if (finite.every((value) => Number.isInteger(value))) return 0;
  const most = finite.reduce((sum, value) => Math.max(sum, Math.abs(value)), 0);
  return most >= 10_000 ? 0 : most >= 1000 ? 1 : 2;
}

export function valueInText(
  value: number,
  { kind, decimals }: Pick<ShownColumn, 'kind' | 'decimals'>,
): string {
  if (!Number.isFinite(value)) return NO_NUMBER;
  if (kind === 'flag') return value === 1 ? 'yes' : 'no';
  const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  return value.toLocaleString('en', digits).replace('-', '−');
}

/** Where an object lies in its image: columns x0 … x1 − 1, rows y0 … y1 − 1; null: there is no such row. */
export function boxOfRow(rows: MeasuredRows, row: number) {
  const at = (key: string) => rows.columns.find((one) => one.key === key)?.values[row];
  const [y0, x0, y1, x1] = [at('bbox-0'), at('bbox-1'), at('bbox-2'), at('bbox-3')];
  if (x0 === undefined || y0 === undefined || x1 === undefined || y1 === undefined) return null;
  return { x0, y0, x1, y1 };
}

/** Some rows as CSV, with the columns that are shown. */
export function rowsAsCsv(
  rows: MeasuredRows,
  which: Int32Array,
  { classes }: Pick<Dataset, 'classes'>,
): string {
  const nameOf = new Map(classes.map(({ index, name }) => [index, name]));
  const header = ['image', 'label', 'class', 'class_name', ...rows.columns.map(({ name }) => name)];
  const lines = [...which].map((row) => {
    const classIndex = rows.class[row] ?? 0;
    const values: CsvValue[] = [
      ...[rows.images[rows.image[row] ?? 0]?.name ?? '', rows.label[row] ?? 0, classIndex],
      nameOf.get(classIndex) ?? '',
      ...rows.columns.map(({ values: own }) => own[row] ?? NaN),
    ];
    return csvLine(values);
  });
  return csvLine(header) + lines.join('');
}
