/** A model that tells objects apart, from its plan to what it predicts; small drawn images, few steps. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createEngine } from '../../../engine/engine.ts';
import { PATIENCE_MS } from '../../fixtures/patience.ts';
import { temporaryFolder } from '../../fixtures/projects.ts';
import { discsProject, SIDE_PX } from '../training/discs-project.ts';

const discs = discsProject();

it('is refused without objects, trained with them, predicts them into dataset and folder, and goes on with them', async () => {
  const dir = temporaryFolder();
  const project = join(dir, 'discs.graft');
  await discs.project.backup(project);
  const engine = createEngine();
  onTestFinished(() => engine.close());
  await engine.call('project.open', { path: project });
  const { db } = engine.project(project);
  const { datasetId } = discs;

  const { id: plain } = await engine.call('datasets.generate', {
    ...{ project, name: 'cells', generator: 'cells', count: 4, sizePx: 32, seed: 1 },
  });
  const settings = {
    base: 4,
    depth: 2,
    batch: 4,
    sizePx: SIDE_PX,
    learningRate: 1e-2,
    objects: true,
  };
  await expect(
    engine.call('models.plan', {
      project,
      datasetId: plain,
      settings: { objects: true },
      time: false,
    }),
  ).rejects.toThrow(
    /No labels of "cells" that it would learn from tell objects apart.*graft objects/,
  );

  const training = { project, datasetId, settings, steps: 60 };
  const plan = await engine.call('models.plan', { ...training, time: false });
  expect(plan.settings.objects).toBe(true);
  expect(plan.why.join(' ')).toMatch(
    /It learns objects from \d+ images in which they are told apart\./,
  );
  const { model, run } = await engine.call('models.train', training);
  expect(run.config).toMatchObject({ objects: { weight: 1 } });
  const listed = await vi.waitFor(
    async () => {
      const [found] = await engine.call('models.list', { project });
      expect(found?.status).toBe('done');
      return found;
    },
    { timeout: PATIENCE_MS, interval: 50 },
  );
  expect(listed?.objects.map(({ measure }) => measure)).toContain('f1');

  // Two bright spots far apart.
  const data = Uint8Array.from({ length: SIDE_PX ** 2 }, (_, i) => {
    const [x, y] = [i % SIDE_PX, Math.floor(i / SIDE_PX)];
    return [12, 36].some((middle) => Math.hypot(x - middle, y - middle) < 5.5) ? 180 : 45;
  });
  const bytes = encode({ width: SIDE_PX, height: SIDE_PX, data, channels: 1 });
  const image = join(dir, 'more.png');
  writeFileSync(image, bytes);
  const files = { project, runId: run.id, paths: [image], dir: join(dir, 'out') };
  await engine.call('predict.files', files);
  expect(readdirSync(join(dir, 'out', 'objects'))).toEqual(['more.tif']);
  expect(readFileSync(join(dir, 'out', 'predictions.csv'), 'utf8')).toMatch(
    /^image,page,mask,uncertainty,objects,objectCount\r\nmore\.png,.*,objects\/more\.tif,\d+\r\n$/,
  );

  const classes = db.datasets.get(datasetId)?.classes ?? [];
  const more = db.datasets.create({ name: 'more', origin: {}, classes, imageClasses: [] });
  const imageId = db.datasets.addImage({
    ...{ datasetId: more, name: 'more.png', widthPx: SIDE_PX, heightPx: SIDE_PX, channels: 1 },
    ...{ bitDepth: 8, page: 0, groupName: null, imageClass: null, source: { bytes } },
    hash: createHash('sha256').update(bytes).digest('hex'),
  });
  await engine.call('predict.dataset', { project, runId: run.id, datasetId: more });
  expect(db.labelMaps.hasObjects(db.datasets.image(imageId)?.labelMapId ?? 0)).toBe(true);

  const on = await engine.call('models.plan', {
    ...{ project, datasetId, from: { modelId: model.id }, time: false },
  });
  expect(on.settings.objects).toBe(true);
  const off = await engine.call('models.plan', {
    ...{ project, datasetId, from: { modelId: model.id }, settings: { objects: false } },
    time: false,
  });
  expect(off.settings.objects).toBe(false);
});
