/** Objects under pointer and keys: what a user does with them, from the pointer's events to what is saved. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CanvasPointer, Editor } from '../../../renderer/canvas/editor.ts';
import { DEFAULT_SETTINGS, type EditorSettings } from '../../../renderer/canvas/editor-settings.ts';
import { History } from '../../../renderer/canvas/history.ts';
import { acceptAll, type ShownPrediction } from '../../../renderer/canvas/accept.ts';
import { type LabelEdit, LabelLayer } from '../../../renderer/canvas/label-layer.ts';
import { ObjectLayer } from '../../../renderer/canvas/object-layer.ts';
import { AppError } from '../../../shared/errors.ts';
import {
  tellHere,
  type TellObjects,
  type ToldObjects,
} from '../../../renderer/canvas/object-teller.ts';
import {
  type Modifiers,
  NO_MODIFIERS,
  type ProposedMask,
} from '../../../renderer/canvas/tools/tool.ts';
import { imagePoint, type Rect, toScreen } from '../../../renderer/canvas/viewport.ts';
import { AnnotateObjects } from '../../../renderer/state/annotate-objects.svelte.ts';
import { IGNORE } from '../../../shared/entities.ts';
import { encodeLabelMap } from '../../../shared/label-map.ts';
import { RunWriter } from '../../../shared/mask-runs.ts';
import { encodeObjectMap } from '../../../shared/objects/object-map.ts';
import { brokenRule } from '../../../shared/objects/rules.ts';

const [WIDTH, HEIGHT] = [300, 40];
const GROUND = { hasBackground: true };

/** An image over two tiles, with nothing on it. */
function setUp(settings: Partial<EditorSettings> = {}, tell: TellObjects = tellHere) {
  const layer = new LabelLayer(WIDTH, HEIGHT);
  const history = new History();
  let current: EditorSettings = { ...DEFAULT_SETTINGS, tool: 'box', ...settings };
  const said: string[] = [];
  const looked: Rect[] = [];
  const document = {
    layer,
    history,
    objects: null as ObjectLayer | null,
    objectDamage: null,
    forgetDamage: () => Promise.resolve(),
    beginObjects() {
      if (this.objects !== null) return;
      this.objects = new ObjectLayer(WIDTH, HEIGHT);
      history.accompany(layer, this.objects);
    },
  };
  const objects = new AnnotateObjects(
    {
      document: () => document,
      ground: () => GROUND,
      blank: () => 0,
      value: () => current.value,
      finish: () => editor.finish(),
      isPainting: () => editor.isPainting,
      changed: () => undefined,
      look: () => undefined,
      lookClosely: (box) => looked.push(box),
      notify: (_tone, text) => said.push(text),
    },
    tell,
  );
  const editor = new Editor({
    settings: () => current,
    setSettings: (next) => (current = next),
    strokeLabel: (tool) => tool,
    committed: () => undefined,
    onceWhole: (take) => take(),
    takeBack: () => false,
    predict: () => undefined,
    prompt: () => undefined,
    nextProposal: () => false,
    changed: (what) => {
      if (what === 'history') objects.follow();
    },
  });
  editor.resize({ width: 900, height: 120 });
  let proposed: ProposedMask | null = null;
  const image = {
    ...{ layer, history, objects, displayed: null, prediction: null, blank: 0 },
    ...{ scribbles: new LabelLayer(WIDTH, HEIGHT, IGNORE), proposed: () => proposed },
  };
  editor.open(image);
  /** `told`: number of each span of objects that the network told apart; left out: it tells none. */
  const predict = (
    draw: (edit: LabelEdit) => void,
    told: readonly (readonly [number, Rect])[] | null = null,
  ): ShownPrediction => {
    const seen = new LabelLayer(WIDTH, HEIGHT);
    const edit = seen.edit();
    draw(edit);
    edit.commit();
    const own = told === null ? null : new ObjectLayer(WIDTH, HEIGHT);
    const draft = own?.draft();
    for (const [number, { x0, y0, x1, y1 }] of told ?? []) {
      for (let y = y0; y < y1; y++) draft?.fillSpan(y, { x0, x1 }, number);
    }
    if (draft !== undefined) own?.put(draft);
    const area = { x0: 0, y0: 0, x1: WIDTH, y1: HEIGHT };
    const prediction = { layer: seen, area, objects: own };
    editor.open({ ...image, prediction });
    return prediction;
  };
  const send = (
    kind: CanvasPointer['kind'],
    [x, y]: readonly [number, number],
    modifiers: Partial<Modifiers>,
  ) => {
    const at = toScreen(editor.view, imagePoint(x, y));
    const held = { ...NO_MODIFIERS, ...modifiers };
    editor.pointer({ kind, at, path: [at], button: 0, modifiers: held, clicks: 1 });
  };
  const drag = (
    points: readonly (readonly [number, number])[],
    modifiers: Partial<Modifiers> = {},
  ) => {
    points.forEach((point, i) => send(i === 0 ? 'down' : 'move', point, modifiers));
    send('up', points.at(-1) ?? [0, 0], modifiers);
  };
  const click = (
    point: readonly [number, number],
    modifiers: Partial<Modifiers>,
    answer: ProposedMask,
  ) => {
    drag([point], modifiers);
    proposed = answer;
  };
  const take = (change: Partial<EditorSettings>) => editor.setSettings(change);
  const box = (from: readonly [number, number], to: readonly [number, number], value = 1) => {
    take({ tool: 'box', value });
    drag([from, to]);
  };
  const at = (x: number, y: number) => document.objects?.get(x, y) ?? null;
  /** What is saved keeps the rules. */
  const broken = () => {
    const classes = encodeLabelMap(layer.toLabelMap());
    const own = document.objects;
    return own === null
      ? null
      : brokenRule({ objects: encodeObjectMap(own.toObjectMap()), classes }, GROUND);
  };
  const withObject = () => take({ tool: 'object' });
  return {
    layer,
    history,
    document,
    objects,
    editor,
    drag,
    take,
    box,
    at,
    said,
    looked,
    broken,
    withObject,
    click,
    predict,
  };
}

/** Two objects that touch, across the border of two tiles. */
async function touching() {
  const all = setUp();
  all.box([200, 5], [250, 30]);
  await all.objects.begin();
  all.box([250, 5], [290, 30]);
  return all;
}

describe('objects of an image', () => {
  test('are not there before somebody begins them, and strokes cost nothing of them', () => {
    const { box, document, history, objects, withObject, drag, said } = setUp();
    box([5, 5], [20, 20]);
    expect([document.objects, history.lastDone?.objects, objects.layer]).toEqual([
      null,
      null,
      null,
    ]);
    withObject();
    drag([[10, 10]]);
    expect(said).toEqual(['Tell objects apart first: Objects, at the right.']);
  });

  test('begin with the regions that are labelled, in one step', async () => {
    const { box, objects, at, editor, document } = setUp();
    box([5, 5], [20, 20]);
    box([30, 5], [40, 20], 2);
    await objects.begin();
    expect([objects.count, at(6, 6), at(31, 6), at(25, 6)]).toEqual([2, 1, 2, 0]);
    editor.undo();
    expect([objects.count, objects.layer, document.objects?.bytes()]).toEqual([0, null, null]);
    editor.redo();
    expect(objects.count).toBe(2);
  });

  test('each stroke is a new object, or goes on with the picked one of its class, or is of none', async () => {
    const { box, objects, at, editor } = await touching();
    expect([at(210, 10), at(270, 10), objects.count, objects.picked]).toEqual([1, 2, 2, 2]);
    objects.strokes = 'picked';
    box([100, 5], [110, 10]);
    expect([at(105, 7), objects.count]).toEqual([2, 2]);
    box([120, 5], [130, 10], 2);
    expect([at(125, 7), objects.picked]).toEqual([3, 3]);
    objects.strokes = 'none';
    box([140, 5], [150, 10]);
    expect(at(145, 7)).toBe(0);
    editor.undo();
    editor.undo();
    expect([objects.count, at(125, 7)]).toEqual([2, 0]);
  });

  test('lose what another class, the eraser or ignore paints over, and undo brings it back', async () => {
    const { box, at, editor, take, drag, objects, broken } = await touching();
    objects.strokes = 'none';
    box([205, 10], [210, 15], 2);
    box([215, 10], [220, 15], IGNORE);
    take({ tool: 'eraser', brushSizePx: 3 });
    drag([[230, 10]]);
    expect([at(207, 12), at(217, 12), at(230, 10), at(240, 10)]).toEqual([0, 0, 0, 1]);
    expect(broken()).toBeNull();
    for (let i = 0; i < 3; i++) editor.undo();
    expect([at(207, 12), at(217, 12), at(230, 10)]).toEqual([1, 1, 1]);
  });

  test('are picked, joined, and deleted one by one or all in a rectangle', async () => {
    const { objects, withObject, drag, at, layer, editor, box } = await touching();
    withObject();
    drag([[210, 10]]);
    expect(objects.picked).toBe(1);
    drag([[270, 10]], { shift: true });
    expect([objects.count, at(270, 10)]).toEqual([1, 1]);
    editor.undo();
    expect([objects.count, at(270, 10)]).toEqual([2, 2]);
    drag([[270, 10]], { ctrl: true });
    expect([objects.count, layer.get(270, 10)]).toEqual([1, 0]);
    box([10, 5], [20, 10]);
    withObject();
    drag(
      [
        [0, 0],
        [299, 39],
      ],
      { ctrl: true },
    );
    expect([objects.count, layer.get(210, 10), layer.get(15, 7)]).toEqual([0, 0, 0]);
    editor.undo();
    expect(objects.count).toBe(2);
  });

  test('are joined in the class of the picked one', async () => {
    const { objects, withObject, drag, box, layer, broken } = await touching();
    box([20, 5], [30, 10], 2);
    withObject();
    drag([[210, 10]]);
    drag([[25, 7]], { shift: true });
    expect([layer.get(25, 7), objects.count, broken()]).toEqual([1, 2, null]);
  });

  test('come apart along a line that is drawn across, and not along one that ends within', async () => {
    const { objects, withObject, drag, at, said, broken, editor } = await touching();
    withObject();
    drag([
      [225, 2],
      [225, 15],
    ]);
    expect([objects.count, said.at(-1)]).toEqual([
      2,
      'Draw the line across an object, from one side to the other.',
    ]);
    drag([
      [220, 2],
      [222, 20],
      [221, 35],
    ]);
    expect([objects.count, at(205, 10), at(245, 10), broken()]).toEqual([3, 3, 1, null]);
    // Nothing is lost beneath the line.
    for (let y = 5; y < 30; y++) for (let x = 200; x < 290; x++) expect(at(x, y)).not.toBe(0);
    editor.undo();
    expect([objects.count, at(205, 10)]).toEqual([2, 1]);
  });

  test('come apart where the line crosses them, and not where they lay apart before or touch by a corner', async () => {
    const { objects, withObject, drag, box, at, document } = setUp();
    box([10, 5], [20, 15]);
    box([20, 15], [23, 18]);
    box([60, 5], [80, 15]);
    await objects.begin();
    expect(objects.count).toBe(2);
    objects.pick(at(12, 7) ?? 0);
    withObject();
    drag([[70, 10]], { shift: true });
    expect([objects.count, at(21, 16)]).toEqual([1, at(12, 7)]);
    // Into it from the left, and no further.
    drag([
      [5, 10],
      [14, 10],
    ]);
    expect(objects.count).toBe(1);
    drag([
      [70, 2],
      [70, 20],
    ]);
    const whole = at(12, 7);
    expect([objects.count, at(21, 16), document.objects?.places.size]).toEqual([2, whole, 2]);
    expect([at(62, 10), at(78, 10)].filter((number) => number === whole)).toHaveLength(1);
  });

  test('what cannot be done now is said, and nothing is lost', async () => {
    const { objects, layer, said, at, withObject, drag } = await touching();
    withObject();
    drag([[210, 10]]);
    const edit = layer.edit();
    objects.removePicked();
    expect([said.at(-1), at(210, 10)]).toEqual([
      'Finish the stroke before you begin another change.',
      1,
    ]);
    edit.revert();
    objects.end();
    objects.step(1);
    await objects.split();
    expect(said.slice(-2)).toEqual([
      'Tell objects apart first: Objects, at the right.',
      'Tell objects apart first: Objects, at the right.',
    ]);
  });

  test.each([false, true])(
    'keep their number where they are mended, and lose what goes; other classes kept: %s',
    async (keepOthers) => {
      const { box, objects, take, at, layer, broken, editor, click } = setUp({ keepOthers });
      box([10, 5], [30, 20]);
      await objects.begin();
      box([40, 5], [50, 20]);
      take({ tool: 'click', value: 1 });
      // Its left half goes, and it grows to the right.
      const region = { left: 0, top: 0, width: 100, height: HEIGHT };
      const mask = new RunWriter(region.width);
      for (let y = 5; y < 20; y++) mask.add(y, 20, 35);
      click([25, 10], { shift: true }, { region, runs: mask.runs });
      editor.key('enter');
      expect([at(12, 10), at(25, 10), at(33, 10), at(45, 10)]).toEqual([0, 1, 1, 2]);
      expect([layer.get(12, 10), layer.get(33, 10), broken()]).toEqual([0, 1, null]);
      editor.undo();
      expect([at(12, 10), at(33, 10)]).toEqual([1, 0]);
    },
  );

  test('a rectangle of a prediction that is accepted tells none apart', async () => {
    const { box, objects, take, drag, at, layer, broken, predict } = setUp();
    box([10, 5], [30, 20]);
    await objects.begin();
    predict((edit) => {
      for (let y = 0; y < 10; y++) {
        edit.fillSpan(y, 0, 20, { value: 2, only: null });
        edit.fillSpan(y, 100, 120, { value: 1, only: null });
      }
    });
    take({ tool: 'accept', value: 1 });
    drag([
      [0, 0],
      [200, 30],
    ]);
    expect([layer.get(12, 7), layer.get(110, 5), layer.get(15, 15)]).toEqual([2, 1, 0]);
    expect([at(12, 7), at(110, 5), broken()]).toEqual([0, 0, null]);
  });

  test('take the class in hand as wholes', async () => {
    const { objects, withObject, drag, take, layer, at, broken, editor, said } = await touching();
    objects.recolour();
    withObject();
    drag([[5, 35]]);
    objects.recolour();
    expect(said.at(-1)).toContain('Pick an object first');
    drag([[210, 10]]);
    take({ value: 3 });
    objects.recolour();
    expect([layer.get(249, 29), at(249, 29), layer.get(250, 29), broken()]).toEqual([
      3,
      1,
      1,
      null,
    ]);
    take({ value: IGNORE });
    objects.recolour();
    expect([at(249, 29), objects.count]).toEqual([0, 1]);
    editor.undo();
    editor.undo();
    expect([layer.get(249, 29), at(249, 29)]).toEqual([1, 1]);
  });

  test('are gone through in the order of rows, round and round', async () => {
    const { objects, box } = await touching();
    box([10, 1], [20, 4]);
    const order = [1, 2, 3, 4].map(() => (objects.step(1), objects.picked));
    expect(order).toEqual([1, 2, 3, 1]);
    objects.step(-1);
    expect(objects.picked).toBe(3);
  });

  test('touching ones are split by the slider’s measure, as one step', async () => {
    const { objects, take, drag, editor } = setUp({ tool: 'brush', brushSizePx: 24, value: 1 });
    drag([[40, 20]]);
    drag([[62, 20]]);
    await objects.begin();
    expect(objects.count).toBe(1);
    await objects.split();
    expect(objects.count).toBe(2);
    editor.undo();
    expect(objects.count).toBe(1);
    objects.neck = 0.05;
    await objects.split();
    expect(objects.count).toBe(1);
    take({ tool: 'object' });
    objects.end();
    expect([objects.layer, objects.count]).toEqual([null, 0]);
  });

  test('are told apart as the labels are when it is done, painted on meanwhile or not, and not where it is stopped', async () => {
    const asked: { answer: () => void; signal: AbortSignal }[] = [];
    const { box, objects, at, editor, drag, take } = setUp({}, (question, options) => {
      const { promise, resolve, reject } = Promise.withResolvers<ToldObjects>();
      const { signal } = options;
      signal.addEventListener('abort', () => reject(new AppError('cancelled', 'Stopped.')));
      const answer = () => void tellHere(question, options).then(resolve);
      asked.push({ answer, signal });
      return promise;
    });
    box([10, 5], [20, 20]);
    const first = objects.begin();
    expect(objects.work.working?.what).toBe('Looking for connected regions');
    // Only one at a time.
    await objects.begin();
    expect(asked).toHaveLength(1);
    box([30, 5], [40, 20]);
    asked[0]?.answer();
    await expect.poll(() => asked.length).toBe(2);
    asked[1]?.answer();
    await first;
    expect([objects.work.working, at(12, 10), at(35, 10)]).toEqual([null, 1, 2]);
    take({ tool: 'brush', brushSizePx: 9, value: 1 });
    drag([[25, 12]]);
    const before = editor.isPainting;
    const second = objects.split();
    objects.stop();
    await second;
    expect([before, asked[2]?.signal.aborted, objects.work.working]).toEqual([false, true, null]);
    expect(objects.count).toBe(3);
    // A preview that nobody waits for any more is given up.
    objects.trySplit({ neck: 0.9 });
    await expect.poll(() => asked.length).toBe(4);
    objects.trySplit({ neck: 0.8 });
    expect(asked[3]?.signal.aborted).toBe(true);
    await expect.poll(() => asked.length).toBe(5);
    asked[4]?.answer();
    await expect.poll(() => objects.preview.tried?.added).toBe(0);
    objects.stopTrying();
    expect(objects.preview.tried).toBeNull();
  });

  test('are picked and looked at where a row of the table says, or framed where they are of a prediction', async () => {
    const { objects, looked } = await touching();
    const box = { x0: 250, y0: 5, x1: 290, y1: 30 };
    objects.seek({ imageId: 1, label: 2, box });
    expect([objects.picked, looked.at(-1)]).toMatchObject([2, box]);
    objects.pick(0);
    const elsewhere = { x0: 1, y0: 2, x1: 3, y1: 4 };
    objects.seek({ imageId: 1, label: null, box: elsewhere });
    expect([objects.picked, objects.marks.picked, looked.at(-1)]).toEqual([
      0,
      elsewhere,
      elsewhere,
    ]);
  });

  test('are joined by key: the one under the pointer to the picked one', async () => {
    const { objects, at, said } = await touching();
    objects.pick(1);
    objects.joinAt({ x: 1, y: 1 });
    expect(said.at(-1)).toMatch(/point at the one/);
    objects.joinAt({ x: 270, y: 10 });
    expect([at(270, 10), objects.count]).toEqual([1, 1]);
  });

  test('whatever is done in whatever order, the rules hold, and undo and redo give the same', async () => {
    const point = fc.tuple(fc.integer({ min: 0, max: WIDTH }), fc.integer({ min: 0, max: HEIGHT }));
    const tool = fc.constantFrom('box', 'brush', 'eraser', 'fill', 'object', 'object');
    const step = fc.record({
      tool,
      value: fc.constantFrom(0, 1, 2, IGNORE),
      strokes: fc.constantFrom('new', 'picked', 'none'),
      keepOthers: fc.boolean(),
      from: point,
      to: point,
      modifiers: fc.constantFrom({}, {}, { ctrl: true }, { shift: true }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        const { objects, box, take, drag, editor, broken, document, history } = setUp();
        box([20, 5], [270, 20]);
        await objects.begin();
        const states: (Uint8Array | null | undefined)[] = [document.objects?.bytes()];
        for (const { tool: name, value, strokes, keepOthers, from, to, modifiers } of steps) {
          take({ tool: name, value, keepOthers });
          objects.strokes = strokes;
          const before = history.position;
          drag([from, to], modifiers);
          expect(broken()).toBeNull();
          if (history.position > before) states.push(document.objects?.bytes());
        }
        for (const state of states.toReversed()) {
          expect(document.objects?.bytes()).toEqual(state);
          editor.undo();
        }
        for (let i = 0; i < states.length + 2; i++) editor.redo();
        expect(document.objects?.bytes()).toEqual(states.at(-1));
      }),
      { numRuns: 25 },
    );
  });
});

describe('objects of a prediction', () => {
  /** Two of class 2 that touch, and one of class 1. */
  const three = (all: ReturnType<typeof setUp>) =>
    all.predict(
      (edit) => {
        for (let y = 5; y < 15; y++) {
          edit.fillSpan(y, 250, 270, { value: 2, only: null });
          edit.fillSpan(y, 20, 30, { value: 1, only: null });
        }
      },
      [
        [7, { x0: 250, y0: 5, x1: 260, y1: 15 }],
        [4, { x0: 260, y0: 5, x1: 270, y1: 15 }],
        [9, { x0: 20, y0: 5, x1: 30, y1: 15 }],
      ],
    );

  test('a click takes over one of two that touch, as an object', () => {
    const all = setUp();
    three(all);
    all.take({ tool: 'accept' });
    all.drag([[255, 10]]);
    expect([all.at(255, 10), all.at(265, 10), all.layer.get(265, 10)]).toEqual([1, 0, 0]);
    all.drag([[265, 10]]);
    expect([all.at(255, 10), all.at(265, 10), all.objects.count]).toEqual([1, 2, 2]);
    expect(all.broken()).toBeNull();
    all.editor.undo();
    expect([all.layer.get(265, 10), all.objects.count]).toEqual([0, 1]);
  });

  test('a rectangle takes over all in it, each as an object', () => {
    const all = setUp();
    three(all);
    all.take({ tool: 'accept' });
    all.drag([
      [245, 0],
      [290, 30],
    ]);
    expect([all.at(255, 10), all.at(265, 10), all.at(25, 10)]).toEqual([1, 2, 0]);
    expect(all.objects.count).toBe(2);
  });

  test('all of it: what others labelled keeps its objects where others are kept', async () => {
    const all = setUp();
    all.box([255, 0], [265, 30], 2);
    await all.objects.begin();
    const prediction = three(all);
    const { layer, history } = all;
    const asObjects = all.objects.takes();
    expect(asObjects).toBe(true);
    acceptAll(prediction, { layer, history, keepOthers: true, blank: 0, asObjects });
    all.objects.follow();
    const own = all.at(260, 20);
    expect([all.at(256, 10), all.at(263, 10)]).toEqual([own, own]);
    const others = [all.at(252, 10), all.at(268, 10), all.at(25, 10)];
    expect(new Set([...others, own, 0]).size).toBe(5);
    expect(all.broken()).toBeNull();
  });

  test('are not brought where labels are there of which nobody tells objects apart', () => {
    const all = setUp();
    all.box([100, 5], [120, 15]);
    const prediction = three(all);
    expect(all.objects.takes()).toBe(false);
    all.take({ tool: 'accept' });
    all.drag([[255, 10]]);
    expect([all.layer.get(255, 10), all.document.objects]).toEqual([2, null]);
    // Taken over as a whole, nothing of these is left.
    const { layer, history } = all;
    const asObjects = all.objects.takes(true);
    acceptAll(prediction, { layer, history, keepOthers: false, blank: 0, asObjects });
    all.objects.follow();
    expect([all.objects.count, layer.get(110, 10)]).toEqual([3, 0]);
  });
});
