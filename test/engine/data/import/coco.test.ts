import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { previewImport, runImport } from '../../../../engine/data/import/import.ts';
import { decodeMask } from '../../../../engine/data/decode-mask.ts';
import { fileInMemory } from '../../../../engine/data/image-file.ts';
import { readLabelMap } from '../../../../engine/data/image-source.ts';
import { planImport } from '../../../../engine/data/import/preview.ts';
import { carryOutImport } from '../../../../engine/data/import/run.ts';
import { rgbPng, scratch, type Scratch } from './scratch.ts';

interface CocoParts {
  images?: unknown;
  annotations?: unknown;
  categories?: unknown;
}

/** An 8 × 6 image a.png (id 5) and categories 7 "nucleus" and 3 "cell", in this order. */
function coco(s: Scratch, annotations: readonly unknown[], over: CocoParts = {}): string {
  s.write('data/images/a.png', rgbPng(8, 6, 1));
  return s.write(
    'data/instances.json',
    JSON.stringify({
      images: [{ id: 5, file_name: 'a.png', width: 8, height: 6 }],
      annotations,
      categories: [
        { id: 7, name: 'nucleus' },
        { id: 3, name: 'cell' },
      ],
      ...over,
    }),
  );
}

const square = (x: number, y: number, side: number) => [
  [x, y, x + side, y, x + side, y + side, x, y + side],
];
const annotation = (id: number, category: number, segmentation: unknown, over = {}) => ({
  id,
  image_id: 5,
  category_id: category,
  segmentation,
  iscrowd: 0,
  ...over,
});

async function importCoco(s: Scratch, path: string) {
  const report = await runImport(
    s.project,
    { format: 'coco', path },
    { datasetName: 'd', link: false },
  );
  const image = s.project.datasets.images(report.datasetId)[0];
  const id = image?.labelMapId ?? null;
  return {
    report,
    classes: s.project.datasets.get(report.datasetId)?.classes.map((c) => c.name),
    rows:
      id === null
        ? null
        : [...readLabelMap(s.project, id).data]
            .map((v) => (v === 255 ? '#' : String(v)))
            .join('')
            .match(/.{8}/g),
  };
}

const messages = (issues: readonly { severity: string; message: string }[]) =>
  issues.filter((i) => i.severity !== 'info').map((i) => i.message);

describe('COCO', () => {
  test('categories of any id become classes in the order of their ids; later objects win', async () => {
    const s = scratch();
    const { rows, classes, report } = await importCoco(
      s,
      coco(s, [annotation(1, 7, square(0, 0, 3)), annotation(2, 3, square(2, 2, 3))]),
    );
    expect(classes).toEqual(['background', 'cell', 'nucleus']);
    expect(rows).toEqual(['22200000', '22200000', '22111000', '00111000', '00111000', '00000000']);
    expect(messages(report.issues)).toEqual(['1 px where objects overlap went to the later one']);
  });

  test('polygons of one annotation are a union, and a hole that vanishes is told', async () => {
    const s = scratch();
    const rings = [...square(0, 0, 6), ...square(2, 2, 2)];
    const apart = [...square(0, 0, 1), ...square(6, 0, 1)];
    const { rows, report } = await importCoco(
      s,
      coco(s, [annotation(1, 3, rings), annotation(2, 7, apart)]),
    );
    expect(rows?.[0]).toBe('21111120');
    expect(rows?.[3]).toBe('11111100');
    expect(messages(report.issues)).toEqual([
      'annotation 1: a polygon inside another is no hole in COCO and was filled',
      '1 px where objects overlap went to the later one',
    ]);
  });

  test('compressed and uncompressed run lengths, whatever iscrowd says about them', async () => {
    const s = scratch();
    // Column-major: 6 rows; the first column, and the top row of the last two columns.
    const counts = [0, 6, 30, 1, 5, 1, 5];
    const uncompressed = annotation(1, 3, { size: [6, 8], counts });
    const { rows } = await importCoco(s, coco(s, [uncompressed]));
    const expected = ['10000011', ...new Array<string>(5).fill('10000000')];
    expect(rows).toEqual(expected);
    const t = scratch();
    // pycocotools.mask.encode of the same mask, version 2.0.11.
    const compressed = annotation(1, 3, { size: [6, 8], counts: '06n0KWO00' });
    expect((await importCoco(t, coco(t, [compressed]))).rows).toEqual(expected);
  });

  test('crowds become ignored pixels beneath every object, and that is said', async () => {
    const s = scratch();
    const crowd = annotation(2, 7, square(0, 0, 4), { iscrowd: 1 });
    const { rows, report } = await importCoco(
      s,
      coco(s, [annotation(1, 3, square(0, 0, 2)), crowd]),
    );
    expect(rows?.slice(0, 3)).toEqual(['11##0000', '11##0000', '####0000']);
    expect(messages(report.issues)).toEqual([
      '1 crowd annotation (iscrowd=1) became ignored pixels',
    ]);
  });

  test('an image without annotations is unlabelled, unless the file says otherwise', async () => {
    const s = scratch();
    const json = coco(s, [], {
      images: [
        { id: 5, file_name: 'a.png', width: 8, height: 6, labelled: true },
        { id: 6, file_name: 'b.png', width: 8, height: 6 },
      ],
    });
    s.write('data/images/b.png', rgbPng(8, 6, 2));
    const { report, rows } = await importCoco(s, json);
    expect(report).toMatchObject({ images: 2, labelled: 1 });
    expect(rows?.join('')).toBe('0'.repeat(48));
    expect(report.issues.map((i) => i.message)).toContain(
      'image without a mask: imported unlabelled',
    );
  });

  test('bad annotations are named and skipped one by one', async () => {
    const s = scratch();
    const { report, rows } = await importCoco(
      s,
      coco(s, [
        annotation(1, 3, square(0, 0, 1)),
        annotation(2, 99, square(0, 0, 3)),
        annotation(3, 3, square(0, 0, 3), { image_id: 77 }),
        { id: 4, image_id: 5, category_id: 3, bbox: [0, 0, 2, 2] },
        annotation(5, 3, { size: [6, 8], counts: [48, -1] }),
        annotation(6, 3, { size: [8, 6], counts: [48] }),
        annotation(7, 3, { size: [6, 8], counts: '1' }),
        annotation(8, 3, [[0, 0, 1, 1]]),
        'nonsense',
      ]),
    );
    expect(rows?.[0]).toBe('10000000');
    expect(report).toMatchObject({ images: 1, labelled: 1, skipped: 0 });
    const skipped = report.issues.filter((i) => i.severity === 'skip');
    expect(skipped.map((i) => `${i.path.split(': ').at(-1) ?? ''}: ${i.message}`)).toEqual([
      'annotation 2: its category 99 is not listed',
      'annotation 4: it has no segmentation; its box alone is no outline',
      'annotations[8]: it is no annotation',
      'image 77: 1 annotation of an image that is not listed',
      'a.png: annotation 5: a run is -1 long',
      'a.png: annotation 6: it is 6×8 px, the image 8×6',
      'a.png: annotation 7: its runs cover 1 of 48 pixels',
      'a.png: annotation 8: a polygon has 4 numbers; it needs x, y three times or more',
    ]);
  });

  test('annotations made for another size of the image are not stretched, but left out', async () => {
    const s = scratch();
    const json = coco(s, [annotation(1, 3, square(0, 0, 4))], {
      images: [{ id: 5, file_name: 'a.png', width: 16, height: 12 }],
    });
    const { report } = await importCoco(s, json);
    expect(report).toMatchObject({ images: 1, labelled: 0 });
    expect(messages(report.issues)).toEqual([
      'its annotations are for 16×12 px, the image has 8×6: it is imported unlabelled. Export them again at the size of the image.',
    ]);
  });

  test('a missing image is skipped; a path that leaves the folder is refused', async () => {
    const s = scratch();
    const json = coco(s, [annotation(1, 3, square(0, 0, 1))], {
      images: [
        { id: 5, file_name: 'a.png', width: 8, height: 6 },
        { id: 6, file_name: 'gone.png', width: 8, height: 6 },
        { id: 7, file_name: '../../secret.png', width: 8, height: 6 },
        { id: 8 },
      ],
    });
    const { report } = await importCoco(s, json);
    expect(report).toMatchObject({ images: 1, skipped: 1 });
    expect(messages(report.issues)).toEqual([
      expect.stringContaining('not an image (file_name'),
      expect.stringContaining('lies outside'),
      expect.stringMatching(/^2 of its 3 images are not found, such as gone\.png .*--images/),
      expect.stringContaining('does not exist'),
    ]);
  });

  test.each<[string, string, RegExp]>([
    ['cut off', '{"images": [', /is cut off: its JSON ends early, in line 1/],
    ['of another kind', '{"shapes": []}', /is not as expected at "images"/],
    ['without categories', '{"images": [], "annotations": []}', /at "categories"/],
  ])('a JSON file that is %s is unreadable', async (_, text, message) => {
    const s = scratch();
    const path = s.write('data/instances.json', text);
    const preview = previewImport({ format: 'coco', path });
    await expect(preview).rejects.toMatchObject({ code: 'unreadable' });
    await expect(preview).rejects.toThrow(message);
  });

  test('is found in a folder, also automatically where there are no masks', async () => {
    const s = scratch();
    coco(s, [annotation(1, 3, square(0, 0, 1))]);
    for (const format of ['auto', 'coco'] as const) {
      const preview = await previewImport({ format, path: s.path('data') });
      expect(preview).toMatchObject({ format: 'coco', images: 1, labelled: 1 });
    }
  });

  test('takes its images from another folder', async () => {
    const s = scratch();
    const json = coco(s, [annotation(1, 3, square(0, 0, 1))]);
    s.write('elsewhere/a.png', rgbPng(8, 6, 4));
    const request = { format: 'coco' as const, path: json, imagesDir: s.path('elsewhere') };
    expect((await previewImport(request)).images).toBe(1);
    await expect(previewImport({ ...request, imagesDir: s.path('nowhere') })).rejects.toMatchObject(
      { code: 'unreadable' },
    );
  });
});

/** Beside the project; absent on machines that were not given it. */
const REAL = resolve(import.meta.dirname, '../../../../../shared/data/dsb2018');

describe('real nuclei', () => {
  test.for(['histology', 'fluorescence'])(
    '%s: importing instances.json equals the masks pixel for pixel',
    async (set, context) => {
      const folder = join(REAL, set);
      if (!existsSync(folder)) context.skip(`${folder} is not on this machine`);
      const s = scratch();
      const plan = await planImport({
        format: 'coco',
        path: join(folder, 'instances.json'),
        sample: 1,
      });
      const report = await carryOutImport(s.project, plan, { datasetName: 'd', link: true });
      const images = s.project.datasets.images(report.datasetId);
      expect(images.length).toBe(readdirSync(join(folder, 'masks')).length);
      expect(report).toMatchObject({ labelled: images.length, skipped: 0 });
      for (const image of images) {
        const mask = await decodeMask(
          fileInMemory(readFileSync(join(folder, 'masks', image.name))),
          {
            subject: image.name,
          },
        );
        const labels = readLabelMap(s.project, image.labelMapId ?? 0);
        expect(Buffer.compare(labels.data, Uint8Array.from(mask.values)), image.name).toBe(0);
      }
    },
  );
});
