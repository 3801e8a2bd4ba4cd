import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { previewImport, runImport } from '../../../../engine/data/import/import.ts';
import { readLabelMap } from '../../../../engine/data/image-source.ts';
import type { Project } from '../../../../engine/db/project.ts';
import { transparencyInText } from '../../../../shared/channels.ts';
import { tiff } from '../tiff-fixtures.ts';
import { writeTiff } from '../tiff-writer.ts';
import { greyPng, indexPng, rgbPng, scratch, type Scratch } from './scratch.ts';

/** Imports data/ under the format that is found; image name → label map as an array, or null. */
async function importAll(s: Scratch) {
  const preview = await previewImport({ format: 'auto', path: s.path('data') });
  const report = await runImport(
    s.project,
    { format: 'auto', path: s.path('data') },
    { datasetName: 'd', link: false },
  );
  const images = s.project.datasets.images(report.datasetId);
  return {
    preview,
    report,
    dataset: s.project.datasets.get(report.datasetId),
    images,
    labels: Object.fromEntries(images.map((i) => [i.name, labelsOf(s.project, i.labelMapId)])),
    parts: partsOf(s.project, report.splitId),
  };
}

const labelsOf = (project: Project, id: number | null) =>
  id === null ? null : [...readLabelMap(project, id).data];

function partsOf(project: Project, splitId: number | null): Record<string, string> {
  if (splitId === null) return {};
  return Object.fromEntries(
    project.splits
      .items(splitId)
      .map((item) => [project.datasets.image(item.imageId)?.name ?? '', item.part]),
  );
}

const mask01 = (width: number, height: number) =>
  greyPng(width, height, [255, ...new Array<number>(width * height - 1).fill(0)]);
const LABELS_2X2 = [1, 0, 0, 0];

describe('generic folders', () => {
  test('remember how many images had transparency, which no network sees', async () => {
    const s = scratch();
    const rgba = (opacity: number) =>
      sharp({
        create: {
          ...{ width: 2, height: 2, channels: 4 },
          background: { r: 9, g: 9, b: 9, alpha: opacity },
        },
      });
    s.write('data/images/a.png', await rgba(0.5).png().toBuffer());
    s.write('data/images/b.png', await rgba(1).png().toBuffer());
    s.write('data/images/c.tif', await rgba(0).tiff({ compression: 'deflate' }).toBuffer());
    for (const stem of ['a', 'b', 'c']) s.write(`data/masks/${stem}.png`, mask01(2, 2));
    const { dataset, images } = await importAll(s);
    expect(images.map(({ channels }) => channels)).toEqual([3, 3, 3]);
    expect(dataset === undefined ? [] : transparencyInText([dataset, dataset])).toEqual([
      'Not seen by the network: the transparency (alpha channel) of 2 images of "d".',
    ]);
  });

  test('images/ and masks/ pair by stem, with or without a suffix, at any depth', async () => {
    const s = scratch();
    s.write('data/images/a.png', rgbPng(2, 2, 1));
    s.write(
      'data/images/b.jpg',
      await sharp(rgbPng(2, 2, 2))
        .jpeg()
        .toBuffer(),
    );
    s.write('data/images/sub/c.png', rgbPng(2, 2, 3));
    s.write('data/images/d.png', rgbPng(2, 2, 4));
    s.write('data/masks/a.png', mask01(2, 2));
    s.write('data/masks/b_segmentation.png', mask01(2, 2));
    s.write('data/masks/sub/c_mask.png', mask01(2, 2));
    s.write('data/masks/z.png', mask01(2, 2));
    s.write('data/notes.txt', 'hello');
    const { preview, labels, report } = await importAll(s);
    expect(preview).toMatchObject({ format: 'folder', images: 4, labelled: 3, parts: {} });
    expect(labels).toEqual({
      'a.png': LABELS_2X2,
      'b.jpg': LABELS_2X2,
      'c.png': LABELS_2X2,
      'd.png': null,
    });
    expect(preview.issues).toEqual([
      { path: 'masks/z.png', severity: 'skip', message: 'mask without an image of that name' },
      { path: 'notes.txt', severity: 'info', message: 'not used' },
      {
        path: 'images/d.png',
        severity: 'info',
        message: 'image without a mask: imported unlabelled',
      },
    ]);
    expect(report.issues).toEqual(preview.issues);
  });

  test('train|val|test/images|masks become a split, whichever folder is outside', async () => {
    const s = scratch();
    s.write('data/train/images/a.png', rgbPng(2, 2, 1));
    s.write('data/train/masks/a.png', mask01(2, 2));
    s.write('data/images/val/b.png', rgbPng(2, 2, 2));
    s.write('data/masks/val/b.png', mask01(2, 2));
    s.write('data/test/images/c.png', rgbPng(2, 2, 3));
    s.write('data/test/labels/c.png', mask01(2, 2));
    const { preview, parts, labels } = await importAll(s);
    expect(preview.parts).toEqual({ train: 1, val: 1, test: 1 });
    expect(parts).toEqual({ 'a.png': 'train', 'b.png': 'val', 'c.png': 'test' });
    expect(Object.values(labels)).toEqual([LABELS_2X2, LABELS_2X2, LABELS_2X2]);
  });

  test('masks beside their images are told by their suffix', async () => {
    const s = scratch();
    s.write('data/a.png', rgbPng(2, 2, 1));
    s.write('data/a_mask.png', mask01(2, 2));
    s.write('data/no_mask.png', rgbPng(2, 2, 2)); // an image: there is no image "no"
    const { labels } = await importAll(s);
    expect(labels).toEqual({ 'a.png': LABELS_2X2, 'no_mask.png': null });
  });

  test('a second file of one name gets its folder into its name, and that is said', async () => {
    const s = scratch();
    for (const [i, folder] of ['one', 'two', 'three'].entries()) {
      s.write(`data/images/${folder}/a.png`, rgbPng(2, 2, i));
      s.write(`data/masks/${folder}/a.png`, greyPng(2, 2, [i, 0, 0, 0]));
    }
    const { labels, preview } = await importAll(s);
    expect(labels).toEqual({
      'a.png': [0, 0, 0, 0],
      'images-three-a.png': [2, 0, 0, 0],
      'images-two-a.png': [1, 0, 0, 0],
    });
    expect(preview.issues.filter((i) => i.severity === 'change')).toEqual([
      {
        path: 'images/three/a.png',
        severity: 'change',
        message: 'another file is called a.png too; this one is imported as images-three-a.png',
      },
      {
        path: 'images/two/a.png',
        severity: 'change',
        message: 'another file is called a.png too; this one is imported as images-two-a.png',
      },
    ]);
  });

  test('the pages of a TIFF stack become images with the pages of the mask', async () => {
    const s = scratch();
    s.write('data/images/stack.tif', tiff('stack'));
    s.write('data/images/x.png', rgbPng(2, 2, 1));
    s.write('data/masks/stack.tif', tiff('stack'));
    const { images, preview } = await importAll(s);
    expect(images.map((i) => [i.name, i.page, i.groupName])).toEqual([
      ['stack.tif', 0, 'stack.tif'],
      ['stack.tif', 1, 'stack.tif'],
      ['stack.tif', 2, 'stack.tif'],
      ['x.png', 0, null],
    ]);
    expect(images.map((i) => i.labelMapId && labelsOf(s.project, i.labelMapId)?.[0])).toEqual([
      0,
      1,
      2,
      null,
    ]);
    expect(preview.issues[0]?.message).toContain(
      '3 pages become 3 images (channels of one image: --pages channels), one group',
    );
  });

  test('index masks keep their ids and their ignored pixels', async () => {
    const s = scratch();
    s.write('data/images/a.png', rgbPng(2, 2, 1));
    s.write('data/masks/a.png', indexPng(2, 2, [0, 1, 2, 255]));
    const { preview, labels, dataset } = await importAll(s);
    expect(labels['a.png']).toEqual([0, 1, 2, 255]);
    expect(preview.values).toEqual([
      { value: '0', key: '0', pixels: 1, becomes: 0 },
      { value: '1', key: '1', pixels: 1, becomes: 1 },
      { value: '2', key: '2', pixels: 1, becomes: 2 },
      { value: '255', key: '255', pixels: 1, becomes: 255 },
    ]);
    expect(dataset?.classes).toEqual([
      { index: 0, name: 'background', color: '#000000' },
      { index: 1, name: 'class 1', color: '#e69f00' },
      { index: 2, name: 'class 2', color: '#56b4e9' },
    ]);
  });

  test('masks without any background are doubtful: the commonest value may be it', async () => {
    const s = scratch();
    const halves = Array.from({ length: 64 }, (_, i) => (i % 8 < 5 ? 1 : 2));
    for (const stem of ['a', 'b']) {
      s.write(`data/images/${stem}.png`, rgbPng(8, 8, stem.charCodeAt(0)));
      s.write(`data/masks/${stem}.png`, greyPng(8, 8, halves));
    }
    const { preview, report } = await importAll(s);
    const doubt = {
      message: 'No mask holds any background: every pixel is foreground or ignored.',
      instead: [expect.objectContaining({ flag: '--map 1=0', mapping: { 1: 0 } }) as unknown],
    };
    expect(preview.doubts).toEqual([doubt]);
    expect(report.doubts).toEqual([doubt]);
  });

  test('JPEG masks (Kvasir-SEG) are thresholded, and that is said', async () => {
    const s = scratch();
    const pixels = Uint8Array.from({ length: 32 * 32 }, (_, i) => (i % 32 < 16 ? 0 : 255));
    const half = sharp(pixels, { raw: { width: 32, height: 32, channels: 1 } });
    s.write(
      'data/images/x.jpg',
      await sharp(rgbPng(32, 32, 1))
        .jpeg()
        .toBuffer(),
    );
    s.write('data/masks/x.jpg', await half.jpeg({ quality: 75 }).toBuffer());
    const { labels, preview } = await importAll(s);
    expect(labels['x.jpg']).toEqual([...pixels].map((v) => (v === 255 ? 1 : 0)));
    expect(preview.issues.map((i) => [i.path, i.severity])).toEqual([['masks/x.jpg', 'change']]);
    expect(preview.issues[0]?.message).toContain('lossy');
  });
});

describe('public layouts', () => {
  test('DSB2018: the union of the object masks', async () => {
    const s = scratch();
    for (const id of ['aa', 'bb']) {
      s.write(`data/stage1_train/${id}/images/${id}.png`, rgbPng(2, 2, id.charCodeAt(0)));
      s.write(`data/stage1_train/${id}/masks/1.png`, greyPng(2, 2, [255, 0, 0, 0]));
      s.write(`data/stage1_train/${id}/masks/2.png`, greyPng(2, 2, [0, 0, 255, 0]));
    }
    s.write('data/stage1_test/cc/images/cc.png', rgbPng(2, 2, 9));
    const { preview, labels, dataset } = await importAll(s);
    expect(preview).toMatchObject({ format: 'dsb2018', images: 3, labelled: 2 });
    expect(labels).toEqual({ 'aa.png': [1, 0, 1, 0], 'bb.png': [1, 0, 1, 0], 'cc.png': null });
    expect(dataset?.classes[1]?.name).toBe('nucleus');
  });

  test('DSB2018: an image whose object mask is broken is imported unlabelled', async () => {
    const s = scratch();
    for (const id of ['aa', 'bb']) {
      s.write(`data/${id}/images/${id}.png`, rgbPng(2, 2, id.charCodeAt(0)));
      s.write(`data/${id}/masks/1.png`, greyPng(2, 2, [255, 0, 0, 0]));
    }
    s.write('data/bb/masks/2.png', greyPng(2, 2).subarray(0, 40));
    const { labels, preview } = await importAll(s);
    expect(labels).toEqual({ 'aa.png': LABELS_2X2, 'bb.png': null });
    expect(preview.labelled).toBe(1);
    expect(preview.issues.map((i) => i.path)).toEqual(['bb/masks/2.png', 'bb/images/bb.png']);
  });

  test('Oxford-IIIT Pet: trimaps, breeds and lists', async () => {
    const s = scratch();
    const names = ['Abyssinian_1', 'great_pyrenees_2', 'great_pyrenees_10'];
    for (const [i, name] of names.entries()) {
      s.write(
        `data/images/${name}.jpg`,
        await sharp(rgbPng(2, 2, i))
          .jpeg()
          .toBuffer(),
      );
      s.write(`data/annotations/trimaps/${name}.png`, greyPng(2, 2, [1, 2, 3, 2]));
      s.write(`data/annotations/trimaps/._${name}.png`, 'resource fork');
      s.write(`data/annotations/xmls/${name}.xml`, '<x/>');
    }
    s.write('data/annotations/trainval.txt', 'Abyssinian_1 1 1 1\ngreat_pyrenees_2 2 2 1\n');
    s.write('data/annotations/test.txt', 'great_pyrenees_10 2 2 1\n');
    const { preview, labels, dataset, images, parts } = await importAll(s);
    expect(preview).toMatchObject({ format: 'oxford-pet', images: 3, labelled: 3 });
    expect(labels['Abyssinian_1.jpg']).toEqual([1, 0, 255, 0]);
    expect(dataset?.imageClasses).toEqual(['Abyssinian', 'great_pyrenees']);
    expect(images.map((i) => [i.name, i.imageClass])).toEqual([
      ['Abyssinian_1.jpg', 0],
      ['great_pyrenees_2.jpg', 1],
      ['great_pyrenees_10.jpg', 1],
    ]);
    expect(parts['great_pyrenees_10.jpg']).toBe('test');
    expect(preview.issues).toContainEqual({
      path: 'annotations/xmls',
      severity: 'info',
      message: '3 files .xml not used',
    });
  });

  test('masks of few numbers beside one that can only number objects number objects, which is doubtful', async () => {
    const s = scratch();
    for (const name of ['a', 'b']) s.write(`data/images/${name}.png`, rgbPng(2, 2, name.length));
    s.write(
      'data/masks/a.tif',
      writeTiff([{ width: 2, height: 2, bits: [32], samples: [0, 70_000, 2, 70_000] }]),
    );
    s.write('data/masks/b.png', greyPng(2, 2, [0, 1, 2, 0]));
    const { preview, labels } = await importAll(s);
    expect(labels).toEqual({ 'a.png': [0, 1, 1, 1], 'b.png': [0, 1, 1, 0] });
    expect(preview.doubts.flatMap(({ instead }) => instead.map(({ flag }) => flag))).toEqual([
      '--read values',
    ]);
  });

  test('Oxford-IIIT Pet: names that lists say twice or of no image are told', async () => {
    const s = scratch();
    for (const name of ['cat_1', 'cat_2']) {
      s.write(`data/images/${name}.png`, greyPng(2, 2, [1, 2, 3, 4]));
      s.write(`data/annotations/trimaps/${name}.png`, greyPng(2, 2, [1, 2, 3, 2]));
    }
    s.write('data/annotations/trainval.txt', '#Image\ncat_1 1 1 1\ncat_2 1 1 1\ncat_3 1 1 1\n');
    s.write('data/annotations/test.txt', 'cat_2 1 1 1\n');
    const { preview, parts } = await importAll(s);
    expect(parts).toEqual({ 'cat_1.png': 'train', 'cat_2.png': 'test' });
    expect(preview.issues.filter(({ severity }) => severity !== 'info')).toEqual([
      {
        path: 'annotations',
        severity: 'change',
        message:
          '1 name stands in several parts of one split, such as cat_2 in train and test: it counts for test',
      },
      {
        path: 'annotations',
        severity: 'skip',
        message: '1 name is listed without an image, such as cat_3',
      },
    ]);
  });

  test('ISIC 2018: Input and GroundTruth', async () => {
    const s = scratch();
    for (const part of ['Training', 'Validation']) {
      const folder = `data/ISIC2018_Task1-2_${part}`;
      const name = `ISIC_000${part.length}`;
      s.write(
        `${folder}_Input/${name}.jpg`,
        await sharp(rgbPng(2, 2, 1))
          .jpeg()
          .toBuffer(),
      );
      s.write(`data/ISIC2018_Task1_${part}_GroundTruth/${name}_segmentation.png`, mask01(2, 2));
    }
    const { preview, labels, parts } = await importAll(s);
    expect(preview).toMatchObject({ format: 'isic2018', images: 2, labelled: 2 });
    expect(labels['ISIC_0008.jpg']).toEqual(LABELS_2X2);
    expect(parts).toEqual({ 'ISIC_0008.jpg': 'train', 'ISIC_00010.jpg': 'val' });
  });

  test('DRIVE: TIFF images, GIF masks, parts of equal numbers', async () => {
    const s = scratch();
    const gif = await sharp(Uint8Array.of(255, 0, 0, 0, 0, 0), {
      raw: { width: 3, height: 2, channels: 1 },
    })
      .gif()
      .toBuffer();
    for (const part of ['training', 'test']) {
      s.write(`data/${part}/images/01_${part}.tif`, tiff('rgba'));
      s.write(`data/${part}/1st_manual/01_manual1.gif`, gif);
      s.write(`data/${part}/mask/01_${part}_mask.gif`, gif);
    }
    const { preview, labels, parts } = await importAll(s);
    expect(preview).toMatchObject({ format: 'drive', images: 2, labelled: 2 });
    expect(labels['01_training.tif']).toEqual([1, 0, 0, 0, 0, 0]);
    expect(parts).toEqual({ '01_training.tif': 'train', '01_test.tif': 'test' });
    expect(preview.issues.map((i) => i.message).join()).toContain('field of view');
  });

  test('CamVid: class names, 11 is ignored', async () => {
    const s = scratch();
    for (const part of ['train', 'val', 'test']) {
      s.write(`data/${part}/0001_${part}.png`, rgbPng(2, 2, part.length));
      s.write(`data/${part}annot/0001_${part}.png`, indexPng(2, 2, [0, 3, 10, 11]));
    }
    const { preview, labels, dataset, parts } = await importAll(s);
    expect(preview).toMatchObject({ format: 'camvid', images: 3, labelled: 3 });
    expect(labels['0001_val.png']).toEqual([0, 3, 10, 255]);
    expect(dataset?.classes[3]?.name).toBe('road');
    expect(parts['0001_test.png']).toBe('test');
  });

  test('ISBI EM: image/N.png with label/N.png', async () => {
    const s = scratch();
    for (const n of [0, 1, 2]) {
      s.write(`data/membrane/train/image/${n}.png`, greyPng(2, 2, n));
      s.write(`data/membrane/train/label/${n}.png`, greyPng(2, 2, [255, 255, 0, 255]));
    }
    const { preview, labels, dataset } = await importAll(s);
    expect(preview).toMatchObject({ format: 'isbi-em', images: 3, labelled: 3 });
    expect(labels['1.png']).toEqual([1, 1, 0, 1]);
    expect(dataset?.classes.map((c) => c.name)).toEqual(['membrane', 'cell']);
  });

  test('a folder per class, with parts', async () => {
    const s = scratch();
    for (const [i, path] of ['train/cat/1', 'train/dog/2', 'test/cat/3'].entries()) {
      s.write(`data/${path}.png`, rgbPng(2, 2, i));
    }
    const { preview, images, dataset, parts } = await importAll(s);
    expect(preview).toMatchObject({
      format: 'class-folder',
      images: 3,
      labelled: 0,
      imageClasses: ['cat', 'dog'],
    });
    expect(Object.fromEntries(images.map((i) => [i.name, i.imageClass]))).toEqual({
      '1.png': 0,
      '2.png': 1,
      '3.png': 0,
    });
    expect(dataset?.imageClasses).toEqual(['cat', 'dog']);
    expect(parts).toEqual({ '1.png': 'train', '2.png': 'train', '3.png': 'test' });
  });

  test('images without masks are imported unlabelled', async () => {
    const s = scratch();
    s.write('data/a.png', rgbPng(2, 2, 1));
    const { preview } = await importAll(s);
    expect(preview).toMatchObject({ format: 'folder', why: 'images without masks', labelled: 0 });
  });

  test('hidden files and what systems add to folders and archives are no images', async () => {
    const s = scratch();
    s.write('data/a.png', rgbPng(2, 2, 1));
    s.write('data/._a.png', 'x');
    for (const folder of [
      '__MACOSX',
      '$RECYCLE.BIN',
      '@eaDir/a.png',
      'System Volume Information',
    ]) {
      s.write(`data/${folder}/a.png`, 'x');
    }
    for (const file of ['Thumbs.db', 'desktop.ini', 'Icon\r']) s.write(`data/${file}`, 'x');
    const { preview } = await importAll(s);
    expect(preview.images).toBe(1);
    expect(preview.issues.length).toBe(1);
  });
});
