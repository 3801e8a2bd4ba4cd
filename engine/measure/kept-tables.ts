/** Tables of measurements that a window fetches after it has asked for them: the last ones, as they travel. */
import {
  intensityColumns,
  SHAPE_COLUMNS,
  TABLE_KEYS,
} from '../../shared/objects/measure/columns.ts';
import { encodeMeasures } from '../../shared/objects/measure/table-code.ts';
import type { MeasuredDataset } from './measure-dataset.ts';

/** The last one, and the one before, which may be on its way. */
const KEPT = 2;

export class KeptTables {
  readonly #tables = new Map<number, Uint8Array>();
  #lastId = 0;

  /** Returns the number under which it is found until others have come. */
  keep(found: MeasuredDataset): number {
    const id = ++this.#lastId;
    this.#tables.set(id, encodeMeasures(columnsOf(found)));
    this.#tables.delete(id - KEPT);
    return id;
  }

  get(id: number): Uint8Array | undefined {
    return this.#tables.get(id);
  }
}

/** Those of TABLE_KEYS, then those that were measured: [columns][objects]. */
function columnsOf({ measured, objects, channels }: MeasuredDataset): Float64Array[] {
  const joined = (
    of: (image: MeasuredDataset['measured'][number], i: number) => ArrayLike<number>,
  ) => {
    const all = new Float64Array(objects);
    let at = 0;
    for (const [i, image] of measured.entries()) {
      all.set(of(image, i), at);
      at += image.labels.length;
    }
    return all;
  };
  const keys: Readonly<Record<(typeof TABLE_KEYS)[number], Parameters<typeof joined>[0]>> = {
    image: ({ labels }, i) => new Float64Array(labels.length).fill(i),
    label: ({ labels }) => labels,
    class: ({ classes }) => classes,
  };
  return [
    ...TABLE_KEYS.map((key) => joined(keys[key])),
    ...[...SHAPE_COLUMNS, ...intensityColumns(channels)].map(({ name }) =>
      joined(
        ({ columns, labels }) => columns.get(name) ?? new Float64Array(labels.length).fill(NaN),
      ),
    ),
  ];
}
