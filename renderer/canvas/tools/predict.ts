/** Predict: asks what a trained network sees in the rectangle between press and release. Changes no label. */
import { boxOf } from '../shapes.ts';
import { intersection } from '../viewport.ts';
import { createBoxDrag } from './box-drag.ts';
import type { ToolDescriptor } from './tool.ts';

export const predict: ToolDescriptor = {
  title: 'Predict a region',
  hint: 'Drag a rectangle: the network predicts what is in it, and sees what is around it',
  keys: ['Shift+M'],
  needsNetwork: true,
  create: () =>
    createBoxDrag(({ a, b }, context) => {
      const { layer } = context;
      const whole = { x0: 0, y0: 0, x1: layer.width, y1: layer.height };
      const area = intersection(boxOf(a, b), whole);
      if (area !== null) context.predict(area);
    }),
};
