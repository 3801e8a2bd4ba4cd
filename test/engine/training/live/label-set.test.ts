/** Which labels join a live training, and on which side, on a real project file. */
import { expect, it } from 'vitest';
import { LabelSet } from '../../../../engine/training/live/label-set.ts';
import { encodeLabelMap } from '../../../../shared/label-map.ts';
import { addDataset, temporaryProject } from '../../../fixtures/projects.ts';

function stage(count: number) {
  const project = temporaryProject();
  const datasetId = addDataset(project, 'cells', { count, labelled: 0 });
  const ids = project.datasets.images(datasetId).map(({ id }) => id);
  const bytes = encodeLabelMap({ width: 2, height: 1, data: new Uint8Array([0, 1]) });
  const label = (imageId: number, author: 'human' | 'model' = 'human') =>
    project.labelMaps.add({ imageId, author, bytes });
  const labels = new LabelSet(project, datasetId);
  const look = (openImageId: number | null = null, hasBackground = true) =>
    labels.look({ dataset: { hasBackground }, openImageId, unreadable: new Set() });
  const names = (members: readonly { readonly imageId: number }[]) =>
    members.map(({ imageId }) => ids.indexOf(imageId));
  return { project, datasetId, ids, label, labels, look, names };
}
const idAt = (ids: readonly number[], index: number) => ids[index] ?? 0;

it('takes up labels of people, those on the screen once another image is', () => {
  const { ids, label, labels, look, names } = stage(3);
  label(idAt(ids, 0));
  label(idAt(ids, 1), 'model');
  expect(names(look(idAt(ids, 0)).taken)).toEqual([]);
  expect(labels.isOpenWaiting).toBe(true);
  expect(names(look(idAt(ids, 1)).taken)).toEqual([0]);
  expect(labels.isOpenWaiting).toBe(false);
  expect(look().taken).toEqual([]);

  // Painted over while it is open: what joined before stays until it is left.
  const corrected = label(idAt(ids, 0));
  expect(look(idAt(ids, 0))).toEqual({ taken: [], left: [] });
  expect([...labels.trained, ...labels.heldOut]).toHaveLength(1);
  expect(look().taken).toMatchObject([{ labelMapId: corrected }]);
  // Without a background nothing is half done.
  label(idAt(ids, 2));
  expect(names(look(idAt(ids, 2), false).taken)).toEqual([2]);
});

it('holds out what models hold out, for good', () => {
  const { project, datasetId, ids, label, labels, look, names } = stage(10);
  const items = ids.map((imageId, i) => ({
    imageId,
    part: i === 4 ? ('test' as const) : ('train' as const),
  }));
  project.splits.create(datasetId, 'standard', items);
  project.transaction(() => project.models.keepParts([{ imageId: idAt(ids, 2), part: 'val' }]));
  for (const id of ids) label(id);
  const { taken } = look();
  expect(taken).toHaveLength(10);
  expect(names(labels.heldOut)).toEqual(expect.arrayContaining([2, 4]));
  const parts = new Map(taken.map(({ imageId, part }) => [imageId, part]));
  expect(parts.get(idAt(ids, 4))).toBe('test');

  // Begun anew with what the engine wrote down: nobody changes sides, and models have the same parts.
  const fresh = taken.filter(({ imageId }) => imageId !== ids[2]);
  project.transaction(() => project.models.keepParts(fresh));
  const again = new LabelSet(project, datasetId).look({
    dataset: { hasBackground: true },
    openImageId: null,
    unreadable: new Set(),
  });
  expect(new Map(again.taken.map(({ imageId, part }) => [imageId, part]))).toEqual(parts);
});

it('lets go of what is deleted, excluded or damaged, and names what can do neither', () => {
  const { project, datasetId, ids, label, labels, look, names } = stage(4);
  for (const id of ids) label(id);
  project.transaction(() => {
    project.models.keepParts([{ imageId: idAt(ids, 0), part: 'train' }]);
    const items = ids.map((imageId, i) => ({
      imageId,
      part: i === 0 ? ('test' as const) : ('train' as const),
    }));
    project.splits.create(datasetId, 'late', items);
  });
  expect(names(look().taken)).not.toContain(0);
  expect(labels.leftOut).toMatchObject([{ name: '0.png' }]);
  project.transaction(() => project.imageEdits.setExcluded(idAt(ids, 1), 'blurred'));
  expect(look().left).toEqual([ids[1]]);
  const damaged = project.datasets.image(idAt(ids, 2))?.labelMapId ?? 0;
  const { left } = labels.look({
    dataset: { hasBackground: true },
    openImageId: null,
    unreadable: new Set([damaged]),
  });
  expect(left).toEqual([ids[2]]);
});
