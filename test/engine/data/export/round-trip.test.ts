import { encode } from 'fast-png';
import fc from 'fast-check';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { colourClassZero, namedClasses } from '../../../../engine/data/class-colors.ts';
import { exportDataset } from '../../../../engine/data/export/export.ts';
import { decodeImage } from '../../../../engine/data/decode.ts';
import { fileInMemory, hashOf } from '../../../../engine/data/image-file.ts';
import { sha256 } from '../../../../engine/sha256.ts';
import { openOriginal, readLabelMap } from '../../../../engine/data/image-source.ts';
import { runImport } from '../../../../engine/data/import/import.ts';
import type { Project } from '../../../../engine/db/project.ts';
import { AppError } from '../../../../shared/errors.ts';
import { encodeLabelMap } from '../../../../shared/label-map.ts';
import { scratch } from '../import/scratch.ts';
import { tiff } from '../tiff-fixtures.ts';

interface Sample {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly page?: number;
  readonly labels: readonly number[] | null;
  readonly group?: string;
  readonly imageClass?: number;
}

const STREETS = colourClassZero(namedClasses(['sky', 'building', 'road', 'car']));
const CLASSES = namedClasses(['background', 'cell', 'debris', 'vessel']);

async function addDataset(
  project: Project,
  name: string,
  samples: readonly Sample[],
  hasBackground = true,
) {
  const datasetId = project.datasets.create({
    name,
    origin: { kind: 'test' },
    classes: hasBackground ? CLASSES : STREETS,
    hasBackground,
    imageClasses: ['healthy', 'ill'],
  });
  for (const sample of samples) {
    const page = sample.page ?? 0;
    const image = await decodeImage(fileInMemory(sample.bytes), { subject: sample.name, page });
    const imageId = project.datasets.addImage({
      datasetId,
      name: sample.name,
      widthPx: image.width,
      heightPx: image.height,
      channels: image.channels,
      bitDepth: image.bitDepth,
      hash: sha256(sample.bytes),
      page,
      groupName: sample.group ?? null,
      imageClass: sample.imageClass ?? null,
      source: { bytes: sample.bytes },
    });
    if (sample.labels !== null) {
      const data = Uint8Array.from(sample.labels);
      const bytes = encodeLabelMap({ width: image.width, height: image.height, data });
      project.labelMaps.add({ imageId, author: 'human', bytes });
    }
  }
  return datasetId;
}

/** Everything of a dataset that an export should keep, by image name and page. */
async function contentsOf(project: Project, datasetId: number) {
  const rows = await Promise.all(
    project.datasets.images(datasetId).map(async (image) => ({
      key: `${image.name} ${image.page}`,
      hash: await hashOf(await openOriginal(project, image)),
      size: [image.widthPx, image.heightPx, image.channels, image.bitDepth],
      labels: image.labelMapId === null ? null : [...readLabelMap(project, image.labelMapId).data],
    })),
  );
  return rows.sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** 8 or 16 bits, grey or RGB, with labels of every class and ignore, or none. */
const samples = fc.array(
  fc
    .record({
      width: fc.integer({ min: 1, max: 12 }),
      height: fc.integer({ min: 1, max: 12 }),
      depth: fc.constantFrom<8 | 16>(8, 16),
      channels: fc.constantFrom<1 | 3>(1, 3),
      labelled: fc.boolean(),
      seed: fc.nat(255),
    })
    .chain(({ width, height, depth, channels, labelled, seed }) => {
      const count = width * height * channels;
      const data =
        depth === 16
          ? Uint16Array.from({ length: count }, (_, i) => (i * 2654435761 + seed) & 65_535)
          : Uint8Array.from({ length: count }, (_, i) => (i * 40503 + seed) & 255);
      return fc.record({
        bytes: fc.constant(encode({ width, height, data, depth, channels })),
        labels: labelled
          ? fc.array(fc.constantFrom(0, 0, 1, 1, 2, 3, 255), {
              minLength: width * height,
              maxLength: width * height,
            })
          : fc.constant(null),
      });
    }),
  { minLength: 1, maxLength: 5 },
);

describe('what is exported is what is imported again', () => {
  test.each(['folder', 'coco'] as const)(
    '%s: images, label maps, ignored pixels, unlabelled images',
    async (format) => {
      const s = scratch();
      let run = 0;
      await fc.assert(
        fc.asyncProperty(samples, async (generated) => {
          run++;
          const named = generated.map((sample, i) => ({ ...sample, name: `image-${i}.png` }));
          const original = await addDataset(s.project, `original ${run}`, named);
          const { dir } = await exportDataset(s.project, original, {
            format,
            dir: s.path(`out-${run}`),
          });
          const report = await runImport(
            s.project,
            { format: 'auto', path: format === 'coco' ? `${dir}/instances.json` : dir },
            { datasetName: `copy ${run}`, link: false },
          );
          expect(report.skipped).toBe(0);
          expect(await contentsOf(s.project, report.datasetId)).toEqual(
            await contentsOf(s.project, original),
          );
          expect(s.project.datasets.get(report.datasetId)?.classes).toEqual(CLASSES);
        }),
        { numRuns: 12 },
      );
    },
  );

  test.each(['folder', 'coco'] as const)(
    '%s: class 0 where it is no background',
    async (format) => {
      const s = scratch();
      const png = (value: number) =>
        encode({ width: 3, height: 2, data: new Uint8Array(6).fill(value), channels: 1 });
      const streets = [
        { name: 'a.png', bytes: png(1), labels: [0, 0, 1, 2, 0, 255] },
        { name: 'b.png', bytes: png(2), labels: [0, 0, 0, 0, 0, 0] },
        { name: 'c.png', bytes: png(3), labels: [255, 255, 255, 255, 255, 255] },
        { name: 'd.png', bytes: png(4), labels: [3, 3, 3, 1, 1, 1] },
        { name: 'e.png', bytes: png(5), labels: null },
      ];
      const original = await addDataset(s.project, 'original', streets, false);
      const { dir } = await exportDataset(s.project, original, { format, dir: s.path('out') });
      const path = format === 'coco' ? `${dir}/instances.json` : dir;
      const again = (datasetName: string, background?: 'yes') =>
        runImport(
          s.project,
          { format: 'auto', path, ...(background === undefined ? {} : { background }) },
          { datasetName, link: false },
        );
      const report = await again('copy');
      expect(report.skipped).toBe(0);
      expect(await contentsOf(s.project, report.datasetId)).toEqual(
        await contentsOf(s.project, original),
      );
      expect(s.project.datasets.get(report.datasetId)).toMatchObject({
        classes: STREETS,
        hasBackground: false,
      });
      const { datasetId } = await again('said', 'yes');
      expect(s.project.datasets.get(datasetId)?.hasBackground).toBe(true);
    },
  );

  test.each(['folder', 'coco'] as const)('%s: pages of a stack', async (format) => {
    const s = scratch();
    const stack = [0, 1, 2].map((page) => ({
      name: 'stack.tif',
      bytes: tiff('stack'),
      page,
      labels: page === 1 ? null : [page, 0, 0, 0, 0, 255],
    }));
    const original = await addDataset(s.project, 'original', stack);
    const { dir, files } = await exportDataset(s.project, original, { format, dir: s.path('out') });
    expect(files).toBe(format === 'coco' ? 2 : 4);
    const report = await runImport(
      s.project,
      { format, path: format === 'coco' ? `${dir}/instances.json` : dir },
      { datasetName: 'copy', link: false },
    );
    expect(await contentsOf(s.project, report.datasetId)).toEqual(
      await contentsOf(s.project, original),
    );
  });

  test.each(['folder', 'coco'] as const)(
    '%s: the first page of a stack alone, and one by another name',
    async (format) => {
      const s = scratch();
      const pages = [
        { name: 'stack.tif', bytes: tiff('stack'), page: 0, labels: [1, 0, 0, 0, 0, 255] },
        { name: 'renamed.tif', bytes: tiff('stack'), page: 2, labels: [2, 0, 0, 0, 0, 0] },
      ];
      const original = await addDataset(s.project, 'original', pages);
      const { dir } = await exportDataset(s.project, original, { format, dir: s.path('out') });
      const report = await runImport(
        s.project,
        { format, path: format === 'coco' ? `${dir}/instances.json` : dir },
        { datasetName: 'copy', link: false },
      );
      expect(await contentsOf(s.project, report.datasetId)).toEqual(
        await contentsOf(s.project, original),
      );
    },
  );

  test('folder: groups, image classes, reasons of exclusions, splits, and images that share a stem', async () => {
    const s = scratch();
    const png = (value: number) =>
      encode({ width: 2, height: 1, data: Uint8Array.of(value, 0), channels: 1 });
    const original = await addDataset(s.project, 'original', [
      { name: 'a.png', bytes: png(1), labels: [1, 0], group: 'patient 1', imageClass: 1 },
      { name: 'a.tif', bytes: png(2), labels: [2, 0], group: 'patient 1' },
      { name: 'b.png', bytes: png(3), labels: [3, 255], imageClass: 0 },
      { name: 'c.png', bytes: png(4), labels: null },
    ]);
    const ids = s.project.datasets.images(original).map((image) => image.id);
    const parts = ['train', 'train', 'val', 'test'] as const;
    const items = ids.map((imageId, i) => ({ imageId, part: parts[i] ?? 'train' }));
    s.project.imageEdits.setExcluded(ids[2] ?? 0, 'out of focus');
    s.project.splits.create(original, 'default', items);
    s.project.splits.create(original, 'other', items.slice(0, 2));
    const { dir, files } = await exportDataset(s.project, original, {
      format: 'folder',
      dir: s.path('out'),
    });
    expect(readdirSync(`${dir}/masks`)).toEqual(['a.png.png', 'a.tif.png', 'b.png']);
    expect(files).toBe(4 + 3 + 2);
    const report = await runImport(
      s.project,
      { format: 'folder', path: dir },
      { datasetName: 'copy', link: false },
    );
    // Both lists are read, so neither is left over.
    expect(report.issues.map(({ message }) => message).join()).not.toContain('not used');
    expect(report.issues.filter((i) => i.severity !== 'info')).toEqual([]);
    const copies = s.project.datasets.images(report.datasetId);
    expect(copies.map((i) => [i.name, i.groupName, i.imageClass, i.excluded])).toEqual([
      ['a.png', 'patient 1', 1, null],
      ['a.tif', 'patient 1', null, null],
      ['b.png', null, 0, 'out of focus'],
      ['c.png', null, null, null],
    ]);
    expect(report.issues).toContainEqual(
      expect.objectContaining({ path: 'classes.json', severity: 'info' }),
    );
    expect(await contentsOf(s.project, report.datasetId)).toEqual(
      await contentsOf(s.project, original),
    );
    const splits = s.project.splits.list(report.datasetId);
    expect(splits.map((split) => [split.name, split.counts])).toEqual([
      // What is excluded keeps its part, and is not counted in it.
      ['default', { train: 2, val: 0, test: 1 }],
      ['other', { train: 2, val: 0, test: 0 }],
    ]);
    expect(s.project.splits.items(splits[0]?.id ?? 0)).toHaveLength(4);
    expect(report.splitId).toBe(splits[0]?.id);
  });
});

const CocoJson = z.object({
  annotations: z.array(
    z.object({
      category_id: z.number(),
      iscrowd: z.number(),
      area: z.number(),
      bbox: z.array(z.number()),
      segmentation: z.object({ size: z.array(z.number()), counts: z.string() }),
    }),
  ),
  categories: z.array(z.object({ id: z.number(), name: z.string() })),
});

describe('COCO files', () => {
  test('have one annotation a region, corners connected, and one crowd of ignored pixels', async () => {
    const s = scratch();
    // oxfmt-ignore
    const labels = [
      1, 0, 0, 255,
      0, 1, 0, 0,
      2, 0, 0, 1,
      255, 0, 0, 1,
    ];
    const bytes = encode({ width: 4, height: 4, data: new Uint8Array(16), channels: 1 });
    const id = await addDataset(s.project, 'd', [{ name: 'a.png', bytes, labels }]);
    await exportDataset(s.project, id, { format: 'coco', dir: s.path('out') });
    const json = CocoJson.parse(JSON.parse(readFileSync(s.path('out/instances.json'), 'utf8')));
    expect(json.categories).toEqual([
      { id: 1, name: 'cell' },
      { id: 2, name: 'debris' },
      { id: 3, name: 'vessel' },
    ]);
    // Codes as pycocotools 2.0.11's mask.encode gives them for the same four masks.
    expect(json.annotations).toEqual([
      {
        category_id: 1,
        iscrowd: 0,
        area: 2,
        bbox: [0, 0, 2, 2],
        segmentation: { size: [4, 4], counts: '01406' },
      },
      {
        category_id: 2,
        iscrowd: 0,
        area: 1,
        bbox: [0, 2, 1, 1],
        segmentation: { size: [4, 4], counts: '21=' },
      },
      {
        category_id: 1,
        iscrowd: 1,
        area: 2,
        bbox: [0, 0, 4, 4],
        segmentation: { size: [4, 4], counts: '3180K' },
      },
      {
        category_id: 1,
        iscrowd: 0,
        area: 2,
        bbox: [3, 2, 1, 2],
        segmentation: { size: [4, 4], counts: '>2' },
      },
    ]);
  });
});

describe('the folder that is written', () => {
  const one = async (project: Project) =>
    addDataset(project, 'd', [
      {
        name: 'a.png',
        bytes: encode({ width: 1, height: 1, data: Uint8Array.of(1), channels: 1 }),
        labels: [1],
      },
    ]);
  const errorOf = async (work: Promise<unknown>) => {
    const error: unknown = await work.catch((thrown: unknown) => thrown);
    return error instanceof AppError ? error : undefined;
  };

  test('must be empty or new; nothing in it is touched', async () => {
    const s = scratch();
    const id = await one(s.project);
    s.write('out/mine.txt', 'keep');
    for (const format of ['folder', 'coco'] as const) {
      const error = await errorOf(exportDataset(s.project, id, { format, dir: s.path('out') }));
      expect([error?.code, error?.message]).toEqual([
        'conflict',
        `${s.path('out')} is not empty. Choose an empty or a new folder; nothing there was touched.`,
      ]);
    }
    expect(readdirSync(s.path('out'))).toEqual(['mine.txt']);
    mkdirSync(s.path('empty'));
    expect(
      (await exportDataset(s.project, id, { format: 'folder', dir: s.path('empty') })).files,
    ).toBe(3);
    expect(
      (await exportDataset(s.project, id, { format: 'folder', dir: s.path('a/b/c') })).dir,
    ).toBe(s.path('a/b/c'));
  });

  test('is empty again after a failure or a cancellation', async () => {
    const s = scratch();
    const id = await one(s.project);
    const control = new AbortController();
    control.abort();
    const cancelled = await errorOf(
      exportDataset(s.project, id, {
        format: 'folder',
        dir: s.path('out'),
        signal: control.signal,
      }),
    );
    expect(cancelled?.code).toBe('cancelled');
    let told = 0;
    const failed = exportDataset(s.project, id, {
      ...{ format: 'coco', dir: s.path('out') },
      onProgress: () => {
        if (++told === 2) throw new Error('a fault of ours');
      },
    });
    await expect(failed).rejects.toThrow('a fault of ours');
    expect(readdirSync(s.path('out'))).toEqual([]);
  });

  test('a place that cannot be written is named', async () => {
    const s = scratch();
    const id = await one(s.project);
    const file = s.write('file', 'x');
    const error = await errorOf(
      exportDataset(s.project, id, { format: 'folder', dir: `${file}/out` }),
    );
    expect([error?.code, error?.message]).toEqual([
      'unreadable',
      expect.stringContaining('cannot be written (there is a file in the place of a folder)'),
    ]);
  });

  test('no dataset, no folder', async () => {
    const s = scratch();
    expect(
      (await errorOf(exportDataset(s.project, 9, { format: 'folder', dir: s.path('out') })))?.code,
    ).toBe('not-found');
    expect(existsSync(s.path('out'))).toBe(false);
  });

  test('progress counts every image', async () => {
    const s = scratch();
    const id = await one(s.project);
    const seen: string[] = [];
    await exportDataset(s.project, id, {
      ...{ format: 'folder', dir: s.path('out') },
      onProgress: (p) => seen.push(`${p.done}/${p.total} ${p.message}`),
    });
    expect(seen).toEqual(['0/1 Writing a.png', '1/1 Written']);
  });
});
