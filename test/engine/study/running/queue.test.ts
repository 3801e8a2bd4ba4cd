import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Project } from '../../../../engine/db/project.ts';
import { chosenRuns } from '../../../../engine/study/analysis/analysed-runs.ts';
import { createStudy } from '../../../../engine/study/planning/create.ts';
import { createQueue } from '../../../../engine/study/running/queue.ts';
import type { SpawnTrainer } from '../../../../engine/trainer.ts';
import type { TrainerEvent } from '../../../../engine/training/protocol.ts';
import type { Run } from '../../../../shared/entities.ts';
import { AppError } from '../../../../shared/errors.ts';
import { addDataset, smallStudy, temporaryProject } from '../../../fixtures/projects.ts';

const ENGINE = { name: 'wasm', version: '1', threads: 1, node: 'v24', graft: '0' } as const;

interface FakeTrainer {
  readonly runId: number;
  readonly threads: number;
  send(event: TrainerEvent): void;
  /** Ends the process, in order or without a word. */
  end(how: 'orderly' | 'killed'): Promise<void>;
  stopAsked: boolean;
}

const fail = (error: unknown) => {
  throw error;
};
const killed = (fake: FakeTrainer) => {
  fake.end('killed').catch(fail);
};

/** Trainer processes that do what a test tells them. */
function fakeTrainers() {
  const running: FakeTrainer[] = [];
  const spawn: SpawnTrainer = (request, onEvent) => {
    if (request.type !== 'run') throw new Error(`asked for ${request.type}`);
    let settle: (value: { orderly: boolean; detail: string }) => void = () => undefined;
    const ended = new Promise<{ orderly: boolean; detail: string }>((resolve) => {
      settle = resolve;
    });
    const fake: FakeTrainer = {
      runId: request.runId,
      threads: request.threads,
      stopAsked: false,
      send: onEvent,
      async end(how) {
        running.splice(running.indexOf(fake), 1);
        settle({ orderly: how === 'orderly', detail: 'signal SIGKILL' });
        await new Promise((resolve) => setImmediate(resolve));
      },
    };
    running.push(fake);
    return {
      pid: 1,
      ended,
      kill: () => killed(fake),
      stop() {
        fake.stopAsked = true;
        onEvent({ type: 'checkpoint', kind: 'last', step: 5, bytes: new Uint8Array([5]) });
        onEvent({ type: 'stopped', step: 5 });
        fake.end('orderly').catch(fail);
      },
    };
  };
  return { running, spawn };
}

/** Validation Dice of every step that a run still has, and its progress to the end. */
function sendTraining(trainer: FakeTrainer, run: Run, diceAt: (step: number) => number): void {
  const left = Array.from({ length: run.steps - run.step }, (_, i) => run.step + 1 + i);
  trainer.send({
    type: 'metrics',
    points: left.map((step) => ({ step, name: 'valDice', value: diceAt(step) })),
  });
  trainer.send({ type: 'progress', step: run.steps, trainedSeconds: 1, peakMemoryBytes: 1 });
}

async function finish(trainer: FakeTrainer): Promise<void> {
  trainer.send({ type: 'started', engine: ENGINE, layers: [], firstStep: 0 });
  trainer.send({ type: 'done', kept: null });
  await trainer.end('orderly');
}

function prepared(changes: Parameters<typeof smallStudy>[1] = {}) {
  const project = temporaryProject();
  const source = addDataset(project, 'source', { count: 4 });
  const target = addDataset(project, 'target', { count: 20 });
  const study = createStudy(
    project,
    smallStudy({ source, target }, { labelCounts: [2], ...changes }),
  );
  const trainers = fakeTrainers();
  const queue = createQueue({
    project,
    emit: () => undefined,
    engine: 'wasm',
    spawn: trainers.spawn,
  });
  return { project, study, queue, ...trainers };
}

const statuses = (project: Project, studyId: number) => {
  const counts: Record<string, number> = {};
  for (const { status } of project.runs.ofStudy(studyId)) {
    counts[status] = (counts[status] ?? 0) + 1;
  }
  return counts;
};

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Every write fails as on a full disk, until what is returned is called. */
function fillDisk(project: Project): () => void {
  const full = vi.spyOn(project, 'transaction').mockImplementation(() => {
    throw new AppError('no-space', 'The disk is full.');
  });
  return () => full.mockRestore();
}

describe('the queue', () => {
  it('runs nothing before the study is started, then as many runs as its layout says', () => {
    const { project, study, queue, running } = prepared();
    queue.start();
    expect(running).toHaveLength(0);
    project.studies.setStatus(study.id, 'running');
    queue.wake();
    expect(running).toHaveLength(2);
    expect(running.map((t) => t.threads)).toEqual([1, 1]);
  });

  it('starts a transfer only after its pretraining is done, and ends the study after the last run', async () => {
    const { project, study, queue, running } = prepared();
    project.studies.setStatus(study.id, 'running');
    queue.start();
    const finished = new Set<number>();
    while (running.length > 0) {
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
    const { project, study, queue, running } = prepared();
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

  it('goes on once with all arms of a label count whose random start was still improving', async () => {
    const { project, study, queue, running } = prepared({ extension: 2, labelCounts: [2, 4] });
    project.studies.setStatus(study.id, 'running');
    queue.start();
    const spans: string[] = [];
    while (running[0] !== undefined) {
      const [trainer] = running;
      const run = project.runs.get(trainer.runId);
      if (run?.kind === 'finetune') {
        spans.push(`${run.labels} ${run.step} ${run.steps}`);
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
    const { project, study, queue, running } = prepared({
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
    const { project, study, queue, running } = prepared();
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

  it('starts a trainer that was killed again, from its checkpoint and with its thread count, but not for ever', async () => {
    const { project, study, queue, running } = prepared();
    project.studies.setStatus(study.id, 'running');
    queue.start();
    const runId = running[0]?.runId ?? 0;
    const again = () => running.find((t) => t.runId === runId);
    again()?.send({
      type: 'started',
      engine: { ...ENGINE, threads: 7 },
      layers: [],
      firstStep: 0,
    });
    for (let death = 1; death <= 3; death++) {
      expect(again()?.threads).toBe(death === 1 ? 1 : 7);
      await again()?.end('killed');
    }
    expect(again()).toBeUndefined();
    expect(project.runs.get(runId)).toMatchObject({ status: 'failed' });
    expect(project.runs.logLines(runId).map((l) => l.message)[0]).toMatch(/SIGKILL.*resuming/s);
  });

  it('forgets metrics behind the checkpoint that a run resumes from', () => {
    const { project, study, queue, running } = prepared();
    project.studies.setStatus(study.id, 'running');
    queue.start();
    const [trainer] = running;
    const point = (step: number) => ({ step, name: 'loss' as const, value: 1 });
    trainer?.send({ type: 'metrics', points: [point(1), point(2), point(3)] });
    trainer?.send({ type: 'started', engine: ENGINE, layers: [], firstStep: 2 });
    expect(project.runs.metrics(trainer?.runId ?? 0).map((p) => p.step)).toEqual([1, 2]);
  });

  it('pauses with a checkpoint each, and goes on later', async () => {
    const { project, study, queue, running } = prepared();
    project.studies.setStatus(study.id, 'running');
    queue.start();
    const ids = running.map((t) => t.runId);
    await queue.pauseStudy(study.id);
    expect(running).toHaveLength(0);
    expect(statuses(project, study.id)).toEqual({ queued: 10 });
    expect(project.runs.checkpoint(ids[0] ?? 0, 'last')?.step).toBe(5);
    project.studies.setStatus(study.id, 'running');
    queue.wake();
    expect(running.map((t) => t.runId)).toEqual(ids);
  });

  it('cancels for good and keeps what is done', async () => {
    const { project, study, queue, running } = prepared();
    project.studies.setStatus(study.id, 'running');
    queue.start();
    if (running[0] !== undefined) await finish(running[0]);
    await queue.cancelStudy(study.id);
    expect(running).toHaveLength(0);
    expect(statuses(project, study.id)).toEqual({ done: 1, cancelled: 9 });
  });

  it('cancels a single run, and ends the study with what else there is', async () => {
    const { project, study, queue, running } = prepared();
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
    const { project, study, queue, running } = prepared();
    for (const run of project.runs.ofStudy(study.id).slice(1)) {
      project.runs.ended(run.id, 'cancelled');
    }
    project.studies.setStatus(study.id, 'running');
    await queue.cancelRun(project.runs.ofStudy(study.id)[0]?.id ?? 0);
    expect(running).toHaveLength(0);
    expect(project.studies.get(study.id)?.status).toBe('failed');
  });

  it('takes up what was running when the process before it ended', () => {
    const { project, study, queue, running, spawn } = prepared();
    project.studies.setStatus(study.id, 'running');
    queue.start();
    const ids = running.map((t) => t.runId);
    running.length = 0;
    const next = createQueue({ project, emit: () => undefined, engine: 'wasm', spawn });
    next.start();
    expect(running.map((t) => t.runId)).toEqual(ids);
  });

  it('waits while the disk is full, fails no run, and goes on by itself when there is room', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const { project, study, queue, running } = prepared();
    project.studies.setStatus(study.id, 'running');
    queue.start();
    const ids = running.map((t) => t.runId);
    const restore = fillDisk(project);
    running[0]?.send({ type: 'checkpoint', kind: 'last', step: 3, bytes: new Uint8Array([3]) });
    await settled();
    // Neither the checkpoint nor that a run was stopped could be stored.
    expect(running).toHaveLength(0);
    expect(queue.held?.code).toBe('no-space');
    vi.advanceTimersByTime(60_000);
    expect(running).toHaveLength(0);
    restore();
    expect(statuses(project, study.id)).toEqual({ running: 2, queued: 8 });
    vi.advanceTimersByTime(120_000);
    expect(queue.held).toBeNull();
    expect(running.map((t) => t.runId)).toEqual(ids);
    expect(project.studies.get(study.id)?.status).toBe('running');
  });

  it('goes on at once when asked to, once there is room', async () => {
    const { project, study, queue, running } = prepared();
    project.studies.setStatus(study.id, 'running');
    const restore = fillDisk(project);
    queue.start();
    await settled();
    expect(running).toHaveLength(0);
    queue.start();
    expect(queue.held?.code).toBe('no-space');
    restore();
    queue.start();
    expect(queue.held).toBeNull();
    expect(running).toHaveLength(2);
  });

  it('waits where a trainer finds the disk full, and does not fail its run', async () => {
    const { project, study, queue, running } = prepared();
    project.studies.setStatus(study.id, 'running');
    queue.start();
    running[0]?.send({ type: 'failed', error: { code: 'no-space', message: 'no room in /tmp' } });
    await settled();
    expect(queue.held?.message).toBe('no room in /tmp');
    expect(running).toHaveLength(0);
    expect(statuses(project, study.id)).toEqual({ queued: 10 });
    await queue.close();
  });

  it('pauses everything when the project cannot be written any more', async () => {
    const { project, study, running, spawn } = prepared();
    project.studies.setStatus(study.id, 'running');
    const notices: string[] = [];
    const queue = createQueue({
      project,
      engine: 'wasm',
      spawn,
      emit: (event) => {
        if (event.type === 'notice') notices.push(event.message);
      },
    });
    queue.start();
    const [trainer] = running;
    // A result for an image that does not exist breaks a foreign key: any write error will do.
    trainer?.send({
      type: 'result',
      prediction: null,
      result: {
        imageId: 9999,
        checkpoint: 'best',
        dice: 0,
        iou: 0,
        hd95: 0,
        boundaryF1: 0,
        uncertainty: null,
      },
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(notices[0]).toMatch(/^Training is paused/);
    expect(running).toHaveLength(0);
    expect(statuses(project, study.id)).toEqual({ queued: 10 });
  });
});
