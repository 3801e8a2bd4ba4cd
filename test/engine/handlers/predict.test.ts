import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createEngine } from '../../../engine/engine.ts';
import { createStudy } from '../../../engine/study/planning/create.ts';
import { addDataset, smallStudy, temporaryFolder } from '../../fixtures/projects.ts';

it('a run does not predict into a dataset that lacks one of its classes', async () => {
  const engine = createEngine();
  onTestFinished(() => engine.close());
  const { path } = await engine.call('project.create', {
    path: join(temporaryFolder(), 'p.graft'),
  });
  const { db } = engine.projects.open(path);
  const source = addDataset(db, 'source', { count: 4 });
  const target = addDataset(db, 'target', { count: 20 });
  const other = addDataset(db, 'other', { count: 3, labelled: 0 });
  const [background, cell] = db.datasets.get(target)?.classes ?? [];
  if (background === undefined || cell === undefined) throw new Error('a dataset has two classes');
  const nucleus = { index: 2, name: 'nucleus', color: '#56b4e9' };
  db.datasets.setClasses(target, [background, cell, nucleus]);
  const study = createStudy(db, smallStudy({ source, target }));
  const run = db.runs.ofStudy(study.id).find(({ kind }) => kind === 'finetune');
  const predict = () =>
    engine.call('predict.dataset', { project: path, runId: run?.id ?? 0, datasetId: other });
  await expect(predict()).rejects.toThrow(
    /draws the class 2 \(nucleus\), which "other" does not have\. Add a class/,
  );
  db.datasets.setClasses(other, [background, cell, nucleus]);
  await expect(predict()).rejects.toThrow(/only finished fine-tuning runs predict/);
});
