/** Accept: a click takes over one object of the prediction, with the class it has there; a drag, all in a rectangle. */
import { type ShownPrediction, takeOver } from '../accept.ts';
import { boxOf, growRegion } from '../shapes.ts';
import type { ImagePoint } from '../viewport.ts';
import { createBoxDrag } from './box-drag.ts';
import type { ToolContext, ToolDescriptor } from './tool.ts';

/** Device pixels. A hand that clicks moves so far at most. */
const CLICK_PX = 4;

function acceptObject(
  { layer }: ShownPrediction,
  { at, erase }: { readonly at: ImagePoint; readonly erase: boolean },
  context: ToolContext,
): void {
  const seed = { x: Math.floor(at.x), y: Math.floor(at.y) };
  if (!layer.contains(seed.x, seed.y)) return;
  const value = layer.get(seed.x, seed.y);
  // A background is one region around everything: nobody means to accept that by a click.
  if (value === context.blank) return;
  const stroke = context.begin({ erase, value });
  growRegion(seed, {
    size: layer,
    inside: (x, y) => layer.get(x, y) === value,
    visit: (y, x0, x1) => stroke.edit.fillSpan(y, x0, x1, stroke.paint),
  });
  stroke.commit();
}

export const accept: ToolDescriptor = {
  title: 'Accept objects',
  hint: 'Click an object of the prediction, or drag a rectangle around several · Ctrl erases',
  keys: ['Y'],
  byClick: true,
  needsPrediction: true,
  create: () =>
    createBoxDrag(({ a, b, erase }, context) => {
      const { prediction, blank, zoom } = context;
      if (prediction === null) return;
      if (Math.hypot(b.x - a.x, b.y - a.y) * zoom < CLICK_PX) {
        acceptObject(prediction, { at: a, erase }, context);
        return;
      }
      const label = erase ? 'Erased predicted region' : 'Accepted predicted region';
      // Several objects, of several classes: none of them is told apart by that.
      const stroke = context.begin({ erase, label, object: null });
      const { only } = stroke.paint;
      takeOver(stroke.edit, prediction, { area: boxOf(a, b), blank, only, erase });
      stroke.commit();
    }),
};
