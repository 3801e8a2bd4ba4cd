/** Scribbles in Annotate: strokes become a proposal for the whole image, which is accepted as others are. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { lookAt, screenPoint } from '../../../renderer/canvas/viewport.ts';
import type { ActionId } from '../../../renderer/keys/actions.ts';
import { runAction } from '../../../renderer/views/annotate/run-action.ts';
import type { ScribbleState } from '../../../renderer/state/annotate-scribbles.svelte.ts';
import { classifyImage } from '../../../engine/assist/classify-image.ts';
import { learnFromScribbles } from '../../../engine/assist/learn.ts';
import { featureCount } from '../../../shared/assist/features.ts';
import { decodeForest } from '../../../shared/assist/forest-code.ts';
import { type TileRequest, workHere } from '../../../shared/assist/tile-work.ts';
import { IGNORE } from '../../../shared/entities.ts';
import { temporaryFolder } from '../../fixtures/projects.ts';
import { annotateSitting } from '../annotate-sitting.ts';

const SIZE = 48;
const NO_KEYS = { shift: false, ctrl: false, alt: false };

/** Two labelled textures of one channel each; `unlabelled`: images of so many channels that nobody labelled, `flat`: one of one
 * colour, in their place. */
async function sitting({
  unlabelled = [],
  flat = false,
  size = SIZE,
}: { unlabelled?: readonly (1 | 3)[]; flat?: boolean; size?: number } = {}) {
  const folder = temporaryFolder();
  if (flat) {
    const png = encode({ width: SIZE, height: SIZE, channels: 1, data: new Uint8Array(SIZE ** 2) });
    writeFileSync(join(folder, 'flat.png'), png);
  }
  for (const [number, channels] of unlabelled.entries()) {
    const data = Uint8Array.from({ length: channels * size ** 2 }, (_, i) => (i * 7) % 256);
    // No two alike: one image is taken in once.
    data[0] = number;
    const png = encode({ width: size, height: size, channels, data });
    writeFileSync(join(folder, `${number}.png`), png);
  }
  let workers = [workHere()];
  const notes: string[] = [];
  const { engine, db, project, annotate, imageIds } = await annotateSitting({
    sizePx: size,
    ...(unlabelled.length > 0 || flat ? { folder } : {}),
    ports: { startTileWorkers: () => workers, notify: (_, text) => notes.push(text) },
  });
  const drag = (from: [number, number], to: [number, number]) => {
    for (const [kind, place] of [
      ['down', from],
      ['move', to],
      ['up', to],
    ] as const) {
      const at = screenPoint(...place);
      annotate.editor.pointer({ kind, at, path: [at], button: 0, modifiers: NO_KEYS, clicks: 1 });
    }
  };
  const scribble = (value: number, from: [number, number], to: [number, number]) => {
    annotate.overlay.takeTool('scribble');
    annotate.tools.setClass(value);
    drag(from, to);
  };
  const settled = () => expect.poll(() => annotate.scribbles.state.kind);
  /** Two strokes, and one more whose classification waits for the answer. */
  const waiting = async () => {
    const worker = workHere();
    let open = () => {};
    const gate = new Promise<void>((resolve) => (open = resolve));
    let isSlow = false;
    const slow = {
      ...worker,
      async ask(request: TileRequest) {
        if (isSlow && request.type === 'classify') await gate;
        return worker.ask(request);
      },
    };
    workers = [slow];
    scribble(1, [4, 4], [12, 4]);
    scribble(0, [30, 40], [44, 40]);
    await settled().toBe('done');
    isSlow = true;
    scribble(0, [20, 40], [28, 40]);
    await settled().toBe('working');
    return open;
  };
  const use = (next: typeof workers) => (workers = next);
  return { engine, db, project, annotate, imageIds, scribble, drag, settled, use, waiting, notes };
}

describe('scribbles', () => {
  it('ask for a second class, then propose one for every pixel, and change no label', async () => {
    const { annotate, scribble, settled } = await sitting();
    const before = annotate.document?.layer.toLabelMap().data;
    scribble(1, [4, 4], [12, 4]);
    await settled().toBe('one class');
    expect(annotate.scribbles.state).toEqual({ kind: 'one class', value: 1 });
    scribble(0, [30, 40], [44, 40]);
    await settled().toBe('done');
    const { by, layer } = annotate.prediction;
    expect(by).toBe('scribbles');
    const proposed = new Set(layer?.toLabelMap().data);
    expect([...proposed].sort()).toEqual([0, 1]);
    expect([layer?.get(8, 4), layer?.get(36, 40)]).toEqual([1, 0]);
    expect(annotate.document?.layer.toLabelMap().data).toEqual(before);
    expect(annotate.document?.autosave.isSaved).toBe(true);
  });

  it('say where they tell nothing apart: in an image of one colour', async () => {
    const { annotate, scribble, settled, engine, project } = await sitting({ flat: true });
    scribble(1, [4, 4], [12, 4]);
    scribble(0, [10, 40], [44, 40]);
    await settled().toBe('alike');
    expect(annotate.prediction.layer).toBeNull();
    await annotate.saveAll();
    await expect(
      engine.call('classifiers.keep', { project, datasetId: 1, name: 'grey' }),
    ).rejects.toMatchObject({ code: 'invalid-input', message: /looks the same/ });
  });

  it('are undone one stroke at a time among the strokes of other tools', async () => {
    const { annotate, scribble, drag, settled } = await sitting({ unlabelled: [1, 1] });
    scribble(1, [4, 4], [12, 4]);
    scribble(0, [30, 40], [44, 40]);
    annotate.tools.setTool('brush');
    annotate.tools.setClass(1);
    drag([20, 20], [24, 20]);
    await settled().toBe('done');
    expect(annotate.labels.history.entries.map(({ label }) => label.split(',')[0])).toEqual([
      'Scribble',
      'Scribble',
      'Brush',
    ]);
    annotate.editor.undo();
    annotate.editor.undo();
    await settled().toBe('one class');
    expect(annotate.prediction.layer).toBeNull();
    expect(annotate.document?.scribbles.get(36, 40)).toBe(IGNORE);
    annotate.editor.redo();
    await settled().toBe('done');
  });

  it('are accepted as a correction of what nobody trained', async () => {
    const { annotate, scribble, settled, engine, project, imageIds } = await sitting();
    scribble(1, [4, 4], [12, 4]);
    scribble(0, [30, 40], [44, 40]);
    await settled().toBe('done');
    annotate.overlay.accept();
    await annotate.saveAll();
    const [newest] = await engine.call('labelMaps.history', { project, imageId: imageIds[0] ?? 0 });
    expect(newest).toMatchObject({ author: 'corrected', runId: null, helpers: ['scribbles'] });
    expect(annotate.document?.layer.get(8, 4)).toBe(1);
  });

  it('are no longer proposed once all is accepted, until that is undone or they change', async () => {
    const { annotate, scribble, drag, settled } = await sitting();
    scribble(1, [4, 4], [12, 4]);
    scribble(0, [30, 40], [44, 40]);
    await settled().toBe('done');
    const isHatched = () => annotate.look.prediction.visible;
    expect(isHatched()).toBe(true);
    annotate.overlay.accept();
    expect(isHatched()).toBe(false);
    annotate.tools.setTool('brush');
    drag([20, 20], [24, 20]);
    expect(isHatched()).toBe(false);
    annotate.editor.undo();
    annotate.editor.undo();
    expect(isHatched()).toBe(true);
    annotate.editor.redo();
    expect(isHatched()).toBe(false);
    annotate.overlay.setVisible(true);
    expect(isHatched()).toBe(true);
    annotate.overlay.accept();
    expect(isHatched()).toBe(false);
    scribble(0, [20, 40], [28, 40]);
    await expect.poll(isHatched).toBe(true);
    await settled().toBe('done');
    // Gone on and come back: what was proposed is in the labels still.
    annotate.overlay.accept();
    await annotate.show(1);
    await annotate.show(0);
    await settled().toBe('done');
    expect([annotate.prediction.by, isHatched()]).toEqual(['scribbles', false]);
  });

  it('stay whose they are, however the history is gone through', async () => {
    const { annotate, scribble, settled, engine, project, imageIds } = await sitting();
    scribble(1, [4, 4], [12, 4]);
    scribble(0, [30, 40], [44, 40]);
    await settled().toBe('done');
    annotate.overlay.accept();
    annotate.tools.setTool('brush');
    const after = annotate.labels.history.position;
    const newest = async () => {
      await annotate.saveAll();
      const all = await engine.call('labelMaps.history', { project, imageId: imageIds[0] ?? 0 });
      return all[0]?.helpers;
    };
    expect(await newest()).toEqual(['scribbles']);
    annotate.editor.goTo(0);
    expect(await newest()).toEqual([]);
    annotate.editor.goTo(after);
    expect(await newest()).toEqual(['scribbles']);
    annotate.editor.undo();
    annotate.editor.redo();
    expect(await newest()).toEqual(['scribbles']);
  });

  it('are accepted once every pixel is classified, and not before, whichever way', async () => {
    const { annotate, drag, settled, waiting } = await sitting();
    const go = await waiting();
    const steps = () => annotate.labels.history.entries.map(({ label }) => label);
    const before = steps();
    annotate.overlay.accept();
    annotate.overlay.takeTool('accept');
    drag([0, 0], [20, 20]);
    drag([36, 40], [36, 40]);
    // What waits is of the tool that asked for it.
    annotate.tools.setTool('brush');
    expect([steps(), annotate.overlay.isWaiting]).toEqual([before, true]);
    go();
    await settled().toBe('done');
    await expect.poll(() => annotate.overlay.isWaiting).toBe(false);
    // All of it was taken over by the first.
    expect(steps()).toEqual([...before, 'Accepted prediction']);
    await annotate.saveAll();
    expect(annotate.document?.revisions[0]?.helpers).toEqual(['scribbles']);
  });

  it('are accepted by object and in a rectangle once they are whole, as steps of these', async () => {
    const { annotate, drag, settled, waiting } = await sitting({ unlabelled: [1, 1] });
    const go = await waiting();
    annotate.overlay.takeTool('accept');
    drag([0, 0], [12, 12]);
    drag([8, 4], [8, 4]);
    annotate.tools.setTool('brush');
    const steps = () => annotate.labels.history.entries.map(({ label }) => label.split(',')[0]);
    const before = steps();
    go();
    await settled().toBe('done');
    await expect.poll(steps).not.toEqual(before);
    expect(steps().slice(before.length)[0]).toBe('Accepted predicted region');
    await annotate.saveAll();
    expect(annotate.document?.revisions[0]?.helpers).toEqual(['scribbles']);
  });

  it('that wait to be accepted are taken back by undo, and named where one goes on before', async () => {
    const { annotate, settled, waiting, notes } = await sitting();
    const go = await waiting();
    const steps = () => annotate.labels.history;
    const before = steps();
    annotate.overlay.accept();
    annotate.editor.undo();
    expect(annotate.overlay.isWaiting).toBe(false);
    expect(steps()).toEqual(before);
    annotate.overlay.accept();
    await annotate.show(1);
    go();
    await expect.poll(() => notes).toEqual([expect.stringMatching(/was left before all of it/)]);
    await annotate.show(0);
    await settled().toBe('done');
    expect(steps().entries.map(({ label }) => label.split(',')[0])).not.toContain(
      'Accepted prediction',
    );
  });

  it('say what is there already: all in view in blocks, and then every pixel', async () => {
    const size = 1100;
    const { annotate, scribble, settled, use } = await sitting({ unlabelled: [1], size });
    const worker = workHere();
    /** What is said when each piece of work is asked for. */
    const told: { readonly asked: string; readonly state: ScribbleState }[] = [];
    const ask = (request: TileRequest) => {
      told.push({ asked: request.type, state: annotate.scribbles.state });
      return worker.ask(request);
    };
    use([{ ...worker, ask }]);
    scribble(1, [40, 40], [120, 40]);
    await settled().toBe('one class');
    scribble(0, [300, 400], [440, 400]);
    await settled().toBe('done');
    const working = (done: number, inView: number, { tiles = 25, sidePx = 2 } = {}) => ({
      ...{ kind: 'working', done, total: 25 },
      inView: { done: inView, total: tiles, sidePx },
    });
    const saidAt = (what: string) =>
      told.filter(({ asked }) => asked === what).map(({ state }) => state);
    const counts = Array.from({ length: 24 }, (_, i) => i + 1);
    expect(saidAt('glance').slice(1)).toEqual(counts.map((inView) => working(0, inView)));
    expect(saidAt('classify')).toEqual([0, ...counts].map((done) => working(done, 25)));
    // Where little is in view, every pixel of that comes first.
    annotate.editor.setView(lookAt(annotate.editor.view, { x0: 300, y0: 300, x1: 400, y1: 400 }));
    told.length = 0;
    scribble(0, [10, 10], [20, 10]);
    await expect.poll(() => saidAt('classify')).toHaveLength(25);
    await settled().toBe('done');
    const near = saidAt('classify').map((state) =>
      state.kind === 'working' ? state.inView : null,
    );
    const tiles = near[0]?.total ?? 0;
    expect(tiles).toBeLessThan(25);
    expect(near).toEqual(
      Array.from(
        { length: 25 },
        (_, done) => working(done, Math.min(done, tiles), { tiles, sidePx: 1 }).inView,
      ),
    );
  });

  it('propose more of the class in hand, or less, and learn nothing anew for it', async () => {
    const { annotate, scribble, settled, use } = await sitting();
    const asked: TileRequest[] = [];
    const worker = workHere();
    use([{ ...worker, ask: (request) => (asked.push(request), worker.ask(request)) }]);
    scribble(1, [4, 4], [12, 4]);
    scribble(0, [30, 40], [44, 40]);
    await settled().toBe('done');
    const { scribbles } = annotate;
    const ones = () =>
      annotate.prediction.layer?.toLabelMap().data.filter((one) => one === 1).length;
    const [before, steps] = [ones() ?? 0, annotate.labels.history.entries.length];
    asked.length = 0;
    scribbles.lean(1, 6);
    annotate.overlay.accept();
    expect(annotate.labels.history.entries.length).toBe(steps);
    await expect.poll(() => annotate.labels.history.entries.length).toBe(steps + 1);
    expect(ones()).toBeGreaterThan(before);
    expect(annotate.document?.layer.toLabelMap().data).toEqual(
      annotate.prediction.layer?.toLabelMap().data,
    );
    expect([...new Set(asked.map(({ type }) => type))]).toEqual(['use', 'classify']);
    scribbles.lean(1, -7);
    await expect.poll(ones).toBeLessThan(before);
    expect(scribbles.leaningOf(1)).toBe(-6);
    scribbles.lean(1, 0);
    await expect.poll(ones).toBe(before);
    // Of a class that nobody scribbled nothing can be said.
    scribbles.lean(3, 1);
    expect(scribbles.leaningOf(3)).toBe(0);
    scribbles.lean(1, 2);
    await annotate.show(1);
    expect([scribbles.leaningOf(1), scribbles.classes]).toEqual([0, []]);
    await annotate.saveAll();
  });

  it('lean to the class in hand by keys, and not while somebody else proposes what is seen', async () => {
    const { annotate, scribble, settled } = await sitting();
    const press = (action: ActionId) => {
      const nothing = () => undefined;
      runAction(action, {
        annotate,
        ...{ navigate: nothing, close: nothing, nextSuggested: nothing, skipSuggested: nothing },
        ...{ showRow: nothing, showKeys: nothing, report: nothing },
      });
    };
    scribble(1, [4, 4], [12, 4]);
    scribble(0, [30, 40], [44, 40]);
    await settled().toBe('done');
    annotate.tools.setClass(1);
    press('scribbles.more');
    press('scribbles.more');
    press('scribbles.less');
    await settled().toBe('done');
    expect(annotate.scribbles.leanings).toEqual(new Map([[1, 1]]));
    const { layer } = annotate.prediction;
    if (layer === null) expect.fail('nothing is proposed');
    annotate.prediction.showOf('live', layer);
    press('scribbles.more');
    expect(annotate.scribbles.leaningOf(1)).toBe(1);
  });

  it('are kept in the project, and teach the same to the engine', async () => {
    const { annotate, scribble, settled, engine, project, db, imageIds } = await sitting();
    scribble(1, [4, 4], [12, 4]);
    scribble(0, [30, 40], [44, 40]);
    await settled().toBe('done');
    await annotate.saveAll();
    const shown = annotate.prediction.layer?.toLabelMap().data;
    const [dataset] = db.datasets.list();
    const pixels = annotate.document?.pixels;
    if (dataset === undefined || pixels === undefined) throw new Error('no image is open');
    const workers = [workHere(), workHere(), workHere()];
    const { signal } = new AbortController();
    const learned = await learnFromScribbles(db, dataset, {
      ...{ labels: false, workers, signal, onProgress: () => undefined },
    });
    const values = learned.classes;
    const forest = decodeForest(learned.bytes, {
      ...{ featureCount: featureCount(learned.channels), classCount: values.length },
    });
    const { map } = await classifyImage(pixels, { forest, values, workers, signal });
    expect(map.data).toEqual(shown);
    const imageId = imageIds[0] ?? 0;
    expect(await engine.call('scribbles.images', { project, datasetId: 1 })).toEqual([imageId]);
  });

  it('teach the next image as well, where that is wanted', async () => {
    const { annotate, scribble, settled } = await sitting();
    scribble(1, [4, 4], [12, 4]);
    scribble(0, [30, 40], [44, 40]);
    await settled().toBe('done');
    await annotate.show(1);
    expect(annotate.scribbles.state.kind).toBe('off');
    annotate.scribbles.setAlways(true);
    await settled().toBe('done');
    expect(annotate.prediction.by).toBe('scribbles');
    expect(annotate.scribbles.samples).toEqual({ here: 0, others: 1, images: 1 });
  });

  it('are no longer all that teaches: labels of an image do, once it was left', async () => {
    const { annotate, drag, settled, imageIds } = await sitting({ unlabelled: [1, 1] });
    const { scribbles } = annotate;
    scribbles.setAlways(true);
    annotate.tools.setTool('brush');
    annotate.tools.setClass(1);
    drag([10, 10], [30, 10]);
    drag([10, 20], [30, 20]);
    expect(scribbles.samples).toEqual({ here: 0, others: 0, images: 0 });
    await annotate.show(1);
    await settled().toBe('done');
    expect(scribbles.samples).toEqual({ here: 0, others: 1, images: 1 });
    expect(annotate.prediction.by).toBe('scribbles');
    const before = annotate.prediction.layer?.toLabelMap().data;
    // The second was only looked at: nobody said that nothing is on it.
    await annotate.show(0);
    await settled().toBe('off');
    expect(annotate.image?.id).toBe(imageIds[0]);
    expect(scribbles.samples).toEqual({ here: 0, others: 0, images: 1 });
    await annotate.show(1);
    await settled().toBe('done');
    expect(annotate.prediction.layer?.toLabelMap().data).toEqual(before);
    annotate.removeScribbles();
    await settled().toBe('off');
  });

  it('are all that teaches of an image with nothing but strokes', async () => {
    const { annotate, scribble, settled } = await sitting({ unlabelled: [1, 1] });
    annotate.scribbles.setAlways(true);
    scribble(1, [4, 4], [12, 4]);
    scribble(0, [30, 40], [44, 40]);
    await settled().toBe('done');
    // Taken for labels, an image that nobody labelled would be all background.
    await annotate.show(1);
    await settled().toBe('done');
    expect(new Set(annotate.prediction.layer?.toLabelMap().data)).toEqual(new Set([0, 1]));
  });

  it('alone teach the next image where that was not wanted', async () => {
    const { annotate, scribble, drag, settled } = await sitting({ unlabelled: [1, 1] });
    scribble(1, [4, 4], [12, 4]);
    scribble(0, [30, 40], [44, 40]);
    annotate.tools.setTool('brush');
    annotate.tools.setClass(1);
    drag([10, 10], [30, 10]);
    await settled().toBe('done');
    await annotate.show(1);
    expect(annotate.scribbles.state.kind).toBe('off');
    annotate.scribbles.setAlways(true);
    await settled().toBe('done');
    const byStrokes = annotate.prediction.layer?.toLabelMap().data;
    await annotate.show(0);
    await settled().toBe('done');
    await annotate.show(1);
    await settled().toBe('done');
    expect(annotate.scribbles.samples).toEqual({ here: 0, others: 1, images: 1 });
    expect(annotate.prediction.layer?.toLabelMap().data).not.toEqual(byStrokes);
  });

  it('teach no image of other channels, and are not said to', async () => {
    const { annotate, scribble, settled } = await sitting({ unlabelled: [1, 3] });
    scribble(1, [4, 4], [12, 4]);
    scribble(0, [30, 40], [44, 40]);
    await settled().toBe('done');
    await annotate.show(1);
    scribble(1, [4, 4], [12, 4]);
    await settled().toBe('one class');
    scribble(0, [30, 40], [44, 40]);
    await settled().toBe('done');
    expect(annotate.scribbles.samples).toMatchObject({ others: 0, images: 2 });
  });

  it('are kept where a worker ends, which is said, and go on with another one', async () => {
    const { annotate, scribble, settled, use } = await sitting();
    use([{ ask: () => Promise.reject(new Error('out of memory')), close: () => undefined }]);
    scribble(1, [4, 4], [12, 4]);
    await settled().toBe('failed');
    scribble(0, [30, 40], [44, 40]);
    use([workHere()]);
    await settled().toBe('failed');
    annotate.scribbles.update();
    await settled().toBe('done');
  });
});
