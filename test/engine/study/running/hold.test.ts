import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Project } from '../../../../engine/db/project.ts';
import { Queue } from '../../../../engine/study/running/queue.ts';
import { AppError } from '../../../../shared/errors.ts';
import { settled, statuses, studyInQueue } from './fake-trainers.ts';

/** Every write fails, as on a full disk, until what is returned is called. */
function fillDisk(
  project: Project,
  error = new AppError('no-space', 'The disk is full.'),
): () => void {
  const full = vi.spyOn(project, 'transaction').mockImplementation(() => {
    throw error;
  });
  return () => full.mockRestore();
}

describe('a queue that cannot store what was trained', () => {
  it('waits while the disk is full, fails no run, and goes on by itself when there is room', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const { project, study, queue, running } = studyInQueue();
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

  it('does not count a process that ends while nothing can be stored among those that died', async () => {
    const { project, study, queue, running } = studyInQueue();
    project.studies.setStatus(study.id, 'running');
    queue.start();
    const runId = running[0]?.runId ?? 0;
    // More often than a run whose process dies by itself is begun again.
    for (let time = 0; time < 4; time++) {
      const checkpoint = vi.spyOn(project, 'recomputable').mockImplementation(() => {
        throw new AppError('no-space', 'The disk is full.');
      });
      const trainer = running.find((one) => one.runId === runId);
      if (trainer === undefined) throw new Error('the run goes on each time');
      trainer.ignoresStop = true;
      trainer.send({ type: 'checkpoint', kind: 'last', step: 3, bytes: new Uint8Array([3]) });
      checkpoint.mockRestore();
      await trainer.end('killed');
      await settled();
      queue.start();
      expect(queue.held).toBeNull();
    }
    expect(project.runs.get(runId)).toMatchObject({ status: 'running', error: null });
    await queue.close();
  });

  it('goes on at once when asked to, once there is room', async () => {
    const { project, study, queue, running } = studyInQueue();
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
    const { project, study, queue, running } = studyInQueue();
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
    const { project, study, running, spawn } = studyInQueue();
    project.studies.setStatus(study.id, 'running');
    const notices: string[] = [];
    const queue = new Queue({
      project,
      wish: { engine: 'wasm' },
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
        classes: [],
        uncertainty: null,
      },
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(notices[0]).toMatch(/^Training is paused/);
    expect(running).toHaveLength(0);
    expect(statuses(project, study.id)).toEqual({ queued: 10 });
  });
  it.each(['no-space', 'unreadable', 'internal'] as const)(
    'tells what holds it by its code, %s',
    async (code) => {
      const { project, study, queue, running } = studyInQueue();
      project.studies.setStatus(study.id, 'running');
      fillDisk(project, new AppError(code, 'what happened', { subject: 'cells.graft' }));
      queue.start();
      await settled();
      expect(running).toHaveLength(0);
      expect(queue.held).toEqual({ code, message: 'what happened', subject: 'cells.graft' });
      await queue.close();
    },
  );

  it('tries again by itself what may go away by itself, at growing intervals, and nothing else', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const { project, study, queue, running } = studyInQueue();
    project.studies.setStatus(study.id, 'running');
    const hold = async (code: 'no-space' | 'unreadable' | 'internal') => {
      const restore = fillDisk(project, new AppError(code, 'it failed'));
      running[0]?.send({ type: 'checkpoint', kind: 'last', step: 3, bytes: new Uint8Array([3]) });
      restore();
      expect(queue.held?.code).toBe(code);
      await settled();
    };
    queue.start();
    await hold('no-space');
    vi.advanceTimersByTime(4999);
    expect(queue.held).not.toBeNull();
    vi.advanceTimersByTime(1);
    expect(queue.held).toBeNull();
    // In vain: nothing was stored since.
    await hold('unreadable');
    vi.advanceTimersByTime(9999);
    expect(queue.held).not.toBeNull();
    vi.advanceTimersByTime(1);
    expect(queue.held).toBeNull();
    running[0]?.send({ type: 'checkpoint', kind: 'last', step: 3, bytes: new Uint8Array([3]) });
    await hold('no-space');
    vi.advanceTimersByTime(5000);
    expect(queue.held).toBeNull();
    await hold('internal');
    vi.advanceTimersByTime(1_000_000);
    expect(queue.held?.code).toBe('internal');
    queue.start();
    expect(queue.held).toBeNull();
  });

  it('waits for room for what it could not store, not only for some', () => {
    const { project, study, queue, running } = studyInQueue();
    project.studies.setStatus(study.id, 'running');
    queue.start();
    const restore = fillDisk(project);
    // No disk has room for twice of this.
    const bytes = new Uint8Array(1);
    Object.defineProperty(bytes, 'length', { value: 2 ** 62 });
    running[0]?.send({ type: 'checkpoint', kind: 'last', step: 3, bytes });
    restore();
    queue.start();
    expect(queue.held?.code).toBe('no-space');
  });

  it('keeps a run cancelled that was cancelled while nothing could be written', async () => {
    const { project, study, queue, running } = studyInQueue();
    project.studies.setStatus(study.id, 'running');
    queue.start();
    const runId = running[0]?.runId ?? 0;
    const restore = fillDisk(project);
    await queue.cancelRun(runId);
    expect(queue.held?.code).toBe('no-space');
    expect(project.runs.get(runId)?.status).toBe('running');
    restore();
    queue.start();
    expect(project.runs.get(runId)?.status).toBe('cancelled');
    expect(running.map((t) => t.runId)).not.toContain(runId);
  });

  it('keeps a run cancelled whose process has not ended yet when it goes on', async () => {
    const { project, study, queue, running } = studyInQueue();
    project.studies.setStatus(study.id, 'running');
    queue.start();
    const runId = running[0]?.runId ?? 0;
    const restore = fillDisk(project);
    running[1]?.send({ type: 'checkpoint', kind: 'last', step: 3, bytes: new Uint8Array([3]) });
    const cancelling = queue.cancelRun(runId);
    restore();
    queue.start();
    await cancelling;
    expect(queue.held).toBeNull();
    expect(project.runs.get(runId)?.status).toBe('cancelled');
  });

  it('leaves nothing in the queue of a study that is cancelled while it is held', async () => {
    const { project, study, queue, running } = studyInQueue();
    project.studies.setStatus(study.id, 'running');
    queue.start();
    const restore = fillDisk(project);
    running[0]?.send({ type: 'checkpoint', kind: 'last', step: 3, bytes: new Uint8Array([3]) });
    await settled();
    restore();
    expect(statuses(project, study.id)).toEqual({ running: 2, queued: 8 });
    await queue.cancelStudy(study.id);
    queue.start();
    expect(statuses(project, study.id)).toEqual({ cancelled: 10 });
  });
});
