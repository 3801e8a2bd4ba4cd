/** Box: fills the rectangle between press and release; Shift makes it a square. */
import { boxOf } from '../shapes.ts';
import { imagePoint, type ImagePoint } from '../viewport.ts';
import type { Preview, Tool, ToolDescriptor, ToolEvent } from './tool.ts';

function createBox(): Tool {
  let erase = false;
  let corners: { readonly a: ImagePoint; readonly b: ImagePoint } | null = null;

  const opposite = (a: ImagePoint, { at, modifiers }: ToolEvent): ImagePoint => {
    if (!modifiers.shift) return at;
    const side = Math.max(Math.abs(at.x - a.x), Math.abs(at.y - a.y));
    return imagePoint(a.x + Math.sign(at.x - a.x) * side, a.y + Math.sign(at.y - a.y) * side);
  };
  const drop = () => {
    const had = corners !== null;
    corners = null;
    return had;
  };

  return {
    pointer(event, context) {
      if (event.kind === 'down') {
        corners = { a: event.at, b: event.at };
        erase = event.modifiers.ctrl;
      } else if (event.kind === 'cancel') {
        drop();
      } else if (corners !== null) {
        corners = { a: corners.a, b: opposite(corners.a, event) };
        if (event.kind === 'move') return;
        const { x0, y0, x1, y1 } = boxOf(corners.a, corners.b);
        const stroke = context.begin({ erase });
        for (let y = y0; y < y1; y++) stroke.edit.fillSpan(y, x0, x1, stroke.paint);
        stroke.commit();
        corners = null;
      }
    },
    key: (key) => key === 'escape' && drop(),
    finish: drop,
    get preview(): Preview | null {
      return corners === null ? null : { kind: 'box', ...corners };
    },
    get busy() {
      return corners !== null;
    },
  };
}

export const box: ToolDescriptor = {
  title: 'Box',
  hint: 'Drag a rectangle · Shift square · Ctrl cuts out',
  keys: ['R'],
  create: createBox,
};
