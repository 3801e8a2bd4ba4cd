/** The states of a live training on a real project file; its process is played by the test. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { LiveTraining } from '../../engine/live-training.ts';
import type { Changes, EngineEvent } from '../../shared/events.ts';
import { checkpointAt, PlayedLive, progressAt } from '../fixtures/played-live.ts';
import { addDataset, temporaryProject } from '../fixtures/projects.ts';

/** Turns of the event loop in which promises settle. */
const settled = () => new Promise((resolve) => setTimeout(resolve));

/** Of a caller who waits. */
const unheard = new AbortController().signal;

function stage() {
  const project = temporaryProject();
  const datasetId = addDataset(project, 'cells', { count: 3 });
  const other = addDataset(project, 'others', { count: 1 });
  const images = project.datasets.images(datasetId);
  const processes: PlayedLive[] = [];
  const said: EngineEvent[] = [];
  let isQueueBusy = false;
  const create = (file = project) => {
    const live = new LiveTraining({
      project: file,
      emit: (event) => said.push(event),
      wish: { engine: 'wasm' },
      isQueueBusy: () => isQueueBusy,
      resumeDelayMs: 50,
      spawn: (onEvent) => {
        const process = new PlayedLive(onEvent);
        processes.push(process);
        return process;
      },
    });
    onTestFinished(() => live.close());
    return live;
  };
  const live = create();
  const last = () => {
    const process = processes.at(-1);
    if (process === undefined) throw new Error('nothing was started');
    return process;
  };
  const change = (changes: Changes): EngineEvent => ({
    type: 'changed',
    project: project.path,
    origin: null,
    changes,
  });
  return {
    ...{ project, images, datasetId, other, live, create, processes, last, said, change },
    keepQueueBusy: (busy: boolean) => {
      isQueueBusy = busy;
      live.follow(change({ runs: { updated: [1] } }));
    },
    record: () => project.live.list().find((one) => one.datasetId === datasetId),
  };
}

describe('a live training', () => {
  it('starts, tells how far it is, and pauses with what it learned', async () => {
    const { live, datasetId, last, project, record } = stage();
    expect(live.state).toMatchObject({ phase: 'off', datasetId: null });
    expect(await live.start(datasetId)).toMatchObject({ phase: 'starting', datasetId });
    last().tell(progressAt(5, 0.5));
    expect(live.state).toMatchObject({ phase: 'training', step: 5, images: 3 });
    expect(project.live.points(datasetId)).toEqual([{ step: 5, dice: 0.5, images: 3, heldOut: 1 }]);

    expect(await live.pause()).toMatchObject({ phase: 'paused', datasetId });
    expect(record()).toMatchObject({ step: 7, isOn: false });
    await expect(async () => live.predict({ imageId: 1, area: null }, unheard)).rejects.toThrow(
      /Start it under/,
    );
  });

  it('goes on where the verbs come faster than it ends', async () => {
    const { live, datasetId, last, processes, record } = stage();
    await live.start(datasetId);
    const first = last();
    first.saves = null;
    const paused = live.pause();
    const started = live.start(datasetId);
    await settled();
    expect(first.received.at(-1)).toEqual({ type: 'stop' });
    expect(processes).toHaveLength(1);
    first.dies('exit code 0');
    await paused;
    expect(await started).toMatchObject({ phase: 'starting' });
    expect(processes).toHaveLength(2);
    expect(record()?.isOn).toBe(true);
  });

  it('is paused by a start on another dataset, one process at a time', async () => {
    const { live, datasetId, other, processes } = stage();
    await live.start(datasetId);
    await Promise.all([live.start(other), live.start(datasetId), live.start(other)]);
    expect(processes).toHaveLength(4);
    expect(processes.slice(0, 3).map(({ received }) => received.at(-1)?.type)).toEqual([
      'stop',
      'stop',
      'stop',
    ]);
    expect(live.state.datasetId).toBe(other);
  });

  it('is not started again where it dies while it pauses', async () => {
    const { live, datasetId, last, processes } = stage();
    await live.start(datasetId);
    last().saves = null;
    const paused = live.pause();
    await settled();
    last().dies('signal SIGSEGV');
    expect(await paused).toMatchObject({ phase: 'paused' });
    expect(processes).toHaveLength(1);
  });

  it('is asked for what is on the screen, and told when nobody waits for the answer any more', async () => {
    const { live, datasetId, last } = stage();
    await live.start(datasetId);
    const area = { left: 8, top: 0, width: 16, height: 24 };
    const caller = new AbortController();
    const asked = live.predict({ imageId: 1, area }, caller.signal);
    expect(last().received.at(-1)).toEqual({ type: 'predict', id: 1, imageId: 1, area });
    caller.abort();
    await expect(asked).rejects.toMatchObject({ code: 'cancelled' });
    expect(last().received.at(-1)).toEqual({ type: 'drop', id: 1 });
    const again = live.predict({ imageId: 2, area: null }, unheard);
    last().tell({ type: 'prediction', id: 2, bytes: Uint8Array.of(1), step: 9 });
    expect(await again).toEqual({ bytes: Uint8Array.of(1), step: 9 });
  });

  it('is started again twice from what it saved, then says what to do', async () => {
    const { live, datasetId, last, processes } = stage();
    await live.start(datasetId);
    const asked = live.predict({ imageId: 1, area: null }, unheard);
    last().dies('signal SIGKILL');
    await expect(asked).rejects.toThrow(/stopped before it could answer/);
    expect(live.state).toMatchObject({ phase: 'starting' });
    expect(live.state.why).toMatch(/started again/);
    last().dies('signal SIGKILL');
    await settled();
    last().dies('signal SIGKILL');
    await settled();
    expect(processes).toHaveLength(3);
    expect(live.state).toMatchObject({ phase: 'failed' });
    expect(live.state.why).toMatch(/try again[^]*SIGKILL/);
    expect(await live.start(datasetId)).toMatchObject({ phase: 'starting', why: null });
    // Whoever starts it himself begins to count anew.
    last().dies('signal SIGKILL');
    await settled();
    expect(processes).toHaveLength(5);
    expect(live.state).toMatchObject({ phase: 'starting' });
  });

  it('hears nothing of a process that another has followed', async () => {
    const { live, datasetId, other, last, project } = stage();
    await live.start(datasetId);
    const first = last();
    await live.start(other);
    first.tell(progressAt(50, 0.9));
    expect(live.state).toMatchObject({ phase: 'starting', datasetId: other, step: 0 });
    expect(project.live.points(datasetId)).toEqual([]);
  });

  it('says why where its process says so, and does not try by itself', async () => {
    const { live, datasetId, last, processes } = stage();
    await live.start(datasetId);
    last().tell({
      type: 'failed',
      error: { code: 'corrupt', message: 'What was learned is damaged.' },
    });
    last().dies('exit code 0');
    await settled();
    expect(live.state).toMatchObject({ phase: 'failed', why: 'What was learned is damaged.' });
    expect(processes).toHaveLength(1);
    // The remedy: forget it.
    expect(await live.forget(datasetId)).toMatchObject({ phase: 'off', step: 0 });
  });

  it('goes on by itself with the project, once the open image is known', async () => {
    const { live, datasetId, create, images, last, processes, project } = stage();
    await live.start(datasetId);
    await live.close();
    const imageId = images[0]?.id ?? 0;

    const again = create(project);
    expect(again.state).toMatchObject({ phase: 'paused', step: 7, datasetId });
    again.resume();
    expect(again.state.phase).toBe('starting');
    expect(processes).toHaveLength(1);
    again.look(imageId);
    expect(processes).toHaveLength(2);
    expect(last().received[0]).toMatchObject({ type: 'start', openImageId: imageId });
    await again.close();

    const third = create(project);
    third.resume();
    await expect.poll(() => processes.length).toBe(3);
    await third.pause();
    const fourth = create(project);
    fourth.resume();
    expect(fourth.state.phase).toBe('paused');
  });

  it('keeps the curve up to what it goes on from, and forgets it when told to', async () => {
    const { live, datasetId, last, project } = stage();
    await live.start(datasetId);
    last().tell({
      type: 'taken',
      step: 9,
      takings: [{ imageId: 1, labelMapId: 1, heldOut: true, part: 'test' }],
    });
    for (const step of [5, 10, 15]) last().tell(progressAt(step, step / 20));
    last().dies('signal SIGKILL');
    await settled();
    last().tell({ type: 'started', step: 10 });
    expect(live.points(datasetId).map(({ step }) => step)).toEqual([5, 10]);
    await live.forget(datasetId);
    expect(live.points(datasetId)).toEqual([]);
    expect(project.live.checkpoint(datasetId)).toBeUndefined();
    // Who is held out stays.
    expect(project.live.takings(datasetId)).toMatchObject([{ imageId: 1, heldOut: true }]);
  });

  it('waits for the queue, and says so', async () => {
    const { live, datasetId, last, keepQueueBusy } = stage();
    await live.start(datasetId);
    keepQueueBusy(true);
    const held = last().received.at(-1);
    expect(held?.type === 'hold' && held.why).toMatch(/Predictions are answered all the same/);
    keepQueueBusy(false);
    expect(last().received.at(-1)).toEqual({ type: 'hold', why: null });
  });

  it('stores later what finds no room, and takes back its complaint only then', async () => {
    const { live, datasetId, last, project, record } = stage();
    await live.start(datasetId);
    const disk = vi.spyOn(project, 'transaction').mockImplementation(() => {
      throw new Error('disk full');
    });
    last().tell({
      type: 'taken',
      step: 3,
      takings: [{ imageId: 1, labelMapId: 1, heldOut: false, part: 'train' }],
    });
    last().tell(checkpointAt(4));
    expect(live.state.trouble).toMatch(/disk full/);
    disk.mockRestore();
    last().tell(progressAt(5, 0.5));
    // The checkpoint is still owed.
    expect(live.state.trouble).toMatch(/disk full/);
    expect(project.live.takings(datasetId)).toMatchObject([{ imageId: 1, step: 3 }]);
    last().tell(checkpointAt(6));
    expect(live.state.trouble).toBeNull();
    expect(record()?.step).toBe(6);
  });

  it('ends with its dataset, also while it is paused', async () => {
    const { live, datasetId, other, last, processes, change } = stage();
    await live.start(datasetId);
    live.follow(change({ images: { datasetId: other, updated: [1] } }));
    expect(last().received.map(({ type }) => type)).toEqual(['start']);
    live.follow(change({ images: { datasetId, labelled: [] } }));
    expect(last().received.at(-1)).toEqual({ type: 'changed', readAgain: false });
    live.follow(change({ datasets: { removed: [datasetId] } }));
    await settled();
    expect(live.state).toMatchObject({ phase: 'off', datasetId: null });
    await live.start(other);
    await live.pause();
    live.follow(change({ datasets: { removed: [other] } }));
    expect(live.state).toMatchObject({ phase: 'off', datasetId: null });
    expect(processes).toHaveLength(2);
  });
});

it('thins a long curve, its ends kept', () => {
  const { project, datasetId } = stage();
  project.transaction(() => {
    for (let step = 1; step <= 1000; step++) {
      project.live.addPoint(datasetId, { step, dice: 0.5, images: 1, heldOut: 1 });
    }
  });
  const steps = project.live.points(datasetId).map(({ step }) => step);
  expect(steps.length).toBeLessThanOrEqual(400);
  expect([steps[0], steps.at(-1)]).toEqual([1, 1000]);
});
