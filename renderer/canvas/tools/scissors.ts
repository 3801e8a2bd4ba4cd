/**
 * Scissors: an outline that follows the edges of the image between clicks (canvas/edge-paths.ts). A click sets a corner;
 * a double click, Enter or a click on the first corner closes the outline and paints what it encloses; Shift goes straight.
 * Backspace takes the last corner back, Escape drops the outline. A step, for undo and redo: a corner.
 */
import { EdgePaths } from '../edge-paths.ts';
import { ringArea } from '../shapes.ts';
import type { ImagePoint } from '../viewport.ts';
import { Steps } from './steps.ts';
import type { Preview, Tool, ToolContext, ToolDescriptor, ToolEvent } from './tool.ts';

/** How near to the first corner a click closes, in device pixels. */
const CORNER_REACH = 9;
/** How long a way is looked for while the pointer moves: by the clock, so that a busy computer draws as often. */
const FRAME_MS = 6;

/** What a corner adds: the way to it from the one before, itself last. */
type Corner = readonly ImagePoint[];

interface Outline {
  readonly corners: readonly Corner[];
}

const distance = (a: ImagePoint, b: ImagePoint) => Math.hypot(a.x - b.x, a.y - b.y);

/** Brightness of a displayed colour 0xRRGGBB, 0 … 255, by ITU-R BT.601. */
const brightness = (color: number) =>
  0.299 * (color >> 16) + 0.587 * ((color >> 8) & 255) + 0.114 * (color & 255);

function createScissors(): Tool {
  let outline: Outline = { corners: [] };
  let tail: readonly ImagePoint[] = [];
  let erase = false;
  let paths: EdgePaths | null = null;
  /** Where the ways of `paths` begin, and in which image as it was displayed. */
  let begun: { readonly at: ImagePoint; readonly displayed: unknown } | null = null;
  const steps = new Steps<Outline>({
    read: () => outline,
    restore: (before) => {
      outline = before;
      tail = [];
    },
  });

  const firstPoint = () => outline.corners[0]?.[0];
  const lastPoint = () => outline.corners.at(-1)?.at(-1);

  function drop(): boolean {
    const had = outline.corners.length > 0;
    outline = { corners: [] };
    tail = [];
    paths = null;
    begun = null;
    steps.clear();
    return had;
  }

  /** From the last corner, the corner itself left out. Straight where no way was found. */
  function wayTo(
    at: ImagePoint,
    { layer, displayed }: ToolContext,
    options: { readonly straight: boolean; readonly forMs?: number },
  ): readonly ImagePoint[] {
    const from = lastPoint();
    if (from === undefined || options.straight || displayed === null) return [at];
    if (paths === null || begun?.displayed !== displayed) {
      paths = new EdgePaths(layer, (x, y) => brightness(displayed(x, y)));
      begun = null;
    }
    if (begun?.at !== from) {
      paths.start(from);
      begun = { at: from, displayed };
    }
    return paths.to(at, options.forMs)?.slice(1) ?? [at];
  }

  function press({ at, clicks, modifiers }: ToolEvent, context: ToolContext): void {
    const first = firstPoint();
    const last = lastPoint();
    if (first === undefined || last === undefined) {
      if (!context.layer.contains(Math.floor(at.x), Math.floor(at.y))) return;
      erase = modifiers.ctrl;
      steps.begin();
      outline = { corners: [[at]] };
      return;
    }
    const reach = CORNER_REACH / context.zoom;
    const ends = outline.corners.length > 1 && distance(at, first) <= reach;
    // The first click of a double click has already set the corner.
    const again = clicks > 1 && distance(at, last) <= reach;
    if (ends || again) {
      commit(context, { straight: modifiers.shift });
      return;
    }
    const way = wayTo(at, context, { straight: modifiers.shift });
    steps.begin();
    outline = { corners: [...outline.corners, way] };
    tail = [];
  }

  function commit(context: ToolContext, { straight = false } = {}): void {
    const first = firstPoint();
    if (first !== undefined && outline.corners.length > 1) {
      const ring = [...outline.corners.flat(), ...wayTo(first, context, { straight })];
      const stroke = context.begin({ erase });
      ringArea([ring], context.layer, (y, x0, x1) => stroke.edit.fillSpan(y, x0, x1, stroke.paint));
      stroke.commit();
    }
    drop();
  }

  return {
    pointer(event, context) {
      const { kind, at, modifiers } = event;
      if (kind === 'down') press(event, context);
      else if (kind === 'move' && outline.corners.length > 0) {
        tail = wayTo(at, context, { straight: modifiers.shift, forMs: FRAME_MS });
      }
    },
    key(key, context) {
      if (outline.corners.length === 0) return false;
      if (key === 'escape') return drop();
      if (key === 'backspace') return steps.undo();
      if (key === 'enter') commit(context);
      return key === 'enter';
    },
    finish: (context) => commit(context),
    get preview(): Preview | null {
      const { corners } = outline;
      if (corners.length === 0) return null;
      return { kind: 'rings', rings: [], open: [...corners.flat(), ...tail], handles: false };
    },
    get busy() {
      return outline.corners.length > 0;
    },
    steps,
  };
}

export const scissors: ToolDescriptor = {
  title: 'Scissors',
  hint: 'Click along an outline, which follows the edges · Enter closes and paints · Shift straight · Ctrl cuts out',
  keys: ['Shift+L'],
  byClick: true,
  create: createScissors,
};
