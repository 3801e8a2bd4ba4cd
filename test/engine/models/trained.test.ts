/** Models that are really trained, on small drawn images. */
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createEngine } from '../../../engine/engine.ts';
import { PATIENCE_MS } from '../../fixtures/patience.ts';
import { temporaryFolder } from '../../fixtures/projects.ts';

it('a model is ended by hand with the best so far, scored, gone on from and compared', async () => {
  const engine = createEngine();
  onTestFinished(() => engine.close());
  const { path: project } = await engine.call('project.create', {
    path: join(temporaryFolder(), 'p.graft'),
  });
  const { id: datasetId } = await engine.call('datasets.generate', {
    ...{ project, name: 'cells', generator: 'cells', count: 12, sizePx: 32, seed: 1 },
  });
  const settings = { base: 2, depth: 2, batch: 2 };
  const training = { project, datasetId, settings };
  const ended = (id: number) =>
    vi.waitFor(
      async () => {
        const models = await engine.call('models.list', { project });
        const model = models.find((one) => one.id === id);
        expect(model?.status).toBe('done');
        return model;
      },
      { timeout: PATIENCE_MS, interval: 50 },
    );
  const { model, run } = await engine.call('models.train', { ...training, steps: 100_000 });
  await vi.waitFor(
    async () => {
      const { metrics } = await engine.call('runs.get', { project, runId: run.id });
      expect(metrics.length).toBeGreaterThan(0);
    },
    { timeout: PATIENCE_MS, interval: 50 },
  );
  await engine.call('models.stop', { project, modelId: model.id, keep: true });
  const first = await ended(model.id);
  expect(first).toMatchObject({ earlyEnd: 'by hand', images: { train: 8, val: 1, test: 3 } });
  expect(first?.step).toBeLessThan(100_000);
  expect(first?.scored).toBe(3);

  const on = await engine.call('models.train', {
    ...{ ...training, steps: 2, settings: {} },
    ...{ name: 'on', from: { modelId: model.id } },
  });
  const second = await ended(on.model.id);
  expect(second).toMatchObject({ earlyEnd: null, step: 2, startedFromModelId: model.id });
  const { run: trained } = await engine.call('runs.get', { project, runId: on.run.id });
  expect(new Set(trained.layers?.map(({ state }) => state))).toEqual(new Set(['loaded']));
  const { words } = await engine.call('models.compare', {
    project,
    modelIds: [on.model.id, model.id],
  });
  expect(words[0]).toMatch(/"on" (is|and) .*"cells 1"/);
  expect(words[1]).toMatch(/^Dice .* on 3 images that both were held out from/);
});
