import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createEngine } from '../../../engine/engine.ts';
import type { Project } from '../../../engine/db/project.ts';
import { snapshotItem } from '../../../engine/db/splits.ts';
import {
  NetworkConfig,
  OptimisationConfig,
  type PretrainingTask,
} from '../../../shared/entities.ts';
import type { Helper } from '../../../shared/helpers.ts';
import { encodeLabelMap } from '../../../shared/label-map.ts';
import { addDataset, temporaryFolder } from '../../fixtures/projects.ts';
import { ENGINE, fakeTrainers, finish, settled } from '../study/running/fake-trainers.ts';

/** A project of labelled images whose trainings do what a test tells them. */
async function labelledProject(count = 10) {
  const { running, spawn } = fakeTrainers();
  const engine = createEngine({ spawn });
  onTestFinished(() => engine.close());
  const { path: project } = await engine.call('project.create', {
    path: join(temporaryFolder(), 'p.graft'),
  });
  const { db } = engine.project(project);
  const datasetId = addDataset(db, 'cells', { count });
  const images = db.datasets.images(datasetId);
  const train = (more: Partial<Parameters<typeof engine.call<'models.train'>>[1]> = {}) =>
    engine.call('models.train', { project, datasetId, steps: 5, ...more });
  /** Trained, and scored: Dice of each test image from how many of its two pixels are right. */
  const trained = async (name: string, more: Parameters<typeof train>[0] = {}) => {
    const { model, run } = await train({ name, ...more });
    const [trainer] = running;
    if (trainer === undefined) throw new Error('nothing is trained');
    const tested = db.snapshots.items(run.config.snapshotId).filter(({ part }) => part === 'test');
    for (const [i, { imageId }] of tested.entries()) {
      const data = new Uint8Array([i % 2 === 0 && name !== 'right' ? 1 : 0, 1]);
      trainer.send({
        type: 'result',
        result: {
          ...{ imageId, checkpoint: 'best', uncertainty: 0, iou: 0.5, hd95: 0, boundaryF1: 0 },
          dice: data[0] === 1 ? 2 / 3 : 1,
          classes: [{ classIndex: 1, predictedPx: 1 + (data[0] ?? 0), truePx: 1, bothPx: 1 }],
        },
        prediction: encodeLabelMap({ width: 2, height: 1, data }),
      });
    }
    await finish(trainer);
    return { model, tested: tested.map(({ imageId }) => imageId) };
  };
  return { engine, project, db, datasetId, images, running, train, trained };
}

const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);
const conflict = (message: RegExp) => ({
  code: 'conflict',
  message: matching(message),
});

describe('models', () => {
  it('are listed, the newest first, with dataset, start, labels used, Dice and interval', async () => {
    const { engine, project, trained } = await labelledProject(20);
    const { model: first } = await trained('first');
    await trained('second', { from: { modelId: first.id } });
    const [second, other] = await engine.call('models.list', { project });
    expect(second).toMatchObject({
      ...{ name: 'second', datasetName: 'cells', startedFrom: 'the model "first"' },
      ...{ images: { train: 14, val: 2, test: 4 }, scored: 4, status: 'done' },
      startedFromModelId: first.id,
    });
    expect(second?.dice).toBeCloseTo((2 / 3 + 1) / 2, 9);
    expect(second?.ci95?.[0]).toBeLessThan(second?.dice ?? 0);
    expect(other).toMatchObject({ name: 'first', startedFrom: 'random weights' });
  });

  it('are renamed and noted; a name that is taken is refused, that of a failed training is free', async () => {
    const { engine, project, running, train, trained } = await labelledProject();
    const { model } = await trained('first');
    const failed = await train({ name: 'monday' });
    running[0]?.send({ type: 'failed', error: { code: 'internal', message: 'No.' } });
    await running[0]?.end('orderly');
    await engine.call('models.setNotes', { project, modelId: model.id, notes: 'sharp' });
    await expect(train({ name: 'first' })).rejects.toMatchObject(conflict(/named "first" already/));
    const again = await train({ name: 'monday' });
    const rename = { project, modelId: again.model.id };
    await expect(engine.call('models.rename', { ...rename, name: 'first' })).rejects.toMatchObject(
      conflict(/Choose another name/),
    );
    await engine.call('models.rename', { ...rename, name: 'tuesday' });
    const models = await engine.call('models.list', { project });
    expect(models.map(({ name, notes }) => [name, notes])).toEqual([
      ['tuesday', ''],
      ['first', 'sharp'],
    ]);
    expect(models.map(({ runId }) => runId)).not.toContain(failed.run.id);
  });

  it('whose training failed with a checkpoint keep their name and that, until they are deleted', async () => {
    const { engine, project, db, running, train } = await labelledProject();
    const failed = await train({ name: 'monday' });
    db.runs.saveCheckpoint(failed.run.id, 'last', 7, Uint8Array.of(1));
    running[0]?.send({ type: 'failed', error: { code: 'internal', message: 'No.' } });
    await running[0]?.end('orderly');
    await expect(train({ name: 'monday' })).rejects.toMatchObject(
      conflict(/failed and can go on from its last checkpoint.* delete it first/),
    );
    expect(db.runs.hasCheckpoint(failed.run.id)).toBe(true);
    await engine.call('models.remove', { project, modelId: failed.model.id });
    expect((await train({ name: 'monday' })).model.name).toBe('monday');
  });

  it('are deleted with their runs; what others started from goes too, once those have ended', async () => {
    const { engine, project, db, running, train, trained } = await labelledProject();
    const { model: first } = await trained('first');
    const { model: second } = await train({ name: 'second', from: { modelId: first.id } });
    const remove = (modelId: number) => engine.call('models.remove', { project, modelId });
    await expect(remove(second.id)).rejects.toMatchObject(conflict(/Stop its training/));
    await expect(remove(first.id)).rejects.toMatchObject(conflict(/"second" starts from "first"/));
    if (running[0] !== undefined) await finish(running[0]);
    expect((await remove(first.id)).kept.join(' ')).toMatch(/"second", .* keeps its own weights/);
    expect(db.runs.get(first.runId)).toBeUndefined();
    const [left, ...others] = await engine.call('models.list', { project });
    expect(left).toMatchObject({ startedFrom: 'the model "first"', startedFromModelId: null });
    expect(others).toEqual([]);
    expect(db.models.keptParts(second.datasetId)).toHaveLength(10);
  });

  it('end with the best so far where that is asked for, and say so', async () => {
    const { engine, project, running, train } = await labelledProject();
    const { model } = await train({ name: 'first' });
    const { model: waiting } = await train({ name: 'second' });
    const stop = (modelId: number, keep: boolean) =>
      engine.call('models.stop', { project, modelId, keep });
    await expect(stop(waiting.id, true)).rejects.toMatchObject(conflict(/waits for its turn/));
    await stop(waiting.id, false);
    const [trainer] = running;
    trainer?.send({ type: 'started', engine: ENGINE, layers: [], firstStep: 0 });
    trainer?.send({ type: 'progress', step: 3, trainedSeconds: 1, peakMemoryBytes: 1 });
    trainer?.send({ type: 'done', kept: null, early: { step: 3, why: 'by hand' } });
    await trainer?.end('orderly');
    await settled();
    const { words } = await engine.call('models.score', { project, modelId: model.id });
    expect(words[0]).toBe('Ended by hand at step 3 of 5, with the best network so far.');
    await expect(stop(model.id, true)).rejects.toMatchObject(conflict(/is done/));
  });
});

describe('is it better than last week’s?', () => {
  it('is said of the images that both were held out from; others are named', async () => {
    const { engine, project, db, datasetId, trained } = await labelledProject(20);
    const first = await trained('first');
    const later = addDataset(db, 'more', { count: 6 });
    for (const image of db.datasets.images(later)) {
      db.datasets.addImage({
        ...image,
        datasetId,
        name: `later ${image.name}`,
        source: { bytes: db.datasets.imageBytes(image.id) ?? new Uint8Array() },
      });
    }
    for (const image of db.datasets.images(datasetId)) {
      if (image.labelMapId !== null) continue;
      const bytes = encodeLabelMap({ width: 2, height: 1, data: new Uint8Array([0, 1]) });
      db.labelMaps.add({ imageId: image.id, author: 'human', bytes });
    }
    const right = await trained('right');
    expect(right.tested.length).toBeGreaterThan(first.tested.length);
    const found = await engine.call('models.compare', {
      project,
      modelIds: [right.model.id, first.model.id],
    });
    expect(found.images.map(({ imageId }) => imageId)).toEqual(first.tested);
    expect(found.leftOut.map(({ why }) => why)).toEqual(
      right.tested.slice(first.tested.length).map(() => 'only "right" was tested on it'),
    );
    expect(found.dice?.[0]).toBe(1);
    // Differences 1/3, 0, 1/3, 0: mean 1/6, t(.975, 3) = 3.1824, sd = 0.19245.
    expect(found.difference?.effect).toBeCloseTo(1 / 6, 9);
    expect(found.difference?.ci95[0]).toBeCloseTo(1 / 6 - (3.182446 * 0.19245) / 2, 4);
    expect(found.verdict).toBe('inconclusive');
    expect(found.words[0]).toMatch(/^It is open whether "right" is better than "first": inconcl/);
    expect(found.words[1]).toMatch(/^Dice \+0\.167 \[.*\] on .* that both were held out from: /);
  });

  it('is asked against the labels of now where they were corrected in between', async () => {
    const { engine, project, db, trained } = await labelledProject(20);
    const first = await trained('first');
    const [corrected = 0] = first.tested;
    const bytes = encodeLabelMap({ width: 2, height: 1, data: new Uint8Array([1, 1]) });
    db.labelMaps.add({ imageId: corrected, author: 'human', bytes });
    const right = await trained('right');
    const { images, words } = await engine.call('models.compare', {
      project,
      modelIds: [first.model.id, right.model.id],
    });
    // It had found both pixels, and now that is right.
    expect(images.find(({ imageId }) => imageId === corrected)?.dice[0]).toBe(1);
    expect(words.join(' ')).toMatch(/indicative only/);
  });

  it('needs two finished models', async () => {
    const { engine, project, train, trained } = await labelledProject();
    const { model } = await trained('first');
    const { model: second } = await train({ name: 'second' });
    const compare = (other: number) =>
      engine.call('models.compare', { project, modelIds: [model.id, other] });
    await expect(compare(second.id)).rejects.toMatchObject(conflict(/is running/));
    await expect(compare(model.id)).rejects.toMatchObject({ code: 'invalid-input' });
  });
});

/** An encoder that saw these images. */
function addEncoder(db: Project, task: PretrainingTask, imageIds: readonly number[]): number {
  const images = imageIds.flatMap((id) => db.datasets.image(id) ?? []);
  const network = NetworkConfig.parse({});
  const runId = db.runs.create({
    studyId: null,
    config: {
      kind: 'pretrain',
      task,
      network,
      sampling: { sizePx: 32, mode: 'resize' },
      optimisation: OptimisationConfig.parse({
        ...{ steps: 1, batch: 1, schedule: 'constant', evaluateEvery: 1 },
      }),
      seed: 0,
      options: { heads: 'perTask', reconstructionWeight: 1, contrastiveWeight: 1 },
      snapshotId: db.snapshots.take(
        images[0]?.datasetId ?? 0,
        images.map((image) => snapshotItem(image, 'train')),
      ),
    },
    pretraining: task,
    labels: null,
    dependsOn: null,
  });
  db.runs.ended(runId, 'done');
  return db.encoders.add({ runId, name: task, task, network });
}

describe('what a model starts from', () => {
  it('is refused where it learned from labels that are held out, and warned of where it saw the images', async () => {
    const { engine, project, db, datasetId, images, trained } = await labelledProject();
    await trained('first');
    const all = images.map(({ id }) => id);
    const plan = (encoderId: number) =>
      engine.call('models.plan', { project, datasetId, from: { encoderId }, time: false });
    const withLabels = addEncoder(db, 'segmentation', all);
    await expect(plan(withLabels)).rejects.toMatchObject({
      code: 'invalid-input',
      message: matching(/labels of 3 images that are held out here.*Start from/),
    });
    const { warnings } = await plan(addEncoder(db, 'autoencoder', all));
    expect(warnings.join(' ')).toMatch(/without their labels: the score may flatter/);
    const heldOut = new Set(
      db.models
        .keptParts(datasetId)
        .flatMap(({ imageId, part }) => (part === 'train' ? [] : [imageId])),
    );
    const fair = addEncoder(
      db,
      'segmentation',
      all.filter((id) => !heldOut.has(id)),
    );
    expect((await plan(fair)).warnings).toEqual([]);
    const starts = await engine.call('models.starts', { project, datasetId });
    expect(starts.map((one) => [one.title, one.isRecommended, one.obstacle !== null])).toEqual([
      ['Random weights', true, false],
      ['Go on from "first"', false, false],
      ['The encoder "segmentation"', false, true],
      ['The encoder "autoencoder"', false, false],
      ['The encoder "segmentation"', false, false],
    ]);
  });

  it('is refused where it is a model of another dataset that learned from copies of what is held out', async () => {
    const { engine, project, db, datasetId, trained } = await labelledProject();
    const { model } = await trained('first');
    const partsOf = (dataset: number) =>
      Map.groupBy(db.models.keptParts(dataset), ({ part }) => part);
    const tested = partsOf(datasetId).get('train')?.[0]?.imageId ?? 0;
    const twin = addDataset(db, 'twin', { count: 10, content: 'cells' });
    const copies = db.datasets.images(twin);
    const copy = copies.find(({ hash }) => hash === db.datasets.image(tested)?.hash);
    const items = [{ imageId: copy?.id ?? 0, part: 'test' as const }];
    await engine.call('splits.save', { project, datasetId: twin, name: 'fixed', items });
    const from = { modelId: model.id };
    await expect(
      engine.call('models.plan', { project, datasetId: twin, from, time: false }),
    ).rejects.toMatchObject({
      message: matching(/trained with labels of \d image.*held out here/),
    });
    const unlike = addDataset(db, 'unlike', { count: 10 });
    const { why } = await engine.call('models.plan', {
      ...{ project, datasetId: unlike, from, time: false },
    });
    expect(why.join(' ')).toMatch(/since it learned the classes of another dataset/);
  });

  it('keeps its output layer where the classes are the same, and says where they are not', async () => {
    const { engine, project, db, datasetId, trained, train } = await labelledProject();
    const { model } = await trained('first');
    const from = { modelId: model.id };
    const same = await train({ name: 'second', from });
    expect(same.run.config).toMatchObject({ keepsHead: true, transfer: 'encoder+decoder' });
    const { classes } = db.datasets.get(datasetId) ?? { classes: [] };
    await engine.call('datasets.setClasses', {
      project,
      datasetId,
      classes: [...classes, { index: 2, name: 'dust', color: '#123456' }],
    });
    const { why } = await engine.call('models.plan', { project, datasetId, from, time: false });
    expect(why.join(' ')).toMatch(/without its output layer, since the classes are others now/);
    const other = { project, datasetId, from, time: false, settings: { base: 3 } };
    await expect(engine.call('models.plan', other)).rejects.toMatchObject({
      code: 'invalid-input',
      message: matching(/base 3 does not fit its weights/),
    });
  });
});

it('test images of a split are held out; those that were learned from before are left out, and late groups named', async () => {
  const { engine, project, db, datasetId, images, trained } = await labelledProject();
  const [first, second] = images;
  const items = [{ imageId: first?.id ?? 0, part: 'test' as const }];
  await engine.call('splits.save', { project, datasetId, name: 'fixed', items });
  await trained('first');
  const parts = new Map(db.models.keptParts(datasetId).map((one) => [one.imageId, one.part]));
  expect(parts.get(first?.id ?? 0)).toBe('test');
  const learned = images.find(({ id }) => parts.get(id) === 'train') ?? second;
  await engine.call('splits.save', {
    ...{ project, datasetId, name: 'fixed' },
    items: [...items, { imageId: learned?.id ?? 0, part: 'test' }],
  });
  const { leftOut } = await engine.call('models.plan', { project, datasetId, time: false });
  const [seen, heldOut] = ['train', 'test'].map(
    (part) => images.find(({ id }) => id !== learned?.id && parts.get(id) === part)?.id ?? 0,
  );
  const imageIds = [seen ?? 0, heldOut ?? 0];
  await engine.call('images.setGroup', { project, imageIds, group: 'slide' });
  const { warnings } = await engine.call('models.plan', { project, datasetId, time: false });
  expect(warnings.join(' ')).toMatch(/^Images of the group "slide" lie in train and test, as they/);
  expect(leftOut.map(({ name }) => name)).toEqual([learned?.name]);
});

it('labels that a helper made train and test only where they are wanted', async () => {
  const { engine, project, db, datasetId, images } = await labelledProject();
  const plan = (withoutHelpers: ('scribbles' | 'click')[]) =>
    engine.call('models.plan', {
      ...{ project, datasetId, time: false },
      settings: { withoutHelpers },
    });
  const bytes = db.labelMaps.bytes(images[0]?.labelMapId ?? 0) ?? new Uint8Array();
  const made = images.slice(0, 4);
  const helped: Helper[][] = [['scribbles'], ['click', 'scribbles'], ['click'], ['click']];
  for (const [i, { id: imageId }] of made.entries()) {
    const helpers = helped[i] ?? [];
    db.labelMaps.add({ imageId, author: 'corrected', bytes, helpers });
  }
  const all = await plan([]);
  expect(all.helped).toEqual([
    { helper: 'scribbles', images: 2 },
    { helper: 'click', images: 3 },
  ]);
  expect(all.leftOut).toEqual([]);
  const without = await plan(['click']);
  expect(without.leftOut.map(({ name }) => name)).toEqual(made.slice(1).map(({ name }) => name));
  // Labels of two helpers go with either.
  const other = await plan(['scribbles']);
  expect(other.leftOut.map(({ name }) => name)).toEqual(made.slice(0, 2).map(({ name }) => name));
  const { train, val, test } = without.images;
  expect(train + val + test).toBe(images.length - 3);
  for (const { id: imageId } of images) {
    db.labelMaps.add({ imageId, author: 'corrected', bytes, helpers: ['click'] });
  }
  await expect(plan(['click'])).rejects.toThrow(/made with clicks and boxes, and none is left/);
});
