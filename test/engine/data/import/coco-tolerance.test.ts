/** What other tools write into COCO files, and what is wrong with some: read right, or named and left out by itself. */
import { describe, expect, test } from 'vitest';
import { previewImport, runImport } from '../../../../engine/data/import/import.ts';
import { readLabelMap } from '../../../../engine/data/image-source.ts';
import { rgbPng, scratch, type Scratch } from './scratch.ts';

const SIZE = { width: 8, height: 6 };
const square = (x: number, y: number, side: number) => [
  ...[x, y, x + side, y],
  ...[x + side, y + side, x, y + side],
];
const CELL = { id: 1, name: 'cell' };
const image = (id: unknown, name: string, over = {}) => ({ id, file_name: name, ...SIZE, ...over });
const outline = (id: unknown, imageId: unknown, segmentation: unknown, over = {}) => ({
  id,
  image_id: imageId,
  category_id: 1,
  segmentation,
  iscrowd: 0,
  ...over,
});

interface Parts {
  images: unknown[];
  annotations: unknown[];
  categories?: unknown[];
}

/** Imports data/instances.json (an object, or its text); pixels of each class by image, null where unlabelled. */
async function importAll(s: Scratch, json: Parts | string) {
  const text = typeof json === 'string' ? json : JSON.stringify({ categories: [CELL], ...json });
  const path = s.write('data/instances.json', text);
  for (const [i, name] of ['a.png', 'b.png'].entries())
    s.write(`data/images/${name}`, rgbPng(8, 6, i));
  const preview = await previewImport({ format: 'auto', path });
  const report = await runImport(
    s.project,
    { format: 'auto', path },
    { datasetName: 'd', link: false },
  );
  const images = s.project.datasets.images(report.datasetId);
  const told = (issues: typeof report.issues) =>
    issues.flatMap((i) =>
      i.severity === 'info' ? [] : [`${i.path.split(': ').at(-1) ?? ''}: ${i.message}`],
    );
  expect(told(preview.issues)).toEqual(told(report.issues));
  expect(preview).toMatchObject({ images: report.images, labelled: report.labelled });
  return {
    report,
    told: told(report.issues),
    notes: report.issues.filter((i) => i.severity === 'info').map((i) => i.message),
    classes: s.project.datasets.get(report.datasetId)?.classes.map((c) => c.name),
    pixels: Object.fromEntries(
      images.map((one) => {
        if (one.labelMapId === null) return [one.name, null];
        const counts: Record<number, number> = {};
        for (const v of readLabelMap(s.project, one.labelMapId).data) {
          if (v !== 0) counts[v] = (counts[v] ?? 0) + 1;
        }
        return [one.name, counts];
      }),
    ),
  };
}

describe('a polygon that cannot be used costs itself alone', () => {
  test.each<[string, unknown, string]>([
    ['two points', [1, 1, 2, 2], 'a polygon has 4 numbers; it needs x, y three times or more'],
    ['one point', [1, 2], 'a polygon has 2 numbers; it needs x, y three times or more'],
    ['nothing', [], 'a polygon has 0 numbers; it needs x, y three times or more'],
    [
      'an odd number',
      [1, 1, 2, 2, 3, 3, 4],
      'a polygon has 7 numbers; it needs x, y three times or more',
    ],
    ['a text', ['x', 1, 2, 2, 3, 1], 'a polygon has vertices that are not numbers or far outside'],
    ['null', [null, 1, 2, 2, 3, 1], 'a polygon has vertices that are not numbers or far outside'],
    [
      'a number in place of a list',
      7,
      'a polygon has 1 numbers; it needs x, y three times or more',
    ],
  ])('%s', async (_, broken, reason) => {
    const { pixels, told } = await importAll(scratch(), {
      images: [image(1, 'a.png')],
      annotations: [outline(1, 1, [square(0, 0, 3), broken])],
    });
    expect(pixels).toEqual({ 'a.png': { 1: 9 } });
    expect(told).toEqual([`a.png: annotation 1: ${reason}; the rest of it is kept`]);
  });

  test('NaN and Infinity, as Python writes them, are read; only what needs the number is left out', async () => {
    const { pixels, told } = await importAll(
      scratch(),
      `{"images": [{"id": 1, "file_name": "a.png", "width": 8, "height": 6}, {"id": 2, "file_name": "b.png", "width": NaN, "height": 6}],
        "annotations": [
          {"id": 1, "image_id": 1, "category_id": 1, "area": NaN, "iscrowd": NaN, "segmentation": [[0,0,3,0,3,3,0,3], [1, 1, -Infinity, 5, 4, 4]]},
          {"id": 2, "image_id": 2, "category_id": 1, "segmentation": [[0,0,2,0,2,2,0,2]]},
          {"id": 3, "image_id": NaN, "category_id": 1, "segmentation": [[0,0,2,0,2,2,0,2]]}],
        "categories": [{"id": 1, "name": "cell"}]}`,
    );
    expect(pixels).toEqual({ 'a.png': { 1: 9 }, 'b.png': { 1: 4 } });
    expect(told).toEqual([
      'annotation 3: it has no image_id',
      'a.png: annotation 1: a polygon has vertices that are not numbers or far outside; the rest of it is kept',
    ]);
  });

  test('a file that really is no JSON says where', async () => {
    await expect(importAll(scratch(), '{"images": [],\n "annotations": [}')).rejects.toThrow(
      /instances\.json is not JSON at line 2, character 18 \(\}\)/,
    );
  });

  test('an image whose annotations are all left out is not labelled, and that is said', async () => {
    const { pixels, told, report } = await importAll(scratch(), {
      images: [image(1, 'a.png'), image(2, 'b.png')],
      annotations: [
        outline(1, 1, [[1, 1, 2, 2]]),
        outline(2, 1, [square(100, 100, 3)]),
        outline(3, 2, [square(0, 0, 2)], { category_id: 9 }),
      ],
    });
    expect(report).toMatchObject({ images: 2, labelled: 0 });
    expect(pixels).toEqual({ 'a.png': null, 'b.png': null });
    expect(told).toEqual([
      'annotation 3: its category 9 is not listed',
      'a.png: annotation 1: a polygon has 4 numbers; it needs x, y three times or more',
      'a.png: annotation 2: it covers no pixel of the image',
      'a.png: none of its 2 annotations could be used: it is imported unlabelled',
      'b.png: its only annotation could not be used: it is imported unlabelled',
    ]);
  });
});

describe('files and ids that are listed twice', () => {
  test('one file under two ids becomes one image with the annotations of both', async () => {
    const { pixels, told } = await importAll(scratch(), {
      images: [image(1, 'a.png'), image(9, 'a.png')],
      annotations: [outline(1, 1, [square(0, 0, 2)]), outline(2, 9, [square(4, 0, 3)])],
    });
    expect(pixels).toEqual({ 'a.png': { 1: 13 } });
    expect(told).toEqual([
      'image 9: is the same file as image 1 (a.png): they become one image, with the annotations of both',
    ]);
  });

  test('but not where the sizes differ', async () => {
    const { pixels, told } = await importAll(scratch(), {
      images: [image(1, 'a.png'), image(9, 'a.png', { width: 80, height: 60 })],
      annotations: [outline(1, 1, [square(0, 0, 2)]), outline(2, 9, [square(4, 0, 3)])],
    });
    expect(pixels).toEqual({ 'a.png': { 1: 4 } });
    expect(told).toEqual([
      'image 9: is the same file as image 1 (a.png), but of 80×60 px instead of 8×6: left out with its annotations',
    ]);
  });

  test('two images of one id get none of its annotations', async () => {
    const { pixels, told } = await importAll(scratch(), {
      images: [image(1, 'a.png'), image(1, 'b.png')],
      annotations: [outline(1, 1, [square(0, 0, 2)])],
    });
    expect(pixels).toEqual({ 'a.png': null, 'b.png': null });
    expect(told[0]).toMatch(
      /^image 1: 2 images have this id \(.*a\.png and .*b\.png\), so its 1 annotation belongs to none/,
    );
  });

  test('two categories of one id', async () => {
    const { classes, told } = await importAll(scratch(), {
      images: [image(1, 'a.png')],
      annotations: [outline(1, 1, [square(0, 0, 2)])],
      categories: [CELL, { id: 1, name: 'dirt' }, { id: 2 }, { name: 'lost' }, CELL],
    });
    expect(classes).toEqual(['background', 'cell', 'category 2']);
    expect(told).toEqual([
      'category 1: two categories have this id, "cell" and "dirt": all its annotations count as "cell". Give each an id of its own.',
      'categories[3]: it has no id, so no annotation can belong to it',
    ]);
  });

  test('two categories of one name', async () => {
    const { classes, told } = await importAll(scratch(), {
      images: [image(1, 'a.png')],
      annotations: [outline(1, 1, [square(0, 0, 2)])],
      categories: [CELL, { id: 2, name: 'cell' }],
    });
    expect(classes).toEqual(['background', 'cell', 'cell']);
    expect(told).toEqual([
      'category 2: it is called "cell" as category 1 is: they are two classes all the same. Give them one id to make them one.',
    ]);
  });
});

describe('what tools write differently', () => {
  test('ids as text or number, numbers as text, and ids and sizes left out', async () => {
    const { pixels, told, notes } = await importAll(scratch(), {
      images: [image('1', 'a.png', { width: '8', height: '6' }), { id: 2, file_name: 'b.png' }],
      annotations: [
        outline(undefined, 1, [square(0, 0, 2).map(String)], { iscrowd: '0' }),
        outline('x', '2', square(0, 0, 3), { category_id: '1' }),
      ],
    });
    expect(pixels).toEqual({ 'a.png': { 1: 4 }, 'b.png': { 1: 9 } });
    expect(told).toEqual([]);
    expect(notes).toContain('b.png has no width and height here: those of the file are taken');
  });

  test('ids of text sort as numbers where they are numbers', async () => {
    const { classes } = await importAll(scratch(), {
      images: [image(1, 'a.png')],
      annotations: [outline(1, 1, [square(0, 0, 2)])],
      categories: [
        { id: '10', name: 'ten' },
        { id: '9', name: 'nine' },
        { id: 1, name: 'one' },
      ],
    });
    expect(classes).toEqual(['background', 'one', 'nine', 'ten']);
  });

  test('an image without an id, and annotations of images or categories that are not there', async () => {
    const { pixels, told } = await importAll(scratch(), {
      images: [{ file_name: 'a.png', ...SIZE }, image(2, 'b.png')],
      annotations: [
        outline(1, 77, [square(0, 0, 2)]),
        outline(2, 2, [square(0, 0, 2)]),
        outline(3, 2, [square(0, 0, 2)], { category_id: undefined }),
      ],
    });
    expect(pixels).toEqual({ 'a.png': null, 'b.png': { 1: 4 } });
    expect(told).toEqual([
      'annotation 3: it has no category_id',
      'images[0]: a.png has no id, so no annotation can belong to it',
      'image 77: 1 annotation of an image that is not listed',
    ]);
  });
});

describe('ids of more digits than JavaScript tells apart', () => {
  test('are kept apart, as numbers and as text', async () => {
    const [first, second] = ['9007199254740993', '9007199254740992'] as const;
    const json = JSON.stringify({
      images: [image('A', 'a.png'), image('B', 'b.png')],
      annotations: [
        outline(1, 'A', [square(0, 0, 2)]),
        outline(2, 'B', [square(0, 0, 3)], { category_id: 'C' }),
      ],
      categories: [CELL, { id: 'C', name: 'nucleus' }],
    });
    const { pixels, told } = await importAll(
      scratch(),
      json
        .replaceAll('"A"', first)
        .replaceAll('"B"', second)
        .replaceAll('"C"', '18446744073709551615'),
    );
    expect(told).toEqual([]);
    expect(pixels).toEqual({ 'a.png': { 1: 4 }, 'b.png': { 2: 9 } });
  });
});

describe('a category that is called background', () => {
  const parts = {
    images: [image(1, 'a.png'), image(2, 'b.png')],
    annotations: [
      outline(1, 1, [square(0, 0, 3)], { category_id: 2 }),
      // Of all the image, and last: it covers nothing all the same.
      outline(2, 1, [square(0, 0, 6)]),
      outline(3, 2, [square(0, 0, 6)]),
    ],
    categories: [
      { id: 1, name: 'Background' },
      { id: 2, name: 'cell' },
    ],
  };

  test('is the background, beneath the objects, and said to be', async () => {
    const s = scratch();
    const { pixels, classes, report } = await importAll(s, parts);
    expect(classes).toEqual(['background', 'cell']);
    expect(pixels).toEqual({ 'a.png': { 1: 9 }, 'b.png': {} });
    expect(report.doubts).toEqual([
      {
        message: 'The category 1 "Background" is taken for the background, beneath all objects.',
        instead: [expect.objectContaining({ flag: '--map 2=2', mapping: { 2: 2 } })],
      },
    ]);
  });

  test('is a class of its own where that is asked for', async () => {
    const s = scratch();
    const path = s.write('data/instances.json', JSON.stringify(parts));
    for (const name of ['a.png', 'b.png'])
      s.write(`data/images/${name}`, rgbPng(8, 6, name.length));
    const preview = await previewImport({ format: 'auto', path, mapping: { 2: 2 } });
    expect(preview.classes.map(({ name }) => name)).toEqual(['background', 'cell', 'Background']);
    expect(preview.doubts).toEqual([]);
    expect(preview.values.map(({ becomes }) => becomes)).toEqual([0, 1, 2]);
  });
});
