/** What is exported in the format of another tool comes back as it was: classes and objects, pixel for pixel. */
import { encode } from 'fast-png';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { besideNames } from '../../../../engine/data/export/beside-names.ts';
import { cocoRegions } from '../../../../engine/data/export/coco-regions.ts';
import { exportDataset } from '../../../../engine/data/export/export.ts';
import { exportedNames } from '../../../../engine/data/export/originals.ts';
import { namedClasses } from '../../../../engine/data/class-colors.ts';
import { runImport } from '../../../../engine/data/import/import.ts';
import { readLabelMap } from '../../../../engine/data/image-source.ts';
import { objectsOf } from '../../../../engine/data/objects-of.ts';
import type { Project } from '../../../../engine/db/project.ts';
import { sha256 } from '../../../../engine/sha256.ts';
import {
  EXPORT_FORMAT_FACTS,
  EXPORT_FORMATS,
  lossWords,
} from '../../../../shared/export-formats.ts';
import type { ImageRecord } from '../../../../shared/entities.ts';
import { encodeLabelMap } from '../../../../shared/label-map.ts';
import { encodeObjectMap, MAX_OBJECT } from '../../../../shared/objects/object-map.ts';
import { scratch } from '../import/scratch.ts';

const CLASSES = namedClasses(['background', 'cell', 'debris: "big" & <odd>']);
const TOOLS = [
  'coco',
  'labelme',
  'voc',
  'yolo',
  'cvat',
  'datumaro',
  'qupath',
  'imagej-roi',
  'label-tiff',
  'ome-tiff',
  'nifti',
  'npy',
] as const;

interface Drawn {
  readonly width: number;
  readonly labels: readonly number[];
  /** Left out: none are told apart. */
  readonly objects?: readonly number[];
}

/** Every object is of one class, and none is background or ignored. */
function addDrawn(
  project: Project,
  name: string,
  images: readonly (Drawn | null)[],
  nameOf = (i: number) => `${i}.png`,
): number {
  // Each of many transactions would wait for the disk.
  return project.transaction(() => {
    const datasetId = project.datasets.create({
      ...{ name, origin: {}, classes: CLASSES, hasBackground: true, imageClasses: [] },
    });
    images.forEach((drawn, i) => {
      const width = drawn?.width ?? 3;
      const height = (drawn?.labels.length ?? 6) / width;
      const data = new Uint8Array(width * height).fill(i);
      const bytes = encode({ width, height, data, channels: 1 });
      const imageId = project.datasets.addImage({
        ...{
          datasetId,
          name: nameOf(i),
          widthPx: width,
          heightPx: height,
          channels: 1,
          bitDepth: 8,
        },
        ...{ hash: sha256(bytes), page: 0, groupName: null, imageClass: null, source: { bytes } },
      });
      if (drawn === null) return;
      const size = { width, height };
      const objects = drawn.objects ?? null;
      project.labelMaps.add({
        ...{ imageId, author: 'human' },
        bytes: encodeLabelMap({ ...size, data: Uint8Array.from(drawn.labels) }),
        objects: objects && encodeObjectMap({ ...size, data: Uint32Array.from(objects) }),
      });
    });
    return datasetId;
  });
}

/** Numbers as 1, 2, … in the order in which rows meet them: which they are says nothing. */
function inOrder(numbers: Iterable<number>): number[] {
  const known = new Map([[0, 0]]);
  return Array.from(numbers, (number) => {
    if (!known.has(number)) known.set(number, known.size);
    return known.get(number) ?? 0;
  });
}

const contentsOf = (project: Project, datasetId: number) =>
  Object.fromEntries(
    project.datasets.images(datasetId).map(({ name, labelMapId }) => [
      name,
      labelMapId === null
        ? null
        : {
            labels: [...readLabelMap(project, labelMapId).data],
            objects: inOrder(objectsOf(project, labelMapId).objects.data),
          },
    ]),
  );

/** Objects of squares that touch, of one class or two, with ignored pixels; each value: class · 10 + object. */
const drawings = fc.integer({ min: 2, max: 9 }).chain((width) =>
  fc
    .array(fc.constantFrom(0, 0, 11, 11, 12, 23, 24, 24, 255), {
      minLength: width * 2,
      maxLength: width * 8,
    })
    .map((values) => values.slice(0, values.length - (values.length % width)))
    .map((values): Drawn => ({
      width,
      labels: values.map((value) => (value === 255 ? 255 : Math.floor(value / 10))),
      objects: values.map((value) => (value === 255 ? 0 : value % 10)),
    })),
);

describe.each(TOOLS)('%s', (format) => {
  it('keeps classes, touching objects, holes and parts, pixel for pixel', async () => {
    const s = scratch();
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(drawings, { minLength: 6, maxLength: 8 }), async (images) => {
        run++;
        const { losses } = EXPORT_FORMAT_FACTS[format];
        const asHeld = images
          .map(({ labels, ...rest }) => ({
            ...rest,
            labels: 'ignored' in losses ? labels.map((v) => (v === 255 ? 0 : v)) : labels,
          }))
          .filter(({ labels }) => labels.some((v) => v !== 0));
        const held = [
          ...asHeld,
          // A ring with an object in its hole, and one of two parts.
          { width: 5, labels: RING.map((v) => (v === 0 ? 0 : 1)), objects: RING },
        ];
        const original = addDrawn(s.project, `original ${run}`, held);
        const { dir, lost } = await exportDataset(s.project, original, {
          ...{ format, dir: s.path(`out-${run}`) },
        });
        expect(lost).toEqual([]);
        const source = { format: 'auto', path: dir } as const;
        const report = await runImport(s.project, source, {
          ...{ datasetName: `copy ${run}`, link: false },
        });
        expect(report.issues.filter(({ severity }) => severity === 'skip')).toEqual([]);
        const copy = s.project.datasets.get(report.datasetId);
        expect(copy?.origin).toMatchObject({ format });
        if (format !== 'voc') expect(copy?.classes).toEqual(CLASSES);
        expect(contentsOf(s.project, report.datasetId)).toEqual(contentsOf(s.project, original));
      }),
      { numRuns: 1, seed: 7 },
    );
  });

  it('tells what has no labels from what is all background, or says that it does not', async () => {
    const s = scratch();
    const nothing = { width: 3, labels: [0, 0, 0, 0, 0, 0] };
    const original = addDrawn(s.project, 'original', [
      nothing,
      null,
      { width: 3, labels: [1, 0, 0, 0, 0, 255] },
    ]);
    const { dir, lost } = await exportDataset(s.project, original, { format, dir: s.path('out') });
    const { losses } = EXPORT_FORMAT_FACTS[format];
    expect(lost).toEqual([
      ...('ignored' in losses ? ['ignored pixels of 1 image: they become background'] : []),
      ...('empty' in losses
        ? ['labels that are all background of 1 image: the image comes back unlabelled']
        : []),
    ]);
    expect(lossWords(format)).toMatch(/^It has/);
    const report = await runImport(
      s.project,
      { format, path: dir },
      { datasetName: 'copy', link: false },
    );
    const isLabelled = s.project.datasets
      .images(report.datasetId)
      .map(({ name, labelMapId }) => [name, labelMapId !== null]);
    expect(Object.fromEntries(isLabelled)).toEqual({
      '0.png': !('empty' in losses),
      '1.png': false,
      '2.png': true,
    });
  });
});

// oxfmt-ignore
const RING = [
  1, 1, 1, 0, 3,
  1, 2, 1, 0, 0,
  1, 1, 1, 3, 0,
];

it('half pixels: what a square of two pixels becomes in each file', async () => {
  const s = scratch();
  // oxfmt-ignore
  const square = { width: 4, labels: [
    0, 0, 0, 0,
    0, 1, 1, 0,
  ] };
  const original = addDrawn(s.project, 'original', [square]);
  const written = async (format: (typeof TOOLS)[number], file: string) => {
    await exportDataset(s.project, original, { format, dir: s.path(format) });
    return readFileSync(s.path(`${format}/${file}`), 'utf8');
  };
  expect(JSON.parse(await written('labelme', 'images/0.json'))).toMatchObject({
    shapes: [
      {
        points: [
          [3, 1],
          [3, 2],
          [1, 2],
          [1, 1],
        ],
        shape_type: 'polygon',
      },
    ],
  });
  expect(await written('yolo', 'labels/0.txt')).toBe('0 0.75 0.5 0.75 1 0.25 1 0.25 0.5\n');
  expect(await written('cvat', 'annotations.xml')).toContain(
    'rle="0, 2" left="1" top="1" width="2" height="1"',
  );
  expect(JSON.parse(await written('qupath', 'annotations/0.geojson'))).toMatchObject({
    features: [
      {
        geometry: {
          type: 'Polygon',
          coordinates: [
            [
              [3, 1],
              [3, 2],
              [1, 2],
              [1, 1],
              [3, 1],
            ],
          ],
        },
      },
    ],
  });
  expect(EXPORT_FORMATS).toEqual(expect.arrayContaining([...TOOLS]));
});

it.each(['coco', 'labelme', 'voc', 'cvat', 'label-tiff'] as const)(
  '%s: damaged objects cost no labels, and are named',
  async (format) => {
    const s = scratch();
    const original = addDrawn(s.project, 'original', [{ width: 3, labels: [1, 1, 0, 0, 0, 2] }]);
    const [image] = s.project.datasets.images(original);
    s.project.labelMaps.addObjects(image?.labelMapId ?? 0, Uint8Array.of(1, 2, 3));
    const { dir, damaged } = await exportDataset(s.project, original, {
      ...{ format, dir: s.path('out') },
    });
    expect(damaged).toEqual([expect.stringMatching(/damaged.*; connected regions are written/)]);
    const source = { format: 'auto', path: dir } as const;
    const { datasetId } = await runImport(s.project, source, { datasetName: 'copy', link: false });
    expect(contentsOf(s.project, datasetId)).toEqual({
      '0.png': { labels: [1, 1, 0, 0, 0, 2], objects: [1, 1, 0, 0, 0, 2] },
    });
  },
);

it('the largest number of an object leaves one for ignored pixels in COCO', () => {
  const regions = cocoRegions(
    {
      labelMap: { width: 2, height: 1, data: Uint8Array.of(1, 255) },
      objects: () => Uint32Array.of(MAX_OBJECT, 0),
      regions: () => Uint32Array.of(MAX_OBJECT, 0),
    },
    { name: 'cells', drawn: CLASSES.slice(1) },
  );
  expect(regions.map(({ iscrowd, area }) => [iscrowd, area])).toEqual([
    [0, 1],
    [1, 1],
  ]);
});

it('more objects than Pascal VOC can number are refused, with what takes them', async () => {
  const s = scratch();
  const side = 260;
  const pixels = Array.from({ length: side ** 2 }, (_, i) => i + 1);
  const original = addDrawn(s.project, 'original', [
    { width: side, labels: pixels.map(() => 1), objects: pixels },
  ]);
  const options = { format: 'voc', dir: s.path('out') } as const;
  const { troubles } = await exportDataset(s.project, original, options);
  expect(troubles).toEqual([
    expect.stringContaining('0.png has 67600 objects; Pascal VOC numbers up to 65534 of an image'),
  ]);
});

it('pages as files, and files beside images, have names of their own', () => {
  const image = (id: number, name: string, page = 0): ImageRecord => ({
    ...{ id, datasetId: 1, name, hash: '', widthPx: 1, heightPx: 1, channels: 1, bitDepth: 8 },
    ...{ page, channelPages: null, groupName: null, imageClass: null, excluded: null },
    ...{ storage: 'embedded', linkPath: null, linkBeside: null, deletedAt: null, labelMapId: null },
  });
  const images = [
    ...[image(1, 'a.tif', 0), image(2, 'a.tif', 1), image(3, 'a.gif', 0), image(4, 'a.gif', 1)],
    ...[image(5, 'a.p1.png'), image(6, 'b.nii.gz')],
  ];
  const nameOf = exportedNames(images, false);
  const names = images.map((one) => nameOf(one).name);
  expect(names).toEqual([
    ...['a.tif.p1.png', 'a.p2.png', 'a.gif.p1.png', 'a.gif.p2.png', 'a.p1.png', 'b.nii.gz'],
  ]);
  const beside = besideNames({ images, fileName: (one) => nameOf(one).name });
  expect(images.map(beside).at(-1)).toBe('b');
  expect(new Set(images.map(beside)).size).toBe(images.length);
});

it('Datumaro: images of one stem are items of their own', async () => {
  const s = scratch();
  const drawn = { width: 2, labels: [1, 0] };
  const original = addDrawn(s.project, 'original', [drawn, drawn], (i) => `a.${i}`);
  await exportDataset(s.project, original, { format: 'datumaro', dir: s.path('out') });
  const file: unknown = JSON.parse(readFileSync(s.path('out/annotations/default.json'), 'utf8'));
  expect(file).toMatchObject({ items: [{ id: 'a.0' }, { id: 'a.1' }] });
});

it.each(['coco', 'labelme', 'voc'] as const)(
  '%s: labels of no object are not lost beside objects',
  async (format) => {
    const s = scratch();
    const labels = [1, 1, 0, 1, 2, 2];
    const original = addDrawn(s.project, 'original', [
      { width: 6, labels, objects: [MAX_OBJECT, 0, 0, 0, 7, 7] },
    ]);
    const { dir, lost } = await exportDataset(s.project, original, { format, dir: s.path('out') });
    const source = { format: 'auto', path: dir } as const;
    const { datasetId } = await runImport(s.project, source, { datasetName: 'copy', link: false });
    const isKept = format === 'voc';
    expect(lost).toEqual(
      isKept
        ? []
        : ['labels of no object of 1 image: each connected region of them becomes an object'],
    );
    expect(contentsOf(s.project, datasetId)).toEqual({
      '0.png': { labels, objects: isKept ? [1, 0, 0, 0, 2, 2] : [1, 2, 0, 3, 4, 4] },
    });
  },
);
