import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { followRun } from '../../../engine/cli/models.ts';
import { createEngine } from '../../../engine/engine.ts';
import { NetworkConfig, OptimisationConfig, SamplingConfig } from '../../../shared/entities.ts';
import { addDataset, temporaryFolder } from '../../fixtures/projects.ts';
import { fakeTrainers } from '../study/running/fake-trainers.ts';

const optimisation = { steps: 10, batch: 2, schedule: 'constant', evaluateEvery: 5 };

it('graft pretrain ends with what holds the training, in its own code, and the run stays queued', async () => {
  const { running, spawn } = fakeTrainers();
  const engine = createEngine({ spawn });
  onTestFinished(() => engine.close());
  const { path: project } = await engine.call('project.create', {
    path: join(temporaryFolder(), 'p.graft'),
  });
  const datasetId = addDataset(engine.project(project).db, 'cells', { count: 4 });
  const { id } = await engine.call('encoders.pretrain', {
    project,
    datasetId,
    task: 'autoencoder',
    network: NetworkConfig.parse({}),
    sampling: SamplingConfig.parse({}),
    optimisation: OptimisationConfig.parse(optimisation),
  });
  const followed = followRun(engine, project, id);
  const message = 'The disk is full.';
  running[0]?.send({ type: 'failed', error: { code: 'no-space', message } });
  await expect(followed).rejects.toMatchObject({ code: 'no-space', message });
  expect((await engine.call('runs.get', { project, runId: id })).run.status).not.toBe('failed');
});
