/**
 * Objects under the pointer: a click picks one, Shift joins another to it, a line drawn across splits, Control and a
 * rectangle delete what lies in it. Without an object layer a click does nothing: the panel begins one.
 */
import { boxOf } from '../shapes.ts';
import type { ImagePoint } from '../viewport.ts';
import type { Preview, Tool, ToolDescriptor } from './tool.ts';

/** In screen pixels: less than this is a click. */
const DRAG_PX = 4;

function createObject(): Tool {
  let line: ImagePoint[] = [];
  let how: 'pick' | 'join' | 'delete' = 'pick';
  const drop = () => {
    const had = line.length > 0;
    line = [];
    return had;
  };
  return {
    pointer({ kind, at, path, modifiers }, context) {
      const { objects } = context;
      if (kind === 'cancel' || objects === null) {
        drop();
        return;
      }
      if (kind === 'down') {
        line = [at];
        how = modifiers.ctrl ? 'delete' : modifiers.shift ? 'join' : 'pick';
        return;
      }
      const [first] = line;
      if (first === undefined) return;
      line.push(...path);
      if (kind === 'move') return;
      const isClick = line.every(
        ({ x, y }) => Math.hypot(x - first.x, y - first.y) * context.zoom < DRAG_PX,
      );
      const drawn = line;
      drop();
      const under = objects.at(first);
      if (how === 'delete') {
        objects.remove(isClick ? [under] : objects.within(boxOf(first, at)));
      } else if (!isClick) objects.split(drawn);
      else if (how === 'join') objects.join(under);
      else objects.pick(under);
    },
    key(key, { objects }) {
      if (key === 'escape') {
        if (drop()) return true;
        if (objects === null || objects.picked === 0) return false;
        objects.pick(0);
        return true;
      }
      if (key !== 'backspace' || objects === null || objects.picked === 0) return false;
      objects.remove([objects.picked]);
      return true;
    },
    finish: () => void drop(),
    get preview(): Preview | null {
      const [first] = line;
      const last = line.at(-1);
      if (first === undefined || last === undefined || line.length < 2) return null;
      if (how === 'delete') return { kind: 'box', a: first, b: last };
      return { kind: 'line', points: line };
    },
    get busy() {
      return line.length > 0;
    },
  };
}

export const object: ToolDescriptor = {
  title: 'Objects',
  hint: 'Click picks · Shift-click joins · A line across splits · Ctrl-click or Ctrl-drag deletes',
  keys: ['U'],
  create: createObject,
};
