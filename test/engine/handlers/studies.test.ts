import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createEngine } from '../../../engine/engine.ts';
import { createStudy } from '../../../engine/study/planning/create.ts';
import type { SpawnTrainer } from '../../../engine/trainer.ts';
import { addDataset, smallStudy, temporaryFolder } from '../../fixtures/projects.ts';

/** Trainers that find the disk full as soon as they begin. */
const onFullDisk: SpawnTrainer = (_, onEvent) => ({
  pid: 1,
  stop: () => undefined,
  kill: () => undefined,
  ended: (async () => {
    await Promise.resolve();
    onEvent({ type: 'failed', error: { code: 'no-space', message: 'The disk is full.' } });
    return { orderly: true, detail: '' };
  })(),
});

it('a study says why it waits, and fails no run for it', async () => {
  const engine = createEngine({ spawn: onFullDisk });
  onTestFinished(() => engine.close());
  const project = join(temporaryFolder(), 'p.graft');
  await engine.call('project.create', { path: project });
  const { db } = engine.projects.open(project);
  const source = addDataset(db, 'source', { count: 4 });
  const target = addDataset(db, 'target', { count: 20 });
  const { id: studyId } = createStudy(db, smallStudy({ source, target }));
  const status = () => engine.call('studies.status', { project, studyId });
  expect((await status()).held).toBeNull();
  await engine.call('studies.run', { project, studyId });
  await expect
    .poll(async () => (await status()).held)
    .toMatchObject({
      code: 'no-space',
      message: 'The disk is full.',
    });
  const { counts, study } = await status();
  expect(study.status).toBe('running');
  expect(counts).toMatchObject({ failed: 0, cancelled: 0 });
  await engine.call('studies.pause', { project, studyId });
  expect((await status()).held).toBeNull();
});
