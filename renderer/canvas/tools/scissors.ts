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
/** How long ways are looked for at an event: by the clock, so that a busy computer draws as often. */
const FRAME_MS = 6;

/** Where the way from the corner before ends. */
interface Corner {
  readonly at: ImagePoint;
}

/** A corner whose way is still looked for: until that is found, it is shown straight. */
interface Sought {
  readonly corner: Corner;
  readonly paths: EdgePaths;
}

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
  /** To each corner from the one before, which is left out; straight where none is here. */
  let ways = new WeakMap<Corner, readonly ImagePoint[]>();
  let sought: Sought | null = null;
  const steps = new Steps<Outline>({
    read: () => outline,
    restore: (before) => {
      outline = before;
      tail = [];
    },
  });

  const wayOf = (corner: Corner) => ways.get(corner) ?? [corner.at];
  const line = () => outline.corners.flatMap(wayOf);

  function drop(): boolean {
    const had = outline.corners.length > 0;
    outline = { corners: [] };
    tail = [];
    paths = null;
    begun = null;
    ways = new WeakMap();
    sought = null;
    steps.clear();
    return had;
  }

  /** Goes on looking for the way to the last corner. Returns whether nothing is sought any more. */
  function seek(forMs: number): boolean {
    if (sought === null) return true;
    const { corner } = sought;
    const way = sought.paths.to(corner.at, forMs);
    if (way === null) return false;
    ways.set(corner, way.slice(1));
    sought = null;
    return true;
  }

  /** Ways from the last corner; null: they are straight. */
  function pathsFromLast({ layer, displayed }: ToolContext, straight: boolean): EdgePaths | null {
    const from = outline.corners.at(-1)?.at;
    if (from === undefined || straight || displayed === null) return null;
    if (paths === null || begun?.displayed !== displayed) {
      paths = new EdgePaths(layer, (x, y) => brightness(displayed(x, y)));
      begun = null;
    }
    if (begun?.at !== from) {
      paths.start(from);
      begun = { at: from, displayed };
    }
    return paths;
  }

  function press({ at, clicks, modifiers }: ToolEvent, context: ToolContext): void {
    const first = outline.corners[0]?.at;
    const last = outline.corners.at(-1)?.at;
    if (first === undefined || last === undefined) {
      if (!context.layer.contains(Math.floor(at.x), Math.floor(at.y))) return;
      erase = modifiers.ctrl;
      steps.begin();
      outline = { corners: [{ at }] };
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
    seek(Infinity);
    const corner = { at };
    const from = pathsFromLast(context, modifiers.shift);
    steps.begin();
    outline = { corners: [...outline.corners, corner] };
    tail = [];
    if (from === null || !from.reaches(at)) return;
    sought = { corner, paths: from };
    seek(FRAME_MS);
  }

  function commit(context: ToolContext, { straight = false } = {}): void {
    const first = outline.corners[0]?.at;
    if (first !== undefined && outline.corners.length > 1) {
      seek(Infinity);
      const back = pathsFromLast(context, straight)?.to(first);
      const ring = [...line(), ...(back?.slice(1) ?? [first])];
      const stroke = context.begin({ erase });
      ringArea([ring], context.layer, (y, x0, x1) => stroke.edit.fillSpan(y, x0, x1, stroke.paint));
      stroke.commit();
    }
    drop();
  }

  function follow({ at, modifiers }: ToolEvent, context: ToolContext): void {
    const until = performance.now() + FRAME_MS;
    tail = [at];
    if (!seek(FRAME_MS)) return;
    const way = pathsFromLast(context, modifiers.shift)?.to(at, until - performance.now());
    tail = way?.slice(1) ?? tail;
  }

  return {
    pointer(event, context) {
      if (event.kind === 'down') press(event, context);
      else if (event.kind === 'move' && outline.corners.length > 0) follow(event, context);
      else seek(FRAME_MS);
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
      return { kind: 'rings', rings: [], open: [...line(), ...tail], handles: false };
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
