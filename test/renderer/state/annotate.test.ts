/** A sitting of annotation on an engine of this process: what is drawn, undone and saved, and what others change. */
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { CanvasPointer } from '../../../renderer/canvas/editor.ts';
import { NO_MODIFIERS } from '../../../renderer/canvas/tools/tool.ts';
import { imagePoint, toScreen } from '../../../renderer/canvas/viewport.ts';
import { AnnotateState } from '../../../renderer/state/annotate.svelte.ts';
import { firstHabits } from '../../../renderer/state/annotate-habits.ts';
import { decodeLabelMap, encodeLabelMap } from '../../../shared/label-map.ts';
import { temporaryFolder } from '../../fixtures/projects.ts';
import { windowEngine } from '../window-engine.ts';

const SIZE = 32;

async function sitting() {
  const line = await windowEngine();
  const { engine, api } = line;
  const { path: project } = await engine.call('project.create', {
    path: join(temporaryFolder(), 'p.graft'),
  });
  const { id: datasetId } = await engine.call('datasets.generate', {
    project,
    name: 'textures',
    generator: 'texshapes-source',
    count: 3,
    sizePx: SIZE,
    seed: 1,
  });
  const { db } = engine.project(project);
  const imageIds = db.datasets.images(datasetId).map(({ id }) => id);
  const said: string[] = [];
  const habits = firstHabits();
  const open = async () => {
    const annotate = new AnnotateState({
      api,
      project,
      habits,
      notify: (tone, text) => said.push(`${tone}: ${text}`),
    });
    const stop = annotate.listen();
    annotate.editor.resize({ width: 320, height: 320 });
    await annotate.open(datasetId, imageIds);
    await annotate.show(0);
    return { annotate, stop };
  };
  const { annotate, stop } = await open();
  onTestFinished(async () => {
    await annotate.saveAll();
    stop();
  });
  const send = (kind: CanvasPointer['kind'], x: number, y: number) => {
    const at = toScreen(annotate.editor.view, imagePoint(x, y));
    annotate.editor.pointer({
      kind,
      at,
      path: [at],
      button: 0,
      modifiers: NO_MODIFIERS,
      clicks: 1,
    });
  };
  const click = (x: number, y: number) => {
    send('down', x, y);
    send('up', x, y);
  };
  /** On disk. */
  const pixels = (imageId: number, value: number) => {
    const id = db.datasets.image(imageId)?.labelMapId ?? 0;
    const bytes = db.labelMaps.bytes(id) ?? new Uint8Array();
    return decodeLabelMap(bytes).data.filter((one) => one === value).length;
  };
  const [first = 0, second = 0] = imageIds;
  return {
    ...line,
    line,
    project,
    datasetId,
    db,
    annotate,
    open,
    habits,
    said,
    click,
    pixels,
    first,
    second,
  };
}

describe('undo in a polygon', () => {
  it('takes back its corners, then the stroke before, on disk as well', async () => {
    const { annotate, click, pixels, first } = await sitting();
    annotate.tools.setClass(1);
    const before = pixels(first, 1);
    annotate.editor.setSettings({ tool: 'brush', brushSizePx: 9 });
    click(3, 3);
    await annotate.saveAll();
    const painted = pixels(first, 1);
    expect(painted).toBeGreaterThan(before);
    expect([annotate.labels.canUndo, annotate.labels.canRedo]).toEqual([true, false]);

    annotate.overlay.takeTool('polygon');
    click(10, 10);
    click(20, 10);
    // Saving ends no shape in progress.
    annotate.saveNow();
    expect([annotate.editor.busy, annotate.labels.unsaved]).toEqual([true, 0]);
    annotate.editor.undo();
    annotate.editor.undo();
    expect([annotate.labels.history.position, annotate.labels.unsaved]).toEqual([1, 0]);
    expect([annotate.labels.canUndo, annotate.labels.canRedo]).toEqual([true, true]);
    annotate.editor.undo();
    annotate.saveNow();
    await expect.poll(() => pixels(first, 1)).toBe(before);
    expect(annotate.labels.canUndo).toBe(false);
    for (let step = 0; step < 3; step++) annotate.editor.redo();
    annotate.saveNow();
    await expect.poll(() => pixels(first, 1)).toBe(painted);
    expect([annotate.editor.busy, annotate.labels.canRedo]).toEqual([true, false]);
  });
});

describe('objects that are damaged', () => {
  it('leave the image open with its labels, and are forgotten on request as a new version', async () => {
    const { annotate, db, second } = await sitting();
    const before = db.datasets.image(second)?.labelMapId ?? 0;
    db.transaction(() => db.labelMaps.addObjects(before, Uint8Array.of(1, 2, 3)));
    await annotate.show(1);
    expect([annotate.error, annotate.objects.layer]).toEqual([null, null]);
    expect(annotate.objects.damage).toMatch(/damaged/);
    await annotate.objects.forgetDamaged();
    expect(annotate.objects.damage).toBeNull();
    const now = db.datasets.image(second)?.labelMapId ?? 0;
    expect([now > before, db.labelMaps.hasObjects(now)]).toEqual([true, false]);
  });
});

describe('what is drawn', () => {
  it('is saved by itself as a revision, and goes with the image to the next', async () => {
    const { annotate, api, project, click, first } = await sitting();
    annotate.tools.setClass(1);
    click(3, 3);
    expect(annotate.labels.unsaved).toBe(1);
    await annotate.show(1);
    await expect.poll(() => annotate.labels.unsaved).toBe(0);
    const history = await api.call('labelMaps.history', { project, imageId: first });
    expect(history.map(({ author }) => author)).toEqual(['human', 'generated']);
    await annotate.show(0);
    expect(annotate.labels.history.entries.map(({ label }) => label)).toEqual([
      expect.stringMatching(/^Brush, /),
    ]);
  });

  it('is kept while the engine is away, and saved when it is back', async () => {
    const { annotate, connect, click, pixels, first } = await sitting();
    annotate.tools.setClass(1);
    annotate.editor.setSettings({ brushSizePx: 12 });
    const before = pixels(first, 1);
    connect('lost');
    click(3, 3);
    await expect.poll(() => annotate.labels.saveState.kind).toBe('failed');
    expect(annotate.labels.unsaved).toBe(1);
    connect('open');
    await annotate.saveAll();
    expect([annotate.labels.saveState.kind, annotate.labels.unsaved]).toEqual(['saved', 0]);
    expect(pixels(first, 1)).toBeGreaterThan(before);
  });

  it('an image that cannot be shown says why, and is shown when asked again', async () => {
    const { annotate, connect } = await sitting();
    connect('lost');
    await annotate.show(2);
    // Neighbours are fetched ahead: the third one may be there already.
    if (annotate.document === null) expect(annotate.error).toBe('The engine is away.');
    connect('open');
    await annotate.show(2);
    expect([annotate.error, annotate.document?.record.name]).toEqual([null, annotate.image?.name]);
  });
});

describe('what others change', () => {
  const blank = encodeLabelMap({
    width: SIZE,
    height: SIZE,
    data: new Uint8Array(SIZE * SIZE).fill(1),
  });

  it('labels of the image in view are shown, with a word', async () => {
    const { annotate, engine, project, said, first } = await sitting();
    await engine.call(
      'labelMaps.save',
      { project, imageId: first, author: 'human', runId: null, base: null, bytes: blank },
      { origin: 'another window' },
    );
    await expect
      .poll(() => said)
      .toEqual(['info: The labels of this image were changed elsewhere. These are the newest.']);
    await expect.poll(() => annotate.document?.layer.get(0, 0)).toBe(1);
    expect(annotate.labels.history.entries).toEqual([]);
  });

  it('but what is being drawn stays, and goes on top of it', async () => {
    const { annotate, engine, project, said, click, first, api } = await sitting();
    annotate.tools.setClass(1);
    click(3, 3);
    await engine.call(
      'labelMaps.save',
      { project, imageId: first, author: 'human', runId: null, base: null, bytes: blank },
      { origin: 'another window' },
    );
    await annotate.saveAll();
    await expect
      .poll(() => said)
      .toEqual([expect.stringMatching(/were changed elsewhere too\. Yours are now the newest/)]);
    const history = await api.call('labelMaps.history', { project, imageId: first });
    expect(history).toHaveLength(3);
  });

  it('classes that are renamed have their new names', async () => {
    const { annotate, engine, project, datasetId } = await sitting();
    const classes = annotate.classes.map((one) =>
      one.index === 1 ? { ...one, name: 'renamed' } : one,
    );
    await engine.call('datasets.setClasses', { project, datasetId, classes });
    await expect.poll(() => annotate.className(1)).toBe('renamed');
  });
});

describe('tools', () => {
  it('and how they were left are found again in the next sitting', async () => {
    const { annotate, open, habits } = await sitting();
    annotate.overlay.takeTool('wand');
    annotate.tools.stepSize(4);
    annotate.tools.setClass(2);
    annotate.look.opacity = 0.8;
    const next = await open();
    next.stop();
    expect(habits.settings.tool).toBe('brush');
    annotate.listen()();
    const later = await open();
    expect(later.annotate.tools.settings).toMatchObject({ tool: 'wand', tolerance: 20, value: 2 });
    expect(later.annotate.look.opacity).toBe(0.8);
    later.stop();
  });

  it('that need a prediction are not taken in hand without one', async () => {
    const { annotate } = await sitting();
    annotate.overlay.takeTool('accept');
    expect(annotate.tools.settings.tool).toBe('brush');
  });

  it('classes go round, and X swaps with the background', async () => {
    const { annotate } = await sitting();
    const [, one, two] = annotate.classes.map(({ index }) => index);
    annotate.tools.setClass(one ?? 1);
    annotate.tools.stepClass(1);
    expect(annotate.tools.settings.value).toBe(two);
    annotate.tools.swapClass();
    expect(annotate.tools.settings.value).toBe(0);
    annotate.tools.stepClass(-1);
    expect(annotate.tools.settings.value).toBe(annotate.classes.at(-1)?.index);
    annotate.tools.setClass(two ?? 2);
    annotate.tools.swapClass();
    annotate.tools.swapClass();
    expect(annotate.tools.settings.value).toBe(two);
  });
});
