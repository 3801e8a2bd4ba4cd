/** How many images a file becomes, and which of them a mask belongs to. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { exportDataset } from '../../../../engine/data/export/export.ts';
import { readImage, readLabelMap } from '../../../../engine/data/image-source.ts';
import {
  type ImportRequest,
  previewImport,
  runImport,
} from '../../../../engine/data/import/import.ts';
import { makeSplit } from '../../../../engine/data/split.ts';
import { encodeLabelMap } from '../../../../shared/label-map.ts';
import { type TiffPage, writeTiff } from '../tiff-writer.ts';
import { greyPng, rgbPng, scratch, type Scratch } from './scratch.ts';

const plane = (value: number, tags: TiffPage['tags'] = {}): TiffPage => ({
  width: 2,
  height: 2,
  bits: [8],
  samples: [value, value, value, value],
  tags,
});
const stack = (count: number, description = 'a stack', first = 0) =>
  writeTiff(
    Array.from({ length: count }, (_, i) =>
      plane(first + i + 1, i === 0 ? { 270: description } : {}),
    ),
  );
/** Each page a mask of its own: class 1 in pixel i. */
const masks = (count: number) =>
  writeTiff(
    Array.from({ length: count }, (_, i) => ({
      ...plane(0),
      samples: [0, 1, 2, 3].map((p) => Number(p === i % 4)),
    })),
  );
const labelled = encodeLabelMap({ width: 2, height: 2, data: Uint8Array.of(1, 0, 0, 0) });
const onePixel = greyPng(2, 2, [255, 0, 0, 0]);

async function bringIn(s: Scratch, options: Partial<ImportRequest> = {}, folder = 'data') {
  const request = { format: 'auto', path: s.path(folder), ...options } as const;
  const preview = await previewImport(request);
  const report = await runImport(s.project, request, { datasetName: folder, link: false });
  const images = s.project.datasets.images(report.datasetId);
  return {
    preview,
    report,
    images,
    pages: images.map(({ page, channelPages }) => channelPages ?? [page]),
    labels: images.map(({ labelMapId }) =>
      labelMapId === null ? null : [...readLabelMap(s.project, labelMapId).data],
    ),
    messages: report.issues.map(({ severity, message }) => `${severity}: ${message}`),
  };
}

describe('one mask beside a stack', () => {
  const files: readonly [string, Uint8Array][] = [
    ['masks/z.png', onePixel],
    ['masks/z.tif', writeTiff([{ ...plane(0), samples: [255, 0, 0, 0] }])],
  ];

  test.each(files)('%s goes to the first page, and that is said', async (name, bytes) => {
    const s = scratch();
    s.write('data/images/z.tif', stack(5));
    s.write('data/images/other.png', rgbPng(2, 2, 1));
    s.write(`data/${name}`, bytes);
    const { preview, labels, messages, report } = await bringIn(s);
    expect(labels).toEqual([null, [1, 0, 0, 0], null, null, null, null]);
    expect([preview.labelled, report.labelled, preview.oneMasks]).toEqual([1, 1, 1]);
    const said = messages.filter((message) => message.includes('one mask'));
    expect(said).toEqual([
      expect.stringMatching(/^change: one mask for 5 images: .* page 1, and pages 2–5 are .*unlab/),
    ]);
    // Said once, not once for each page.
    expect(messages.filter((message) => message.includes('image without a mask'))).toHaveLength(1);
  });

  test.each(['z.png', 'z.lsm', 'z.stk', 'z.TIF'])(
    'a stack called %s has its pages',
    async (name) => {
      const s = scratch();
      s.write(`data/images/${name}`, stack(3));
      s.write('data/masks/z.png', onePixel);
      const { pages, labels } = await bringIn(s);
      expect(pages).toEqual([[0], [1], [2]]);
      expect(labels).toEqual([[1, 0, 0, 0], null, null]);
    },
  );

  test.each(files)('%s goes to every page where that is asked for', async (name, bytes) => {
    const s = scratch();
    s.write('data/images/z.tif', stack(3));
    s.write(`data/${name}`, bytes);
    const { labels, messages } = await bringIn(s, { oneMask: 'every' });
    expect(labels).toEqual([0, 1, 2].map(() => [1, 0, 0, 0]));
    expect(messages).toContain(
      'change: its one mask is put on every one of its 3 images, as you asked',
    );
  });

  test('object masks of one image are its one mask', async () => {
    const s = scratch();
    for (const id of ['a', 'b']) {
      s.write(`data/${id}/images/${id}.tif`, stack(2, 'a stack', id === 'a' ? 0 : 9));
      s.write(`data/${id}/masks/1.png`, onePixel);
    }
    const { labels, preview } = await bringIn(s);
    expect(preview.format).toBe('dsb2018');
    expect(labels).toEqual([[1, 0, 0, 0], null, [1, 0, 0, 0], null]);
  });
});

describe('pages of masks', () => {
  test('belong to the images one by one, past thumbnails; what is over is named', async () => {
    const s = scratch();
    const reduced = { ...plane(9, { 254: [1] }), width: 1, height: 1, samples: [9] };
    s.write('data/images/a.tif', writeTiff([plane(1), reduced, plane(2)]));
    s.write('data/masks/a.tif', masks(3));
    s.write('data/images/b.png', rgbPng(2, 2, 1));
    s.write('data/masks/b.tif', masks(2));
    s.write('data/images/c.tif', stack(3));
    s.write('data/masks/c.tif', masks(2));
    const { pages, labels, messages, preview } = await bringIn(s);
    expect(pages).toEqual([[0], [2], [0], [0], [1], [2]]);
    const [first, second] = [
      [1, 0, 0, 0],
      [0, 1, 0, 0],
    ];
    expect(labels).toEqual([first, second, first, first, second, null]);
    expect(messages).toEqual(
      expect.arrayContaining([
        'info: its page 2 is a reduced copy (1×1 px) and left out',
        'skip: not used: its page 3, for the image has 2 pages',
        'skip: not used: its page 2, for the image has 1 page',
        'info: no mask for page 3: imported unlabelled',
      ]),
    );
    expect([preview.images, preview.labelled]).toEqual([6, 5]);
  });

  test.each([
    ['slices of 2 channels', 'ImageJ=1.54\nimages=6\nchannels=2\nslices=3\n', [0, 2, 4]],
    ['channels of 3 slices each, as --pages channels has it', 'a stack', [0]],
  ])(
    'as many as the image has, which are %s: those of the first channels',
    async (_, text, first) => {
      const s = scratch();
      s.write('data/images/a.tif', stack(6, text));
      s.write('data/images/b.png', rgbPng(2, 2, 1));
      s.write('data/masks/a.tif', masks(6));
      const asked = first.length === 1 ? ({ pages: 'channels' } as const) : {};
      const { labels, messages } = await bringIn(s, asked);
      const own = first.map((page) => [0, 1, 2, 3].map((p) => Number(p === page % 4)));
      expect(labels).toEqual([...own, null]);
      const left = first.length === 1 ? '2–6' : '2, 4, 6';
      expect(messages).toContain(
        `skip: not used: its pages ${left}. It has one for each page of the image, and these are channels: that of the first of them is taken`,
      );
    },
  );

  test('of one kind are told of once, in the preview and after it', async () => {
    const s = scratch();
    const wide = (value: number) => ({ ...plane(value), bits: [32], format: 'float' as const });
    const pages = [1, 2, 3].map((value) => ({ ...wide(value), samples: [value, NaN, 0, 0] }));
    s.write('data/images/a.tif', writeTiff(pages));
    s.write('data/masks/a.tif', masks(3));
    const { preview, messages } = await bringIn(s);
    const said = 'change: 1 sample was not finite and became 0';
    expect(messages.filter((message) => message === said)).toEqual([said]);
    expect(preview.issues.map(({ severity, message }) => `${severity}: ${message}`)).toContain(
      said,
    );
    expect(new Set(preview.issues.map((issue) => JSON.stringify(issue))).size).toBe(
      preview.issues.length,
    );
  });

  test('of an image that cannot be read are not counted against it', async () => {
    const s = scratch();
    s.write('data/images/a.tif', stack(2).subarray(0, 12));
    s.write('data/masks/a.tif', masks(2));
    s.write('data/images/b.tif', stack(2));
    s.write('data/masks/b.tif', masks(2));
    const { messages } = await bringIn(s);
    expect(messages.filter((message) => message.startsWith('skip'))).toEqual([
      'skip: not used: its image cannot be read',
      expect.stringMatching(/^skip: is damaged or cut off/),
    ]);
  });

  test('in files of their own are named where no page is theirs', async () => {
    const s = scratch();
    s.write('data/images/a.tif', stack(3));
    s.write('data/masks/a.p2.png', onePixel);
    s.write('data/masks/a.p7.png', onePixel);
    s.write('data/masks/a.png', onePixel);
    const { labels, messages } = await bringIn(s);
    expect(labels).toEqual([null, [1, 0, 0, 0], null]);
    expect(messages).toEqual(
      expect.arrayContaining([
        'skip: not used: its image has no page 7',
        'skip: not used: there are masks for single pages of its image',
        'info: no mask for pages 1, 3: imported unlabelled',
      ]),
    );
  });
});

describe('channels stored as pages', () => {
  const composite = stack(6, 'ImageJ=1.54\nimages=6\nchannels=3\nslices=2\n');

  test('become channels of one image where the file says so, with the pages of the mask', async () => {
    const s = scratch();
    s.write('data/images/a.tif', composite);
    s.write('data/masks/a.tif', masks(2));
    const { images, pages, labels, preview, messages } = await bringIn(s);
    expect(pages).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    expect(labels).toEqual([
      [1, 0, 0, 0],
      [0, 1, 0, 0],
    ]);
    expect(preview).toMatchObject({ images: 2, severalPages: 1 });
    expect(messages[0]).toMatch(
      /^info: its 6 pages are the channels of 2 images, as the file says/,
    );
    for (const [i, image] of images.entries()) {
      expect(image.channels).toBe(3);
      const { data, channels } = await readImage(s.project, image);
      expect([channels, ...data.subarray(0, 3)]).toEqual([3, 3 * i + 1, 3 * i + 2, 3 * i + 3]);
    }
  });

  test('become images where that is asked for, and pages channels', async () => {
    const s = scratch();
    s.write('data/a.tif', composite);
    s.write('plain/a.tif', stack(2));
    const apart = await bringIn(s, { pages: 'images' });
    expect(apart.pages).toEqual([[0], [1], [2], [3], [4], [5]]);
    expect(apart.messages[0]).toContain(
      'as you asked, though the file says that they are channels',
    );
    const joined = await bringIn(s, { pages: 'channels' }, 'plain');
    expect(joined.pages).toEqual([[0, 1]]);
    expect(s.project.datasets.get(joined.report.datasetId)?.origin).toMatchObject({
      pages: 'channels',
    });
  });

  test.each(['folder', 'coco'] as const)(
    'come back from an exported %s as they were, whatever was chosen',
    async (format) => {
      const s = scratch();
      s.write('one/a.tif', composite);
      s.write('two/a.tif', stack(2));
      s.write('two/b.png', rgbPng(2, 2, 3));
      for (const [folder, pages] of [
        ['one', 'auto'],
        ['one', 'images'],
        ['two', 'images'],
      ] as const) {
        const { datasetId } = (await bringIn(s, { pages }, folder)).report;
        const before = s.project.datasets.images(datasetId);
        for (const { id } of before) {
          s.project.labelMaps.add({ imageId: id, author: 'human', bytes: labelled });
        }
        await exportDataset(s.project, datasetId, { format, dir: s.path('out', folder + pages) });
        const again = await bringIn(s, {}, join('out', folder + pages));
        const key = (image: (typeof before)[number]) => [
          image.name,
          image.page,
          image.channelPages,
        ];
        expect(again.images.map(key)).toEqual(before.map(key));
        s.project.datasets.delete(datasetId);
      }
    },
  );
});

describe('a stack alone', () => {
  test('can be split, and the same stack twice is named once', async () => {
    const s = scratch();
    s.write('data/z.tif', stack(6));
    const { images } = await bringIn(s);
    const items = makeSplit(images, { val: 0.2, test: 0.3, seed: 0 });
    expect(new Set(items.map(({ part }) => part)).size).toBe(3);
    s.write('twice/a.tif', stack(4));
    s.write('twice/b.tif', stack(4));
    const { messages } = await bringIn(s, {}, 'twice');
    expect(messages.filter((message) => message.includes('the same file as a.tif'))).toHaveLength(
      1,
    );
  });
});

test('pages that COCO does not name are left out and named', async () => {
  const s = scratch();
  s.write('data/images/z.tif', stack(3));
  const segmentation = [[0, 0, 1, 0, 1, 1, 0, 1]];
  s.write(
    'data/instances.json',
    JSON.stringify({
      images: [{ id: 1, file_name: 'z.tif', width: 2, height: 2 }],
      annotations: [{ id: 1, image_id: 1, category_id: 1, segmentation }],
      categories: [{ id: 1, name: 'cell' }],
    }),
  );
  const { pages, messages } = await bringIn(s, { path: s.path('data/instances.json') });
  expect(pages).toEqual([[0]]);
  expect(messages).toContain('skip: not in the annotations and left out: its pages 2, 3');
});
