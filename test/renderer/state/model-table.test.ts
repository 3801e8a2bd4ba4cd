import { describe, expect, it } from 'vitest';
import { FIRST_ORDER, modelRows, orderBy } from '../../../renderer/state/model-table.ts';
import type { ListedModel } from '../../../shared/api.ts';

const model = (id: number, facts: Partial<ListedModel>): ListedModel => ({
  ...{ id, name: `model ${id}`, runId: id, datasetId: 1, datasetName: 'cells', status: 'done' },
  ...{ startedFrom: 'random weights', notes: '', earlyEnd: null, scored: 5, step: 10, steps: 10 },
  ...{ createdAt: `2026-01-0${id}T00:00:00Z`, images: { train: id, val: 1, test: 2 }, dice: 0.5 },
  ...{ ci95: null, seconds: 1, error: null, startedFromModelId: null, objects: [] },
  ...facts,
});

describe('the table of models', () => {
  const models = [
    model(1, { name: 'monday 10', dice: 0.7 }),
    model(2, { name: 'monday 9', dice: null }),
    model(3, { name: 'cracks', datasetId: 2, datasetName: 'welds', dice: 0.9, notes: 'Flash off' }),
  ];
  const asked = { text: '', datasetId: null, order: FIRST_ORDER };
  const ids = (rows: readonly ListedModel[]) => rows.map(({ id }) => id);

  it('begins with the newest, and sorts numbers from the largest and text from its beginning', () => {
    expect(ids(modelRows(models, asked))).toEqual([3, 2, 1]);
    const byName = orderBy('name', FIRST_ORDER);
    expect(ids(modelRows(models, { ...asked, order: byName }))).toEqual([3, 2, 1]);
    expect(ids(modelRows(models, { ...asked, order: orderBy('name', byName) }))).toEqual([1, 2, 3]);
  });

  it('keeps models without a score last, whichever way Dice is sorted', () => {
    const best = orderBy('dice', FIRST_ORDER);
    expect(ids(modelRows(models, { ...asked, order: best }))).toEqual([3, 1, 2]);
    const worst = orderBy('dice', best);
    expect(ids(modelRows(models, { ...asked, order: worst }))).toEqual([1, 3, 2]);
  });

  it('finds words in names, starts and notes, of a dataset or of all', () => {
    expect(ids(modelRows(models, { ...asked, text: 'flash RANDOM' }))).toEqual([3]);
    expect(ids(modelRows(models, { ...asked, datasetId: 1 }))).toEqual([2, 1]);
  });
});
