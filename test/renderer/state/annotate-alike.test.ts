/** What class a proposed shape probably has: said from labelled objects, taken by a key, never by itself. */
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { screenPoint } from '../../../renderer/canvas/viewport.ts';
import { AnnotateState } from '../../../renderer/state/annotate.svelte.ts';
import { firstHabits } from '../../../renderer/state/annotate-habits.ts';
import { AppError } from '../../../shared/errors.ts';
import { findLooksHere, type FindLooks } from '../../../renderer/canvas/look-finder.ts';
import { temporaryFolder } from '../../fixtures/projects.ts';
import { windowEngine } from '../window-engine.ts';

const SIZE = 64;
const NO_KEYS = { shift: false, ctrl: false, alt: false };

async function sitting(findLooks: FindLooks = findLooksHere) {
  const { engine, api } = await windowEngine();
  const { path: project } = await engine.call('project.create', {
    path: join(temporaryFolder(), 'p.graft'),
  });
  const { id: datasetId } = await engine.call('datasets.generate', {
    ...{ project, name: 'textures', generator: 'texshapes-source', count: 1 },
    ...{ sizePx: SIZE, seed: 1 },
  });
  const [image] = engine.project(project).db.datasets.images(datasetId);
  const said: string[] = [];
  const annotate = new AnnotateState({
    ...{ api, project, habits: firstHabits(), findLooks },
    notify: (_, text) => said.push(text),
    // Whatever is boxed is the object.
    cut: {
      out: ({ image: { width, height }, box }) => {
        const inside = new Uint8Array(width * height);
        for (let y = box.y0; y < box.y1; y++)
          inside.fill(1, y * width + box.x0, y * width + box.x1);
        return Promise.resolve({ inside, mixtures: { object: [], around: [] } });
      },
      border: () => Promise.reject(new Error('an object so small has no border of its own')),
    },
  });
  const stop = annotate.listen();
  onTestFinished(async () => {
    await annotate.saveAll();
    stop();
  });
  await annotate.open(datasetId, [image?.id ?? 0]);
  annotate.editor.resize({ width: SIZE, height: SIZE });
  annotate.editor.setView({ ...annotate.editor.view, zoom: 1 });
  await annotate.show(0);
  annotate.tools.zoomToActual();
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
  /** Squares of a class in the place of all labels: small ones of 1, large ones of 2. */
  const paint = (squares: readonly [number, number, number, number][]) => {
    const { document } = annotate;
    if (document === null) throw new Error('no image is open');
    const edit = document.layer.edit();
    for (let y = 0; y < SIZE; y++) edit.fillSpan(y, 0, SIZE, { value: 0, only: null });
    for (const [x, y, side, value] of squares)
      for (let row = y; row < y + side; row++)
        edit.fillSpan(row, x, x + side, { value, only: null });
    document.history.commit(edit, { kind: 'record', label: 'squares' });
  };
  return { annotate, drag, paint, said };
}

const SQUARES: readonly [number, number, number, number][] = [
  ...([0, 6, 12, 18, 24, 30, 36] as const).map((x): [number, number, number, number] => [
    x,
    0,
    3,
    1,
  ]),
  ...([0, 14, 28] as const).flatMap((x): [number, number, number, number][] => [
    [x, 8, 12, 2],
    [x, 22, 12, 2],
    [x, 36, 12, 2],
  ]),
];

describe('the class of alike objects', () => {
  it('is said for a shape of another one, and taken when asked', async () => {
    const { annotate, drag, paint } = await sitting();
    const { document } = annotate;
    if (document === null) throw new Error('no image is open');
    // The second class, where the dataset has one alone, is known by its number.
    paint(SQUARES);
    annotate.overlay.takeTool('cut');
    annotate.tools.setClass(1);
    drag([48, 48], [60, 60]);
    await expect.poll(() => annotate.suggestedClass?.value).toBe(2);
    expect(annotate.tools.settings.value).toBe(1);
    annotate.takeSuggestedClass();
    expect(annotate.tools.settings.value).toBe(2);
    // In hand already: nothing to say.
    expect(annotate.suggestedClass).toBeNull();
    annotate.editor.key('enter');
    expect([document.layer.get(50, 50), annotate.alike.found]).toEqual([2, null]);
    await annotate.saveAll();
  });

  it('knows shapes that were accepted, and none whose acceptance was undone', async () => {
    const { annotate, drag, paint } = await sitting();
    paint(SQUARES.filter(([, , , value]) => value === 1));
    const before = annotate.document?.history.position ?? 0;
    annotate.overlay.takeTool('cut');
    annotate.tools.setClass(2);
    const box = async (x: number, y: number) => {
      drag([x, y], [x + 10, y + 10]);
      await expect.poll(() => annotate.cuts.state.kind).toBe('shown');
    };
    for (const y of [8, 20, 32]) {
      for (const x of [0, 12, 24]) {
        await box(x, y);
        annotate.editor.key('enter');
      }
    }
    annotate.tools.setClass(1);
    await box(48, 48);
    expect(annotate.suggestedClass?.value).toBe(2);
    const after = annotate.document?.history.position ?? 0;
    const asked = async (position: number) => {
      annotate.editor.goTo(position);
      await box(48, 48);
      return annotate.suggestedClass?.value ?? null;
    };
    expect([await asked(before), await asked(after)]).toEqual([null, 2]);
    annotate.editor.key('escape');
    await annotate.saveAll();
  });

  it('costs nothing but itself where it fails', async () => {
    const { annotate, drag, said } = await sitting(() =>
      Promise.reject(new AppError('internal', 'Objects could not be compared.')),
    );
    annotate.overlay.takeTool('cut');
    drag([20, 20], [30, 30]);
    await expect.poll(() => said).toEqual(['Objects could not be compared.']);
    expect(annotate.suggestedClass).toBeNull();
    expect(annotate.editor.key('enter')).toBe(true);
    expect(annotate.document?.layer.get(25, 25)).toBe(annotate.tools.settings.value);
  });
});
