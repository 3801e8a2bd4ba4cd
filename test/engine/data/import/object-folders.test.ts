/** Two masks an image: classes in masks/, numbers of objects in objects/. */
import { expect, it } from 'vitest';
import { readLabelMap } from '../../../../engine/data/image-source.ts';
import { runImport } from '../../../../engine/data/import/import.ts';
import { encodeTiff } from '../../../../engine/data/encode-tiff.ts';
import { objectsOf } from '../../../../engine/data/objects-of.ts';
import { writeTiff } from '../tiff-writer.ts';
import { greyPng, type Scratch, scratch } from './scratch.ts';

async function brought(s: Scratch, format: 'label-tiff' | 'ome-tiff' = 'label-tiff') {
  const source = { format, path: s.path('data') } as const;
  const { datasetId, issues } = await runImport(s.project, source, {
    ...{ datasetName: 'd', link: false },
  });
  const labels = s.project.datasets.images(datasetId).map(({ labelMapId }) => {
    if (labelMapId === null) return null;
    const { objects, from } = objectsOf(s.project, labelMapId);
    return {
      from,
      classes: [...readLabelMap(s.project, labelMapId).data],
      objects: [...objects.data],
    };
  });
  return { labels, issues };
}

it('label TIFF without a list of classes: the classes of masks/ stay apart', async () => {
  const s = scratch();
  s.write('data/images/a.png', greyPng(12, 4, 1));
  const rows = (values: readonly number[]) => Array.from({ length: 4 }, () => values).flat();
  const classes = rows([0, 1, 1, 1, 1, 0, 2, 2, 2, 2, 0, 0]);
  const objects = rows([0, 1, 1, 2, 2, 0, 3, 3, 3, 3, 0, 0]);
  const size = { width: 12, height: 4, channels: 1 };
  s.write('data/masks/a.tif', encodeTiff({ ...size, data: Uint8Array.from(classes) }));
  s.write('data/objects/a.tif', encodeTiff({ ...size, data: Uint16Array.from(objects) }));
  expect((await brought(s)).labels).toEqual([{ from: 'stored', classes, objects }]);
});

it('objects of a stack go with the page of the mask that they number', async () => {
  const s = scratch();
  const page = { width: 4, height: 1, bits: [8] };
  const stack = (...pages: readonly (readonly number[])[]) =>
    writeTiff(pages.map((samples) => ({ ...page, samples })));
  s.write('data/images/a.tif', stack([9, 9, 9, 9], [8, 8, 8, 8]));
  s.write('data/masks/a.tif', stack([1, 1, 0, 0], [0, 0, 1, 1]));
  s.write('data/objects/a.tif', stack([1, 2, 0, 0], [0, 0, 1, 2]));
  const { labels } = await brought(s);
  expect(labels.map((own) => own?.objects)).toEqual([
    [1, 2, 0, 0],
    [0, 0, 1, 2],
  ]);
});

it('masks of single pages have the objects of the same page, under names with a double ending too', async () => {
  const s = scratch();
  const page = { width: 4, height: 1, bits: [8] };
  const stack = (...pages: readonly (readonly number[])[]) =>
    writeTiff(pages.map((samples) => ({ ...page, samples })));
  s.write('data/images/a.ome.tif', stack([9, 9, 9, 9], [8, 8, 8, 8], [7, 7, 7, 7]));
  s.write('data/masks/a.ome.p1.ome.tif', stack([1, 1, 0, 0]));
  s.write('data/masks/a.ome.p3.ome.tif', stack([0, 1, 1, 0]));
  s.write('data/objects/a.ome.p1.ome.tif', stack([1, 2, 0, 0]));
  s.write('data/objects/a.ome.p3.ome.tif', stack([0, 4, 5, 0]));
  s.write('data/objects/b.ome.tif', stack([1, 1, 1, 1]));
  const { labels, issues } = await brought(s, 'ome-tiff');
  expect(labels.map((own) => own?.objects ?? null)).toEqual([[1, 2, 0, 0], null, [0, 1, 2, 0]]);
  expect(issues.map(({ path, message }) => `${path}: ${message}`)).toContain(
    'objects/b.ome.tif: numbers objects of no mask that is used: left out',
  );
});
