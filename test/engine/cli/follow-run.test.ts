import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { exitCodeOf } from '../../../engine/cli/exit-codes.ts';
import { keepOrDrop } from '../../../engine/cli/keep-or-drop.ts';
import { followRun } from '../../../engine/cli/models.ts';
import { createEngine } from '../../../engine/engine.ts';
import { NetworkConfig, OptimisationConfig, SamplingConfig } from '../../../shared/entities.ts';
import { AppError, toWireError } from '../../../shared/errors.ts';
import { addDataset, temporaryFolder } from '../../fixtures/projects.ts';
import { fakeTrainers } from '../study/running/fake-trainers.ts';

const optimisation = { steps: 10, batch: 2, schedule: 'constant', evaluateEvery: 5 };

/** One that is under way in this process. */
async function pretraining() {
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
  return { engine, project, running, id };
}

it('ends at Ctrl+C with what is kept and the command that goes on', async () => {
  const { engine, project, id } = await pretraining();
  const followed = followRun(engine, project, { runId: id });
  process.emit('SIGINT');
  await expect(followed).rejects.toMatchObject({
    code: 'cancelled',
    message: expect.stringMatching(
      /is kept in the project; go on with: graft serve .*p\.graft/,
    ) as unknown,
  });
});

it.each([
  ['no-space', 'The disk is full.', 7],
  ['unreadable', 'The project may not be written.', 3],
  ['internal', 'A bug.', 1],
] as const)(
  'graft pretrain ends with what holds the training, %s, and the run stays queued',
  async (code, message, exit) => {
    const { engine, project, running, id } = await pretraining();
    const followed = followRun(engine, project, { runId: id });
    const { db } = engine.project(project);
    const written = vi.spyOn(db, 'transaction').mockImplementation(() => {
      throw new AppError(code, message);
    });
    running[0]?.send({ type: 'checkpoint', kind: 'last', step: 3, bytes: new Uint8Array([3]) });
    const error: unknown = await followed.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code, message });
    expect(exitCodeOf(toWireError(error).code)).toBe(exit);
    written.mockRestore();
    expect((await engine.call('runs.get', { project, runId: id })).run.status).not.toBe('failed');
  },
);

/** A model that is trained in this process, and is followed on a terminal. */
async function training() {
  const { engine, project, running } = await pretraining();
  const datasetId = addDataset(engine.project(project).db, 'nuclei', { count: 10 });
  await running[0]?.end('orderly');
  const train = (name: string) =>
    engine.call('models.train', { ...{ project, datasetId, name, steps: 50 } });
  return { engine, project, running, train };
}

it('graft train keeps what there is at the first Ctrl+C, and throws it away at the second', async () => {
  const { engine, project, running, train } = await training();
  const { model, run } = await train('monday');
  const lines: string[] = [];
  const followed = followRun(engine, project, {
    runId: run.id,
    onInterrupt: keepOrDrop(engine, { project, model, say: (line) => lines.push(line) }),
  });
  const trainer = await vi.waitFor(() => {
    const found = running.find(({ runId }) => runId === run.id);
    if (found === undefined) throw new Error('it is not trained yet');
    return found;
  });
  trainer.ignoresStop = true; // it takes its time
  process.emit('SIGINT');
  await vi.waitFor(() => expect(lines).toHaveLength(1));
  expect(lines[0]).toMatch(/best network so far.*stays as "monday"\. Ctrl\+C again throws it away/);
  expect(trainer.stopAsked).toBe(true);
  process.emit('SIGINT');
  expect(await followed).toMatchObject({ status: 'cancelled' });
  expect(lines[1]).toBe('"monday" is thrown away.');
});
