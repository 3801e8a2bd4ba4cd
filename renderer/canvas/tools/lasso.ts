/** Lasso: fills what a freehand line encloses when the pointer is lifted. */
import { ringArea } from '../shapes.ts';
import type { ImagePoint } from '../viewport.ts';
import type { Preview, Tool, ToolDescriptor } from './tool.ts';

function createLasso(): Tool {
  const line: ImagePoint[] = [];
  let erase = false;
  const drop = () => {
    const had = line.length > 0;
    line.length = 0;
    return had;
  };
  return {
    pointer({ kind, path, at, modifiers }, context) {
      if (kind === 'down') {
        drop();
        line.push(at);
        erase = modifiers.ctrl;
      } else if (kind === 'cancel') {
        drop();
      } else if (line.length > 0) {
        line.push(...path);
        if (kind === 'move') return;
        const stroke = context.begin({ erase });
        ringArea([line], context.layer, (y, x0, x1) =>
          stroke.edit.fillSpan(y, x0, x1, stroke.paint),
        );
        stroke.commit();
        drop();
      }
    },
    key: (key) => key === 'escape' && drop(),
    finish: drop,
    get preview(): Preview | null {
      return line.length === 0 ? null : { kind: 'rings', rings: [], open: line, handles: false };
    },
    get busy() {
      return line.length > 0;
    },
  };
}

export const lasso: ToolDescriptor = {
  title: 'Lasso',
  hint: 'Draw around a region · Ctrl cuts out',
  keys: ['L'],
  create: createLasso,
};
