/**
 * Polygon: corners by clicks; closed it stays open to correction until it is committed.
 *
 * drawing: a click adds a corner (Shift: in steps of 45°); a double click, Enter or a click on the first corner closes
 * the ring; Backspace takes the last corner back; Escape drops the ring.
 * editing: corners can be dragged, edges take new corners, a click inside begins a hole, a click outside commits and
 * begins the next polygon; Backspace removes the corner last held; Enter commits; Escape drops the polygon.
 *
 * A step, for undo and redo: a corner set, a ring closed, a corner moved, added or removed, a hole dropped.
 */
import { ringArea } from '../shapes.ts';
import { imagePoint, type ImagePoint } from '../viewport.ts';
import { Steps } from './steps.ts';
import type { Preview, Tool, ToolContext, ToolDescriptor, ToolEvent } from './tool.ts';

/** How near the pointer has to be to a corner or an edge, in device pixels. */
const CORNER_REACH = 9;
const EDGE_REACH = 6;

interface Corner {
  readonly ring: number;
  readonly index: number;
}

const distance = (a: ImagePoint, b: ImagePoint) => Math.hypot(a.x - b.x, a.y - b.y);

/** The point in steps of 45° from `from` that is nearest to `at`. */
function snappedToAngles(from: ImagePoint, at: ImagePoint): ImagePoint {
  const step = Math.PI / 4;
  const angle = Math.round(Math.atan2(at.y - from.y, at.x - from.x) / step) * step;
  const along = (at.x - from.x) * Math.cos(angle) + (at.y - from.y) * Math.sin(angle);
  return imagePoint(from.x + along * Math.cos(angle), from.y + along * Math.sin(angle));
}

function distanceToEdge(at: ImagePoint, a: ImagePoint, b: ImagePoint): number {
  const length = (b.x - a.x) ** 2 + (b.y - a.y) ** 2;
  const t = length === 0 ? 0 : ((at.x - a.x) * (b.x - a.x) + (at.y - a.y) * (b.y - a.y)) / length;
  const along = Math.min(1, Math.max(0, t));
  return distance(at, imagePoint(a.x + along * (b.x - a.x), a.y + along * (b.y - a.y)));
}

/** Whether a point lies inside an odd number of rings. */
function isInside(rings: readonly (readonly ImagePoint[])[], at: ImagePoint): boolean {
  let inside = false;
  for (const ring of rings) {
    ring.forEach((a, i) => {
      const b = ring[(i + 1) % ring.length] ?? a;
      if (a.y <= at.y === b.y <= at.y) return;
      if (at.x < a.x + ((at.y - a.y) / (b.y - a.y)) * (b.x - a.x)) inside = !inside;
    });
  }
  return inside;
}

/** What a step changes. */
interface Shape {
  readonly rings: readonly (readonly ImagePoint[])[];
  readonly open: readonly ImagePoint[];
}

function createPolygon(): Tool {
  let rings: readonly (readonly ImagePoint[])[] = [];
  let open: readonly ImagePoint[] = [];
  let hover: ImagePoint | null = null;
  let held: Corner | null = null;
  let dragging = false;
  /** Whether what is dragged has had its step already: a press alone is none. */
  let stepBegun = false;
  let erase = false;
  const steps = new Steps<Shape>({ read: () => ({ rings, open }), restore: show });

  function show(shape: Shape): void {
    ({ rings, open } = shape);
    held = null;
    dragging = false;
  }

  function reset(): void {
    show({ rings: [], open: [] });
    steps.clear();
  }

  function close(): boolean {
    if (open.length < 3) return false;
    steps.begin();
    rings = [...rings, open];
    open = [];
    held = null;
    return true;
  }

  function commit(context: ToolContext): void {
    if (rings.length > 0) {
      const stroke = context.begin({ erase });
      ringArea(rings, context.layer, (y, x0, x1) => stroke.edit.fillSpan(y, x0, x1, stroke.paint));
      stroke.commit();
    }
    reset();
  }

  function cornerAt(at: ImagePoint, zoom: number): Corner | null {
    let best: Corner | null = null;
    let nearest = CORNER_REACH / zoom;
    rings.forEach((points, ring) =>
      points.forEach((point, index) => {
        if (distance(point, at) > nearest) return;
        nearest = distance(point, at);
        best = { ring, index };
      }),
    );
    return best;
  }

  /** The corner that a new one on the nearest edge would be. */
  function edgeAt(at: ImagePoint, zoom: number): Corner | null {
    let best: Corner | null = null;
    let nearest = EDGE_REACH / zoom;
    rings.forEach((points, ring) =>
      points.forEach((a, index) => {
        const gap = distanceToEdge(at, a, points[(index + 1) % points.length] ?? a);
        if (gap > nearest) return;
        nearest = gap;
        best = { ring, index: index + 1 };
      }),
    );
    return best;
  }

  const withRing = (
    ring: number,
    change: (points: readonly ImagePoint[]) => readonly ImagePoint[],
  ) => rings.map((points, i) => (i === ring ? change(points) : points));

  function beginRing({ at, modifiers }: ToolEvent): void {
    if (rings.length === 0) erase = modifiers.ctrl;
    steps.begin();
    open = [at];
    held = null;
  }

  function addCorner({ at, clicks, modifiers }: ToolEvent, zoom: number): void {
    const [first] = open;
    const last = open.at(-1);
    if (first === undefined || last === undefined) return;
    const reach = CORNER_REACH / zoom;
    // The first click of a double click has already set the corner.
    const again = clicks > 1 && distance(at, last) <= reach;
    const ends = again || (open.length >= 3 && distance(at, first) <= reach);
    if (ends) {
      close();
    } else {
      steps.begin();
      open = [...open, modifiers.shift ? snappedToAngles(last, at) : at];
    }
  }

  function pressClosed(event: ToolEvent, context: ToolContext): void {
    held = cornerAt(event.at, context.zoom);
    stepBegun = false;
    if (held === null) {
      const added = edgeAt(event.at, context.zoom);
      if (added !== null) {
        steps.begin();
        stepBegun = true;
        rings = withRing(added.ring, (points) => points.toSpliced(added.index, 0, event.at));
        held = added;
      }
    }
    if (held !== null) {
      dragging = true;
      return;
    }
    if (!isInside(rings, event.at)) commit(context);
    beginRing(event);
  }

  function drag({ kind, at }: ToolEvent): void {
    if (held === null) return;
    if (kind === 'cancel') {
      if (stepBegun) steps.undo();
    } else if (kind === 'move' || stepBegun) {
      const { ring, index } = held;
      if (!stepBegun) steps.begin();
      stepBegun = true;
      rings = withRing(ring, (points) => points.with(index, at));
    }
  }

  function backspace(): boolean {
    // A corner that was just set goes as it came, so that redo brings it back.
    if (open.length > 0) return steps.undo();
    if (held === null) return rings.length > 0;
    const { ring, index } = held;
    steps.begin();
    rings = withRing(ring, (points) => points.toSpliced(index, 1)).filter(
      ({ length }) => length >= 3,
    );
    held = null;
    return true;
  }

  function escape(): boolean {
    if (rings.length === 0 && open.length === 0) return false;
    if (rings.length > 0 && open.length > 0) {
      steps.begin();
      open = [];
    } else {
      reset();
    }
    return true;
  }

  return {
    pointer(event, context) {
      const last = open.at(-1);
      hover =
        event.modifiers.shift && last !== undefined ? snappedToAngles(last, event.at) : event.at;
      if (event.kind === 'down') {
        if (open.length > 0) addCorner(event, context.zoom);
        else if (rings.length > 0 && event.clicks === 1) pressClosed(event, context);
        else if (rings.length === 0) beginRing(event);
        return;
      }
      if (dragging) drag(event);
      if (event.kind !== 'move') dragging = false;
    },
    key(key, context) {
      if (key === 'backspace') return backspace();
      if (key === 'escape') return escape();
      if (open.length > 0) return close() || true;
      if (rings.length === 0) return false;
      commit(context);
      return true;
    },
    finish(context) {
      close();
      commit(context);
      hover = null;
    },
    get preview(): Preview | null {
      if (rings.length === 0 && open.length === 0) return null;
      const tail = open.length > 0 && hover !== null ? [...open, hover] : open;
      return { kind: 'rings', rings, open: tail, handles: true };
    },
    get busy() {
      return rings.length > 0 || open.length > 0;
    },
    steps,
  };
}

export const polygon: ToolDescriptor = {
  title: 'Polygon',
  hint: 'Click corners · Enter closes, then paints · click inside for a hole',
  keys: ['P'],
  byClick: true,
  create: createPolygon,
};
