/**
 * Magic wand: the connected region that looks like the pixel pressed. It goes by what is displayed, so contrast,
 * gamma and hidden channels steer it. Dragging right or left while pressed raises or lowers the tolerance.
 */
import { growRegion } from '../shapes.ts';
import type { ImagePoint } from '../viewport.ts';
import type { Stroke, Tool, ToolContext, ToolDescriptor } from './tool.ts';

/** Device pixels of drag for one step of tolerance. */
const DRAG_PER_STEP = 4;

interface Press {
  readonly stroke: Stroke;
  readonly from: ImagePoint;
  readonly base: number;
  tolerance: number;
}

/** Largest difference in R, G or B of two colours 0xRRGGBB, 0 … 255. */
function colorDistance(a: number, b: number): number {
  return Math.max(
    Math.abs((a >> 16) - (b >> 16)),
    Math.abs(((a >> 8) & 255) - ((b >> 8) & 255)),
    Math.abs((a & 255) - (b & 255)),
  );
}

function createWand(): Tool {
  let press: Press | null = null;

  function select({ stroke, from, tolerance }: Press, { layer, displayed }: ToolContext): void {
    const seed = { x: Math.floor(from.x), y: Math.floor(from.y) };
    if (displayed === null || !layer.contains(seed.x, seed.y)) return;
    const color = displayed(seed.x, seed.y);
    growRegion(seed, {
      size: layer,
      inside: (x, y) => colorDistance(displayed(x, y), color) <= tolerance,
      visit: (y, x0, x1) => stroke.edit.fillSpan(y, x0, x1, stroke.paint),
    });
  }

  function revert(): boolean {
    if (press === null) return false;
    press.stroke.revert();
    press = null;
    return true;
  }

  return {
    pointer({ kind, at, modifiers }, context) {
      if (kind === 'down') {
        revert();
        const { tolerance } = context;
        const stroke = context.begin({ erase: modifiers.ctrl });
        press = { stroke, from: at, base: tolerance, tolerance };
        select(press, context);
      } else if (kind === 'cancel') {
        revert();
      } else if (press !== null) {
        const steps = Math.round(((at.x - press.from.x) * context.zoom) / DRAG_PER_STEP);
        const tolerance = Math.min(255, Math.max(0, press.base + steps));
        if (tolerance !== press.tolerance) {
          press.tolerance = tolerance;
          press.stroke.edit.restart();
          select(press, context);
        }
        if (kind === 'move') return;
        press.stroke.commit();
        press = null;
      }
    },
    key: (key) => key === 'escape' && revert(),
    finish() {
      press?.stroke.commit();
      press = null;
    },
    preview: null,
    get busy() {
      return press !== null;
    },
  };
}

export const wand: ToolDescriptor = {
  title: 'Magic wand',
  hint: 'Click a colour · drag right for more, left for less',
  keys: ['W'],
  adjusts: 'tolerance',
  create: createWand,
};
