/**
 * Accept: a click takes over one object of the prediction, with the class it has there (its connected region, where the
 * network tells none apart); a drag, all in a rectangle.
 */
import { NO_OBJECT } from '../../../shared/objects/object-map.ts';
import { takeOver } from '../accept.ts';
import { boxOf, growRegion } from '../shapes.ts';
import type { ImagePoint } from '../viewport.ts';
import { createBoxDrag, type DraggedBox } from './box-drag.ts';
import type { ToolContext, ToolDescriptor } from './tool.ts';

/** Device pixels. A hand that clicks moves so far at most. */
const CLICK_PX = 4;

function acceptObject(
  { at, erase }: { readonly at: ImagePoint; readonly erase: boolean },
  context: ToolContext,
): void {
  const { prediction } = context;
  if (prediction === null) return;
  const { layer, objects = null } = prediction;
  const seed = { x: Math.floor(at.x), y: Math.floor(at.y) };
  if (!layer.contains(seed.x, seed.y)) return;
  const value = layer.get(seed.x, seed.y);
  // A background is one region around everything: nobody means to accept that by a click.
  if (value === context.blank) return;
  const object = objects?.get(seed.x, seed.y) ?? NO_OBJECT;
  const isTold = objects !== null && object !== NO_OBJECT;
  const stroke = context.begin({ erase, value, ...(isTold ? { taken: { layer, objects } } : {}) });
  const paint = (y: number, x0: number, x1: number) =>
    stroke.edit.fillSpan(y, x0, x1, stroke.paint);
  if (isTold) objects.forEachSpan(object, paint);
  else {
    growRegion(seed, {
      size: layer,
      inside: (x, y) => layer.get(x, y) === value,
      visit: paint,
    });
  }
  stroke.commit();
}

/** Several objects, of several classes: what the network did not tell apart is of none. */
function acceptArea({ a, b, erase }: DraggedBox, context: ToolContext): void {
  const { prediction, blank } = context;
  if (prediction === null) return;
  const label = erase ? 'Erased predicted region' : 'Accepted predicted region';
  const { layer, objects = null } = prediction;
  const taken = objects === null ? {} : { taken: { layer, objects } };
  const stroke = context.begin({ erase, label, object: null, ...taken });
  const { only } = stroke.paint;
  takeOver(stroke.edit, prediction, { area: boxOf(a, b), blank, only, erase });
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
      const isClick = Math.hypot(b.x - a.x, b.y - a.y) * context.zoom < CLICK_PX;
      context.onceWhole((whole) => {
        if (isClick) acceptObject({ at: a, erase }, whole);
        else acceptArea({ a, b, erase }, whole);
      });
    }),
};
