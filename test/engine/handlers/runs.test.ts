/** Single runs: cancelled, put back into the queue, written to a file. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createEngine } from '../../../engine/engine.ts';
import { ensureSample } from '../../../engine/sample.ts';
import { temporaryFolder } from '../../fixtures/projects.ts';
import { finish, settled } from '../study/running/fake-trainers.ts';
import { studyProject } from './study-project.ts';

async function runningStudy() {
  const { trainers, engine, project, studyId } = await studyProject();
  await engine.call('studies.run', { project, studyId });
  await settled();
  const runs = () => engine.call('runs.list', { project });
  const statuses = async () => (await runs()).map(({ status }) => status);
  const call = (name: 'runs.cancel' | 'runs.retry', runId: number) =>
    engine.call(name, { project, runId });
  const trainerOf = (runId: number) => {
    const found = trainers.running.find((one) => one.runId === runId);
    if (found === undefined) throw new Error(`run ${runId} has no trainer`);
    return found;
  };
  return { engine, project, studyId, runs, statuses, call, trainerOf, ...trainers };
}

it('runs.cancel ends a run that waits or runs, with what can start from nothing else', async () => {
  const { engine, project, studyId, runs, statuses, call, trainerOf } = await runningStudy();
  const [pretraining, random, ...others] = await runs();
  expect([pretraining?.kind, random?.transfer]).toEqual(['pretrain', 'random']);
  expect(await statuses()).toEqual(['running', 'running', 'queued', 'queued', 'queued']);

  const waiting = others.at(-1)?.id ?? 0;
  expect(await call('runs.cancel', waiting)).toMatchObject({ id: waiting, status: 'cancelled' });
  await expect(call('runs.cancel', waiting)).rejects.toMatchObject({
    code: 'conflict',
    message: `Run ${waiting} is cancelled: there is nothing to cancel.`,
  });

  const first = pretraining?.id ?? 0;
  expect(await call('runs.cancel', first)).toMatchObject({ status: 'cancelled' });
  expect(await statuses()).toEqual(['cancelled', 'running', 'failed', 'failed', 'cancelled']);
  const [dependent] = others;
  expect((await runs()).find(({ id }) => id === dependent?.id)?.error).toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('was cancelled') as string,
  });
  await finish(trainerOf(random?.id ?? 0));
  const { counts } = await engine.call('studies.status', { project, studyId });
  expect(counts).toMatchObject({ done: 1, cancelled: 2, failed: 2, queued: 0, running: 0 });
  await expect(call('runs.cancel', 99)).rejects.toMatchObject({ code: 'not-found' });
});

it('runs.retry puts back what failed, and what failed with it, and nothing else', async () => {
  const { runs, statuses, call, trainerOf } = await runningStudy();
  const [pretraining, random] = await runs();
  const first = pretraining?.id ?? 0;
  const trainer = trainerOf(first);
  trainer.send({ type: 'failed', error: { code: 'internal', message: 'Loss is not a number.' } });
  await trainer.end('orderly');
  await settled();
  expect(await statuses()).toEqual(['failed', 'running', 'failed', 'failed', 'failed']);
  expect((await runs())[0]?.error?.message).toBe('Loss is not a number.');

  await expect(call('runs.retry', random?.id ?? 0)).rejects.toMatchObject({
    code: 'conflict',
    message: `Run ${random?.id ?? 0} is running: there is nothing to retry.`,
  });
  expect(await call('runs.retry', first)).toMatchObject({ id: first, error: null });
  await settled();
  expect(await statuses()).toEqual(['running', 'running', 'queued', 'queued', 'queued']);
  await expect(call('runs.retry', 99)).rejects.toMatchObject({ code: 'not-found' });
});

it(
  'runs.export writes the network of a finished fine-tuning, once',
  { timeout: 120_000 },
  async () => {
    const folder = temporaryFolder();
    const engine = createEngine();
    onTestFinished(() => engine.close());
    const project = ensureSample(folder);
    await engine.call('project.open', { path: project });
    const runs = await engine.call('runs.list', { project });
    const { db } = engine.project(project);
    const kept = runs.find(({ id, kind }) => kind === 'finetune' && db.runs.hasCheckpoint(id));
    if (kept === undefined) throw new Error('the sample has no network');
    const path = join(folder, 'network.onnx');
    const input = { project, runId: kept.id, format: 'onnx', path } as const;
    const written = await engine.call('runs.export', input);
    expect(written).toMatchObject({ path, bytes: statSync(path).size });
    expect(written.notes.length).toBeGreaterThan(0);
    // An ONNX file begins with its version, and names its producer.
    expect(readFileSync(path).subarray(0, 200).toString('latin1')).toContain('Graft');
    const before = readFileSync(path);
    await expect(engine.call('runs.export', input)).rejects.toMatchObject({ code: 'conflict' });
    expect(Buffer.compare(readFileSync(path), before)).toBe(0);

    const pretraining = runs.find(({ kind }) => kind === 'pretrain');
    const other = { ...input, path: join(folder, 'other.onnx') };
    await expect(
      engine.call('runs.export', { ...other, runId: pretraining?.id ?? 0 }),
    ).rejects.toMatchObject({
      code: 'invalid-input',
      message: expect.stringContaining('export its encoder') as string,
    });
    await expect(engine.call('runs.export', { ...other, runId: 9999 })).rejects.toMatchObject({
      code: 'not-found',
    });
    expect(existsSync(other.path)).toBe(false);
  },
);

it('networks of the sample whose weights are not kept are not exported, and say what is so and what to do', async () => {
  const folder = temporaryFolder();
  const engine = createEngine();
  onTestFinished(() => engine.close());
  const project = ensureSample(folder);
  await engine.call('project.open', { path: project });
  const { db } = engine.project(project);
  const lost = db.runs.list().filter(({ id }) => !db.runs.hasCheckpoint(id));
  const [finetuned, pretrained] = (['finetune', 'pretrain'] as const).map((kind) =>
    lost.find((run) => run.kind === kind),
  );
  if (finetuned === undefined || pretrained === undefined) throw new Error('all weights are kept');
  const path = join(folder, 'lost.onnx');
  await expect(
    engine.call('runs.export', { project, runId: finetuned.id, format: 'onnx', path }),
  ).rejects.toMatchObject({
    code: 'not-found',
    message: `Run ${finetuned.id} is finished, but its weights are not kept in this project: there is nothing to export. Repeat the study to train it again.`,
  });
  const encoder = (await engine.call('encoders.list', { project })).find(
    ({ runId }) => runId === pretrained.id,
  );
  await expect(
    engine.call('encoders.export', { project, encoderId: encoder?.id ?? 0, format: 'onnx', path }),
  ).rejects.toMatchObject({
    code: 'not-found',
    message: `The pretraining (run ${pretrained.id}) is finished, but its weights are not kept in this project. Pretrain again.`,
  });
  expect(existsSync(path)).toBe(false);
});
