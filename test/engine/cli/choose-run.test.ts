import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { chooseRun } from '../../../engine/cli/choose-run.ts';
import { createEngine } from '../../../engine/engine.ts';
import { createStudy } from '../../../engine/study/planning/create.ts';
import { addDataset, smallStudy, temporaryFolder } from '../../fixtures/projects.ts';

/** A project with a study on each of some datasets, and a way to finish a run of one. */
async function projectWith(...names: readonly string[]) {
  const engine = createEngine();
  onTestFinished(() => engine.close());
  const path = join(temporaryFolder(), 'p.graft');
  await engine.call('project.create', { path });
  const { db } = engine.projects.open(path);
  const source = addDataset(db, 'source', { count: 4 });
  const studies = new Map(
    names.map((name) => {
      const target = addDataset(db, name, { count: 20 });
      const { id } = createStudy(db, smallStudy({ source, target }, { name: `study of ${name}` }));
      return [name, { target, runs: db.runs.ofStudy(id).filter((r) => r.kind === 'finetune') }];
    }),
  );
  return {
    db,
    target: (name: string): number => studies.get(name)?.target ?? 0,
    choose: (dataset?: string) => chooseRun(engine, path, dataset),
    finish: (name: string, at: number, dice: number, weights = true): number => {
      const run = studies.get(name)?.runs[at];
      if (run === undefined) throw new Error('no such run');
      db.runs.addMetrics(run.id, [{ step: 5, name: 'valDice', value: dice }]);
      if (weights) db.runs.saveCheckpoint(run.id, 'best', 5, new Uint8Array(1));
      db.runs.ended(run.id, 'done');
      return run.id;
    },
  };
}

it('is the run of the best validation Dice whose weights are kept, and says which and why', async () => {
  const { finish, choose } = await projectWith('cells');
  await expect(choose()).rejects.toThrow('No finished fine-tuning run has its weights');
  finish('cells', 0, 0.5);
  const best = finish('cells', 1, 0.75);
  finish('cells', 2, 0.9, false);
  const { runId, words } = await choose();
  expect(runId).toBe(best);
  expect(words).toMatch(
    /^run \d+ \(.+ of the study "study of cells"\), validation Dice 0?\.750?: the best of 2 finished runs on "cells"$/,
  );
});

it('is asked for where several datasets have runs, with the best of each', async () => {
  const { finish, choose } = await projectWith('cells', 'sky', 'new');
  const cells = finish('cells', 0, 0.25);
  const sky = finish('sky', 0, 0.75);
  await expect(choose()).rejects.toThrow(
    new RegExp(`--dataset NAME.*--run ID.*"cells".*run ${cells} .*"sky".*run ${sky} `, 's'),
  );
  expect((await choose('cells')).runId).toBe(cells);
  expect((await choose('sky')).runId).toBe(sky);
  await expect(choose('new')).rejects.toThrow(
    /^No finished run was trained on "new"; 2 datasets with its classes have some, .*Say which of these \(--dataset NAME\)/,
  );
  await expect(choose('moon')).rejects.toThrow('There is no dataset "moon"');
});

it('is of a dataset with the same classes where the one asked for has no run, or of none', async () => {
  const { db, target, finish, choose } = await projectWith('cells', 'new');
  const run = finish('cells', 0, 0.25);
  const { runId, words } = await choose('new');
  expect(runId).toBe(run);
  expect(words).toContain('on "cells", which has the classes of "new"');
  db.datasets.setClasses(target('new'), [
    { index: 0, name: 'background', color: '#000000' },
    { index: 1, name: 'nucleus', color: '#e69f00' },
  ]);
  await expect(choose('new')).rejects.toThrow(/nor on another dataset with its classes/);
});
