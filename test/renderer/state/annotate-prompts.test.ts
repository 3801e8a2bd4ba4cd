/** Clicks and boxes in Annotate, with a network of two operations that sees how red a picture is. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Api } from '../../../renderer/api.ts';
import { type Cut, cutHere } from '../../../renderer/canvas/cutter.ts';
import { screenPoint } from '../../../renderer/canvas/viewport.ts';
import { AnnotateState } from '../../../renderer/state/annotate.svelte.ts';
import { firstHabits } from '../../../renderer/state/annotate-habits.ts';
import { AppError } from '../../../shared/errors.ts';
import { promptNetwork } from '../../fixtures/prompt-network.ts';
import { temporaryFolder } from '../../fixtures/projects.ts';
import { windowEngine } from '../window-engine.ts';

const SIZE = 32;

/** The left half is red. */
function halfRed(): Uint8Array {
  const data = new Uint8Array(SIZE * SIZE * 3);
  for (let i = 0; i < data.length; i += 3) data[i] = (i / 3) % SIZE < SIZE / 2 ? 255 : 0;
  return encode({ width: SIZE, height: SIZE, channels: 3, data });
}

async function sitting({
  cut = cutHere,
  line = (own) => own,
}: { readonly cut?: Cut; readonly line?: (api: Api) => Api } = {}) {
  const { engine, api } = await windowEngine();
  const dir = temporaryFolder();
  mkdirSync(join(dir, 'images'));
  writeFileSync(join(dir, 'images', 'a.png'), halfRed());
  const { path: project } = await engine.call('project.create', { path: join(dir, 'p.graft') });
  await engine.call('datasets.import', { project, name: 'a', path: join(dir, 'images') });
  const { db } = engine.project(project);
  const [dataset] = db.datasets.list();
  const datasetId = dataset?.id ?? 0;
  await engine.call('datasets.setClasses', {
    ...{ project, datasetId },
    classes: [
      { index: 0, name: 'background', color: '#000000' },
      { index: 1, name: 'red', color: '#e69f00' },
    ],
  });
  await engine.call('prompts.choose', { files: promptNetwork(dir) });
  const annotate = new AnnotateState({
    ...{ api: line(api), project, habits: firstHabits(), cut },
    notify: () => undefined,
  });
  const stop = annotate.listen();
  onTestFinished(async () => {
    await annotate.saveAll();
    stop();
  });
  await annotate.open(
    datasetId,
    db.datasets.images(datasetId).map(({ id }) => id),
  );
  annotate.editor.resize({ width: SIZE, height: SIZE });
  await annotate.show(0);
  const click = (x: number, y: number, { shift = false } = {}) => {
    for (const kind of ['down', 'up'] as const) {
      const at = screenPoint(x, y);
      const modifiers = { shift, ctrl: false, alt: false };
      annotate.editor.pointer({ kind, at, path: [at], button: 0, modifiers, clicks: 1 });
    }
  };
  const drag = ({ ctrl, from = 2, to = 20 }: { ctrl: boolean; from?: number; to?: number }) => {
    const modifiers = { shift: false, alt: false, ctrl };
    for (const [kind, x, y] of [
      ['down', from, from],
      ['move', 12, 12],
      ['up', 20, to],
    ] as const) {
      const at = screenPoint(x, y);
      annotate.editor.pointer({ kind, at, path: [at], button: 0, modifiers, clicks: 1 });
    }
  };
  return { annotate, click, drag };
}

describe('clicking an object', () => {
  it('looks at the image once the tool is in hand, proposes masks, and paints the one that is shown', async () => {
    const { annotate, click } = await sitting();
    expect(annotate.prompts.state.kind).toBe('off');
    annotate.overlay.takeTool('click');
    await expect.poll(() => annotate.prompts.state.kind).toBe('ready');
    click(8, 8);
    await expect.poll(() => annotate.prompts.state.kind).toBe('shown');
    expect(annotate.prompts.mask).toMatchObject({ score: 0.75, area: (SIZE * SIZE) / 2 });
    expect(annotate.editor.key('tab')).toBe(true);
    expect(annotate.prompts.mask?.score).toBe(0.25);
    annotate.tools.setClass(1);
    annotate.editor.key('enter');
    const { layer, history } = annotate.document ?? {};
    expect([layer?.get(3, 5), layer?.get(SIZE - 3, 5)]).toEqual([1, 0]);
    expect(history?.entries.map(({ label }) => label)).toEqual(['Click an object, red']);
    await expect.poll(() => annotate.prompts.state.kind).toBe('ready');
    expect(annotate.prompts.masks).toEqual([]);
  });

  it('begins with an object that is painted already, and puts what is proposed in its place', async () => {
    const { annotate, click } = await sitting();
    const { layer, history } = annotate.document ?? {};
    if (layer === undefined) throw new Error('no image is open');
    const edit = layer.edit();
    for (let y = 8; y < 24; y++) edit.fillSpan(y, 10, 20, { value: 1, only: null });
    history?.commit(edit, { kind: 'record', label: 'painted' });
    annotate.overlay.takeTool('click');
    await expect.poll(() => annotate.prompts.state.kind).toBe('ready');
    click(12, 12, { shift: true });
    const { preview } = annotate.editor;
    expect(preview).toMatchObject({ points: [{ inside: true }], shape: { value: 1 } });
    expect(preview).toMatchObject({ shape: { region: { left: 10, top: 8, width: 10 } } });
    await expect.poll(() => annotate.prompts.state.kind).toBe('shown');
    // This network believes what is drawn, and proposes all the rest first.
    annotate.editor.key('enter');
    expect([layer.get(12, 12), layer.get(25, 12), layer.get(2, 2)]).toEqual([0, 1, 1]);
    annotate.editor.undo();
    expect([layer.get(12, 12), layer.get(18, 12), layer.get(2, 2)]).toEqual([1, 1, 0]);
  });

  it('refines the mask that was shown by a further click, and asks the same again where that is undone', async () => {
    const { annotate, click } = await sitting();
    annotate.overlay.takeTool('click');
    await expect.poll(() => annotate.prompts.state.kind).toBe('ready');
    const kind = () => expect.poll(() => annotate.prompts.state.kind);
    click(8, 8);
    await kind().toBe('shown');
    const first = annotate.prompts.masks.map(({ runs }) => runs);
    click(9, 9);
    // This network adds how red it is to the mask that goes in: of what is not red, nothing is left.
    await kind().toBe('nothing');
    annotate.editor.undo();
    await kind().toBe('shown');
    expect(annotate.prompts.masks.map(({ runs }) => runs)).toEqual(first);
    annotate.editor.redo();
    await kind().toBe('nothing');
  });

  it('asks nothing of a network that is not there, and says which would do', async () => {
    const { annotate, click } = await sitting();
    annotate.prompts.network = { network: null, why: 'No network for clicks and boxes.' };
    annotate.overlay.takeTool('click');
    click(8, 8);
    expect(annotate.prompts.state.kind).toBe('off');
    annotate.editor.key('escape');
    annotate.overlay.takeTool('brush');
    expect(annotate.editor.busy).toBe(false);
  });

  it('paints nothing of what was meant before a new box, and keeps Tab while masks are on the way', async () => {
    const { annotate, click, drag } = await sitting();
    annotate.overlay.takeTool('click');
    await expect.poll(() => annotate.prompts.state.kind).toBe('ready');
    click(8, 8);
    expect(annotate.editor.key('tab')).toBe(true);
    await expect.poll(() => annotate.prompts.state.kind).toBe('shown');
    drag({ ctrl: false });
    expect(annotate.prompts.masks).toEqual([]);
    expect(annotate.editor.key('tab')).toBe(true);
    annotate.editor.key('enter');
    expect(annotate.document?.history.entries).toEqual([]);
    await expect.poll(() => annotate.prompts.state.kind).toBe('shown');
    annotate.editor.key('escape');
    expect(annotate.editor.key('tab')).toBe(false);
  });

  it('cuts an object out of a box by its colours, without any network, and says whose labels those are', async () => {
    const { annotate, click, drag } = await sitting();
    annotate.tools.setClass(1);
    annotate.overlay.takeTool('cut');
    click(8, 8);
    expect(annotate.cuts.state.kind).toBe('needs box');
    // Around the box nothing is red.
    drag({ ctrl: false, from: 0, to: SIZE });
    await expect.poll(() => annotate.cuts.state.kind).toBe('shown');
    expect(annotate.editor.key('tab')).toBe(true);
    annotate.editor.key('enter');
    const { layer, history } = annotate.document ?? {};
    expect([layer?.get(8, 8), layer?.get(18, 8)]).toEqual([1, 0]);
    expect(history?.entries.map(({ label }) => label)).toEqual(['Cut out, red']);
    expect(annotate.prompts.state.kind).toBe('off');
    await annotate.saveAll();
    expect(annotate.document?.revisions[0]).toMatchObject({
      author: 'corrected',
      helpers: ['cut'],
    });
  });

  it('keeps box and clicks where the thread that cuts out ends, and goes on when asked', async () => {
    let cuts = 0;
    const { annotate, drag } = await sitting({
      cut: {
        ...cutHere,
        out: (...asked) =>
          cuts++ === 0
            ? Promise.reject(new AppError('internal', 'It could not be cut out (killed).'))
            : cutHere.out(...asked),
      },
    });
    annotate.overlay.takeTool('cut');
    drag({ ctrl: false, from: 0, to: SIZE });
    await expect
      .poll(() => annotate.cuts.state)
      .toEqual({ kind: 'failed', message: 'It could not be cut out (killed).' });
    expect(annotate.editor.preview).toMatchObject({ kind: 'prompts', box: { x0: 0, y0: 0 } });
    annotate.cuts.retry();
    await expect.poll(() => annotate.cuts.state.kind).toBe('shown');
  });

  it('keeps clicks where the process of the network ends while it looks, and goes on when asked', async () => {
    let isEnded = true;
    const ended =
      'The process that runs encoder.onnx was ended from outside, or failed. Try again.';
    const line = (api: Api): Api => {
      const call: Api['call'] = (name, ...rest) =>
        name === 'prompts.prepare' && isEnded
          ? Promise.reject(new AppError('unreadable', ended))
          : api.call(name, ...rest);
      return Object.assign(Object.create(api) as Api, { call });
    };
    const { annotate, click } = await sitting({ line });
    annotate.overlay.takeTool('click');
    click(8, 8);
    await expect.poll(() => annotate.prompts.state).toEqual({ kind: 'failed', message: ended });
    expect(annotate.editor.preview).toMatchObject({ points: [{ inside: true }] });
    isEnded = false;
    annotate.prompts.retry();
    await expect.poll(() => annotate.prompts.state.kind).toBe('shown');
    expect(annotate.prompts.mask).toMatchObject({ area: (SIZE * SIZE) / 2 });
  });

  it('takes a drag that takes away as a click, so that the clicks before it stay', async () => {
    const { annotate, click, drag } = await sitting();
    annotate.overlay.takeTool('click');
    click(8, 8);
    drag({ ctrl: true });
    const { preview } = annotate.editor;
    expect(preview).toMatchObject({ kind: 'prompts', box: null });
    expect(preview).toMatchObject({ points: [{ inside: true }, { inside: false }] });
  });
});
