/** Flood fill: the connected region of one class under the pointer takes another. */
import { growRegion } from '../shapes.ts';
import type { Tool, ToolDescriptor } from './tool.ts';

function createFill(): Tool {
  return {
    pointer({ kind, at, modifiers }, context) {
      if (kind !== 'down') return;
      const { layer } = context;
      const seed = { x: Math.floor(at.x), y: Math.floor(at.y) };
      if (!layer.contains(seed.x, seed.y)) return;
      const stroke = context.begin({ erase: modifiers.ctrl });
      const target = layer.get(seed.x, seed.y);
      if (target !== stroke.paint.value && (stroke.paint.only ?? target) === target) {
        growRegion(seed, {
          size: layer,
          inside: (x, y) => layer.get(x, y) === target,
          visit: (y, x0, x1) => stroke.edit.fillSpan(y, x0, x1, stroke.paint),
        });
      }
      stroke.commit();
    },
    key: () => false,
    finish: () => undefined,
    preview: null,
    busy: false,
  };
}

export const fill: ToolDescriptor = {
  title: 'Fill',
  hint: 'Click a region to change its class · Ctrl erases it',
  keys: ['F'],
  byClick: true,
  create: createFill,
};
