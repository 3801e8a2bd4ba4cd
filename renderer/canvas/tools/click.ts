/**
 * Click an object: clicks and a box say to a helper what is meant, and its mask is a proposal until Enter paints it.
 *
 * A click is in the object; with Ctrl, Alt or the right button it is beside it. A drag draws a box, and begins anew; one
 * that takes away is a click, for there are no boxes of what is not meant. Shift and a click on an object that is painted
 * already begins with that one, which the proposal then replaces. Tab goes to the next mask, Enter paints the one that
 * is shown, Escape drops all of it.
 *
 * A step, for undo and redo: a click, a box.
 */
import { forEachSpan } from '../../../shared/mask-runs.ts';
import { paintedShape, shapeWithout } from '../painted-shape.ts';
import { boxOf } from '../shapes.ts';
import { type ImagePoint, intersection, type Rect } from '../viewport.ts';
import { Steps } from './steps.ts';
import type { Preview, Prompts, Tool, ToolContext, ToolDescriptor, ToolEvent } from './tool.ts';

/** Device pixels. A hand that clicks moves so far at most. */
const CLICK_PX = 5;

const NOTHING: Prompts = { points: [], box: null, shape: null };

interface Press {
  readonly from: ImagePoint;
  readonly inside: boolean;
  /** On what is painted already. */
  readonly mends: boolean;
}

function createClick(): Tool {
  let prompts = NOTHING;
  let press: Press | null = null;
  let to: ImagePoint | null = null;
  const steps = new Steps<Prompts>({
    read: () => prompts,
    restore: (before) => (prompts = before),
  });

  const isAsked = () => prompts.points.length > 0 || prompts.box !== null;

  function drop(): boolean {
    const had = isAsked() || press !== null;
    prompts = NOTHING;
    press = null;
    to = null;
    steps.clear();
    return had;
  }

  function add(event: ToolEvent, context: ToolContext): void {
    if (press === null) return;
    const { layer, zoom } = context;
    const { from, inside, mends } = press;
    const { at } = event;
    const area = { x0: 0, y0: 0, x1: layer.width, y1: layer.height };
    if (!mends && inside && Math.hypot(at.x - from.x, at.y - from.y) * zoom >= CLICK_PX) {
      const box = intersection(boxOf(from, at), area);
      if (box === null) return;
      steps.begin();
      prompts = { ...NOTHING, box };
      return;
    }
    const shape = mends ? paintedShape({ ...context, at: from }) : null;
    if (layer.contains(Math.floor(from.x), Math.floor(from.y))) {
      steps.begin();
      const point = { ...from, inside };
      prompts =
        shape === null
          ? { ...prompts, points: [...prompts.points, point] }
          : { ...NOTHING, points: [point], shape };
    }
  }

  function commit(context: ToolContext): boolean {
    const { proposed } = context;
    if (proposed === null || !isAsked()) return isAsked();
    const { left, top, width } = proposed.region;
    const { shape } = prompts;
    const stroke = context.begin({
      erase: false,
      ...(shape === null ? {} : { value: shape.value }),
      ...(shape === null || shape.object === 0 ? {} : { object: shape.object }),
    });
    if (shape !== null) {
      const gone = { value: context.blank, only: shape.value };
      shapeWithout(shape, proposed, (y, x0, x1) => stroke.edit.fillSpan(y, x0, x1, gone));
    }
    forEachSpan(proposed.runs, width, (y, x0, x1) =>
      stroke.edit.fillSpan(top + y, left + x0, left + x1, stroke.paint),
    );
    stroke.commit();
    return drop();
  }

  const dragged = (zoom: number): Rect | null => {
    if (press === null || to === null || !press.inside || press.mends) return null;
    const far = Math.hypot(to.x - press.from.x, to.y - press.from.y) * zoom >= CLICK_PX;
    return far ? { x0: press.from.x, y0: press.from.y, x1: to.x, y1: to.y } : null;
  };
  let box: Rect | null = null;

  return {
    pointer(event, context) {
      const { kind, at, modifiers } = event;
      if (kind === 'down') {
        const inside = !modifiers.ctrl && !modifiers.alt;
        press = { from: at, inside, mends: inside && modifiers.shift };
      }
      if (kind === 'up') add(event, context);
      to = at;
      if (kind === 'up' || kind === 'cancel') press = null;
      box = dragged(context.zoom);
    },
    key(key, context) {
      if (key === 'escape') return drop();
      if (key === 'enter') return commit(context);
      if (key === 'tab') return isAsked() && context.nextProposal();
      return steps.undo();
    },
    finish: drop,
    get preview(): Preview | null {
      const shown = box ?? prompts.box;
      if (shown === null && prompts.points.length === 0) return null;
      return { kind: 'prompts', ...prompts, box: shown };
    },
    get busy() {
      return isAsked() || press !== null;
    },
    get prompts() {
      return isAsked() ? prompts : null;
    },
    steps,
  };
}

export const click: ToolDescriptor = {
  title: 'Click an object',
  hint: 'Click it, or drag a box around it · Ctrl or right: not this · Shift: mend a painted one · Tab other mask · Enter paints',
  keys: ['C'],
  byClick: true,
  asksForMasks: 'click',
  create: createClick,
};

/** The same hand, for masks by how colours differ: it needs a box, and no network. */
export const cut: ToolDescriptor = {
  title: 'Cut out',
  hint: 'Drag a box around an object · click what is missing · Ctrl or right: not this · Shift: mend a painted one · Enter paints',
  keys: ['Shift+W'],
  byClick: true,
  asksForMasks: 'cut',
  create: createClick,
};
