import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { expect, it, onTestFinished } from 'vitest';
import { createEngine } from '../../../engine/engine.ts';
import type { Project } from '../../../engine/db/project.ts';
import { FinetuneRunConfig } from '../../../shared/entities.ts';
import type { EngineEvent } from '../../../shared/events.ts';
import { encodeLabelMap } from '../../../shared/label-map.ts';
import { addDataset, temporaryFolder } from '../../fixtures/projects.ts';

const LABELS = encodeLabelMap({ width: 2, height: 1, data: new Uint8Array([0, 1]) });
const PICTURE = { kind: 'picture' } as const;

/** Ten images on a line, so far apart as their numbers; `labelled` of them from the start. */
async function lineOfImages(labelled: number) {
  const engine = createEngine();
  onTestFinished(() => engine.close());
  const project = join(temporaryFolder(), 'p.graft');
  await engine.call('project.create', { path: project });
  const { db } = engine.project(project);
  const datasetId = addDataset(db, 'cells', { count: 10, labelled });
  const ids = db.datasets.images(datasetId).map(({ id }) => id);
  for (const [i, id] of ids.entries()) {
    db.labelling.saveFeatures(id, PICTURE, new Float32Array([i]));
  }
  const next = (count = 3) => engine.call('labelling.next', { project, datasetId, count });
  const names = async () => (await next()).images.map(({ name }) => name);
  return { engine, project, db, datasetId, ids, next, names };
}

/** A model of the first `labels` images, of which the last `heldOut` were held out, with these Dice. */
function addTraining(
  db: Project,
  datasetId: number,
  { labels, dice }: { labels: number; dice: readonly number[] },
): void {
  const images = db.datasets.images(datasetId).slice(0, labels);
  const isTest = (i: number) => i >= labels - dice.length;
  const runId = db.runs.create({
    studyId: null,
    config: FinetuneRunConfig.parse({
      ...{ kind: 'finetune', transfer: 'random', pretrainRunId: null, seed: 0 },
      ...{ network: {}, sampling: {}, loss: {} },
      optimisation: { steps: 10, batch: 4, schedule: 'constant', evaluateEvery: 5 },
      trainImageIds: images.filter((_, i) => !isTest(i)).map(({ id }) => id),
      snapshotId: db.snapshots.take(
        datasetId,
        images.map(({ id, hash, labelMapId }, i) => ({
          ...{ imageId: id, imageHash: hash, labelMapId, imageClass: null },
          part: isTest(i) ? ('test' as const) : ('train' as const),
        })),
      ),
    }),
    ...{ pretraining: null, labels: labels - dice.length, dependsOn: null },
  });
  db.models.create({ name: `model of ${labels}`, runId, startedFrom: 'random weights' });
  for (const [i, one] of dice.entries()) {
    const imageId = images[labels - dice.length + i]?.id ?? 0;
    const result = { imageId, checkpoint: 'best', dice: one, iou: one } as const;
    const rest = { hd95: null, boundaryF1: null, uncertainty: 0, classes: [] };
    db.runs.addResult(runId, { ...result, ...rest }, null);
  }
  db.runs.ended(runId, 'done');
}

it('suggests what is far from everything labelled, and says why in one line', async () => {
  const { next } = await lineOfImages(2);
  const queue = await next();
  expect(queue.images.map(({ name, why }) => [name, why])).toEqual([
    ['9.png', 'unlike anything labelled'],
    ['5.png', 'differs from what is labelled'],
    ['3.png', 'much like what is labelled'],
  ]);
  expect(queue).toMatchObject({ candidates: 8, labelled: 2, missing: 0 });
  expect(queue.notes.join()).toMatch(/no predictions of these images yet/);
});

it('puts an image off until ten more are labelled or nothing else is left, and never suggests one again', async () => {
  const { engine, project, db, datasetId, ids, next, names } = await lineOfImages(2);
  const events: EngineEvent[] = [];
  engine.subscribe((event) => events.push(event));
  await engine.call('labelling.skip', { project, imageId: ids[9] ?? 0 });
  await engine.call('labelling.never', { project, imageIds: [ids[5] ?? 0] });
  expect(events).toContainEqual(
    expect.objectContaining({ changes: { labelling: { datasetId, what: 'suggestions' } } }),
  );
  expect(await names()).toEqual(['8.png', '4.png', '6.png']);
  expect(await next()).toMatchObject({
    putOff: [{ imageId: ids[9], name: '9.png' }],
    never: [{ imageId: ids[5], name: '5.png' }],
  });
  for (const id of ids.slice(2, 9).filter((one) => one !== ids[5])) {
    db.labelMaps.add({ imageId: id, author: 'human', bytes: LABELS });
  }
  const last = await next();
  expect(last.images.map(({ name }) => name)).toEqual(['9.png']);
  expect(last.notes).toContain('Nothing is left but what was put off.');
  await engine.call('labelling.never', { project, imageIds: [ids[9] ?? 0] });
  expect((await next()).notes).toEqual([
    'All images are labelled but the 2 that are never suggested.',
  ]);
  await engine.call('labelling.never', { project, imageIds: [ids[9] ?? 0], never: false });
  expect(await names()).toEqual(['9.png']);
});

it('never suggests what is excluded or in the bin', async () => {
  const { engine, project, ids, next } = await lineOfImages(2);
  await engine.call('images.exclude', { project, imageIds: [ids[9] ?? 0], reason: 'blurred' });
  await engine.call('images.delete', { project, imageIds: [ids[5] ?? 0] });
  const queue = await next(50);
  expect(queue.candidates).toBe(6);
  expect(queue.images.map(({ name }) => name).sort()).toEqual(
    [2, 3, 4, 6, 7, 8].map((i) => `${i}.png`),
  );
});

it('counts a prediction that nobody has looked at as none, and how unsure it was', async () => {
  const { db, ids, next } = await lineOfImages(2);
  for (const [i, id] of ids.entries()) {
    if (i < 2) continue;
    const uncertainty = i === 6 ? 0.6 : 0.1;
    db.labelMaps.add({ imageId: id, author: 'model', bytes: LABELS, uncertainty });
  }
  const [first] = (await next()).images;
  expect(first).toMatchObject({ name: '6.png', uncertainty: 0.6 });
  expect(first?.why).toMatch(/^differs from what is labelled; the network is unsure \(0\.60\)$/);
});

it('computes features that are missing only where that is asked for, and names what it cannot read', async () => {
  const { engine, project, db } = await lineOfImages(0);
  const datasetId = addDataset(db, 'broken', { count: 0 });
  const add = (name: string, file: Uint8Array) =>
    db.datasets.addImage({
      ...{ datasetId, name, widthPx: 2, heightPx: 1, channels: 1, bitDepth: 8, page: 0 },
      ...{ groupName: null, imageClass: null, source: { bytes: Buffer.from(file) } },
      hash: createHash('sha256').update(file).digest('hex'),
    });
  add('0.png', Buffer.from('no image'));
  const pixels = { width: 2, height: 1, channels: 1, data: new Uint8Array([0, 255]) };
  const readable = add('readable.png', encode(pixels));
  const ask = (mayCompute: number) =>
    engine.call('labelling.next', { project, datasetId, mayCompute });
  expect(await ask(1)).toMatchObject({ missing: 2, images: [] });
  const queue = await ask(2);
  expect(queue.unreadable.map(({ name }) => name)).toEqual(['0.png']);
  expect(queue.notes).toContain('1 image cannot be read and is left out.');
  expect(db.labelling.features(datasetId, PICTURE).get(readable)).toHaveLength(96);
  expect(queue.images.map(({ name, why }) => `${name}: ${why}`)).toEqual([
    'readable.png: the most typical of all: nothing is labelled yet',
  ]);
});

it('measures time unless that is switched off, tells of it, and erases it', async () => {
  const { engine, project, datasetId, ids } = await lineOfImages(2);
  const spent = [{ imageId: ids[0] ?? 0, seconds: 20 }];
  const add = () => engine.call('labelling.addTime', { project, datasetId, spent });
  const time = async () => (await engine.call('labelling.progress', { project, datasetId })).time;
  await add();
  await add();
  expect(await time()).toMatchObject({ isMeasured: true, seconds: 40, medianSeconds: 40 });
  await engine.call('settings.update', { measureTime: false });
  await add();
  expect(await time()).toMatchObject({ isMeasured: false, seconds: 40 });
  await engine.call('labelling.eraseTime', { project, datasetId });
  expect(await time()).toMatchObject({ seconds: 0, ofImages: [] });
});

it('says of models on more and more labels where more would lead, and of too few what is missing', async () => {
  const { engine, project, db, datasetId } = await lineOfImages(10);
  const progress = () => engine.call('labelling.progress', { project, datasetId });
  expect((await progress()).verdict).toMatch(/^No network was trained on these labels yet/);
  addTraining(db, datasetId, { labels: 4, dice: [0.4, 0.5] });
  addTraining(db, datasetId, { labels: 6, dice: [0.55, 0.65, 0.6] });
  expect((await progress()).verdict).toMatch(
    /^Trained on 2 numbers of labels so far: after one training more/,
  );
  expect((await progress()).notes).toContain(
    '4 more images were labelled since: train again to see what they bring.',
  );
  addTraining(db, datasetId, { labels: 10, dice: [0.7, 0.8, 0.75] });
  const found = await progress();
  expect(found.points.map(({ name, labelled }) => [name, labelled])).toEqual([
    ['model of 4', 4],
    ['model of 6', 6],
    ['model of 10', 10],
  ]);
  expect(found.curve?.readings[0]?.x).toBe(4);
  expect(found.next?.images).toBe(10);
  expect(found.next?.gain).toBeGreaterThan(0);
  expect(found.verdict).toMatch(/10 more images would bring about \+0\.\d\d Dice/);
});

it('says what is wrong with images of several datasets, or of none', async () => {
  const { engine, project, db, ids } = await lineOfImages(2);
  const other = db.datasets.images(addDataset(db, 'other', { count: 1 }))[0]?.id ?? 0;
  const never = (imageIds: number[]) => engine.call('labelling.never', { project, imageIds });
  await expect(never([ids[0] ?? 0, other])).rejects.toThrow(
    'These images are of several datasets.',
  );
  await expect(never([9999])).rejects.toThrow('There is no image 9999.');
});
