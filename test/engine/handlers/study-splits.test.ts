/** A study over several splits, from its plan to its report; trainers are fakes that score what they are asked to test. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createEngine } from '../../../engine/engine.ts';
import { ResultsFile } from '../../../engine/study/report/results.ts';
import { createRandom } from '../../../shared/random.ts';
import { addDataset, smallStudy, temporaryFolder } from '../../fixtures/projects.ts';
import { ENGINE, fakeTrainers, settled } from '../study/running/fake-trainers.ts';

async function finishedStudy(changes: Parameters<typeof smallStudy>[1]) {
  const { running, spawn } = fakeTrainers();
  const engine = createEngine({ spawn });
  onTestFinished(() => engine.close());
  const folder = temporaryFolder();
  const project = join(folder, 'p.graft');
  await engine.call('project.create', { path: project });
  const { db } = engine.project(project);
  const source = addDataset(db, 'source', { count: 4 });
  const target = addDataset(db, 'target', { count: 20 });
  const config = smallStudy({ source, target }, { labelCounts: [2], seeds: 1, ...changes });
  const plan = await engine.call('studies.plan', { project, config, calibrate: false });
  const { id: studyId } = await engine.call('studies.create', { project, config });
  await engine.call('studies.run', { project, studyId });
  await settled();
  for (let trainer = running[0]; trainer !== undefined; trainer = running[0]) {
    const run = db.runs.get(trainer.runId);
    if (run === undefined) throw new Error('no such run');
    trainer.send({ type: 'started', engine: ENGINE, layers: [], firstStep: 0 });
    const tested = db.snapshots.items(run.config.snapshotId).filter(({ part }) => part === 'test');
    for (const { imageId } of run.kind === 'finetune' ? tested : []) {
      const random = createRandom(run.seed, 'dice', imageId, run.transfer ?? '');
      const dice = 0.5 + (run.transfer === 'random' ? 0 : 0.1) + 0.01 * random.normal();
      const result = { dice, iou: dice / 2, hd95: 1, boundaryF1: dice, classes: [] };
      for (const checkpoint of ['best', 'last'] as const) {
        const one = { imageId, checkpoint, ...result, uncertainty: null };
        trainer.send({ type: 'result', result: one, prediction: null });
      }
    }
    trainer.send({ type: 'done', kept: null });
    await trainer.end('orderly');
    await settled();
  }
  return { engine, project, studyId, plan, folder };
}

it('is planned, run, compared over its splits and reported', async () => {
  const splits = { folds: 5, repeats: 2 };
  const { engine, project, studyId, plan, folder } = await finishedStudy({ splits });
  expect(plan).toMatchObject({
    splits: 10,
    testedImages: 20,
    testImages: 4,
    pretrainRuns: 10,
    finetuneRuns: 40,
  });
  const analysis = await engine.call('studies.analysis', { project, studyId });
  expect(analysis).toMatchObject({ splits: 10, indicative: false });
  const encoder = analysis.comparisons.find((one) => one.comparison === 'encoder − random');
  expect(encoder).toMatchObject({ verdict: 'helps', testImages: 20, variance: null });
  expect(encoder?.seeds).toHaveLength(10);
  expect(encoder?.perSplit).toHaveLength(10);
  expect(encoder?.effect).toBeCloseTo(0.1, 1);
  expect(encoder?.words).toContain('over 10 splits (10 seeds) (20 test images');
  // Intervals that hold together are never narrower.
  for (const { ci95, together } of analysis.comparisons) {
    if (together === null) continue;
    expect(together.ci95[1] - together.ci95[0]).toBeGreaterThanOrEqual(ci95[1] - ci95[0]);
  }
  expect(analysis.arms[0]).toMatchObject({ splits: 10, testImages: 20 });

  // The window is told what the report tells.
  const told = [...analysis.cautions, ...analysis.notes];
  const results = await engine.call('studies.results', { project, studyId });
  expect(results.images).toHaveLength(20);
  for (const { dice } of results.runs) {
    expect(dice.filter((one) => one !== null)).toHaveLength(4);
  }

  const report = await engine.call('studies.report', { project, studyId, dir: join(folder, 'r') });
  expect(report.notes).toEqual(told);
  const html = readFileSync(report.html, 'utf8');
  expect(html).toContain('corrected resampled t');
  expect(html).toContain('Cross-validation in 5 folds, divided 2 times');
  expect(html).not.toContain('All seeds share one split');
  expect(html).not.toContain('every seed trains on the same images');
  const file = ResultsFile.parse(JSON.parse(readFileSync(report.json, 'utf8')));
  expect(file.runs.map(({ split }) => split).slice(0, 5)).toEqual([0, 0, 0, 0, 1]);
  const [header, first] = readFileSync(report.csv, 'utf8').split('\r\n');
  expect(header).toMatch(/^pretraining,transfer,labels,seed,status,.*,split,objectImages,/);
  expect(first).toMatch(/^none,random,2,0,done,4,.*,0,0,,/);
  await expect(engine.call('studies.power', { project, studyId })).rejects.toMatchObject({
    message: expect.stringContaining('has several splits') as string,
  });
});

it('says nothing of splits where there is one', async () => {
  const { engine, project, studyId, plan } = await finishedStudy({ seeds: 2 });
  expect(plan).toMatchObject({ splits: 1, testedImages: plan.testImages });
  const analysis = await engine.call('studies.analysis', { project, studyId });
  expect(analysis.splits).toBe(1);
  expect(analysis.comparisons.every(({ perSplit }) => perSplit === undefined)).toBe(true);
  expect(analysis.arms.every(({ splits }) => splits === undefined)).toBe(true);
  const page = await engine.call('studies.reportPage', { project, studyId });
  expect(page).toContain('All seeds share one split');
});
