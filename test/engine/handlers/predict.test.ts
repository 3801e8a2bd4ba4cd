import { encode } from 'fast-png';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { createEngine } from '../../../engine/engine.ts';
import { ensembleOf } from '../../../engine/handlers/predicting-run.ts';
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

it('a finished run whose weights are not kept says so, and which runs predict instead', async () => {
  const engine = createEngine();
  onTestFinished(() => engine.close());
  const dir = temporaryFolder();
  const { path } = await engine.call('project.create', { path: join(dir, 'p.graft') });
  const { db } = engine.projects.open(path);
  const source = addDataset(db, 'source', { count: 4 });
  const target = addDataset(db, 'target', { count: 20 });
  const study = createStudy(db, smallStudy({ source, target }));
  const [run, other] = db.runs.ofStudy(study.id).filter(({ kind }) => kind === 'finetune');
  if (run === undefined || other === undefined) throw new Error('a study has several runs');
  db.runs.ended(run.id, 'done');
  const image = join(dir, 'a.png');
  writeFileSync(image, encode({ width: 2, height: 2, data: new Uint8Array(4), channels: 1 }));
  const predict = () =>
    engine.call('predict.files', {
      project: path,
      runId: run.id,
      paths: [image],
      dir: join(dir, 'out'),
    });
  await expect(predict()).rejects.toThrow(
    /is finished, but its weights are not kept in this project\. No fine-tuned run has its weights here/,
  );
  db.runs.saveCheckpoint(other.id, 'best', 1, new Uint8Array(1));
  await expect(predict()).rejects.toThrow(
    `Predict with a run whose weights are: ${other.id} (--run ID).`,
  );
});

/** The sample project, which all that follow predict with: its process is started once. */
const home = mkdtempSync(join(tmpdir(), 'graft-test-'));
const sample = join(home, 'sample.graft');
const engine = createEngine();
beforeAll(async () => {
  writeFileSync(sample, gunzipSync(readFileSync('samples/graft-sample.graft.gz')));
  await engine.call('project.open', { path: sample });
});
afterAll(async () => {
  await engine.close();
  rmSync(home, { recursive: true });
});

/** A run of the sample project, and a prediction of a made-up image with it, in a folder of its own. */
function samplePrediction() {
  const path = sample;
  const dir = temporaryFolder();
  const { db } = engine.project(path);
  const [study] = db.studies.list();
  const run = db.runs
    .ofStudy(study?.id ?? 0)
    .find(({ id, kind }) => kind === 'finetune' && db.runs.checkpoint(id, 'best') !== undefined);
  const predict = (name: string, channels: 1 | 2 | 3, replace = true) => {
    const file = join(dir, name);
    const data = new Uint8Array(8 * 8 * channels);
    writeFileSync(file, encode({ width: 8, height: 8, channels, data }));
    const call = { project: path, runId: run?.id ?? 0, paths: [file], dir: join(dir, 'out') };
    return engine.call('predict.files', { ...call, replace });
  };
  return { db, path, dir, run, predict };
}

it('says where there is nothing to average over', async () => {
  const { db, path, dir, run } = samplePrediction();
  const image = join(dir, 'grey.png');
  writeFileSync(image, encode({ width: 8, height: 8, channels: 1, data: new Uint8Array(64) }));
  const runId = run?.id ?? 0;
  for (const id of run === undefined ? [] : ensembleOf(db, run)) {
    if (id === runId) continue;
    for (const kind of ['best', 'last'] as const) db.runs.dropCheckpoint(id, kind);
  }
  const call = { project: path, runId, paths: [image], dir: join(dir, 'out'), ensemble: true };
  const { notes } = await engine.call('predict.files', call);
  expect(notes.join(' ')).toMatch(/no other seed of this network is kept/);
});

it('says what the network does not see of the images', async () => {
  const { run, predict } = samplePrediction();
  expect(run?.config.network.inputChannels).toBe(1);
  expect((await predict('grey.png', 1)).notes).toEqual([]);
  expect((await predict('rgb.png', 3)).notes).toEqual([
    'Not seen by the network, in 1 image: colours are made grey.',
  ]);
  // Grey and alpha.
  expect((await predict('la.png', 2)).notes).toEqual([
    'Not seen by the network: the transparency (alpha channel) of 1 image.',
  ]);
});

it('masks that are there are replaced only where that is asked for', async () => {
  const { dir, predict } = samplePrediction();
  const mask = join(dir, 'out', 'grey.png');
  expect((await predict('grey.png', 1, false)).predicted).toBe(1);
  writeFileSync(mask, 'painted over');
  await expect(predict('grey.png', 1, false)).rejects.toThrow(
    /out holds 2 files that would be written, such as predictions\.csv\. Choose another folder/,
  );
  expect(readFileSync(mask, 'utf8')).toBe('painted over');
  expect((await predict('grey.png', 1)).predicted).toBe(1);
  expect(readFileSync(mask, 'latin1')).toMatch(/^.PNG/);
});

it('a folder that is a file, and a name that is too long, are said to be that', async () => {
  const { dir, predict } = samplePrediction();
  writeFileSync(join(dir, 'out'), '');
  await expect(predict('grey.png', 1)).rejects.toMatchObject({ code: 'unreadable' });
  const [project] = await engine.call('project.list', {});
  const to = join(dir, 'x'.repeat(300));
  await expect(
    engine.call('project.backup', { project: project?.path ?? '', to }),
  ).rejects.toMatchObject({ code: 'unreadable', subject: to });
});

it('a mask that cannot be written ends the prediction with its name, and the engine goes on', async () => {
  const { dir, predict } = samplePrediction();
  const out = join(dir, 'out');
  mkdirSync(join(out, 'grey.png', 'inside'), { recursive: true });
  await expect(predict('grey.png', 1)).rejects.toMatchObject({
    code: 'unreadable',
    subject: join(out, 'grey.png'),
  });
  expect(readdirSync(out)).toEqual(['grey.png']);
  expect(await engine.call('project.list', {})).toHaveLength(1);
  expect((await predict('other.png', 1)).predicted).toBe(1);
});
