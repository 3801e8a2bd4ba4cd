/** Layouts of other tools and datasets with masks: recognised as what they are, and never taken for classes of images. */
import { gunzipSync } from 'node:zlib';
import { encode } from 'fast-png';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { encodeNifti } from '../../../../engine/data/nifti.ts';
import { encodeNpy } from '../../../../engine/data/npy.ts';
import { encodeTiff } from '../../../../engine/data/encode-tiff.ts';
import { readImage, readLabelMap } from '../../../../engine/data/image-source.ts';
import { objectsOf } from '../../../../engine/data/objects-of.ts';
import { previewImport, runImport } from '../../../../engine/data/import/import.ts';
import { greyPng, indexPng, rgbPng, scratch, type Scratch } from './scratch.ts';

/** Image name → part. */
function partsOf(s: Scratch, splitId: number | null): Record<string, string> {
  const items = splitId === null ? [] : s.project.splits.items(splitId);
  const nameOf = (imageId: number) => s.project.datasets.image(imageId)?.name ?? '';
  return Object.fromEntries(items.map((item) => [nameOf(item.imageId), item.part]));
}

async function importData(s: Scratch, { link = false, masks = null as string | null } = {}) {
  const request = { format: 'auto' as const, path: s.path('data'), masks };
  const preview = await previewImport(request);
  const datasetName = masks === null ? 'd' : 'masks as said';
  const report = await runImport(s.project, request, { datasetName, link });
  const images = s.project.datasets.images(report.datasetId);
  return {
    preview,
    report,
    images,
    parts: partsOf(s, report.splitId),
    classes: s.project.datasets.get(report.datasetId)?.classes.map((c) => c.name),
    labels: Object.fromEntries(
      images.map((i) => [
        i.name,
        i.labelMapId === null ? null : [...readLabelMap(s.project, i.labelMapId).data],
      ]),
    ),
    told: report.issues.map((issue) => `${issue.path}: ${issue.message}`),
  };
}

const jpeg = (seed: number) =>
  sharp(rgbPng(2, 2, seed))
    .jpeg()
    .toBuffer();
const MASK = greyPng(2, 2, [1, 0, 0, 2]);
const LABELS = [1, 0, 0, 2];

describe('nnU-Net', () => {
  test('labels by dataset.json, and a test set without labels', async () => {
    const s = scratch();
    for (const [i, name] of ['c_001', 'c_002'].entries()) {
      s.write(`data/imagesTr/${name}_0000.png`, greyPng(2, 2, 10 + i));
      s.write(`data/labelsTr/${name}.png`, greyPng(2, 2, [3, 0, 0, 9]));
    }
    s.write('data/imagesTs/c_003_0000.png', greyPng(2, 2, 30));
    s.write(
      'data/dataset.json',
      JSON.stringify({ channel_names: { 0: 'x' }, labels: { background: 0, cell: 3, ignore: 9 } }),
    );
    const { preview, labels, classes, report } = await importData(s);
    expect(preview).toMatchObject({ format: 'nnunet', images: 3, labelled: 2, imageClasses: [] });
    expect(labels).toEqual({
      'c_001.png': [1, 0, 0, 255],
      'c_002.png': [1, 0, 0, 255],
      'c_003.png': null,
    });
    expect(classes).toEqual(['background', 'cell']);
    expect(report.splitId).toBeNull();
  });

  test('cases in another case are one, those that differ in case alone are told apart', async () => {
    const s = scratch();
    const about = { channel_names: { 0: 'x', 1: 'y' }, labels: { background: 0, a: 1, b: 2 } };
    s.write('data/Dataset.json', JSON.stringify(about));
    s.write('data/imagestr/A_0000.png', greyPng(2, 2, 1));
    s.write('data/imagestr/a_0001.PNG', greyPng(2, 2, 2));
    s.write('data/LabelsTr/a.png', MASK);
    for (const [i, name] of ['x', 'X'].entries()) {
      for (const channel of ['0000', '0001'])
        s.write(`data/imagestr/${name}_${channel}.png`, greyPng(2, 2, 10 + i));
      s.write(`data/LabelsTr/${name}.png`, greyPng(2, 2, [0, 0, 0, i + 1]));
    }
    s.write('data/splits_final.json', JSON.stringify([{ train: ['a', 'x'], val: ['X'] }]));
    const { preview, labels, classes, parts } = await importData(s);
    expect(preview).toMatchObject({ format: 'nnunet', images: 3, labelled: 3 });
    expect(classes).toEqual(['background', 'a', 'b']);
    expect(Object.values(labels).toSorted()).toEqual([[0, 0, 0, 1], [0, 0, 0, 2], LABELS]);
    expect(Object.values(parts).toSorted()).toEqual(['train', 'train', 'val']);
  });

  test('folders in small letters, and numbers that belong to the name of the case', async () => {
    const s = scratch();
    for (const [i, name] of ['f_0001', 'f_0002'].entries()) {
      s.write(`data/imagestr/${name}.png`, greyPng(2, 2, 10 + i));
      s.write(`data/labelstr/${name}.png`, MASK);
    }
    const { preview, labels } = await importData(s);
    expect(preview).toMatchObject({ format: 'nnunet', imageClasses: [] });
    expect(labels).toEqual({ 'f_0001.png': LABELS, 'f_0002.png': LABELS });
  });

  test('photographs with their channels in one file; a second file of a channel or mask is named', async () => {
    const s = scratch();
    s.write('data/imagesTr/a_0000.png', rgbPng(2, 2, 1));
    s.write('data/imagesTr/a_0000.jpg', await jpeg(2));
    s.write('data/labelsTr/a.png', MASK);
    s.write('data/labelsTr/a.gif', await sharp(MASK).gif().toBuffer());
    s.write(
      'data/dataset.json',
      JSON.stringify({
        channel_names: { 0: 'R', 1: 'G', 2: 'B' },
        labels: { background: 0, x: 1, y: 2 },
      }),
    );
    const { images, told } = await importData(s);
    expect(images).toMatchObject([{ channels: 3 }]);
    expect(told).toContain(
      'dataset.json: it names 3 channels, and every case has one file: its channels are those of the file',
    );
    expect(told).toContain(
      'imagesTr/a_0000.png: second file for channel 0 of one case; imagesTr/a_0000.jpg is used',
    );
    expect(told).toContain('labelsTr/a.png: second mask for one case; labelsTr/a.gif is used');
  });

  /** Pages of 5 × 1 px, the first of `from` and the next of `from` + 1 … */
  const volume = (axes: readonly number[], from: number) => {
    const pages = axes.reduce((product, length) => product * length, 1);
    const data = Uint8Array.from({ length: 5 * pages }, (_, i) => from + Math.floor(i / 5));
    return encodeNpy({ shape: [...axes, 1, 5], data });
  };
  /** NIfTI of 5 × 1 px: its third and fourth axis. */
  const volume4 = (axes: readonly [number, number]) => {
    const data = new Uint8Array(5 * axes[0] * axes[1]);
    const header = gunzipSync(encodeNifti({ width: 5, height: 1, data }, null)).subarray(0, 352);
    [4, 5, 1, ...axes].forEach((side, i) => header.writeInt16LE(side, 40 + 2 * i));
    return Buffer.concat([header, data]);
  };
  const about = JSON.stringify({
    channel_names: { 0: 'p', 1: 'q' },
    labels: { background: 0, x: 1, y: 2, z: 3 },
  });

  test('volumes with a file a channel: each slice an image of all channels, with its mask and part', async () => {
    const s = scratch();
    for (const name of ['a', 'b', 'c']) {
      s.write(`data/imagesTr/${name}_0000.npy`, volume([3], 10));
      s.write(`data/imagesTr/${name}_0001.npy`, volume([name === 'c' ? 2 : 3], 20));
      s.write(`data/labelsTr/${name}.npy`, volume([3], 1));
    }
    s.write('data/dataset.json', about);
    const folds = [
      { train: ['a', 'nowhere'], val: ['b'] },
      { train: ['a', 'b'], val: ['a'] },
    ];
    s.write('data/splits_final.json', JSON.stringify(folds));
    const { images, labels, parts, told } = await importData(s);
    const shown = ['a.p1.tif', 'a.p2.tif', 'a.p3.tif', 'b.p1.tif', 'b.p2.tif', 'b.p3.tif'];
    expect(images.map(({ name }) => name)).toEqual([...shown, 'c.p1.tif', 'c.p2.tif']);
    const [, second] = images;
    if (second === undefined) throw new Error('no image');
    expect(second).toMatchObject({ channels: 2, page: 0, groupName: 'a.tif' });
    const { data } = await readImage(s.project, second);
    expect([...data]).toEqual(Array.from({ length: 5 }, () => [11, 21]).flat());
    expect(labels).toMatchObject({ 'a.p1.tif': [1, 1, 1, 1, 1], 'a.p3.tif': [3, 3, 3, 3, 3] });
    expect(parts).toEqual(
      Object.fromEntries(shown.map((name) => [name, name.startsWith('a') ? 'train' : 'val'])),
    );
    expect(told).toEqual(
      expect.arrayContaining([
        'imagesTr/c_0000.npy: its channels have 2 to 3 pages: those beyond the first 2 are left out',
        'splits_final.json: fold 1: 1 name stands in several parts of one split, such as a.tif in train and val: it counts for val',
        'splits_final.json: 1 name is listed without an image, such as nowhere',
      ]),
    );
  });

  test('volumes whose slowest axis is that of the channels which dataset.json names', async () => {
    const s = scratch();
    s.write('data/imagesTr/a.nii', volume4([3, 2]));
    s.write('data/labelsTr/a.npy', volume([3], 1));
    s.write('data/dataset.json', about);
    const { images } = await importData(s);
    expect(images.map(({ channels, channelPages }) => [channels, channelPages])).toEqual([
      [2, [0, 3]],
      [2, [1, 4]],
      [2, [2, 5]],
    ]);
    // As many channels as no axis has are none.
    s.write('other/imagesTr/a.nii', volume4([3, 4]));
    s.write('other/dataset.json', about);
    const other = { format: 'auto', path: s.path('other') } as const;
    expect((await previewImport(other)).images).toBe(12);
    expect((await previewImport({ ...other, pages: 'channels' })).images).toBe(3);
  });

  test('images alone, where dataset.json lies beside them', async () => {
    const s = scratch();
    s.write('data/imagesTs/a_0000.png', greyPng(2, 2, [1, 2, 3, 4]));
    s.write('data/imagesTs/a_0001.png', greyPng(2, 2, [5, 6, 7, 8]));
    const labels = { background: 0, x: 1 };
    s.write('data/dataset.json', JSON.stringify({ channel_names: { 0: 'p', 1: 'q' }, labels }));
    const { images } = await importData(s);
    expect(images).toMatchObject([{ name: 'a.tif', channels: 2 }]);
  });

  test.each(['data/imagesTr', 'data'])('images alone, by their names, beneath %s', async (path) => {
    const s = scratch();
    for (const name of ['a_0000', 'a_0001', 'b_0000', 'b_0001']) {
      s.write(`data/imagesTr/${name}.png`, greyPng(2, 2, 7));
    }
    const preview = await previewImport({ format: 'auto', path: s.path(path) });
    expect(preview).toMatchObject({ format: 'nnunet', images: 2, labelled: 0 });
    expect(preview.issues.map(({ message }) => message).join()).toMatch(/one image of 2 channels/);
    // Numbered frames are no channels.
    for (let i = 0; i < 20; i++) {
      s.write(`film/imagesTr/f_00${String(i).padStart(2, '0')}.png`, greyPng(2, 2, 7));
    }
    const film = await previewImport({ format: 'auto', path: s.path('film') });
    expect(film.images).toBe(20);
  });

  test.each([false, true])(
    'files of one channel each become one image (linked: %s)',
    async (link) => {
      const s = scratch();
      s.write('data/imagesTr/a_0000.png', greyPng(2, 2, [1, 2, 3, 4]));
      s.write('data/imagesTr/a_0001.png', greyPng(2, 2, [5, 6, 7, 8]));
      s.write('data/imagesTr/b_0001.png', greyPng(2, 2, 7));
      s.write('data/labelsTr/a.png', MASK);
      const { images, labels, told, preview } = await importData(s, { link });
      expect(images).toMatchObject([
        { name: 'a.tif', channels: 2, bitDepth: 8, storage: 'embedded' },
      ]);
      expect(preview.images).toBe(1);
      expect(labels).toEqual({ 'a.tif': LABELS });
      const [image] = images;
      if (image === undefined) throw new Error('no image');
      expect([...(await readImage(s.project, image)).data]).toEqual([1, 5, 2, 6, 3, 7, 4, 8]);
      expect(told).toContain('b: of its 2 channels _0000 is missing: left out');
      expect(told.join()).toMatch(/one image of 2 channels/);
    },
  );

  test('channels of 16 bits keep them, and unequal ones are refused by name', async () => {
    const s = scratch();
    const deep = (values: number[]) =>
      encode({ width: 2, height: 2, data: Uint16Array.from(values), channels: 1, depth: 16 });
    for (const [channel, values] of [
      [0, 1, 2, 3],
      [400, 500, 600, 65_535],
    ].entries()) {
      s.write(`data/imagesTr/a_000${channel}.png`, deep(values));
    }
    s.write('data/imagesTr/b_0000.png', greyPng(2, 2, 1));
    s.write('data/imagesTr/b_0001.png', greyPng(3, 2, 1));
    s.write('data/labelsTr/a.png', MASK);
    const { images, told } = await importData(s);
    expect(images).toMatchObject([{ name: 'a.tif', channels: 2, bitDepth: 16 }]);
    const [image] = images;
    if (image === undefined) throw new Error('no image');
    expect([...(await readImage(s.project, image)).data]).toEqual([
      0, 400, 1, 500, 2, 600, 3, 65_535,
    ]);
    expect(told.join()).toMatch(
      /b_0001\.png cannot be a channel of one image with .*b_0000\.png: it has 3×2 px/,
    );
  });

  test('version 1, labels of the test set, and its folds', async () => {
    const s = scratch();
    for (const set of ['Tr', 'Ts']) {
      for (const name of ['a', 'b']) {
        s.write(`data/images${set}/${name}${set}_0000.png`, rgbPng(2, 2, name.charCodeAt(0)));
        s.write(`data/labels${set}/${name}${set}.png`, MASK);
      }
    }
    s.write(
      'data/dataset.json',
      JSON.stringify({ modality: { 0: 'RGB' }, labels: { 0: 'background', 1: 'cell', 2: 'wall' } }),
    );
    s.write('data/splits_final.json', JSON.stringify([{ train: ['aTr'], val: ['bTr'] }]));
    const { classes, parts, preview, report } = await importData(s);
    expect(classes).toEqual(['background', 'cell', 'wall']);
    expect(preview.parts).toEqual({ train: 2, val: 0, test: 2 });
    expect(parts).toMatchObject({ 'aTr.png': 'train', 'bTs.png': 'test' });
    expect(s.project.splits.list(report.datasetId).map((split) => split.name)).toEqual([
      'imported',
      'fold 0',
    ]);
  });

  test('channels of OME-TIFFs keep their double ending', async () => {
    const s = scratch();
    for (const channel of [0, 1]) {
      const tiff = await sharp(greyPng(2, 2, channel))
        .toColourspace('b-w')
        .tiff()
        .toBuffer();
      s.write(`data/imagesTr/c_000${channel}.ome.tif`, tiff);
    }
    s.write('data/labelsTr/c.png', MASK);
    const { images, labels } = await importData(s);
    expect(images.map(({ name, channels }) => [name, channels])).toEqual([['c.tif', 2]]);
    expect(labels).toEqual({ 'c.tif': LABELS });
  });

  test('dataset.json far below, and several datasets, which are refused by name', async () => {
    const s = scratch();
    const home = 'data/nnUNet_raw/Dataset001_A';
    s.write(`${home}/imagesTr/c_0000.png`, greyPng(2, 2, 1));
    s.write(`${home}/labelsTr/c.png`, greyPng(2, 2, [1, 0, 0, 2]));
    const about = JSON.stringify({ labels: { background: 0, cell: 1, ignore: 2 } });
    s.write(`${home}/dataset.json`, about);
    const { preview, labels, classes } = await importData(s);
    expect(preview).toMatchObject({ format: 'nnunet', images: 1, labelled: 1 });
    expect(classes).toEqual(['background', 'cell']);
    expect(labels).toEqual({ 'c.png': [1, 0, 0, 255] });

    const other = 'data/nnUNet_raw/Dataset002_B';
    s.write(`${other}/imagesTr/c_0000.png`, greyPng(2, 2, 2));
    s.write(`${other}/dataset.json`, about);
    const request = { format: 'auto' as const, path: s.path('data') };
    await expect(previewImport(request)).rejects.toMatchObject({
      code: 'invalid-input',
      message: expect.stringContaining('Dataset001_A and nnUNet_raw/Dataset002_B') as string,
    });
  });

  test('volumes are refused in words', async () => {
    const s = scratch();
    s.write('data/imagesTr/a_0000.mha', 'x');
    s.write('data/labelsTr/a.mha', 'x');
    await expect(importData(s)).rejects.toThrow(
      /holds no images that Graft reads, but 2 files \.mha \(volumes: save them as \.nii, or export their slices\)/,
    );
  });
});

describe('Pascal VOC', () => {
  const write = async (s: Scratch, mask = indexPng(2, 2, [1, 0, 255, 2])) => {
    for (const [i, name] of ['a', 'b', 'c'].entries()) {
      s.write(`data/JPEGImages/${name}.jpg`, await jpeg(i));
      if (name === 'c') continue;
      s.write(`data/SegmentationClass/${name}.png`, mask);
      s.write(`data/SegmentationObject/${name}.png`, indexPng(2, 2, [7, 0, 255, 8]));
    }
  };

  test('palette indices, 255 is ignored, objects are numbered by a second mask, lists are parts', async () => {
    const s = scratch();
    await write(s);
    s.write('data/ImageSets/Segmentation/train.txt', 'a\n');
    s.write('data/ImageSets/Segmentation/val.txt', 'b\ngone\n');
    s.write('data/ImageSets/Segmentation/trainval.txt', 'a\nb\n');
    const { preview, labels, parts, told } = await importData(s);
    expect(preview).toMatchObject({ format: 'voc', images: 3, labelled: 2, imageClasses: [] });
    expect(labels).toEqual({ 'a.jpg': [1, 0, 255, 2], 'b.jpg': [1, 0, 255, 2], 'c.jpg': null });
    expect(parts).toEqual({ 'a.jpg': 'train', 'b.jpg': 'val' });
    expect(told.join('\n')).not.toMatch(/SegmentationObject/);
    expect(told.join('\n')).toMatch(/1 name is listed without an image, such as gone/);
  });

  test('images of one name in two folders keep their own masks, objects and parts', async () => {
    const s = scratch();
    for (const [i, folder] of ['day 1', 'day 2'].entries()) {
      s.write(`data/JPEGImages/${folder}/a.jpg`, await jpeg(i));
      const [mask, objects] =
        i === 0
          ? [
              [1, 1, 0, 0],
              [1, 2, 0, 0],
            ]
          : [
              [0, 0, 1, 1],
              [0, 0, 7, 7],
            ];
      s.write(`data/SegmentationClass/${folder}/a.png`, indexPng(2, 2, mask));
      s.write(`data/SegmentationObject/${folder}/a.png`, indexPng(2, 2, objects));
    }
    s.write('data/ImageSets/Segmentation/train.txt', 'day 1/a\n');
    s.write('data/ImageSets/Segmentation/val.txt', 'day 2/a\n');
    const { images, labels, parts, told } = await importData(s);
    const [first = '', second = ''] = images.map(({ name }) => name);
    expect(labels).toEqual({ [first]: [1, 1, 0, 0], [second]: [0, 0, 1, 1] });
    expect(parts).toEqual({ [first]: 'train', [second]: 'val' });
    const numbers = images.map(({ labelMapId }) => [
      ...objectsOf(s.project, labelMapId ?? 0).objects.data,
    ]);
    expect(numbers).toEqual([
      [1, 2, 0, 0],
      [0, 0, 1, 1],
    ]);
    expect(told.join('\n')).not.toMatch(/SegmentationObject|not used/);
  });

  test("CVAT's names and colours", async () => {
    const s = scratch();
    const colours = [128, 0, 0, 0, 0, 0, 0, 128, 0, 0, 0, 0];
    const drawn = encode({ width: 2, height: 2, channels: 3, data: Uint8Array.from(colours) });
    await write(s, drawn);
    s.write(
      'data/labelmap.txt',
      '# label:color_rgb:parts:actions\nbackground:0,0,0::\ncell:128,0,0::\nwall:0,128,0::\n',
    );
    const { labels, classes } = await importData(s);
    expect(classes).toEqual(['background', 'cell', 'wall']);
    expect(labels['a.jpg']).toEqual(LABELS.map((_, i) => [1, 0, 2, 0][i]));
  });

  test('values that labelmap.txt forgot are pointed out, and are classes at one flag', async () => {
    const s = scratch();
    await write(s, greyPng(2, 2, [0, 1, 5, 7]));
    s.write('data/labelmap.txt', 'background:0,0,0::\ncell:128,0,0::\n');
    const look = (mapping: Record<string, number> | null) =>
      previewImport({ format: 'auto', path: s.path('data'), mapping });
    const { doubts, values } = await look(null);
    expect(doubts[0]?.message).toMatch(
      /^5 and 7 \(\d+ px\) have no name \(labelmap\.txt says so\) and are/,
    );
    expect(doubts[0]?.instead[0]).toMatchObject({ flag: '--map 5=2,7=3', mapping: { 5: 2, 7: 3 } });
    expect(values.map(({ key, becomes }) => [key, becomes])).toEqual([
      ...[
        ['0', 0],
        ['1', 1],
        ['5', 255],
        ['7', 255],
      ],
    ]);
    const mapped = await look({ 5: 2, 7: 3 });
    expect(mapped.classes.map(({ name }) => name)).toEqual([
      'background',
      'cell',
      'class 2',
      'class 3',
    ]);
    expect(mapped.doubts).toEqual([]);
  });

  test("labelme's names, its pictures of masks left out", async () => {
    const s = scratch();
    await write(s);
    s.write('data/SegmentationClassVisualization/a.jpg', await jpeg(9));
    s.write('data/class_names.txt', '__ignore__\n_background_\ncell\nwall\n');
    const { classes, labels, images } = await importData(s);
    expect(images.length).toBe(3);
    expect(classes).toEqual(['_background_', 'cell', 'wall']);
    expect(labels['a.jpg']).toEqual([1, 0, 255, 2]);
  });
});

test('Cityscapes: 19 classes of labelIds, everything else ignored', async () => {
  const s = scratch();
  const at = (kind: string) => `data/gtFine/val/ulm/ulm_0_1_gtFine_${kind}.png`;
  s.write('data/leftImg8bit/val/ulm/ulm_0_1_leftImg8bit.png', rgbPng(2, 2, 1));
  s.write(at('labelIds'), greyPng(2, 2, [7, 26, 4, 0]));
  s.write(at('instanceIds'), greyPng(2, 2, 9));
  s.write(at('color'), rgbPng(2, 2, 3));
  const { preview, labels, classes, parts } = await importData(s);
  expect(preview).toMatchObject({ format: 'cityscapes', images: 1, labelled: 1 });
  expect(classes?.[13]).toBe('car');
  expect(Object.values(labels)).toEqual([[0, 13, 255, 255]]);
  expect(Object.values(parts)).toEqual(['val']);
});

test('ADE20K: 150 classes, 0 is ignored', async () => {
  const s = scratch();
  s.write('data/images/training/ADE_train_1.jpg', await jpeg(1));
  s.write('data/annotations/training/ADE_train_1.png', greyPng(2, 2, [0, 1, 150, 2]));
  s.write(
    'data/objectInfo150.txt',
    'Idx\tRatio\tTrain\tVal\tStuff\tName\n1\t0.15\t11664\t1172\t1\twall\n',
  );
  const { preview, labels, classes } = await importData(s);
  expect(preview.format).toBe('ade20k');
  expect(Object.values(labels)).toEqual([[255, 1, 150, 2]]);
  expect(classes?.slice(0, 3)).toEqual(['background', 'wall', 'class 2']);
});

describe('folders by their many names', () => {
  test.each<[string, string, string]>([
    ['img and mask', 'img/a.png', 'mask/a.png'],
    ['image and label, numbered', 'image/1.png', 'label/1.png'],
    ['train_images and train_masks', 'train_images/a.png', 'train_masks/a.png'],
    ['images_prepped_train', 'images_prepped_train/a.png', 'annotations_prepped_train/a.png'],
    ['mmsegmentation', 'img_dir/train/a.png', 'ann_dir/train/a.png'],
    ['CARLA', 'CameraRGB/a.png', 'CameraSeg/a.png'],
    ['frames', 'frames/a.png', 'masks/a.png'],
    ['an unknown folder', 'scans/x/a.png', 'masks/a.png'],
    ['gt', 'rgb/a.png', 'gt/a.png'],
    ['SegmentationClass alone', 'photos/a.png', 'SegmentationClass/a.png'],
    ['words before the names', 'images/image_001.png', 'masks/mask_001.png'],
    ['words before the names, in one folder', 'img_001.png', 'mask_001.png'],
    ['CamVid as it is kept by others', 'train/0001TP_1.png', 'train_labels/0001TP_1_L.png'],
    ['imagesTr without dataset.json', 'x/imagesTr/a_0000.png', 'x/labelsTr/a.png'],
    ['case', 'Images/a.png', 'Masks/a.png'],
    ['parts', 'train/img/a.png', 'train/seg/a.png'],
  ])('%s', async (_, image, mask) => {
    const s = scratch();
    s.write(`data/${image}`, rgbPng(2, 2, 1));
    s.write(`data/${mask}`, MASK);
    const { preview, labels } = await importData(s);
    expect(preview).toMatchObject({ images: 1, labelled: 1, imageClasses: [] });
    expect(Object.values(labels)).toEqual([LABELS]);
  });

  test('numbers that two parts share are not mixed up', async () => {
    const s = scratch();
    for (const part of ['train', 'val']) {
      s.write(`data/photos/${part}/1.png`, rgbPng(2, 2, part.length));
      s.write(`data/ann_dir/${part}/1.png`, greyPng(2, 2, [part === 'val' ? 1 : 2, 0, 0, 1]));
    }
    const { labels, parts } = await importData(s);
    expect(Object.values(labels)).toEqual([
      [2, 0, 0, 1],
      [1, 0, 0, 1],
    ]);
    expect(Object.values(parts).toSorted()).toEqual(['train', 'val']);
  });

  test('names of classes beside the masks', async () => {
    const s = scratch();
    s.write('data/images/a.png', rgbPng(2, 2, 1));
    const data = Uint8Array.from([0, 0, 0, 64, 128, 64, 0, 0, 0, 192, 0, 128]);
    s.write('data/masks/a.png', encode({ width: 2, height: 2, channels: 3, data }));
    s.write('data/class_dict.csv', 'name,r,g,b\nAnimal,64,128,64\nArchway,192,0,128\nVoid,0,0,0\n');
    const { labels, classes } = await importData(s);
    expect(classes).toEqual(['background', 'Animal', 'Archway']);
    expect(labels).toEqual({ 'a.png': [255, 1, 255, 2] });
  });

  test('folders called after masks are no classes of images, also where nothing pairs', async () => {
    const s = scratch();
    for (const n of [1, 2]) {
      s.write(`data/imagesA/a${n}.png`, rgbPng(2, 2, n));
      s.write(`data/labelsA/b${n}.png`, MASK);
    }
    const { preview, told } = await importData(s);
    expect(preview).toMatchObject({ format: 'folder', images: 2, labelled: 0, imageClasses: [] });
    expect(told).toContain('labelsA/b1.png: mask without an image of that name');
  });

  test('masks that could belong to either of two folders are left out in words', async () => {
    const s = scratch();
    s.write('data/left/1.png', rgbPng(2, 2, 1));
    s.write('data/right/1.png', rgbPng(2, 2, 2));
    s.write('data/masks/1.png', MASK);
    const { told, preview } = await importData(s);
    expect(preview.labelled).toBe(0);
    expect(told.join()).toMatch(/its masks could belong to the images in left\/ or in right\//);
  });

  test('classes of images stay classes: faces with and without a mask', async () => {
    const s = scratch();
    for (const [i, folder] of ['with_mask', 'without_mask'].entries()) {
      for (const n of [1, 2, 3])
        s.write(`data/${folder}/${folder}${n}.png`, rgbPng(2, 2, i * 10 + n));
    }
    const { preview } = await importData(s);
    expect(preview).toMatchObject({
      format: 'class-folder',
      images: 6,
      imageClasses: ['with_mask', 'without_mask'],
    });
  });

  test('two folders with files of the same names are doubtful', async () => {
    const s = scratch();
    for (const folder of ['one', 'two']) {
      for (const n of [1, 2])
        s.write(`data/${folder}/${n}.png`, rgbPng(2, 2, n + folder.charCodeAt(0)));
    }
    const { preview } = await importData(s);
    expect(preview.format).toBe('class-folder');
    const asked = await previewImport({ path: s.path('data'), format: 'folder' });
    for (const { doubts } of [preview, asked]) {
      expect(doubts).toMatchObject([
        {
          message: 'Files of one/ and two/ are called alike: does one of these hold masks?',
          instead: [
            { flag: '--masks one/', masks: 'one/' },
            { flag: '--masks two/', masks: 'two/' },
          ],
        },
      ]);
    }
    for (const n of [1, 2]) s.write(`data/two/${n}.png`, MASK);
    const { labels, told } = await importData(s, { masks: 'two/' });
    expect(labels).toEqual({ '1.png': LABELS, '2.png': LABELS });
    expect(told.join()).not.toContain('doubtful');
  });

  test('folders of parts with files of the same names are parts', async () => {
    const s = scratch();
    for (const [folder, names] of [
      ['cat', ['a', 'b']],
      ['dog', ['c', 'd']],
    ] as const) {
      for (const part of ['train', 'test'])
        for (const name of names) s.write(`data/${part}/${folder}/${name}.png`, rgbPng(2, 2, 1));
    }
    expect((await importData(s)).preview.doubts).toEqual([]);
  });
});

test.each<[string, readonly string[]]>([
  ['Unicode form', ['é'.normalize('NFC'), 'é'.normalize('NFD')]],
  ['case', ['img', 'IMG']],
])('of images whose names differ in their %s alone, each has its own mask', async (_, names) => {
  const s = scratch();
  for (const [i, name] of names.entries()) {
    s.write(`data/images/${name}.png`, rgbPng(2, 2, i));
    s.write(`data/masks/${name}_mask.png`, greyPng(2, 2, [i + 1, 0, 0, 0]));
  }
  const { images, report } = await importData(s);
  const classes = images.map((image) => ({
    own: names.findIndex((name) => image.name.includes(name)) + 1,
    drawn: image.labelMapId === null ? null : readLabelMap(s.project, image.labelMapId).data[0],
  }));
  expect(classes.toSorted((a, b) => a.own - b.own)).toEqual([
    { own: 1, drawn: 1 },
    { own: 2, drawn: 2 },
  ]);
  // One file system may hold both names for one: an export would write one file twice.
  expect(new Set(images.map((image) => image.name.normalize('NFC').toLowerCase())).size).toBe(2);
  expect(report.issues.map((i) => i.message)).toContainEqual(
    expect.stringContaining('another file is called'),
  );
});

describe('masks beside their images', () => {
  test.each<[string, string]>([
    ['scan', 'mask'],
    ['image', 'label'],
    ['x', 'ground_truth'],
  ])('a folder a case with %s.png and %s.png is no class of images', async (image, mask) => {
    const s = scratch();
    for (const name of ['p1', 'p2']) {
      s.write(`data/${name}/${image}.png`, rgbPng(2, 2, 1));
      s.write(`data/${name}/${mask}.png`, MASK);
    }
    const { preview, labels } = await importData(s);
    expect(preview).toMatchObject({ format: 'folder', images: 2, labelled: 2 });
    expect(Object.values(labels)).toEqual([LABELS, LABELS]);
  });

  test.each<[string, string]>([
    ['a_sat.jpg', 'a_mask.png'],
    ['a.png', 'a_cp_masks.png'],
    ['a.png', 'a_Simple Segmentation.png'],
    ['a [x=1,w=2].png', 'a [x=1,w=2]-labelled.png'],
    ['a_image.png', 'a_image_label.png'],
  ])('%s and %s', async (image, mask) => {
    const s = scratch();
    s.write(`data/${image}`, image.endsWith('.jpg') ? await jpeg(1) : rgbPng(2, 2, 1));
    s.write(`data/${mask}`, MASK);
    expect((await importData(s)).labels).toEqual({ [image]: LABELS });
  });

  test.each<[string, string, string, string]>([
    [
      '.jpg',
      '_1stHO.png',
      '2 files are called like others and "_1stHO": are they masks of these?',
      '*_1stHO',
    ],
    [
      '.jpg',
      '.png',
      '2 names stand there as .jpg and .png: is one of these masks of the other?',
      '*.png',
    ],
  ])('%s and %s may be: doubtful', async (image, mask, message, masks) => {
    const s = scratch();
    for (const name of ['a', 'b']) {
      s.write(`data/${name}${image}`, await jpeg(1));
      s.write(`data/${name}${mask}`, MASK);
    }
    const { preview, report, labels } = await importData(s);
    expect(preview.doubts[0]?.message).toBe(message);
    expect(report.doubts[0]?.message).toBe(message);
    expect(preview.doubts[0]?.instead).toContainEqual(
      expect.objectContaining({ flag: `--masks "${masks}"`, masks }),
    );
    expect(Object.values(labels)).toEqual([null, null, null, null]);
    const instead = await importData(s, { masks });
    expect(instead.preview).toMatchObject({ format: 'folder', images: 2, labelled: 2 });
    expect(JSON.stringify(instead.preview.doubts)).not.toContain('masks of');
    expect(Object.values(instead.labels)).toEqual([LABELS, LABELS]);
  });

  test.each<[string, RegExp]>([
    ['gt/', /no image file is a mask as "gt\/" says\. Name a folder/],
    ['*', /says of no files|no image file is/],
    ['*.png', /every image file is a mask/],
    ['../x', /says of no files/],
  ])('a place of masks that holds none is an error: %s', async (masks, message) => {
    const s = scratch();
    s.write('data/a.png', rgbPng(2, 2, 1));
    await expect(previewImport({ path: s.path('data'), format: 'auto', masks })).rejects.toThrow(
      message,
    );
    await expect(previewImport({ path: s.path('data'), format: 'voc', masks })).rejects.toThrow(
      /format voc says itself which files are masks/,
    );
  });

  test("labelme's folders: its drawing of the mask is left out by name", async () => {
    const s = scratch();
    for (const name of ['a_json', 'b_json']) {
      s.write(`data/${name}/img.png`, rgbPng(2, 2, 1));
      s.write(`data/${name}/label.png`, MASK);
      s.write(`data/${name}/label_viz.png`, rgbPng(2, 2, 2));
    }
    const { preview, told } = await importData(s);
    expect(preview).toMatchObject({ format: 'folder', images: 2, labelled: 2 });
    expect(told).toContain('a_json/label_viz.png: not used');
  });

  test('a second mask of an image is no image, and is named', async () => {
    const s = scratch();
    for (const name of ['benign (1)', 'b']) {
      s.write(`data/${name}.png`, rgbPng(2, 2, 1));
      s.write(`data/${name}_mask.png`, MASK);
    }
    s.write('data/benign (1)_mask_1.png', greyPng(2, 2, [0, 1, 0, 0]));
    // Its number is that of the image, which has a mask of its own.
    s.write('data/x_label_1.png', rgbPng(2, 2, 1));
    s.write('data/x_label_1_mask.png', MASK);
    const { preview, labels, told } = await importData(s);
    expect(preview).toMatchObject({ format: 'folder', images: 3, labelled: 3 });
    expect(Object.values(labels)).toEqual([LABELS, LABELS, LABELS]);
    expect(told).toContain(
      'benign (1)_mask_1.png: second mask for one image; benign (1)_mask.png is used',
    );
  });
});

test.each(['a.png', 'a.ome.png', 'a_mask.png', 'a.ome.tif.png', 'a.ome.p1.png'])(
  'an OME-TIFF and its mask %s pair',
  async (mask) => {
    const s = scratch();
    s.write(
      'data/images/a.ome.tif',
      await sharp(rgbPng(2, 2, 1))
        .tiff()
        .toBuffer(),
    );
    s.write(`data/masks/${mask}`, MASK);
    expect((await importData(s)).labels).toEqual({ 'a.ome.tif': LABELS });
  },
);

test('a mask that serves two images is named', async () => {
  const s = scratch();
  s.write('data/images/a.png', rgbPng(2, 2, 1));
  s.write('data/images/a.jpg', await jpeg(2));
  s.write('data/masks/a.png', MASK);
  const { told } = await importData(s);
  expect(told).toContain('masks/a.png: it is the mask of 2 images: images/a.jpg and images/a.png');
});

test.each<[string, string, string]>([
  ['masks/img_1.png', 'images/IMG_1.png', 'mask beside folder'],
  ['IMG_1_mask.PNG', 'img_1.png', 'mask beside the image'],
  ['masks/img_1.p1.png', 'images/IMG_1.png', 'mask of a page'],
])('names in another case pair: %s and %s (%s)', async (mask, image) => {
  const s = scratch();
  s.write(`data/${image}`, rgbPng(2, 2, 1));
  s.write(`data/${mask}`, MASK);
  const { labels, report } = await importData(s);
  expect(Object.values(labels)).toEqual([LABELS]);
  expect(report.issues).toEqual([]);
});

test('names in another Unicode form pair: masks, parts and facts of images', async () => {
  const s = scratch();
  const name = (form: 'NFC' | 'NFD') => 'größe.png'.normalize(form);
  s.write(`data/images/${name('NFD')}`, rgbPng(2, 2, 1));
  s.write(`data/masks/${name('NFC')}`, MASK);
  s.write('data/splits.json', JSON.stringify({ mine: { test: [name('NFC')] } }));
  const facts = {
    classes: [0, 1, 2].map((index) => ({ index, name: `c${index}`, color: '#000000' })),
  };
  const images = { [name('NFC')]: { group: 'patient' } };
  s.write('data/classes.json', JSON.stringify({ ...facts, images }));
  const { labels, report, images: found } = await importData(s);
  expect(Object.values(labels)).toEqual([LABELS]);
  expect(found[0]?.groupName).toBe('patient');
  expect(s.project.splits.list(report.datasetId).map((split) => split.name)).toEqual(['mine']);
});

describe('masks and objects in folders of their own', () => {
  test('belong together by folder and name, however letters with marks are written', async () => {
    const s = scratch();
    const size = { width: 2, height: 2, channels: 1 } as const;
    const numbers = (...values: number[]) =>
      encodeTiff({ ...size, data: Uint16Array.from(values) });
    const [composed, apart] = ['\u00e9.tif', 'e\u0301.tif'];
    for (const [i, part] of ['train', 'val'].entries()) {
      s.write(`data/${part}/images/${composed}`, numbers(i, 1, 2, 3));
      s.write(`data/${part}/masks/${composed}`, numbers(0, 1, 1, 1));
      s.write(`data/${part}/objects/${apart}`, numbers(0, 1, 1, i === 0 ? 2 : 1));
    }
    const { preview, images, told } = await importData(s);
    expect(preview).toMatchObject({ format: 'label-tiff', images: 2, labelled: 2 });
    const found = images.map(({ labelMapId }) => objectsOf(s.project, labelMapId ?? 0));
    expect(found.map(({ from, objects }) => [from, ...objects.data])).toEqual([
      ['stored', 0, 1, 1, 2],
      ['stored', 0, 1, 1, 1],
    ]);
    expect(told.join('\n')).not.toMatch(/not used/);
  });
});
