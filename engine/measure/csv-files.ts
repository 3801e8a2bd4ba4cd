/** objects.csv, a line an object, and images.csv, a line an image (docs/measuring.md). */
import type { MeasuredImage } from '../../shared/api.ts';
import type { Dataset } from '../../shared/entities.ts';
import { csvLine, type CsvValue } from '../../shared/csv.ts';
import { intensityColumns, SHAPE_COLUMNS } from '../../shared/objects/measure/columns.ts';
import { commonUnit, nameInUnit, scaleFor, sideIn } from '../../shared/objects/measure/in-units.ts';
import { fillFolder } from '../data/export/target-folder.ts';
import type { MeasuredDataset } from './measure-dataset.ts';

const utf8 = new TextEncoder();
/** Lines that are written at once. */
const CHUNK_LINES = 1024;

/** A table of any length, in parts. */
async function* encoded(
  header: readonly string[],
  rows: Iterable<readonly CsvValue[]>,
): AsyncGenerator<Uint8Array> {
  let text = csvLine(header);
  let lines = 0;
  for (const row of rows) {
    text += csvLine(row);
    if (++lines % CHUNK_LINES > 0) continue;
    yield utf8.encode(text);
    text = '';
    // Others may ask the engine meanwhile.
    await new Promise((resolve) => void setImmediate(resolve));
  }
  yield utf8.encode(text);
}

const nameOf = ({ classes }: Dataset, index: number): string =>
  classes.find((one) => one.index === index)?.name ?? '';

function objectsTable(dataset: Dataset, found: MeasuredDataset) {
  const unit = commonUnit(found.images);
  const columns = [...SHAPE_COLUMNS, ...intensityColumns(found.channels)];
  const inUnit = unit === null ? [] : columns.filter(({ kind }) => scaleFor(kind, 1) !== undefined);
  const header = [
    ...['image', 'label', 'class', 'class_name'],
    ...columns.map(({ name }) => name),
    ...(unit === null ? [] : ['pixel_size', 'unit', ...inUnit.map((one) => nameInUnit(one, unit))]),
  ];
  function* rows(): Generator<CsvValue[]> {
    for (const [i, image] of found.images.entries()) {
      const own = found.measured[i];
      if (own === undefined) continue;
      const side = sideIn(image.pixelSize, unit);
      const scale = unit === null ? [] : [side, Number.isNaN(side) ? null : unit];
      const values = columns.map(({ name }) => own.columns.get(name));
      const scaled = inUnit.map(({ name, kind }) => ({
        ...{ of: own.columns.get(name), factor: scaleFor(kind, side) ?? NaN },
      }));
      for (const [k, label] of own.labels.entries()) {
        const classIndex = own.classes[k] ?? 0;
        yield [
          ...[image.name, label, classIndex, nameOf(dataset, classIndex)],
          ...values.map((column) => column?.[k] ?? NaN),
          ...scale,
          ...scaled.map(({ of, factor }) => (of?.[k] ?? NaN) * factor),
        ];
      }
    }
  }
  return { header, rows: rows() };
}

function imagesTable(dataset: Dataset, { images }: MeasuredDataset) {
  const unit = commonUnit(images);
  const classes = images[0]?.classes.map(({ classIndex }) => classIndex) ?? [];
  const of = (what: string) => classes.map((index) => `${what}-${nameOf(dataset, index)}`);
  const header = [
    ...['image', 'width', 'height', 'objects', 'objects_from'],
    ...[...of('objects'), ...of('area'), ...of('share')],
    ...['pixel_size', 'unit', 'pixel_size_from'],
    ...(unit === null ? [] : of(`area_${unit}2`)),
  ];
  const rows = images.map((image: MeasuredImage): CsvValue[] => {
    const side = sideIn(image.pixelSize, unit);
    return [
      ...[image.name, image.widthPx, image.heightPx, image.objects, image.from],
      ...image.classes.map(({ objects }) => objects),
      ...image.classes.map(({ areaPx }) => areaPx),
      ...image.classes.map(({ share }) => share),
      ...[side, Number.isNaN(side) ? null : unit, image.pixelSizeFrom],
      ...(unit === null ? [] : image.classes.map(({ areaPx }) => areaPx * side ** 2)),
    ];
  });
  return { header, rows };
}

/** The folder is looked at before anything is measured. Errors: conflict (it is not empty), no-space, those of `measure`. */
export async function writeMeasures(
  dir: string,
  dataset: Dataset,
  measure: () => Promise<MeasuredDataset>,
): Promise<{ readonly found: MeasuredDataset; readonly files: number; readonly dir: string }> {
  const all: MeasuredDataset[] = [];
  const written = await fillFolder(dir, async (target) => {
    const found = await measure();
    all.push(found);
    const objects = objectsTable(dataset, found);
    await target.write('objects.csv', encoded(objects.header, objects.rows));
    const images = imagesTable(dataset, found);
    await target.write('images.csv', encoded(images.header, images.rows));
  });
  const [found] = all;
  if (found === undefined) throw new Error('a folder is filled from what was measured');
  return { found, ...written };
}
