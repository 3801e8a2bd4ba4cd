import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Editor, type CanvasPointer } from '../../../renderer/canvas/editor.ts';
import { DEFAULT_SETTINGS, type EditorSettings } from '../../../renderer/canvas/editor-settings.ts';
import { History } from '../../../renderer/canvas/history.ts';
import { LabelLayer } from '../../../renderer/canvas/label-layer.ts';
import { PatchMap } from '../../../renderer/canvas/patch-map.ts';
import { IGNORE } from '../../../shared/entities.ts';
import { TOOL_NAMES } from '../../../renderer/canvas/tools/all-tools.ts';
import {
  NO_MODIFIERS,
  type Modifiers,
  type ProposedMask,
  type Prompts,
} from '../../../renderer/canvas/tools/tool.ts';
import {
  imagePoint,
  screenPoint,
  toImage,
  toScreen,
  zoomAt,
  type Rect,
} from '../../../renderer/canvas/viewport.ts';

const SIZE = { width: 64, height: 48 };

function setUp(settings: Partial<EditorSettings> = {}, blank = 0) {
  const layer = new LabelLayer(SIZE.width, SIZE.height, blank);
  const scribbles = new LabelLayer(layer.width, layer.height, IGNORE);
  const history = new History();
  let current: EditorSettings = { ...DEFAULT_SETTINGS, brushSizePx: 5, ...settings };
  const prediction = new LabelLayer(SIZE.width, SIZE.height);
  const whole = { x0: 0, y0: 0, x1: SIZE.width, y1: SIZE.height };
  const asked: Rect[] = [];
  const prompted: (Prompts | null)[] = [];
  let proposed: ProposedMask | null = null;
  let patches: PatchMap | null = null;
  const editor = new Editor({
    settings: () => current,
    setSettings: (next) => (current = next),
    strokeLabel: (tool, { value }) => `${tool} ${value}`,
    committed: () => undefined,
    onceWhole: (take) => take(),
    takeBack: () => false,
    predict: (area) => asked.push(area),
    prompt: (prompts) => prompted.push(prompts),
    nextProposal: () => false,
    changed: () => undefined,
  });
  editor.resize({ width: 640, height: 480 });
  // Displayed: two halves of different grey.
  const displayed = (x: number) => (x < 32 ? 0x202020 : 0x303030);
  const show = (area = whole) =>
    editor.open({
      ...{ layer, scribbles, history, displayed, blank, proposed: () => proposed },
      patches: () => patches,
      prediction: { layer: prediction, area },
    });
  show();
  const send = (
    kind: CanvasPointer['kind'],
    [x, y]: readonly [number, number],
    options: { modifiers?: Partial<Modifiers>; button?: number; clicks?: number } = {},
  ) => {
    const at = toScreen(editor.view, imagePoint(x, y));
    editor.pointer({
      kind,
      at,
      path: [at],
      button: options.button ?? 0,
      modifiers: { ...NO_MODIFIERS, ...options.modifiers },
      clicks: options.clicks ?? 1,
    });
  };
  const drag = (
    points: readonly (readonly [number, number])[],
    options: Parameters<typeof send>[2] = {},
  ) => {
    points.forEach((point, i) => send(i === 0 ? 'down' : 'move', point, options));
    send('up', points.at(-1) ?? [0, 0], options);
  };
  const click = (point: readonly [number, number], options: Parameters<typeof send>[2] = {}) =>
    drag([point], options);
  const count = (value: number) => layer.toLabelMap().data.filter((v) => v === value).length;
  return {
    ...{ layer, scribbles, history, prediction, editor, show, asked },
    ...{ send, drag, click, count, settings: () => current, prompted },
    propose: (mask: ProposedMask | null) => (proposed = mask),
    cutInto: (map: PatchMap | null) => (patches = map),
  };
}

describe('scribbles', () => {
  const line = [
    [10.5, 10.5],
    [20.5, 10.5],
  ] as const;

  test('are drawn beside the labels, in a size of their own, and on background by Ctrl', () => {
    const { scribbles, history, count, drag, settings } = setUp({
      ...{ tool: 'scribble', value: 1, scribbleSizePx: 1, keepOthers: true },
    });
    const drawn = () => scribbles.toLabelMap().data.filter((value) => value !== IGNORE).length;
    drag(line);
    expect([drawn(), scribbles.get(15, 10), count(0)]).toEqual([11, 1, SIZE.width * SIZE.height]);
    drag([[12.5, 10.5]], { modifiers: { ctrl: true } });
    drag([[12.5, 20.5]], { button: 2 });
    expect([drawn(), scribbles.get(12, 10), scribbles.get(12, 20)]).toEqual([12, 0, 0]);
    expect(settings().brushSizePx).toBe(5);
    history.goTo(0);
    expect(drawn()).toBe(0);
  });

  test('are taken away with Ignored in hand, and by Ctrl where nothing is background', () => {
    const { scribbles, history, drag } = setUp({
      ...{ tool: 'scribble', value: IGNORE, scribbleSizePx: 1 },
    });
    const edit = scribbles.edit();
    edit.fillSpan(10, 10, 21, { value: 1, only: null });
    history.commit(edit, { kind: 'record', label: 'A stroke' });
    drag([[12.5, 10.5]]);
    expect([scribbles.get(12, 10), scribbles.get(13, 10)]).toEqual([IGNORE, 1]);
    const other = setUp({ tool: 'scribble', value: 1, scribbleSizePx: 1 }, IGNORE);
    other.drag(line);
    other.drag([[12.5, 10.5]], { modifiers: { ctrl: true } });
    expect([other.scribbles.get(12, 10), other.scribbles.get(13, 10)]).toEqual([IGNORE, 1]);
  });
});

describe('patches', () => {
  /** Squares of 8 px. */
  const [columns, rows] = [SIZE.width / 8, SIZE.height / 8];
  const numbers = Int32Array.from(
    { length: SIZE.width * SIZE.height },
    (_, i) => Math.floor(i / SIZE.width / 8) * columns + Math.floor((i % SIZE.width) / 8),
  );
  const boxes = Int32Array.from({ length: 4 * columns * rows }, (_, i) => {
    const number = Math.floor(i / 4);
    const [x, y] = [8 * (number % columns), 8 * Math.floor(number / columns)];
    return [x, y, x + 8, y + 8][i % 4] ?? 0;
  });
  const squares = new PatchMap(
    { numbers, boxes, shades: new Uint8Array(columns * rows).fill(1) },
    { x0: 0, y0: 0, x1: SIZE.width, y1: SIZE.height, step: 1, sizePx: 8 },
  );

  test('are painted whole, all that a drag comes over, as one step', () => {
    const { layer, history, count, drag, click, cutInto, editor, send } = setUp({
      tool: 'patches',
    });
    click([20, 20]);
    expect(history.entries).toHaveLength(0);
    cutInto(squares);
    send('move', [20, 20]);
    expect(editor.proposed).toEqual({
      region: { left: 16, top: 16, width: 8, height: 8 },
      runs: [0, 64],
    });
    expect(editor.cursor?.brushSizePx).toBeNull();
    drag([
      [4, 4],
      [30, 5],
      [30, 12],
    ]);
    expect([count(1), layer.get(0, 0), layer.get(31, 15), layer.get(0, 8)]).toEqual([
      5 * 64,
      1,
      1,
      0,
    ]);
    expect(history.entries.map(({ label }) => label)).toEqual(['patches 1']);
    click([4, 4], { modifiers: { ctrl: true } });
    expect(count(1)).toBe(4 * 64);
    editor.undo();
    editor.undo();
    expect(count(1)).toBe(0);
  });

  test('stay as they were at the press, and Escape takes all of them back', () => {
    const { history, count, send, cutInto, editor } = setUp({ tool: 'patches' });
    cutInto(squares);
    send('down', [4, 4]);
    cutInto(null);
    send('move', [12, 4]);
    expect(count(1)).toBe(2 * 64);
    expect(editor.key('escape')).toBe(true);
    expect([count(1), history.entries.length, editor.busy]).toEqual([0, 0, false]);
  });

  test('have a size of their own, which an Alt-drag changes within its limits', () => {
    const { drag, settings } = setUp({ tool: 'patches', patchSizePx: 20 });
    drag(
      [
        [10, 10],
        [0, 10],
      ],
      { modifiers: { alt: true } },
    );
    expect([settings().patchSizePx, settings().brushSizePx]).toEqual([6, 5]);
  });
});

describe('clicking an object', () => {
  const point = (x: number, y: number, inside = true) => ({ x, y, inside });
  const rounded = (prompts: Prompts | null | undefined) =>
    prompts?.points.map(({ x, y, inside }) => point(Math.round(x), Math.round(y), inside));
  const mask = {
    region: { left: 10, top: 20, width: 8, height: 4 },
    // A row of three, and one of two below it.
    runs: [1, 3, 5, 2],
  };

  test('asks by clicks in it and beside it, which are undone one by one, and paints nothing', () => {
    const { click, drag, editor, prompted, history } = setUp({ tool: 'click', value: 2 });
    click([12, 22]);
    click([30, 22], { button: 2 });
    click([31, 22], { modifiers: { alt: true } });
    expect(rounded(prompted.at(-1))).toEqual([
      point(12, 22),
      point(30, 22, false),
      point(31, 22, false),
    ]);
    editor.undo();
    expect(rounded(prompted.at(-1))).toHaveLength(2);
    editor.redo();
    expect(rounded(prompted.at(-1))).toHaveLength(3);
    // A box begins anew.
    drag([
      [40, 30],
      [20, 10],
    ]);
    expect(prompted.at(-1)).toMatchObject({ points: [] });
    const { x0, y1 } = prompted.at(-1)?.box ?? { x0: 0, y1: 0 };
    // All pixels that it touches.
    expect([Math.round(x0), Math.round(y1)]).toEqual([20, 31]);
    click([-5, 10]);
    expect(prompted.at(-1)?.points).toEqual([]);
    editor.key('escape');
    expect(prompted.at(-1)).toBeNull();
    expect(history.entries).toHaveLength(0);
  });

  test('paints what is proposed with Enter, as one entry in the class in hand', () => {
    const { click, editor, history, layer, propose, prompted, settings } = setUp({
      ...{ tool: 'click', value: 3 },
    });
    click([12, 22]);
    expect(editor.key('enter')).toBe(true);
    expect(history.entries).toHaveLength(0);
    propose(mask);
    expect(editor.proposed).toBe(mask);
    editor.key('enter');
    expect(history.entries.map(({ label }) => label)).toEqual(['click 3']);
    const painted = [];
    for (let y = 18; y < 26; y++)
      for (let x = 8; x < 20; x++) if (layer.get(x, y) === 3) painted.push([x, y]);
    expect(painted).toEqual([
      [11, 20],
      [12, 20],
      [13, 20],
      [11, 21],
      [12, 21],
    ]);
    expect([prompted.at(-1), editor.proposed, editor.busy]).toEqual([null, null, false]);
    editor.undo();
    expect(layer.get(12, 20)).toBe(0);
    expect(settings().value).toBe(3);
  });

  test('drops what is proposed when another tool is taken, for it is no label', () => {
    const { click, editor, layer, propose, prompted } = setUp({ tool: 'click' });
    click([12, 22]);
    propose(mask);
    editor.setSettings({ tool: 'brush' });
    expect(prompted.at(-1)).toBeNull();
    expect([layer.get(12, 20), editor.proposed]).toEqual([0, null]);
  });
});

describe('brush and eraser', () => {
  test('a drag paints a gapless line of the chosen class, as one entry of the history', () => {
    const { drag, history, layer } = setUp({ value: 3 });
    drag([
      [10, 10],
      [40, 10],
    ]);
    for (let x = 10; x <= 40; x++) expect(layer.get(x, 10)).toBe(3);
    expect(history.entries.map(({ label }) => label)).toEqual(['brush 3']);
  });

  test('Control erases for the moment, the right button does too', () => {
    const { drag, click, count } = setUp({ brushSizePx: 9 });
    click([20, 20]);
    const painted = count(1);
    drag([[20, 20]], { modifiers: { ctrl: true } });
    expect(painted).toBeGreaterThan(50);
    expect(count(1)).toBe(0);
    click([20, 20]);
    click([20, 20], { button: 2 });
    expect(count(1)).toBe(0);
  });

  test('other classes can be kept from harm', () => {
    const { click, editor, layer } = setUp({ value: 1, keepOthers: true });
    click([20, 20]);
    editor.setSettings({ value: 2 });
    click([22, 20]);
    expect(layer.get(20, 20)).toBe(1);
    expect(layer.get(24, 20)).toBe(2);
    editor.setSettings({ tool: 'eraser' });
    click([22, 20]);
    expect(layer.get(20, 20)).toBe(1);
    expect(layer.get(24, 20)).toBe(0);
  });

  test('Shift continues in a straight line from where the last stroke ended', () => {
    const { click, layer, history } = setUp({ brushSizePx: 1 });
    click([5.5, 5.5]);
    click([25.5, 5.5], { modifiers: { shift: true } });
    for (let x = 5; x <= 25; x++) expect(layer.get(x, 5)).toBe(1);
    expect(history.entries).toHaveLength(2);
  });

  test('Shift while dragging draws one line from the press to the pointer, not its way', () => {
    const { drag, layer } = setUp({ brushSizePx: 1 });
    drag(
      [
        [5.5, 5.5],
        [15.5, 30.5],
        [25.5, 5.5],
      ],
      { modifiers: { shift: true } },
    );
    expect(layer.get(15, 30)).toBe(0);
    expect(layer.get(15, 5)).toBe(1);
  });

  test('Alt resizes instead of painting', () => {
    const { send, count, settings } = setUp({ brushSizePx: 5 });
    send('down', [20, 20], { modifiers: { alt: true } });
    send('move', [25, 20], { modifiers: { alt: true } });
    send('up', [25, 20], { modifiers: { alt: true } });
    expect(settings().brushSizePx).toBe(15);
    expect(count(1)).toBe(0);
  });

  test('Escape and a lost pointer take the stroke back', () => {
    const { send, editor, count, history } = setUp();
    send('down', [20, 20]);
    send('move', [30, 20]);
    expect(editor.key('escape')).toBe(true);
    send('move', [40, 20]);
    send('up', [40, 20]);
    send('down', [20, 20]);
    send('cancel', [30, 20]);
    expect(count(1)).toBe(0);
    expect(history.entries).toHaveLength(0);
  });

  test('undo in the middle of a stroke takes the stroke back, redo brings it', () => {
    const { send, editor, count } = setUp();
    send('down', [20, 20]);
    editor.undo();
    expect(count(1)).toBe(0);
    send('up', [20, 20]);
    editor.redo();
    expect(count(1)).toBeGreaterThan(10);
  });
});

describe('shapes', () => {
  test('a box fills the pixels it touches, Shift makes it a square', () => {
    const { drag, count } = setUp({ tool: 'box' });
    drag([
      [10.2, 10.2],
      [19.7, 14.7],
    ]);
    expect(count(1)).toBe(50);
    drag(
      [
        [30.2, 10.2],
        [35.4, 29.8],
      ],
      { modifiers: { shift: true } },
    );
    expect(count(1)).toBe(50 + 400);
  });

  test('a lasso fills what it encloses; with Control it cuts a hole', () => {
    const { drag, count } = setUp({ tool: 'lasso' });
    const square = (from: number, to: number): [number, number][] => [
      [from, from],
      [to, from],
      [to, to],
      [from, to],
    ];
    drag(square(5, 25));
    drag(square(10, 15), { modifiers: { ctrl: true } });
    expect(count(1)).toBe(20 * 20 - 5 * 5);
  });

  test('a polygon closes by a double click, takes a hole, and is painted by Enter', () => {
    const { click, editor, count, history } = setUp({ tool: 'polygon' });
    click([5, 5]);
    click([25, 5]);
    click([25, 25]);
    click([5, 25]);
    click([5, 25], { clicks: 2 });
    expect(editor.preview).toMatchObject({ kind: 'rings', open: [] });
    click([10, 10]);
    click([15, 10]);
    click([15, 15]);
    click([10, 15]);
    expect(count(1)).toBe(0);
    expect(editor.key('enter')).toBe(true);
    expect(editor.key('enter')).toBe(true);
    expect(count(1)).toBe(20 * 20 - 5 * 5);
    expect(history.entries).toHaveLength(1);
    expect(editor.preview).toBeNull();
    expect(editor.key('enter')).toBe(false);
  });

  test('a polygon can be corrected before it is painted', () => {
    const { click, drag, editor, count } = setUp({ tool: 'polygon' });
    click([5, 5]);
    click([25, 5]);
    click([30, 30]);
    editor.key('backspace');
    click([25, 25]);
    click([5, 25]);
    click([5, 5]); // the first corner closes
    drag([
      [25, 5],
      [15, 5],
    ]);
    editor.key('enter');
    // A trapezoid of 10 above and 20 below.
    expect(count(1)).toBe(300);
  });

  test('an edge takes a new corner, Backspace removes the one last held', () => {
    const { click, drag, editor, count } = setUp({ tool: 'polygon' });
    const square: [number, number][] = [
      [5, 5],
      [25, 5],
      [25, 25],
      [5, 25],
    ];
    for (const corner of square) click(corner);
    editor.key('enter');
    drag([
      [15, 25],
      [15, 45],
    ]);
    expect(editor.key('backspace')).toBe(true);
    editor.key('enter');
    expect(count(1)).toBe(400);
  });

  test('a click outside a closed polygon paints it and begins the next; Escape drops that one', () => {
    const { click, editor, count } = setUp({ tool: 'polygon' });
    click([5, 5]);
    click([15, 5]);
    click([15, 15]);
    click([5, 15]);
    editor.key('enter');
    click([40, 40]);
    expect(count(1)).toBe(100);
    expect(editor.busy).toBe(true);
    editor.key('escape');
    expect(editor.busy).toBe(false);
    expect(count(1)).toBe(100);
  });

  test('changing the tool keeps an unfinished polygon of three corners or more', () => {
    const { click, editor, count } = setUp({ tool: 'polygon' });
    click([5, 5]);
    click([15, 5]);
    click([15, 15]);
    editor.setSettings({ tool: 'brush' });
    expect(count(1)).toBeGreaterThan(40);
  });

  test('Shift draws polygon edges in steps of 45°', () => {
    const { click, editor, count } = setUp({ tool: 'polygon' });
    click([5, 5]);
    click([25, 7], { modifiers: { shift: true } });
    click([24, 25], { modifiers: { shift: true } });
    click([5, 25]);
    editor.key('enter');
    editor.key('enter');
    expect(count(1)).toBe(400);
  });
});

describe('scissors', () => {
  test('cut along the edge between clicks, straight with Shift, and paint when they close', () => {
    const { click, drag, editor, history, layer } = setUp({ tool: 'scissors', value: 2 });
    // The edge between the two greys is at x = 32.
    click([32, 5]);
    click([32, 40]);
    editor.undo();
    editor.redo();
    click([10, 40], { modifiers: { shift: true } });
    click([10, 5], { modifiers: { shift: true } });
    expect(history.entries).toHaveLength(0);
    click([32, 5], { modifiers: { shift: true } });
    expect(history.entries.map(({ label }) => label)).toEqual(['scissors 2']);
    expect([layer.get(20, 20), layer.get(30, 20), layer.get(34, 20), layer.get(5, 20)]).toEqual([
      2, 2, 0, 0,
    ]);
    drag([[3, 3]]);
    expect(editor.key('escape')).toBe(true);
    expect(editor.busy).toBe(false);
  });
});

describe('scissors on a busy computer', () => {
  test('keep no click waiting: the way to its corner is found while the pointer moves on', () => {
    const { click, send, editor, count } = setUp({ tool: 'scissors', value: 2 });
    // Whoever looks at the clock has no time left.
    let now = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 10));
    onTestFinished(() => clock.mockRestore());
    const shown = () => (editor.preview?.kind === 'rings' ? editor.preview.open.length : 0);
    click([32, 5]);
    click([32, 40]);
    expect(shown()).toBeLessThan(5);
    for (let frame = 0; frame < 1000 && shown() < 35; frame++) send('move', [12, 40]);
    expect(shown()).toBeGreaterThanOrEqual(35);
    click([10, 40]);
    // Corners whose ways are still sought are painted along them as well.
    editor.key('enter');
    clock.mockRestore();
    const hasty = count(2);
    const patient = setUp({ tool: 'scissors', value: 2 });
    patient.click([32, 5]);
    patient.click([32, 40]);
    patient.click([10, 40]);
    patient.editor.key('enter');
    expect(hasty).toBe(patient.count(2));
    expect(hasty).toBeGreaterThan(0);
  });
});

describe('undo while something is unfinished', () => {
  const CORNERS: readonly [number, number][] = [
    [5, 5],
    [25, 5],
    [30, 15],
    [25, 25],
    [5, 25],
  ];
  /** A stroke, and corners of a polygon after it. */
  function withCorners(count: number) {
    const set = setUp({ brushSizePx: 9 });
    set.click([50, 40]);
    set.editor.setSettings({ tool: 'polygon', value: 2 });
    for (const corner of CORNERS.slice(0, count)) set.click(corner);
    const corners = () => {
      const { preview } = set.editor;
      return preview?.kind === 'rings' ? preview.rings.flat().length + preview.open.length : 0;
    };
    // The pointer rests on the last corner: it counts as the next one.
    return { ...set, corners: () => Math.max(0, corners() - 1), stroke: set.count(1) };
  }

  test.each([1, 2, 5])('%i corners go one by one, and then the stroke before them', (given) => {
    const { editor, corners, count, history, stroke } = withCorners(given);
    for (let left = given - 1; left >= 0; left--) {
      expect(editor.canUndo).toBe(true);
      editor.undo();
      expect([corners(), count(1)]).toEqual([left, stroke]);
    }
    expect([editor.busy, history.entries.length]).toEqual([false, 1]);
    editor.undo();
    expect([count(1), editor.canUndo]).toEqual([0, false]);
  });

  test('redo brings back the stroke first and then its corners, still open', () => {
    const { editor, corners, count, stroke } = withCorners(5);
    for (let i = 0; i < 6; i++) editor.undo();
    expect([count(1), corners(), editor.canRedo]).toEqual([0, 0, true]);
    const seen = [1, 2, 3, 4, 5, 6, 7].map(() => {
      editor.redo();
      return [count(1), count(2), corners()];
    });
    const after = (set: number) => [stroke, 0, set];
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 5].map(after));
    expect(editor.canRedo).toBe(false);
  });

  test('Backspace and undo take back the same corner, and redo brings it back', () => {
    const { editor, corners } = withCorners(3);
    editor.key('backspace');
    editor.undo();
    expect(corners()).toBe(1);
    editor.redo();
    editor.redo();
    expect(corners()).toBe(3);
  });

  test('a new corner ends what could be brought back', () => {
    const { editor, corners, click } = withCorners(3);
    editor.undo();
    click([40, 30]);
    expect([corners(), editor.canRedo]).toEqual([3, false]);
  });

  test('a ring that was closed, and a corner that was moved, are steps as well', () => {
    const { editor, drag, count } = withCorners(4);
    editor.key('enter');
    const closed = editor.preview;
    drag([
      [25, 25],
      [40, 40],
    ]);
    expect(editor.preview).not.toEqual(closed);
    editor.undo();
    expect(editor.preview).toEqual(closed);
    editor.undo();
    expect(editor.preview).toMatchObject({ rings: [] });
    editor.redo();
    editor.redo();
    editor.key('enter');
    expect(count(2)).toBeGreaterThan(300);
    // Painted, it is one stroke.
    editor.undo();
    expect([count(2), editor.busy]).toEqual([0, false]);
  });

  test('a press on a corner alone moves nothing and is no step', () => {
    const { editor, click } = withCorners(4);
    editor.key('enter');
    const closed = editor.preview;
    click([25.3, 25.3]);
    expect(editor.preview).toEqual(closed);
    editor.undo();
    expect(editor.preview).toMatchObject({ rings: [] });
  });

  test.each(['lasso', 'box'] as const)('an open %s is one step', (tool) => {
    const { editor, send, count } = setUp({ brushSizePx: 9 });
    send('down', [50, 40]);
    send('up', [50, 40]);
    const stroke = count(1);
    editor.setSettings({ tool });
    send('down', [5, 5]);
    send('move', [25, 5]);
    send('move', [25, 25]);
    editor.undo();
    expect([count(1), editor.busy]).toEqual([stroke, false]);
    editor.undo();
    expect(count(1)).toBe(0);
  });

  test('a stroke that changes nothing takes none with it', () => {
    const { editor, send, click, count } = setUp({ brushSizePx: 9 });
    click([20, 20]);
    const stroke = count(1);
    send('down', [20, 20]);
    editor.undo();
    expect(count(1)).toBe(stroke);
  });

  test('what was undone before a polygon was begun can be redone when that is dropped', () => {
    const { editor, click, count } = withCorners(0);
    const stroke = count(1);
    editor.undo();
    click([5, 5]);
    editor.redo();
    expect(count(1)).toBe(0);
    editor.key('escape');
    editor.redo();
    expect(count(1)).toBe(stroke);
  });
});

describe('fill and wand', () => {
  test('fill changes the connected region of one class only', () => {
    const { drag, click, editor, layer, count } = setUp({ brushSizePx: 1 });
    drag([
      [30.5, 0.5],
      [30.5, 47.5],
    ]);
    editor.setSettings({ tool: 'fill', value: 2 });
    click([5, 5]);
    expect(count(2)).toBe(30 * 48);
    expect(layer.get(40, 5)).toBe(0);
    click([5, 5], { modifiers: { ctrl: true } });
    expect(count(2)).toBe(0);
  });

  test('fill with the class that is there already is no change', () => {
    const { click, history } = setUp({ tool: 'fill', value: 0 });
    click([5, 5]);
    expect(history.entries).toHaveLength(0);
  });

  test('the wand goes by what is displayed, and dragging changes its tolerance', () => {
    const { click, send, editor, count } = setUp({ tool: 'wand', tolerance: 10 });
    click([5, 5]);
    expect(count(1)).toBe(32 * 48);
    editor.undo();
    send('down', [5, 5]);
    send('move', [25, 5]);
    expect(count(1)).toBe(64 * 48);
    send('move', [5, 5]);
    expect(count(1)).toBe(32 * 48);
    send('up', [5, 5]);
    expect(count(1)).toBe(32 * 48);
  });

  test('outside the image nothing happens', () => {
    const { click, editor, history } = setUp({ tool: 'fill' });
    click([-3, 5]);
    editor.setSettings({ tool: 'wand' });
    click([5, 100]);
    expect(history.entries).toHaveLength(0);
  });
});

describe('in a dataset without a background', () => {
  const IGNORED = 255;

  test('erasing leaves ignored pixels, and class 0 is painted like the others', () => {
    const { drag, click, count, editor } = setUp({ tool: 'box', value: 0 }, IGNORED);
    drag([
      [10, 10],
      [20, 20],
    ]);
    const painted = count(0);
    expect(painted).toBeGreaterThan(99);
    editor.setSettings({ tool: 'eraser', brushSizePx: 1 });
    click([15.5, 15.5]);
    expect(count(0)).toBe(painted - 1);
    expect(count(IGNORED)).toBe(64 * 48 - painted + 1);
  });

  test('what is kept beside the new class is all but ignored pixels', () => {
    const { click, count, editor } = setUp({ tool: 'fill', value: 0, keepOthers: true }, IGNORED);
    click([5, 5]);
    expect(count(0)).toBe(64 * 48);
    editor.setSettings({ value: 1 });
    click([5, 5]);
    expect(count(1)).toBe(0);
  });

  test('a region of class 0 is accepted by a click', () => {
    const { prediction, click, count } = setUp({ tool: 'accept', value: 1 }, IGNORED);
    const edit = prediction.edit();
    for (let y = 5; y < 10; y++) edit.fillSpan(y, 5, 15, { value: 2, only: null });
    edit.commit();
    click([30, 30]);
    expect(count(0)).toBe(64 * 48 - 50);
    expect(count(IGNORED)).toBe(50);
  });
});

describe('accepting a prediction', () => {
  test('a click takes over the connected region under it, with its own class', () => {
    const { prediction, click, count, history } = setUp({ tool: 'accept', value: 1 });
    const edit = prediction.edit();
    for (let y = 5; y < 10; y++) {
      edit.fillSpan(y, 5, 15, { value: 2, only: null });
      edit.fillSpan(y, 25, 35, { value: 2, only: null });
    }
    edit.commit();
    click([7, 7]);
    expect(count(2)).toBe(50);
    click([20, 20]);
    expect(history.entries.map(({ label }) => label)).toEqual(['accept 2']);
    click([7, 7], { modifiers: { ctrl: true } });
    expect(count(2)).toBe(0);
  });

  test('labels that are there can be kept', () => {
    const { prediction, click, editor, count } = setUp({ tool: 'box', value: 1, keepOthers: true });
    const edit = prediction.edit();
    for (let y = 5; y < 10; y++) edit.fillSpan(y, 5, 15, { value: 2, only: null });
    edit.commit();
    click([7.5, 7.5]);
    editor.setSettings({ tool: 'accept' });
    click([7, 7]);
    expect(count(2)).toBe(49);
    expect(count(1)).toBe(1);
  });

  test('a drag takes over all in its rectangle, background too, and nothing beyond what was predicted', () => {
    const { layer, prediction, drag, editor, history, count, show } = setUp({ tool: 'box' });
    drag([
      [0, 0],
      [63, 47],
    ]);
    const edit = prediction.edit();
    for (let y = 5; y < 10; y++) edit.fillSpan(y, 5, 15, { value: 2, only: null });
    edit.commit();
    show({ x0: 4, y0: 4, x1: 20, y1: 12 });
    editor.setSettings({ tool: 'accept' });
    drag([
      [2, 2],
      [12, 30],
    ]);
    expect(count(2)).toBe(35);
    expect([layer.get(4, 4), layer.get(3, 4), layer.get(4, 12)]).toEqual([0, 1, 1]);
    expect(history.lastDone?.label).toBe('Accepted predicted region');
    drag(
      [
        [0, 0],
        [60, 40],
      ],
      { modifiers: { ctrl: true } },
    );
    expect([count(2), layer.get(16, 6)]).toEqual([0, 1]);
    editor.undo();
    editor.undo();
    expect([count(1), count(2)]).toEqual([63 * 47, 0]);
  });
});

describe('asking for a prediction', () => {
  test('a drag asks for its rectangle as far as it lies in the image, and paints nothing', () => {
    const { drag, click, asked, history } = setUp({ tool: 'predict' });
    drag([
      [50, 40],
      [90, 60],
    ]);
    expect(asked).toEqual([{ x0: 50, y0: 40, x1: 64, y1: 48 }]);
    click([100, 10]);
    expect([asked.length, history.position]).toEqual([1, 0]);
  });
});

describe('the keyboard as a pointer', () => {
  test('moves, presses and lets go', () => {
    const { editor, layer } = setUp({ brushSizePx: 1 });
    editor.press();
    editor.nudge(100, 0);
    editor.press();
    editor.nudge(0, 100);
    const at = (x: number, y: number) => layer.get(x, y);
    const { zoom } = editor.view;
    const reached = Math.floor(32 + 100 / zoom);
    expect([at(32, 24), at(reached - 1, 24), at(reached - 1, 30)]).toEqual([1, 1, 0]);
  });

  test('moves the image at the edge of the screen, and goes on painting', () => {
    const { editor, layer } = setUp({ brushSizePx: 1 });
    editor.setView(zoomAt(editor.view, screenPoint(320, 240), 40));
    editor.press();
    for (let i = 0; i < 20; i++) editor.nudge(40, 0);
    editor.press();
    expect(editor.cursor?.at.x).toBe(640);
    const x = Math.floor(toImage(editor.view, screenPoint(640, 240)).x);
    expect(x).toBeGreaterThan(50);
    expect([layer.get(x - 1, 24), layer.get(33, 24)]).toEqual([1, 1]);
  });

  test('is shown where it is, until the mouse takes over', () => {
    const { editor, click } = setUp({ tool: 'fill' });
    editor.nudge(8, 0);
    expect(editor.cursor).toMatchObject({ byKeys: true, at: { x: 328, y: 240 } });
    click([10, 10]);
    expect(editor.cursor?.byKeys).toBe(false);
  });

  test('sets the corners of a polygon', () => {
    const { editor, count } = setUp({ tool: 'polygon' });
    editor.press();
    editor.nudge(100, 0);
    editor.press();
    editor.nudge(0, 100);
    editor.press();
    editor.key('enter');
    editor.key('enter');
    expect(count(1)).toBeGreaterThan(30);
  });
});

describe('the view', () => {
  test('the middle button and a held space pan without painting', () => {
    const { drag, editor, count } = setUp();
    editor.wheel(screenPoint(320, 240), -600);
    const before = toImage(editor.view, screenPoint(320, 240));
    drag(
      [
        [20, 20],
        [25, 20],
      ],
      { button: 1 },
    );
    const between = toImage(editor.view, screenPoint(320, 240));
    expect(between.x).toBeLessThan(before.x);
    editor.panning = true;
    drag([
      [25, 20],
      [20, 20],
    ]);
    editor.panning = false;
    expect(count(1)).toBe(0);
  });

  test('the wheel zooms at the cursor', () => {
    const { editor } = setUp();
    const at = screenPoint(200, 300);
    const held = toImage(editor.view, at);
    const { zoom } = editor.view;
    editor.wheel(at, -100);
    expect(editor.view.zoom).toBeGreaterThan(zoom * 1.2);
    expect(toImage(editor.view, at).x).toBeCloseTo(held.x, 6);
  });
});

test('whatever the pointer and the keys do, undoing everything gives the first state back', () => {
  const point = fc.tuple(fc.integer({ min: -5, max: 70 }), fc.integer({ min: -5, max: 55 }));
  const modifiers = fc.record({ shift: fc.boolean(), ctrl: fc.boolean(), alt: fc.boolean() });
  const step = fc.oneof(
    fc.record({
      do: fc.constant('pointer' as const),
      kind: fc.constantFrom('down' as const, 'move' as const, 'up' as const, 'cancel' as const),
      point,
      modifiers,
      button: fc.constantFrom(0, 0, 0, 1, 2),
      clicks: fc.constantFrom(1, 1, 2),
    }),
    fc.record({
      do: fc.constant('key' as const),
      key: fc.constantFrom('enter' as const, 'escape' as const, 'backspace' as const),
    }),
    fc.record({
      do: fc.constant('set' as const),
      tool: fc.constantFrom(...TOOL_NAMES),
      value: fc.constantFrom(0, 1, 2, 255),
      keepOthers: fc.boolean(),
    }),
    fc.record({ do: fc.constant('undo' as const) }),
    fc.record({ do: fc.constant('redo' as const) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { editor, layer, history, send } = setUp();
      for (const action of steps) {
        if (action.do === 'key') editor.key(action.key);
        else if (action.do === 'set')
          editor.setSettings({
            tool: action.tool,
            value: action.value,
            keepOthers: action.keepOthers,
          });
        else if (action.do === 'undo') editor.undo();
        else if (action.do === 'redo') editor.redo();
        else send(action.kind, action.point, action);
      }
      // Undo never takes more than one step.
      const [before, wasBusy] = [history.position, editor.busy];
      editor.undo();
      expect(history.position).toBeGreaterThanOrEqual(before - (wasBusy ? 0 : 1));
      editor.finish();
      const end = layer.toLabelMap().data;
      const position = history.position;
      editor.goTo(0);
      expect(layer.toLabelMap().data.every((value) => value === 0)).toBe(true);
      editor.goTo(position);
      expect(Buffer.compare(layer.toLabelMap().data, end)).toBe(0);
    }),
    { numRuns: 200 },
  );
});
