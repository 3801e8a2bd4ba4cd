/** A rectangle between press and release; Shift makes it a square, Escape drops it. What becomes of it is its tool's. */
import { imagePoint, type ImagePoint } from '../viewport.ts';
import type { Preview, Tool, ToolContext, ToolEvent } from './tool.ts';

export interface DraggedBox {
  readonly a: ImagePoint;
  readonly b: ImagePoint;
  /** Whether Control was held at the press. */
  readonly erase: boolean;
}

export function createBoxDrag(done: (box: DraggedBox, context: ToolContext) => void): Tool {
  let box: DraggedBox | null = null;

  const opposite = (a: ImagePoint, { at, modifiers }: ToolEvent): ImagePoint => {
    if (!modifiers.shift) return at;
    const side = Math.max(Math.abs(at.x - a.x), Math.abs(at.y - a.y));
    return imagePoint(a.x + Math.sign(at.x - a.x) * side, a.y + Math.sign(at.y - a.y) * side);
  };
  const drop = () => {
    const had = box !== null;
    box = null;
    return had;
  };

  return {
    pointer(event, context) {
      if (event.kind === 'down') {
        box = { a: event.at, b: event.at, erase: event.modifiers.ctrl };
      } else if (event.kind === 'cancel') {
        drop();
      } else if (box !== null) {
        const dragged = { ...box, b: opposite(box.a, event) };
        box = event.kind === 'move' ? dragged : null;
        if (event.kind === 'up') done(dragged, context);
      }
    },
    key: (key) => key === 'escape' && drop(),
    finish: drop,
    get preview(): Preview | null {
      return box === null ? null : { kind: 'box', a: box.a, b: box.b };
    },
    get busy() {
      return box !== null;
    },
  };
}
