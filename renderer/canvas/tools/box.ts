/** Box: fills the rectangle between press and release; Shift makes it a square. */
import { boxOf } from '../shapes.ts';
import { createBoxDrag } from './box-drag.ts';
import type { ToolDescriptor } from './tool.ts';

export const box: ToolDescriptor = {
  title: 'Box',
  hint: 'Drag a rectangle · Shift square · Ctrl cuts out',
  keys: ['R'],
  create: () =>
    createBoxDrag(({ a, b, erase }, context) => {
      const { x0, y0, x1, y1 } = boxOf(a, b);
      const stroke = context.begin({ erase });
      for (let y = y0; y < y1; y++) stroke.edit.fillSpan(y, x0, x1, stroke.paint);
      stroke.commit();
    }),
};
