/** Where tools put the images of a COCO file, and how they write their names. */
import { describe, expect, test } from 'vitest';
import { previewImport, runImport } from '../../../../engine/data/import/import.ts';
import { rgbPng, scratch, type Scratch } from './scratch.ts';

/** A file that lists images of 4 × 4 px, each with one square. */
const coco = (names: readonly string[], category = { id: 1, name: 'cell' }) =>
  JSON.stringify({
    images: names.map((name, i) => ({ id: i + 1, file_name: name, width: 4, height: 4 })),
    annotations: names.map((_, i) => ({
      ...{ id: i + 1, image_id: i + 1, category_id: category.id, iscrowd: 0 },
      segmentation: [[0, 0, 2, 0, 2, 2, 0, 2]],
    })),
    categories: [category],
  });

function lay(s: Scratch, images: readonly string[]): void {
  for (const [i, name] of images.entries()) s.write(`data/${name}`, rgbPng(4, 4, i));
}

async function importData(s: Scratch, path = s.path('data')) {
  const request = { format: 'auto' as const, path };
  const preview = await previewImport(request);
  const report = await runImport(s.project, request, { datasetName: 'd', link: false });
  const images = s.project.datasets.images(report.datasetId);
  return { preview, report, names: images.map((image) => image.name), images };
}

describe('the places of', () => {
  test.each<[string, string, string[], string[]]>([
    [
      'COCO',
      'annotations/instances_train2017.json',
      ['a.png', 'b.png'],
      ['train2017/a.png', 'train2017/b.png'],
    ],
    ['COCO by part', 'annotations/instances_val2017.json', ['a.png'], ['images/val2017/a.png']],
    [
      'CVAT',
      'annotations/instances_default.json',
      ['a.png', 'b.png'],
      ['images/default/a.png', 'images/default/b.png'],
    ],
    ['Label Studio', 'result.json', ['images/a.png'], ['images/a.png']],
    ['Label Studio on Windows', 'result.json', ['images\\a.png'], ['images/a.png']],
    [
      'Label Studio, as stored there',
      'result.json',
      ['/data/upload/1/0a1b2c3d-a%20b.png'],
      ['images/0a1b2c3d-a b.png'],
    ],
    [
      'Label Studio, with the names of before',
      'result.json',
      ['images/0a1b2c3d-a.png'],
      ['images/a.png'],
    ],
    [
      'Label Studio, local files',
      'result.json',
      ['/data/local-files/?d=set/a.png'],
      ['images/a.png'],
    ],
    ['an address', 'result.json', ['http://localhost:8080/data/upload/a.png'], ['a.png']],
    [
      'a signed address',
      'result.json',
      ['https://bucket.example.org/set/a%20b.png?X-Sig=5#top'],
      ['images/a b.png'],
    ],
    ['another machine', 'result.json', ['C:\\Users\\me\\set\\a.png'], ['images/a.png']],
    ['Roboflow', 'train/_annotations.coco.json', ['a.png'], ['train/a.png']],
    ['FiftyOne', 'labels.json', ['a.png'], ['data/a.png']],
    [
      'Datumaro, folders inside',
      'annotations/instances_default.json',
      ['x/a.png'],
      ['images/default/x/a.png'],
    ],
  ])('%s', async (_, json, listed, images) => {
    const s = scratch();
    const path = s.write(`data/${json}`, coco(listed));
    lay(s, images);
    for (const from of [path, s.path('data')]) {
      const preview = await previewImport({ format: 'auto', path: from });
      expect(preview).toMatchObject({
        format: 'coco',
        images: images.length,
        labelled: images.length,
      });
      expect(preview.issues.filter((issue) => issue.severity !== 'info')).toEqual([]);
    }
  });
});

test('the parts of a dataset are read together, as the parts of a split', async () => {
  const s = scratch();
  for (const part of ['train', 'valid', 'test']) {
    s.write(`data/${part}/_annotations.coco.json`, coco(['a.png']));
  }
  lay(s, ['train/a.png', 'valid/a.png', 'test/a.png']);
  const { preview, report, names } = await importData(s);
  expect(preview).toMatchObject({ labelled: 3, parts: { train: 1, val: 1, test: 1 } });
  // Told apart by the folders that the parts lie in, never by those of this machine.
  expect(names.toSorted()).toEqual(['a.png', 'train-a.png', 'valid-a.png']);
  expect(report).toMatchObject({ labelled: 3 });
});

test('categories of several files are one class where they have one name', async () => {
  const s = scratch();
  s.write('data/annotations/instances_train.json', coco(['a.png'], { id: 1, name: 'cell' }));
  s.write('data/annotations/instances_val.json', coco(['b.png'], { id: 3, name: 'cell' }));
  s.write('data/annotations/captions_train.json', JSON.stringify({ images: [], annotations: [] }));
  s.write('data/annotations/keypoints_train.json', coco(['a.png']));
  lay(s, ['train/a.png', 'val/b.png', 'val/left.png']);
  const { preview, report } = await importData(s);
  expect(preview.classes.map((c) => c.name)).toEqual(['background', 'cell']);
  expect(preview).toMatchObject({ labelled: 2, parts: { train: 1, val: 1, test: 0 } });
  const told = report.issues.map((issue) => `${issue.path}: ${issue.message}`);
  expect(told).toContain('val/left.png: not used');
  expect(told).toContain(
    'annotations/captions_train.json: COCO annotations without categories: not used',
  );
  expect(told).toContainEqual(
    expect.stringMatching(
      /^annotations\/keypoints_train\.json: it lists images that annotations\/instances_train\.json lists/,
    ),
  );
});

test('an image that two parts list is imported once, and that is said', async () => {
  const s = scratch();
  s.write('data/instances_train.json', coco(['a.png', 'b.png']));
  s.write('data/instances_test.json', coco(['a.png']));
  lay(s, ['images/a.png', 'images/b.png']);
  const { report } = await importData(s);
  expect(report).toMatchObject({ images: 2, labelled: 2 });
  expect(report.issues).toContainEqual({
    path: s.path('data/images/a.png'),
    severity: 'change',
    message: 'a second file lists it, too, for train: it is imported once and stays in test',
  });
});

test('what is not found is told with what helps, and so are images that are not listed', async () => {
  const s = scratch();
  const path = s.write('data/coco.json', coco(['a.png', 'b.png']));
  lay(s, ['pictures/a.png', 'pictures/b.png', 'c.png']);
  const preview = await previewImport({ format: 'auto', path });
  expect(preview).toMatchObject({ format: 'coco', images: 0 });
  expect(preview.issues[0]?.message).toMatch(
    /2 of its 2 images are not found, such as a\.png \(looked in .*data\)\. Say where they lie: --images DIR\./,
  );
  expect(preview.issues.map((issue) => issue.message)).toContain(
    '1 image that the file does not list: not used, such as c.png',
  );
  expect(
    await previewImport({ format: 'auto', path, imagesDir: s.path('data/pictures') }),
  ).toMatchObject({
    images: 2,
  });
});

test('names that only agree in their end, or in a date, are not taken for one another', async () => {
  const s = scratch();
  const path = s.write('data/coco.json', coco(['train/a.png', 'val/a.png', '20170102-b.png']));
  lay(s, ['images/a.png', 'images/20170101-b.png']);
  const preview = await previewImport({ format: 'auto', path });
  expect(preview.images).toBe(0);
  expect(preview.issues[0]?.message).toMatch(/train\/a\.png and val\/a\.png would all be the file/);
});

test('COCO beside folders of images is not taken for classes of images', async () => {
  const s = scratch();
  s.write('data/annotations/instances_train2017.json', coco(['a.png']));
  lay(s, ['train2017/a.png', 'val2017/b.png']);
  const { preview } = await importData(s);
  expect(preview).toMatchObject({ format: 'coco', labelled: 1, imageClasses: [] });
});

test('COCO beside masks is named', async () => {
  const s = scratch();
  s.write('data/instances.json', coco(['a.png']));
  lay(s, ['images/a.png', 'masks/a.png']);
  const preview = await previewImport({ format: 'auto', path: s.path('data') });
  expect(preview.format).toBe('folder');
  expect(preview.issues).toContainEqual({
    path: 'instances.json',
    severity: 'info',
    message:
      'COCO annotations beside masks: the masks are used. Import this file by its own path to use it instead',
  });
});

test('a name in another Unicode form finds its file', async () => {
  const s = scratch();
  s.write('data/instances.json', coco(['zelle-ü.png'.normalize('NFC')]));
  lay(s, [`images/${'zelle-ü.png'.normalize('NFD')}`]);
  const { report } = await importData(s);
  expect(report).toMatchObject({ images: 1, labelled: 1 });
});

test('a name in another case finds its file, and its own one first', async () => {
  const s = scratch();
  s.write('data/instances.json', coco(['IMG_1.png', 'img_2.PNG']));
  lay(s, ['images/img_1.png', 'images/img_2.PNG', 'images/IMG_2.png']);
  const { report, preview } = await importData(s);
  expect(report).toMatchObject({ images: 2, labelled: 2 });
  expect(preview.issues.map(({ path }) => path).join()).not.toContain('img_2.PNG');
});

test('a JSON file that is broken is named as that', async () => {
  const s = scratch();
  s.write('data/instances.json', coco(['a.png']).slice(0, -20));
  lay(s, ['a.png']);
  const { preview } = await importData(s);
  expect(preview.issues).toContainEqual({
    path: 'instances.json',
    severity: 'skip',
    message: expect.stringMatching(/^not used: is cut off: its JSON ends early/) as string,
  });
});
