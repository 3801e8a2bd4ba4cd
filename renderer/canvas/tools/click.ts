/**
 * Click an object: clicks and a box say to a network what is meant, and its mask is a proposal until Enter paints it.
 *
 * A click is in the object; with Ctrl, Alt or the right button it is beside it. A drag draws a box, and begins anew; one
 * that takes away is a click, for there are no boxes of what is not meant. Tab
 * goes to the next mask, Enter paints the one that is shown, Escape drops all of it.
 *
 * A step, for undo and redo: a click, a box.
 */
import { forEachSpan } from '../../../shared/mask-runs.ts';
import { boxOf } from '../shapes.ts';
import { type ImagePoint, intersection, type Rect } from '../viewport.ts';
import { Steps } from './steps.ts';
import type { Preview, Prompts, Tool, ToolContext, ToolDescriptor, ToolEvent } from './tool.ts';

/** Device pixels. A hand that clicks moves so far at most. */
const CLICK_PX = 5;

const NOTHING: Prompts = { points: [], box: null };

function createClick(): Tool {
  let prompts = NOTHING;
  let press: { readonly from: ImagePoint; readonly inside: boolean } | null = null;
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

  function add(event: ToolEvent, { layer, zoom }: ToolContext): void {
    if (press === null) return;
    const { from, inside } = press;
    const { at } = event;
    const area = { x0: 0, y0: 0, x1: layer.width, y1: layer.height };
    if (inside && Math.hypot(at.x - from.x, at.y - from.y) * zoom >= CLICK_PX) {
      const box = intersection(boxOf(from, at), area);
      if (box === null) return;
      steps.begin();
      prompts = { points: [], box };
    } else if (layer.contains(Math.floor(from.x), Math.floor(from.y))) {
      steps.begin();
      prompts = { ...prompts, points: [...prompts.points, { ...from, inside }] };
    }
  }

  function commit(context: ToolContext): boolean {
    const { proposed } = context;
    if (proposed === null || !isAsked()) return isAsked();
    const { left, top, width } = proposed.region;
    const stroke = context.begin({ erase: false });
    forEachSpan(proposed.runs, width, (y, x0, x1) =>
      stroke.edit.fillSpan(top + y, left + x0, left + x1, stroke.paint),
    );
    stroke.commit();
    return drop();
  }

  const dragged = (zoom: number): Rect | null => {
    if (press === null || to === null || !press.inside) return null;
    const far = Math.hypot(to.x - press.from.x, to.y - press.from.y) * zoom >= CLICK_PX;
    return far ? { x0: press.from.x, y0: press.from.y, x1: to.x, y1: to.y } : null;
  };
  let box: Rect | null = null;

  return {
    pointer(event, context) {
      const { kind, at, modifiers } = event;
      if (kind === 'down') press = { from: at, inside: !modifiers.ctrl && !modifiers.alt };
      else if (kind === 'up') add(event, context);
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
      return { kind: 'prompts', box: shown, points: prompts.points };
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
  hint: 'Click it, or drag a box around it · Ctrl or right: not this · Tab other mask · Enter paints · Esc drops',
  keys: ['C'],
  byClick: true,
  asksForMasks: true,
  create: createClick,
};
