/** Changes of the shape of a class in Annotate: one step of the history, and nothing of what somebody else drew. */
import { expect, it } from 'vitest';
import { type Reshape, reshapeHere } from '../../../renderer/canvas/reshaper.ts';
import { MOST } from '../../../renderer/state/annotate-refine.svelte.ts';
import { annotateSitting } from '../annotate-sitting.ts';

const SIZE = 32;

/** A square of class 1 from (8, 8) to (12, 12) on background. */
async function sitting(reshape: Reshape = reshapeHere) {
  const said: string[] = [];
  const { annotate } = await annotateSitting({
    sizePx: SIZE,
    ports: { reshape, notify: (_, text) => said.push(text) },
  });
  const put = (y0: number, y1: number, x0: number, x1: number, value: number) => {
    const { document } = annotate;
    if (document === null) throw new Error('no image is open');
    const edit = document.layer.edit();
    for (let y = y0; y < y1; y++) edit.fillSpan(y, x0, x1, { value, only: null });
    document.history.commit(edit, { kind: 'record', label: 'put' });
  };
  put(0, SIZE, 0, SIZE, 0);
  put(8, 12, 8, 12, 1);
  annotate.tools.setClass(1);
  const area = (value = 1) =>
    annotate.document?.layer.toLabelMap().data.filter((one) => one === value).length;
  const steps = () => annotate.document?.history.entries.length ?? 0;
  return { annotate, put, area, said, steps };
}

it('is one step that undo takes back, called after what was done', async () => {
  const { annotate, area, steps } = await sitting();
  const before = steps();
  annotate.refine.setRadius(2);
  await annotate.refine.apply('grow');
  expect(area()).toBeGreaterThan(16);
  expect(steps()).toBe(before + 1);
  expect(annotate.labels.history.entries.at(-1)?.label).toMatch(/^Grown by 2 px, /);
  expect(annotate.refine.working).toBeNull();
  annotate.editor.undo();
  expect(area()).toBe(16);
});

it('one change waits for the one before, each with what was set when it was asked for', async () => {
  let running = 0;
  let most = 0;
  const { annotate, area } = await sitting(async (map, options) => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 5));
    running--;
    return reshapeHere(map, options);
  });
  annotate.refine.setRadius(2);
  const first = annotate.refine.apply('grow');
  annotate.refine.setRadius(1);
  await Promise.all([first, annotate.refine.apply('shrink')]);
  expect(most).toBe(1);
  const labels = annotate.labels.history.entries.slice(-2).map(({ label }) => label.split(',')[0]);
  expect(labels).toEqual(['Grown by 2 px', 'Shrunk by 1 px']);
  expect(area()).toBeGreaterThan(16);
});

it('makes no step where nothing changes, and says so; the background has no shape', async () => {
  const { annotate, area, said, steps } = await sitting();
  const before = steps();
  annotate.refine.setArea(5);
  await annotate.refine.apply('removeSmall');
  expect([steps(), area(), said.length]).toEqual([before, 16, 1]);
  expect(said[0]).toMatch(/^Nothing of .* changes by that in this image\.$/);
  annotate.tools.setClass(0);
  await annotate.refine.apply('grow');
  expect([steps(), said.length]).toEqual([before, 1]);
});

it('changes nothing of an image that was left meanwhile, and says so', async () => {
  let go = () => {};
  const opened = new Promise<void>((resolve) => (go = resolve));
  const { annotate, area, said } = await sitting(async (map, options) => {
    await opened;
    return reshapeHere(map, options);
  });
  const change = annotate.refine.apply('grow');
  await annotate.show(1);
  go();
  await change;
  expect(said).toEqual([expect.stringMatching(/was left before .* was changed there/)]);
  await annotate.show(0);
  expect(area()).toBe(16);
});

it('a failure is thrown, and the next change goes on', async () => {
  let fails = true;
  const { annotate, area } = await sitting((map, options) =>
    fails ? Promise.reject(new Error('the thread ended')) : reshapeHere(map, options),
  );
  await expect(annotate.refine.apply('grow')).rejects.toThrow('the thread ended');
  expect([area(), annotate.refine.working]).toEqual([16, null]);
  fails = false;
  await annotate.refine.apply('grow');
  expect(area()).toBeGreaterThan(16);
});

it('distances and areas are whole, at least 1 and bounded; what is no number is left out', async () => {
  const { annotate } = await sitting();
  const { refine } = annotate;
  refine.setRadius(2.6);
  refine.setArea(0);
  expect([refine.radiusPx, refine.areaPx]).toEqual([3, 1]);
  refine.setRadius(1e9);
  refine.setArea(1e9);
  expect([refine.radiusPx, refine.areaPx]).toEqual([MOST.radiusPx, MOST.areaPx]);
  refine.setRadius(Number.NaN);
  expect(refine.radiusPx).toBe(MOST.radiusPx);
});
