import { describe, expect, it } from 'vitest';
import { chosenRuns } from '../../../../engine/study/analysis/analysed-runs.ts';
import { Queue } from '../../../../engine/study/running/queue.ts';
import { ENGINE, finish, sendTraining, statuses, studyInQueue } from './fake-trainers.ts';

describe('the queue', () => {
  it('runs nothing before the study is started, then as many runs as its layout says', () => {
    const { project, study, queue, running } = studyInQueue();
    queue.start();
    expect(running).toHaveLength(0);
    project.studies.setStatus(study.id, 'running');
    queue.start();
    expect(running).toHaveLength(2);
    expect(running.map((t) => t.threads)).toEqual([1, 1]);
  });

  it('starts a transfer only after its pretraining is done, and ends the study after the last run', async () => {
    const { project, study, queue, running } = studyInQueue();
    expect(project.runs.isAnyExpected()).toBe(false);
    project.studies.setStatus(study.id, 'running');
    queue.start();
    const finished = new Set<number>();
    while (running.length > 0) {
      const isLast = finished.size + running.length === 2 + 2 * 4;
      expect(project.runs.isAnyExpected()).toBe(!isLast);
      for (const { runId } of running) {
        const dependsOn = project.runs.get(runId)?.dependsOn ?? null;
        if (dependsOn !== null) expect(finished.has(dependsOn)).toBe(true);
      }
      const [trainer] = running;
      if (trainer === undefined) break;
      finished.add(trainer.runId);
      await finish(trainer);
    }
    expect(finished.size).toBe(2 + 2 * 4);
    expect(project.studies.get(study.id)?.status).toBe('done');
    expect(project.encoders.list()).toHaveLength(2);
  });

  it('stores what is kept of a run in place of its last checkpoint', async () => {
    const { project, study, queue, running } = studyInQueue();
    project.studies.setStatus(study.id, 'running');
    queue.start();
    const [trainer] = running;
    if (trainer === undefined) throw new Error('nothing runs');
    const { runId } = trainer;
    trainer.send({ type: 'started', engine: ENGINE, layers: [], firstStep: 0 });
    trainer.send({ type: 'checkpoint', kind: 'last', step: 20, bytes: new Uint8Array(8) });
    trainer.send({ type: 'done', kept: new Uint8Array([7]) });
    await trainer.end('orderly');
    expect(project.runs.get(runId)?.status).toBe('done');
    expect([...(project.runs.checkpoint(runId, 'last')?.bytes ?? [])]).toEqual([7]);
  });

  it('stores a checkpoint and the curves up to it in one go, or neither', () => {
    const { project, study, queue, running } = studyInQueue();
    project.studies.setStatus(study.id, 'running');
    queue.start();
    const [trainer] = running;
    if (trainer === undefined) throw new Error('nothing runs');
    const { runId } = trainer;
    trainer.send({ type: 'started', engine: ENGINE, layers: [], firstStep: 0 });
    const loss = (step: number) => ({ step, name: 'loss', value: 1 / step }) as const;
    const bytes = new Uint8Array(8);
    trainer.send({ type: 'checkpoint', kind: 'last', step: 2, bytes, points: [loss(1), loss(2)] });
    expect(project.runs.metrics(runId)).toEqual([loss(1), loss(2)]);
    // SQLite has no number that is none, so the last point cannot be stored.
    const points = [loss(3), { ...loss(4), value: Number.NaN }];
    trainer.send({ type: 'checkpoint', kind: 'last', step: 4, bytes, points });
    expect(project.runs.metrics(runId)).toEqual([loss(1), loss(2)]);
    expect(project.runs.checkpoint(runId, 'last')?.step).toBe(2);
  });

  it('goes on once with all arms of a label count whose random start was still improving', async () => {
    const { project, study, queue, running } = studyInQueue({ extension: 2, labelCounts: [2, 4] });
    project.studies.setStatus(study.id, 'running');
    queue.start();
    const spans: string[] = [];
    while (running[0] !== undefined) {
      const [trainer] = running;
      const run = project.runs.get(trainer.runId);
      if (run?.kind === 'finetune') {
        spans.push(`${String(run.labels)} ${run.step} ${run.steps}`);
        // With 2 labels the Dice of a run rises by .02 a step, however long it goes on.
        sendTraining(trainer, run, (step) => (run.labels === 2 ? 0.1 + step / 50 : 0.8));
      }
      trainer.send({ type: 'done', kept: null });
      await trainer.end('orderly');
    }
    const count = (span: string) => spans.filter((one) => one === span).length;
    // 4 arms over 2 seeds each; those with 2 labels a second time, from step 10 to step 20.
    expect(count('2 0 10')).toBe(8);
    expect(count('4 0 10')).toBe(8);
    expect(count('2 10 20')).toBe(8);
    expect(spans).toHaveLength(24);
    const { config, status } = project.studies.get(study.id) ?? {};
    expect({ status, extended: config?.extendedLabelCounts }).toEqual({
      status: 'done',
      extended: [2],
    });
    const longer = project.runs.ofStudy(study.id).filter((run) => run.steps === 20);
    for (const { config: own } of longer) {
      expect(own.optimisation.warmup * own.optimisation.steps).toBeCloseTo(1, 9);
    }
  });

  it('goes on with the learning rate that validation chose, of every arm alike, and with no other', async () => {
    const learningRates = [5e-4, 2e-3];
    const { project, study, queue, running } = studyInQueue({
      ...{ extension: 2, labelCounts: [2], seeds: 1, learningRates },
    });
    project.studies.setStatus(study.id, 'running');
    queue.start();
    while (running[0] !== undefined) {
      const [trainer] = running;
      const run = project.runs.get(trainer.runId);
      if (run?.kind === 'finetune') {
        const { learningRate } = run.config.optimisation;
        // The smaller rate is better with the encoder, the larger elsewhere; all rise for ever.
        const better = run.transfer === 'encoder' ? 5e-4 : 2e-3;
        const level = learningRate === better ? 0.3 : 0.1;
        sendTraining(trainer, run, (step) => level + step / 50);
      }
      trainer.send({ type: 'done', kept: null });
      await trainer.end('orderly');
    }
    const longer = project.runs.ofStudy(study.id).filter((run) => run.steps === 20);
    expect(
      Object.fromEntries(
        longer.map(({ transfer, config }) => [transfer, config.optimisation.learningRate]),
      ),
    ).toEqual({ random: 2e-3, encoder: 5e-4, 'encoder+decoder': 2e-3, decoder: 2e-3 });
    expect(longer).toHaveLength(4);
    expect(chosenRuns(project, study.id).map(({ id }) => id)).toEqual(longer.map(({ id }) => id));
  });

  it('fails what depends on a failed pretraining, and goes on with the rest', async () => {
    const { project, study, queue, running } = studyInQueue();
    project.studies.setStatus(study.id, 'running');
    queue.start();
    const pretraining = running.find((t) => project.runs.get(t.runId)?.kind === 'pretrain');
    pretraining?.send({
      type: 'failed',
      error: { code: 'invalid-input', message: 'the loss is NaN' },
    });
    await pretraining?.end('orderly');
    while (running[0] !== undefined) await finish(running[0]);
    expect(statuses(project, study.id)).toEqual({ failed: 1 + 3, done: 10 - 4 });
    expect(project.studies.get(study.id)?.status).toBe('done');
    const failure = project.runs.ofStudy(study.id).find((r) => r.dependsOn === pretraining?.runId);
    expect(failure?.error?.message).toMatch(/pretraining .* failed/);
  });

  it('starts a trainer that was killed again, from its checkpoint and with its thread count and kernels, but not for ever', async () => {
    const { project, study, queue, running } = studyInQueue({
      execution: { threads: 1, parallel: 2, kernels: 'onednn' },
    });
    project.studies.setStatus(study.id, 'running');
    queue.start();
    const runId = running[0]?.runId ?? 0;
    const again = () => running.find((t) => t.runId === runId);
    again()?.send({
      type: 'started',
      engine: { ...ENGINE, threads: 7, kernels: 'eigen' },
      layers: [],
      firstStep: 0,
    });
    for (let death = 1; death <= 3; death++) {
      expect(again()?.threads).toBe(death === 1 ? 1 : 7);
      expect(again()?.kernels).toBe(death === 1 ? 'onednn' : 'eigen');
      await again()?.end('killed');
    }
    expect(again()).toBeUndefined();
    expect(project.runs.get(runId)).toMatchObject({ status: 'failed' });
    expect(project.runs.logLines(runId).map((l) => l.message)[0]).toMatch(/SIGKILL.*resuming/s);
  });

  it('counts deaths of a trainer anew once the run has got further', async () => {
    const { project, study, queue, running } = studyInQueue();
    project.studies.setStatus(study.id, 'running');
    queue.start();
    const runId = running[0]?.runId ?? 0;
    const again = () => running.find((t) => t.runId === runId);
    for (let step = 1; step <= 5; step++) {
      again()?.send({ type: 'checkpoint', kind: 'last', step, bytes: new Uint8Array(8) });
      await again()?.end('killed');
      expect(again()).toBeDefined();
    }
    // The same checkpoint once more is no progress.
    again()?.send({ type: 'checkpoint', kind: 'last', step: 5, bytes: new Uint8Array(8) });
    for (let death = 2; death <= 3; death++) await again()?.end('killed');
    expect(again()).toBeUndefined();
    expect(project.runs.get(runId)?.status).toBe('failed');
  });

  it('forgets metrics behind the checkpoint that a run resumes from', () => {
    const { project, study, queue, running } = studyInQueue();
    project.studies.setStatus(study.id, 'running');
    queue.start();
    const [trainer] = running;
    const point = (step: number) => ({ step, name: 'loss' as const, value: 1 });
    trainer?.send({ type: 'metrics', points: [point(1), point(2), point(3)] });
    trainer?.send({ type: 'started', engine: ENGINE, layers: [], firstStep: 2 });
    expect(project.runs.metrics(trainer?.runId ?? 0).map((p) => p.step)).toEqual([1, 2]);
  });

  it('pauses with a checkpoint each, and goes on later', async () => {
    const { project, study, queue, running } = studyInQueue();
    project.studies.setStatus(study.id, 'running');
    queue.start();
    const ids = running.map((t) => t.runId);
    await queue.pauseStudy(study.id);
    expect(running).toHaveLength(0);
    expect(statuses(project, study.id)).toEqual({ queued: 10 });
    expect(project.runs.checkpoint(ids[0] ?? 0, 'last')?.step).toBe(5);
    project.studies.setStatus(study.id, 'running');
    queue.start();
    expect(running.map((t) => t.runId)).toEqual(ids);
  });

  it('cancels for good and keeps what is done', async () => {
    const { project, study, queue, running } = studyInQueue();
    project.studies.setStatus(study.id, 'running');
    queue.start();
    if (running[0] !== undefined) await finish(running[0]);
    await queue.cancelStudy(study.id);
    expect(running).toHaveLength(0);
    expect(statuses(project, study.id)).toEqual({ done: 1, cancelled: 9 });
  });

  it('cancels a single run, and ends the study with what else there is', async () => {
    const { project, study, queue, running } = studyInQueue();
    project.studies.setStatus(study.id, 'running');
    queue.start();
    const pretraining = running.find((t) => project.runs.get(t.runId)?.kind === 'pretrain');
    if (pretraining === undefined) throw new Error('no pretraining runs');
    await queue.cancelRun(pretraining.runId);
    const waiting = project.runs.ofStudy(study.id).filter((r) => r.dependsOn === pretraining.runId);
    expect(waiting.map(({ status }) => status)).toEqual(['failed', 'failed', 'failed']);
    expect(waiting[0]?.error?.message).toMatch(/was cancelled.*Retry/);
    while (running[0] !== undefined) await finish(running[0]);
    expect(statuses(project, study.id)).toEqual({ cancelled: 1, failed: 3, done: 6 });
    expect(project.studies.get(study.id)?.status).toBe('done');
  });

  it('ends a study whose last run is cancelled while it waits', async () => {
    const { project, study, queue, running } = studyInQueue();
    for (const run of project.runs.ofStudy(study.id).slice(1)) {
      project.runs.ended(run.id, 'cancelled');
    }
    project.studies.setStatus(study.id, 'running');
    await queue.cancelRun(project.runs.ofStudy(study.id)[0]?.id ?? 0);
    expect(running).toHaveLength(0);
    expect(project.studies.get(study.id)?.status).toBe('failed');
  });

  it('takes up what was running when the process before it ended', () => {
    const { project, study, queue, running, spawn } = studyInQueue();
    project.studies.setStatus(study.id, 'running');
    queue.start();
    const ids = running.map((t) => t.runId);
    running.length = 0;
    const next = new Queue({ project, emit: () => undefined, wish: { engine: 'wasm' }, spawn });
    next.start();
    expect(running.map((t) => t.runId)).toEqual(ids);
  });

  it('stores nothing more of a run that is cancelled, whatever its trainer still sends', async () => {
    const { project, study, queue, running } = studyInQueue();
    project.studies.setStatus(study.id, 'running');
    queue.start();
    const [trainer] = running;
    const runId = trainer?.runId ?? 0;
    const cancelling = queue.cancelRun(runId);
    trainer?.send({ type: 'done', kept: null });
    expect(project.runs.get(runId)?.status).toBe('running');
    expect(project.encoders.list()).toEqual([]);
    await cancelling;
    expect(project.runs.get(runId)?.status).toBe('cancelled');
  });

  it('calls a study failed that has pretrained networks and not one that segments', async () => {
    const { project, study, queue, running } = studyInQueue();
    project.studies.setStatus(study.id, 'running');
    queue.start();
    while (running.length > 0) {
      const [trainer] = running;
      if (trainer === undefined) break;
      if (project.runs.get(trainer.runId)?.kind === 'pretrain') await finish(trainer);
      else {
        trainer.send({ type: 'failed', error: { code: 'internal', message: 'it broke' } });
        await trainer.end('orderly');
      }
    }
    expect(project.encoders.list()).toHaveLength(2);
    expect(project.studies.get(study.id)?.status).toBe('failed');
  });
});
