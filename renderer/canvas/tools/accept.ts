/** Accept: a click takes over one region of the prediction, with the class it has there. */
import { growRegion } from '../shapes.ts';
import type { Tool, ToolDescriptor } from './tool.ts';

function createAccept(): Tool {
  return {
    pointer({ kind, at, modifiers }, context) {
      const { prediction, blank } = context;
      if (kind !== 'down' || prediction === null) return;
      const seed = { x: Math.floor(at.x), y: Math.floor(at.y) };
      if (!prediction.contains(seed.x, seed.y)) return;
      const value = prediction.get(seed.x, seed.y);
      // A background is one region around everything: nobody means to accept that by a click.
      if (value === blank) return;
      const stroke = context.begin({ erase: modifiers.ctrl, value });
      growRegion(seed, {
        size: prediction,
        inside: (x, y) => prediction.get(x, y) === value,
        visit: (y, x0, x1) => stroke.edit.fillSpan(y, x0, x1, stroke.paint),
      });
      stroke.commit();
    },
    key: () => false,
    finish: () => undefined,
    preview: null,
    busy: false,
  };
}

export const accept: ToolDescriptor = {
  title: 'Accept regions',
  hint: 'Click a region of the prediction · Ctrl erases it',
  keys: ['Y'],
  byClick: true,
  needsPrediction: true,
  create: createAccept,
};
