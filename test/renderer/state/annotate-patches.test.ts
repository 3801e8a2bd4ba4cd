/** Painting by the patch in Annotate: cut up while its tool is in hand, anew where something else is seen. */
import { describe, expect, it } from 'vitest';
import type { MakePatches } from '../../../renderer/canvas/patch-maker.ts';
import { screenPoint } from '../../../renderer/canvas/viewport.ts';
import { patchesOf, type PatchRequest } from '../../../shared/assist/patches.ts';
import { AppError } from '../../../shared/errors.ts';
import { annotateSitting } from '../annotate-sitting.ts';

const SIZE = 48;

async function sitting() {
  const asked: PatchRequest[] = [];
  let make: MakePatches = (request) => Promise.resolve(patchesOf(request));
  const makePatches: MakePatches = (request, signal) => {
    asked.push(request);
    return make(request, signal);
  };
  const { annotate } = await annotateSitting({ sizePx: SIZE, ports: { makePatches } });
  const state = () => expect.poll(() => annotate.patches.state.kind);
  const press = () => {
    const at = screenPoint(SIZE / 2, SIZE / 2);
    for (const kind of ['down', 'up'] as const) {
      const modifiers = { shift: false, ctrl: false, alt: false };
      annotate.editor.pointer({ kind, at, path: [at], button: 0, modifiers, clicks: 1 });
    }
  };
  return { annotate, asked, state, press, use: (next: MakePatches) => (make = next) };
}

describe('patches in Annotate', () => {
  it('are there while their tool is in hand, and paint as the hand does', async () => {
    const { annotate, asked, state, press } = await sitting();
    expect([annotate.patches.state.kind, asked.length]).toEqual(['off', 0]);
    annotate.overlay.takeTool('patches');
    await state().toBe('shown');
    const first = annotate.patches.map;
    expect([first?.region.sizePx, asked.length]).toEqual([24, 1]);
    press();
    const value = annotate.tools.settings.value;
    const painted = () => annotate.document?.layer.get(SIZE / 2, SIZE / 2);
    expect(painted()).toBe(value);
    await annotate.saveAll();
    expect(annotate.document?.revisions[0]?.helpers).toEqual([]);
    annotate.editor.undo();
    expect(annotate.labels.history.position).toBe(0);
    // The pointer moves: nothing is cut up anew. A size and a kind do it.
    expect(annotate.patches.map).toBe(first);
    annotate.tools.stepSize(-10);
    annotate.patches.setKind('edges');
    await expect.poll(() => asked.at(-1)?.kind).toBe('edges');
    await state().toBe('shown');
    expect(annotate.patches.map?.region.sizePx).toBe(14);
    annotate.tools.setTool('brush');
    expect([annotate.patches.map, annotate.patches.state.kind]).toEqual([null, 'off']);
  });

  it('are cut anew for another image and another contrast, and what fails is said', async () => {
    const { annotate, asked, state, use } = await sitting();
    annotate.overlay.takeTool('patches');
    await state().toBe('shown');
    annotate.look.setTone({ brightness: 0.3 });
    annotate.patches.follow();
    await expect.poll(() => asked.length).toBe(2);
    await state().toBe('shown');
    await annotate.show(1);
    await expect.poll(() => asked.length).toBe(3);
    expect(asked[2]?.colors).not.toEqual(asked[1]?.colors);
    await state().toBe('shown');
    use(() => Promise.reject(new AppError('internal', 'It ended. Your labels are kept.')));
    annotate.tools.stepSize(10);
    await state().toBe('failed');
    use((request) => Promise.resolve(patchesOf(request)));
    annotate.patches.retry();
    await state().toBe('shown');
  });
});
