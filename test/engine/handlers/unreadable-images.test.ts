/** An image that ends its decoder ends no training in the middle: whoever asks for one is told before it starts. */
import { createHash } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { expect, it, onTestFinished } from 'vitest';
import { createEngine } from '../../../engine/engine.ts';
import { encodeLabelMap } from '../../../shared/label-map.ts';
import { hurtDecoders, hurtfulImage } from '../../fixtures/hurtful-image.ts';
import { addDataset, smallStudy, temporaryFolder } from '../../fixtures/projects.ts';

it('models, encoders and studies are refused by the name of the image, with how to go on without it', async () => {
  hurtDecoders();
  const engine = createEngine({ engine: 'wasm', runQueues: false });
  onTestFinished(() => engine.close());
  const { path: project } = await engine.call('project.create', {
    path: join(temporaryFolder(), 'p.graft'),
  });
  const { db } = engine.project(project);
  const datasetId = addDataset(db, 'cells', { count: 12 });
  const bytes = hurtfulImage({ width: 2, height: 1 });
  const imageId = db.datasets.addImage({
    ...{ datasetId, name: 'hurtful.png', widthPx: 2, heightPx: 1, channels: 1, bitDepth: 8 },
    hash: createHash('sha256').update(bytes).digest('hex'),
    ...{ page: 0, groupName: null, imageClass: null, source: { bytes } },
  });
  const labels = encodeLabelMap({ width: 2, height: 1, data: new Uint8Array([0, 1]) });
  db.labelMaps.add({ imageId, author: 'human', bytes: labels });

  const training = {
    ...{ project, datasetId, steps: 2 },
    settings: { base: 2, depth: 1, sizePx: 16, batch: 2 },
  } as const;
  const refusal = {
    code: 'unreadable',
    message: expect.stringMatching(
      /^hurtful\.png ended the process that reads it .*No training was begun, since hurtful\.png cannot be read\. To train without it, exclude it: in the library, or with graft images exclude\.$/,
    ) as string,
  };
  await expect(engine.call('models.train', training)).rejects.toMatchObject(refusal);
  await expect(
    engine.call('encoders.pretrain', {
      ...{ project, datasetId, task: 'autoencoder', seed: 0 },
      network: { base: 2, depth: 1 },
      sampling: { sizePx: 16 },
      optimisation: { steps: 2, batch: 2, schedule: 'constant', evaluateEvery: 1 },
    }),
  ).rejects.toMatchObject(refusal);
  expect(await engine.call('runs.list', { project })).toEqual([]);

  const config = smallStudy({ source: datasetId, target: datasetId });
  const study = await engine.call('studies.create', { project, config });
  const run = { project, studyId: study.id };
  await expect(engine.call('studies.run', run)).rejects.toMatchObject(refusal);
  const [stored] = await engine.call('studies.list', { project });
  expect(stored?.status).toBe('planned');

  await engine.call('images.exclude', { project, imageIds: [imageId], reason: 'it hurts' });
  const { plan } = await engine.call('models.train', training);
  const { train, val, test } = plan.images;
  expect(train + val + test).toBe(12);
});

it('a linked image that was read and is gone since is named as well', async () => {
  const engine = createEngine({ engine: 'wasm', runQueues: false });
  onTestFinished(() => engine.close());
  const folder = temporaryFolder();
  const { path: project } = await engine.call('project.create', { path: join(folder, 'p.graft') });
  const { db } = engine.project(project);
  const datasetId = addDataset(db, 'cells', { count: 12 });
  const file = join(folder, 'linked.png');
  const bytes = encode({ width: 2, height: 1, channels: 1, data: new Uint8Array([7, 8]) });
  writeFileSync(file, bytes);
  const imageId = db.datasets.addImage({
    ...{ datasetId, name: 'linked.png', widthPx: 2, heightPx: 1, channels: 1, bitDepth: 8 },
    hash: createHash('sha256').update(bytes).digest('hex'),
    ...{ page: 0, groupName: null, imageClass: null, source: { linkPath: file } },
  });
  const labels = encodeLabelMap({ width: 2, height: 1, data: new Uint8Array([0, 1]) });
  db.labelMaps.add({ imageId, author: 'human', bytes: labels });
  const training = {
    ...{ project, datasetId, steps: 2 },
    settings: { base: 2, depth: 1, sizePx: 16, batch: 2 },
  } as const;
  await engine.call('models.train', training);
  rmSync(file);
  await expect(engine.call('models.train', training)).rejects.toThrow(
    /linked\.png is a link, .*No training was begun, since linked\.png cannot be read/,
  );
});
