/**
 * Label files there and back: every format written, read again and compared pixel by pixel; and, with a Python that has numpy,
 * Pillow, OpenCV, pycocotools, shapely, tifffile and nibabel, read and written by these instead of by Graft
 * (peers/round_trips_read.py, round_trips_write.py). Objects are compared as they are told apart, whatever their numbers.
 * usage: round-trips.ts [--data DIR,DIR] [--images 200] [--python python3]   ('' leaves Python out)
 *   each DIR holds images/ and instances.json (default: both of ../shared/data/dsb2018). The last line is JSON.
 */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { decode, encode } from 'fast-png';
import { z } from 'zod';
import { exportDataset } from '../../engine/data/export/export.ts';
import { readLabelMap } from '../../engine/data/image-source.ts';
import { runImport } from '../../engine/data/import/import.ts';
import { objectsOf } from '../../engine/data/objects-of.ts';
import { createProject, type Project } from '../../engine/db/project.ts';
import { EXPORT_FORMATS, type ExportFormat } from '../../shared/export-formats.ts';
import { inFolder } from './bench-project.ts';
import { runPeer } from './measure.ts';

const { values: flags } = parseArgs({
  options: {
    data: {
      type: 'string',
      default: '../shared/data/dsb2018/fluorescence,../shared/data/dsb2018/histology',
    },
    images: { type: 'string', default: '200' },
    python: { type: 'string', default: 'python3' },
  },
});
const FORMATS = EXPORT_FORMATS.filter((format) => format !== 'folder');

/** Who writes a format, and what is expected of it: outlines by the rule that the format has, masks as they are. */
const FOREIGN: Readonly<
  Record<Exclude<ExportFormat, 'folder'>, { readonly by: string; readonly expected: string }>
> = {
  labelme: { by: 'hand, inside by shapely', expected: 'foreign/expected/centre' },
  yolo: { by: 'hand, inside by shapely', expected: 'foreign/expected/centre' },
  qupath: { by: 'hand, inside by shapely', expected: 'foreign/expected/centre' },
  'imagej-roi': { by: 'hand, inside by shapely', expected: 'foreign/expected/centre' },
  coco: { by: 'hand, covered by pycocotools', expected: 'foreign/expected/coco' },
  datumaro: { by: 'hand, covered by pycocotools', expected: 'foreign/expected/coco' },
  cvat: { by: 'hand, covered by pycocotools', expected: 'foreign/expected/coco' },
  voc: { by: 'Pillow', expected: 'truth' },
  'label-tiff': { by: 'tifffile', expected: 'truth' },
  'ome-tiff': { by: 'tifffile', expected: 'truth' },
  nifti: { by: 'nibabel', expected: 'truth' },
  npy: { by: 'numpy', expected: 'truth' },
};

interface Labels {
  readonly width: number;
  readonly classes: Uint8Array;
  readonly objects: ArrayLike<number>;
}

function labelsOf(project: Project, datasetId: number): Map<string, Labels> {
  const labelled = project.datasets.images(datasetId).flatMap(({ name, labelMapId }) => {
    if (labelMapId === null) return [];
    const { width, data } = readLabelMap(project, labelMapId);
    const { objects } = objectsOf(project, labelMapId);
    return [[name, { width, classes: data, objects: objects.data }] as const];
  });
  return new Map(labelled);
}

/** Pixels whose object is another: objects are the same where most of the one is most of the other. */
function differing(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const shared = new Map<string, number>();
  let same = 0;
  for (let i = 0; i < a.length; i++) {
    if (a[i] === 0 && b[i] === 0) same++;
    else if (a[i] !== 0 && b[i] !== 0) {
      const key = `${a[i] ?? 0} ${b[i] ?? 0}`;
      shared.set(key, (shared.get(key) ?? 0) + 1);
    }
  }
  const taken = new Set<string>();
  for (const [key, count] of [...shared].sort(([, x], [, y]) => y - x)) {
    const [one, other] = key.split(' ');
    const [own, its] = [`a${one ?? ''}`, `b${other ?? ''}`];
    if (taken.has(own) || taken.has(its)) continue;
    taken.add(own).add(its);
    same += count;
  }
  return a.length - same;
}

async function bring(
  project: Project,
  name: string,
  source: { readonly path: string; readonly imagesDir?: string; readonly format?: ExportFormat },
): Promise<Map<string, Labels>> {
  const whole = { format: 'auto' as const, ...source };
  const { datasetId } = await runImport(project, whole, { datasetName: name, link: false });
  return labelsOf(project, datasetId);
}

/** A folder with images of all folders by turns, under names of their own, and one file of their annotations. */
function gather(folder: string, most: number): void {
  const File = z.object({
    images: z.array(z.looseObject({ id: z.number(), file_name: z.string() })),
    annotations: z.array(z.looseObject({ image_id: z.number() })),
    categories: z.array(z.unknown()),
  });
  mkdirSync(join(folder, 'images'));
  const given = flags.data.split(',').map((dir) => {
    const { images, annotations, categories } = File.parse(
      JSON.parse(readFileSync(join(dir, 'instances.json'), 'utf8')),
    );
    const own = Map.groupBy(annotations, ({ image_id }) => image_id);
    return { dir, images, categories, own };
  });
  const longest = Math.max(...given.map(({ images }) => images.length));
  const turns = Array.from({ length: longest }, (_, i) => i).flatMap((i) =>
    given.flatMap(({ dir, images, own }) => {
      const image = images[i];
      return image === undefined ? [] : [{ dir, image, own: own.get(image.id) ?? [] }];
    }),
  );
  const annotations: unknown[] = [];
  const images = turns.slice(0, most).map(({ dir, image, own }, i) => {
    const [id, name] = [i + 1, `${i + 1}.png`];
    cpSync(join(dir, 'images', image.file_name), join(folder, 'images', name));
    for (const one of own) annotations.push({ ...one, id: annotations.length + 1, image_id: id });
    return { ...image, id, file_name: name };
  });
  const categories = given[0]?.categories ?? [];
  writeFileSync(
    join(folder, 'instances.json'),
    JSON.stringify({ images, annotations, categories }),
  );
}

interface Row {
  readonly format: ExportFormat;
  readonly by: string;
  readonly images: number;
  readonly pixels: number;
  /** Pixels of another class, and of another object. */
  readonly classes: number | null;
  readonly objects: number;
  readonly seconds: number | null;
}

await inFolder(async (folder) => {
  const project = createProject(join(folder, 'bench.graft'));
  mkdirSync(join(folder, 'given'));
  gather(join(folder, 'given'), Number(flags.images));
  const truth = await bring(project, 'given', { path: join(folder, 'given') });
  const given = project.datasets.list()[0]?.id ?? 0;
  mkdirSync(join(folder, 'truth'));
  for (const [name, { width, objects }] of truth) {
    const data = Uint16Array.from(objects);
    const png = encode({ width, height: data.length / width, data, depth: 16, channels: 1 });
    writeFileSync(join(folder, 'truth', `${name}.png`), png);
  }
  const rows: Row[] = [];
  for (const format of FORMATS) {
    const began = performance.now();
    await exportDataset(project, given, { format, dir: join(folder, format) });
    const again = await bring(project, format, { path: join(folder, format) });
    let [pixels, classes, objects] = [0, 0, 0];
    for (const [name, own] of truth) {
      pixels += own.classes.length;
      const other = again.get(name);
      if (other === undefined) {
        classes += own.classes.length;
        objects += own.classes.length;
        continue;
      }
      own.classes.forEach((value, i) => (classes += value === other.classes[i] ? 0 : 1));
      objects += differing(own.objects, other.objects);
    }
    const seconds = (performance.now() - began) / 1000;
    rows.push({ format, by: 'Graft', images: truth.size, pixels, classes, objects, seconds });
  }
  if (flags.python !== '') rows.push(...(await withPython(project, folder, truth)));
  for (const { format, by, images, pixels, classes, objects, seconds } of rows) {
    const of = classes === null ? '' : `${classes} px of another class, `;
    const took = seconds === null ? '' : `, ${seconds.toFixed(1)} s`;
    console.log(
      `${format.padEnd(10)} ${by.padEnd(32)} ${images} images, ${pixels} px: ${of}${objects} px of another object${took}`,
    );
  }
  project.close();
  console.log(JSON.stringify(rows));
});

async function withPython(
  project: Project,
  folder: string,
  truth: ReadonlyMap<string, Labels>,
): Promise<Row[]> {
  const Read = z.record(
    z.enum(EXPORT_FORMATS),
    z.record(z.string(), z.object({ images: z.number(), pixels: z.number(), differ: z.number() })),
  );
  const read = z.partialRecord(z.enum(EXPORT_FORMATS), Read.valueType);
  const found = read.parse(runPeer(flags.python, 'round_trips_read.py', [folder]));
  const rows: Row[] = Object.entries(found).flatMap(([format, readers]) =>
    Object.entries(readers).map(([reader, { images, pixels, differ }]): Row => ({
      format: z.enum(EXPORT_FORMATS).parse(format),
      ...{ by: `read by ${reader}`, images, pixels, classes: null, objects: differ, seconds: null },
    })),
  );
  runPeer(flags.python, 'round_trips_write.py', [folder]);
  for (const format of FORMATS) {
    const { by, expected } = FOREIGN[format];
    const path = join(folder, 'foreign', format);
    const images = { path, imagesDir: join(folder, 'given', 'images') };
    const own = await bring(
      project,
      `foreign ${format}`,
      expected === 'truth' ? { path, format } : images,
    );
    let [pixels, objects] = [0, 0];
    for (const [name, { classes }] of truth) {
      const numbers = decode(readFileSync(join(folder, expected, `${name}.png`))).data;
      pixels += classes.length;
      const labels = own.get(name);
      objects += labels === undefined ? classes.length : differing(labels.objects, numbers);
    }
    const counts = { images: truth.size, pixels, classes: null, objects, seconds: null };
    rows.push({ format, by: `written by ${by}`, ...counts });
  }
  return rows;
}
