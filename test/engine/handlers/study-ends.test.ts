/** How studies end: cancelled, deleted, and read image by image. */
import { expect, it, onTestFinished } from 'vitest';
import { createEngine } from '../../../engine/engine.ts';
import { ensureSample } from '../../../engine/sample.ts';
import type { ImageResult } from '../../../shared/entities.ts';
import { temporaryFolder } from '../../fixtures/projects.ts';
import { ENGINE, finish, settled } from '../study/running/fake-trainers.ts';
import { studyProject } from './study-project.ts';

async function plannedStudy() {
  const { trainers, engine, project, db, studyId } = await studyProject();
  const status = () => engine.call('studies.status', { project, studyId });
  const call = (name: 'studies.run' | 'studies.cancel' | 'studies.delete') =>
    engine.call(name, { project, studyId });
  return { engine, project, db, studyId, status, call, ...trainers };
}

it('studies.cancel ends what waits and runs, keeps what is done, and is final', async () => {
  const { engine, project, call, status, running } = await plannedStudy();
  await call('studies.run');
  await settled();
  const [pretraining] = running;
  if (pretraining === undefined) throw new Error('nothing runs');
  await finish(pretraining);
  await settled();
  await call('studies.cancel');
  const { study, counts } = await status();
  expect(study.status).toBe('cancelled');
  expect(counts).toMatchObject({ done: 1, cancelled: 4, queued: 0, running: 0 });
  await expect(call('studies.run')).rejects.toMatchObject({
    code: 'conflict',
    message: '"small" was cancelled. Plan it anew to run it.',
  });
  await expect(engine.call('studies.cancel', { project, studyId: 99 })).rejects.toMatchObject({
    code: 'not-found',
  });
});

it('studies.delete waits for the end of a study, and takes its runs along', async () => {
  const { engine, project, call, db, studyId } = await plannedStudy();
  await call('studies.run');
  await expect(call('studies.delete')).rejects.toMatchObject({
    code: 'conflict',
    message: '"small" is running. Cancel it first.',
  });
  await call('studies.cancel');
  expect(await call('studies.delete')).toBeNull();
  expect(await engine.call('studies.list', { project })).toEqual([]);
  expect(await engine.call('runs.list', { project })).toEqual([]);
  expect(db.snapshots.usersOf(1)).toEqual({ studies: [], singleRuns: [] });
  expect(db.snapshots.get(1)).toBeUndefined();
  await expect(engine.call('studies.status', { project, studyId })).rejects.toMatchObject({
    code: 'not-found',
  });
});

it('studies.results has the Dice of every test image by every finished run, in one order', async () => {
  const { engine, project, call, db, studyId, running } = await plannedStudy();
  const results = () => engine.call('studies.results', { project, studyId });
  const study = db.studies.get(studyId);
  const test = db.snapshots
    .items(study?.targetSnapshotId ?? 0)
    .filter(({ part }) => part === 'test')
    .map(({ imageId }) => imageId);
  expect(test.length).toBeGreaterThan(1);
  expect(await results()).toMatchObject({ images: test.map((imageId) => ({ imageId })), runs: [] });

  await call('studies.run');
  await settled();
  const random = running.find(({ runId }) => db.runs.get(runId)?.transfer === 'random');
  if (random === undefined) throw new Error('no random run');
  random.send({ type: 'started', engine: ENGINE, layers: [], firstStep: 0 });
  const result = (imageId: number, checkpoint: 'best' | 'last', dice: number): ImageResult => ({
    imageId,
    checkpoint,
    dice,
    iou: dice / (2 - dice),
    hd95: 1,
    boundaryF1: dice,
    classes: [],
    uncertainty: null,
  });
  const [first = 0, second = 0] = test;
  for (const one of [
    result(second, 'best', 0.25),
    result(first, 'last', 0.5),
    result(first, 'best', 0.75),
  ]) {
    random.send({ type: 'result', result: one, prediction: null });
  }
  random.send({ type: 'done', kept: null });
  await random.end('orderly');
  await settled();
  const { images, runs } = await results();
  expect(images.map(({ imageId }) => imageId)).toEqual(test);
  expect(images[0]).toMatchObject({
    name: db.datasets.image(first)?.name,
    labelMapId: db.datasets.image(first)?.labelMapId,
  });
  // That of the best checkpoint alone; null where there is none.
  expect(runs).toEqual([
    {
      runId: random.runId,
      predicts: false,
      dice: test.map((id) => (id === first ? 0.75 : id === second ? 0.25 : null)),
    },
  ]);
  await expect(engine.call('studies.results', { project, studyId: 99 })).rejects.toMatchObject({
    code: 'not-found',
  });
});

it('what a finished study shows is final: it is not cancelled any more', async () => {
  const engine = createEngine();
  onTestFinished(() => engine.close());
  const project = ensureSample(temporaryFolder());
  await engine.call('project.open', { path: project });
  const [study] = await engine.call('studies.list', { project });
  const studyId = study?.id ?? 0;
  await expect(engine.call('studies.cancel', { project, studyId })).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('is done already: nothing to cancel.') as string,
  });
  const { images, runs } = await engine.call('studies.results', { project, studyId });
  expect(images).toHaveLength(40);
  expect(runs).toHaveLength(40);
  expect(runs.every(({ dice }) => dice.length === 40 && dice.every((one) => one !== null))).toBe(
    true,
  );
});
