import { describe, expect, test } from 'vitest';
import { History, type UndoPolicy } from '../../../renderer/canvas/history.ts';
import { LabelLayer } from '../../../renderer/canvas/label-layer.ts';
import { ObjectLayer } from '../../../renderer/canvas/object-layer.ts';

/** A layer of 8×1 pixels, in which each stroke paints the pixel of its number. */
function setUp(options: { maxBytes?: number } = {}) {
  const layer = new LabelLayer(8, 1);
  let clock = 0;
  const history = new History({ now: () => new Date(++clock), ...options });
  const paint = (x: number, value: number, policy: UndoPolicy) => {
    const edit = layer.edit();
    edit.fillSpan(0, x, x + 1, { value, only: null });
    return history.commit(edit, policy);
  };
  const stroke = (x: number) => paint(x, 1, { kind: 'record', label: `stroke ${x}` });
  const painted = () =>
    [...layer.toLabelMap().data].flatMap((value, x) => (value === 1 ? [x] : []));
  const labels = () => history.entries.map(({ label }) => label);
  return { layer, history, paint, stroke, painted, labels };
}

describe('the history of a label map', () => {
  test('undoes and redoes entry by entry, and says which', () => {
    const { history, stroke, painted } = setUp();
    expect([history.canUndo, history.canRedo, history.position]).toEqual([false, false, 0]);
    expect([history.undo(), history.redo(), history.lastDone]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    for (const x of [0, 1, 2]) expect(stroke(x)).toBe(true);
    expect(history.lastDone?.label).toBe('stroke 2');
    expect([history.canUndo, history.canRedo, history.position]).toEqual([true, false, 3]);
    expect(history.undo()?.label).toBe('stroke 2');
    expect([history.canUndo, history.canRedo, history.position]).toEqual([true, true, 2]);
    expect(painted()).toEqual([0, 1]);
    expect(history.undo()?.label).toBe('stroke 1');
    expect(history.redo()?.label).toBe('stroke 1');
    expect(painted()).toEqual([0, 1]);
    expect(history.lastDone?.label).toBe('stroke 1');
    history.undo();
    history.undo();
    expect([painted(), history.canUndo]).toEqual([[], false]);
  });

  test('numbers its entries and knows when they were made', () => {
    const { history, stroke } = setUp();
    stroke(0);
    stroke(1);
    expect(history.entries.map(({ id, at }) => [id, at.getTime()])).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  test('counts what becomes of objects among its bytes', () => {
    const { layer, history, stroke } = setUp();
    history.accompany(layer, new ObjectLayer(8, 1));
    stroke(0);
    const alone = history.bytes;
    const edit = layer.edit();
    edit.fillSpan(0, 1, 2, { value: 1, only: null });
    const policy = { kind: 'record', label: 'an object' } as const;
    history.commit(edit, policy, (objects, classes) => objects.after(classes, 7));
    const [first, second] = history.entries;
    expect(first?.objects).toBeNull();
    const code = [...(second?.objects?.diff.values() ?? [])].reduce(
      (sum, { length }) => sum + length,
      0,
    );
    expect(code).toBeGreaterThan(0);
    expect(history.bytes - alone - (second?.diff.length ?? 0)).toBe(
      alone - (first?.diff.length ?? 0) + code,
    );
  });

  test('has no entry of what changed nothing', () => {
    const { history, paint, stroke, labels } = setUp();
    stroke(0);
    history.undo();
    expect(paint(3, 0, { kind: 'record', label: 'nothing' })).toBe(false);
    // Nor does that take away what can be redone.
    expect([labels(), history.canRedo]).toEqual([['stroke 0'], true]);
    expect(paint(3, 0, { kind: 'forget' })).toBe(false);
    expect(history.canRedo).toBe(true);
  });

  test('drops what was undone when something else is done, and its bytes', () => {
    const { history, stroke, painted, labels } = setUp();
    stroke(0);
    const one = history.bytes;
    expect(one).toBe(256 + (history.entries[0]?.diff.length ?? NaN));
    stroke(1);
    stroke(2);
    expect(history.bytes).toBeGreaterThan(one);
    history.goTo(1);
    stroke(5);
    expect([labels(), painted(), history.position]).toEqual([['stroke 0', 'stroke 5'], [0, 5], 2]);
    expect(history.bytes).toBe(
      history.entries.reduce((sum, { diff }) => sum + diff.length + 256, 0),
    );
  });

  test('goes to any of its entries', () => {
    const { history, stroke, painted } = setUp();
    for (const x of [0, 1, 2, 3]) stroke(x);
    history.goTo(1);
    expect([painted(), history.position]).toEqual([[0], 1]);
    history.goTo(3);
    expect([painted(), history.position]).toEqual([[0, 1, 2], 3]);
    history.goTo(3);
    expect(history.position).toBe(3);
    history.goTo(-5);
    expect([painted(), history.position]).toEqual([[], 0]);
    history.goTo(99);
    expect([painted(), history.position]).toEqual([[0, 1, 2, 3], 4]);
  });

  test('ends where other pixels take the place of the layer', () => {
    const { history, paint, stroke, painted } = setUp();
    stroke(0);
    stroke(1);
    history.undo();
    expect(paint(4, 1, { kind: 'forget' })).toBe(true);
    expect([history.entries, history.position, history.bytes]).toEqual([[], 0, 0]);
    expect([history.canUndo, history.canRedo, painted()]).toEqual([false, false, [0, 4]]);
  });

  test('forgets the oldest entries beyond its bytes, but never the last one', () => {
    const { history: unbounded, stroke: free } = setUp();
    free(0);
    const entry = unbounded.bytes;
    const { history, stroke, painted, labels } = setUp({ maxBytes: 2 * entry });
    stroke(0);
    stroke(1);
    expect([labels(), history.bytes]).toEqual([['stroke 0', 'stroke 1'], 2 * entry]);
    stroke(2);
    expect([labels(), history.bytes, history.position]).toEqual([
      ['stroke 1', 'stroke 2'],
      2 * entry,
      2,
    ]);
    const ids = [1, ...history.entries.map(({ id }) => id)];
    const done = () => ids.map((id) => history.isDone(id));
    expect(done()).toEqual([true, true, true]);
    history.goTo(0);
    expect(painted()).toEqual([0]);
    // What can no longer be undone stays done; what another stroke takes the place of never will be again.
    expect(done()).toEqual([true, false, false]);
    stroke(3);
    expect([done(), history.isDone(4)]).toEqual([[true, false, false], true]);
    const { stroke: only, labels: last } = setUp({ maxBytes: 1 });
    only(0);
    only(1);
    expect(last()).toEqual(['stroke 1']);
  });
});
