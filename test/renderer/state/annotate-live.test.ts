/** What Annotate shows of the training that goes on while one labels, on an engine whose training is played. */
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AnnotateState } from '../../../renderer/state/annotate.svelte.ts';
import { firstHabits } from '../../../renderer/state/annotate-habits.ts';
import { diceWords, liveLine, scaleWords } from '../../../renderer/state/live-words.ts';
import { HAND_MS } from '../../../shared/api.ts';
import { encodeLabelMap } from '../../../shared/label-map.ts';
import { PlayedLive, progressAt } from '../../fixtures/played-live.ts';
import { temporaryFolder } from '../../fixtures/projects.ts';
import { windowEngine } from '../window-engine.ts';

const SIZE = 32;

async function sitting() {
  const processes: PlayedLive[] = [];
  const { engine, api, connect } = await windowEngine({
    spawnLive: (onEvent) => {
      const process = new PlayedLive(onEvent);
      processes.push(process);
      return process;
    },
  });
  const { path: project } = await engine.call('project.create', {
    path: join(temporaryFolder(), 'p.graft'),
  });
  const { id: datasetId } = await engine.call('datasets.generate', {
    ...{ project, name: 'textures', generator: 'texshapes-source', count: 3 },
    ...{ sizePx: SIZE, seed: 1 },
  });
  const { db } = engine.project(project);
  const imageIds = db.datasets.images(datasetId).map(({ id }) => id);
  const annotate = new AnnotateState({
    ...{ api, project, habits: firstHabits() },
    notify: () => undefined,
  });
  const stop = annotate.listen();
  onTestFinished(async () => {
    await annotate.saveAll();
    stop();
  });
  await annotate.open(datasetId, imageIds);
  await annotate.show(0);
  const last = () => {
    const process = processes.at(-1);
    if (process === undefined) throw new Error('nothing was started');
    return process;
  };
  /** From now on every question is answered with a map of one class. */
  const see = (value: number) => {
    const data = new Uint8Array(SIZE ** 2).fill(value);
    const bytes = encodeLabelMap({ width: SIZE, height: SIZE, data });
    last().answers = (request) => {
      if (request.type !== 'predict') return;
      last().tell({ type: 'prediction', id: request.id, bytes, step: 5 });
    };
  };
  const [first = 0, second = 0] = imageIds;
  return { engine, connect, project, datasetId, db, annotate, stop, last, see, first, second };
}

describe('the training while one labels', () => {
  it('is told which image is open, and that none is any more', async () => {
    const { annotate, last, first, second, stop } = await sitting();
    await annotate.overlay.toggleLive();
    expect(last().received[0]).toMatchObject({ type: 'start', openImageId: first });
    await annotate.show(1);
    expect(last().received.at(-1)).toEqual({ type: 'open', imageId: second });
    stop();
    await expect.poll(() => last().received.at(-1)).toEqual({ type: 'open', imageId: null });
  });

  it('goes through its states, and keeps its curve over a pause', async () => {
    const { annotate, last } = await sitting();
    const { live } = annotate;
    expect([live.state?.phase, live.isUnderWay, live.canAnswer]).toEqual(['off', false, false]);
    await annotate.overlay.toggleLive();
    expect([live.state?.phase, live.isUnderWay, live.canAnswer]).toEqual(['starting', true, false]);
    last().tell(progressAt(50, 0.4));
    last().tell(progressAt(100, 0.6));
    expect(live.canAnswer).toBe(true);
    expect(live.points.map(({ dice }) => dice)).toEqual([0.4, 0.6]);
    await annotate.overlay.toggleLive();
    expect([live.state?.phase, live.isUnderWay]).toEqual(['paused', false]);
    expect(live.points).toHaveLength(2);
    await live.stop();
    expect([live.state?.phase, live.points]).toEqual(['off', []]);
  });

  it('shows what it sees, which is accepted as a correction', async () => {
    const { annotate, last, see, db, first } = await sitting();
    await annotate.overlay.toggleLive();
    last().tell(progressAt(5));
    see(2);
    await annotate.overlay.showLive();
    expect(annotate.prediction).toMatchObject({ by: 'live', runId: null });
    annotate.overlay.accept();
    await annotate.saveAll();
    const accepted = db.labelMaps.get(db.datasets.image(first)?.labelMapId ?? 0);
    expect(accepted).toMatchObject({ author: 'corrected', runId: null });

    // Where it is asked of every image, the next one shows it too.
    await annotate.show(1);
    expect(annotate.prediction.layer).toBeNull();
    await annotate.overlay.showLiveAlways(true);
    await annotate.show(2);
    await expect.poll(() => annotate.prediction.layer?.get(0, 0)).toBe(2);
  });

  it('shows of a large image what is on the screen first, then the rest, until another one is opened', async () => {
    const { annotate, last } = await sitting();
    await annotate.overlay.toggleLive();
    last().tell(progressAt(5));
    const record = annotate.document?.record;
    if (record === undefined) throw new Error('no image is open');
    const shown: number[][] = [];
    last().answers = (request) => {
      if (request.type !== 'predict') return;
      const { width, height } = request.area ?? { width: SIZE, height: SIZE };
      const data = new Uint8Array(width * height).fill(request.area === null ? 2 : 1);
      const bytes = encodeLabelMap({ width, height, data });
      last().tell({ type: 'prediction', id: request.id, bytes, step: 5 });
    };
    const see = () =>
      annotate.live.see(record, {
        ...{ first: [{ x0: 4, y0: 8, x1: 12, y1: 16 }], blank: 0 },
        still: () => Promise.resolve(),
        show: ({ layer, area }) => shown.push([area.x0, area.x1, layer.get(3, 8), layer.get(4, 8)]),
      });
    await see();
    expect(shown).toEqual([
      [4, 12, 0, 1],
      [0, SIZE, 2, 2],
    ]);
    // Nobody waits for the rest any more.
    last().answers = () => undefined;
    const askedBefore = last().received.length;
    const asked = see();
    await expect.poll(() => last().received.length).toBeGreaterThan(askedBefore);
    await annotate.show(1);
    await asked;
    await expect.poll(() => last().received.some(({ type }) => type === 'drop')).toBe(true);
    expect(annotate.live.isAsking).toBe(false);
  });

  it('is told that somebody paints, and not at every move of the hand', async () => {
    const { annotate, last } = await sitting();
    annotate.overlay.stroke();
    await annotate.overlay.toggleLive();
    for (let move = 0; move < 50; move++) annotate.overlay.stroke();
    const hands = () => last().received.filter(({ type }) => type === 'hand').length;
    await expect.poll(hands).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, HAND_MS));
    annotate.overlay.stroke();
    await expect.poll(hands).toBe(2);
  });

  it('says why it cannot show anything', async () => {
    const { annotate, last } = await sitting();
    await expect(annotate.overlay.showLive()).rejects.toThrow(
      /Start it under "Train while I label"/,
    );
    await annotate.overlay.toggleLive();
    const answer = annotate.overlay.showLive();
    await expect.poll(() => last().received.at(-1)?.type).toBe('predict');
    expect(annotate.live.isAsking).toBe(true);
    last().kill();
    await expect(answer).rejects.toThrow(/stopped before it could answer/);
    expect(annotate.live.isAsking).toBe(false);
  });

  it('is known again after the engine was away, image and curve', async () => {
    const { annotate, connect, last, datasetId, second } = await sitting();
    await annotate.overlay.toggleLive();
    connect('lost');
    last().tell(progressAt(50, 0.5));
    await annotate.show(1);
    connect('open');
    await annotate.live.load(datasetId);
    expect(annotate.live.points).toHaveLength(1);
    await expect
      .poll(() => last().received.findLast(({ type }) => type === 'open'))
      .toEqual({ type: 'open', imageId: second });
  });

  it('of another dataset is shown as such', async () => {
    const { annotate, engine, project, datasetId } = await sitting();
    const { id } = await engine.call('datasets.generate', {
      ...{ project, name: 'others', generator: 'texshapes-source', count: 1 },
      ...{ sizePx: SIZE, seed: 2 },
    });
    await engine.call('live.start', { project, datasetId: id });
    const { live } = annotate;
    expect([live.isUnderWay, live.isElsewhere, live.canAnswer]).toEqual([false, true, false]);
    await annotate.overlay.toggleLive();
    expect(live.state).toMatchObject({ datasetId, phase: 'starting' });
  });
});

describe('its words', () => {
  const point = (step: number, dice: number, heldOut = 2) => ({ step, dice, images: 7, heldOut });
  const stateAt = (last: ReturnType<typeof point>) => ({
    ...{ datasetId: 1, phase: 'training' as const, why: null, step: last.step },
    ...{ trainedSeconds: 1, images: 7, heldOut: last.heldOut, measured: last },
    ...{ sampling: null, unused: [], trouble: null },
  });

  it('tell how the Dice moves over enough steps, on as many held-out images alone', () => {
    const rising = [point(50, 0.2, 1), point(100, 0.4), point(250, 0.5), point(400, 0.62)];
    const state = stateAt(point(400, 0.62));
    expect(liveLine(state, rising)).toBe('7 images · 400 steps · Dice 0.62 (+0.22)');
    expect(diceWords(state, rising)).toMatch(/2 held-out images.*0.40 after step 100.*roughly/);
    expect(liveLine(state, [point(50, 0.2, 1), point(400, 0.62)])).toMatch(/Dice 0.62$/);
    expect(liveLine(state, [point(100, 0.615), point(400, 0.62)])).toMatch(/\(steady\)$/);
    expect(liveLine({ ...state, measured: null }, [])).toBe('7 images · 400 steps');
  });

  it('tell which details are lost to it, where any are', () => {
    const sampling = { sizePx: 512, mode: 'resize' as const };
    const large = { widthPx: 4096, heightPx: 300 };
    expect(scaleWords({ sampling }, { widthPx: 512, heightPx: 300 })).toBeNull();
    expect(scaleWords({ sampling: null }, large)).toBeNull();
    expect(scaleWords({ sampling: { sizePx: 256, mode: 'patches' } }, large)).toBeNull();
    expect(scaleWords({ sampling }, large)).toMatch(/about 16 px/);
  });
});
