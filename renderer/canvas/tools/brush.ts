/** Brush, eraser and scribbles: a hard disc swept along the pointer's way, without gaps. They differ only in their paint. */
import { snapToPixels, sweptDisc } from '../shapes.ts';
import type { ImagePoint } from '../viewport.ts';
import type { Stroke, Tool, ToolContext, ToolDescriptor, ToolEvent } from './tool.ts';

/** A brush keeps its size for one stroke. */
interface BrushStroke {
  readonly stroke: Stroke;
  readonly sizePx: number;
  /** Shift: a straight line from here, drawn anew with every move. */
  readonly anchor: ImagePoint | null;
  last: ImagePoint;
}

function createBrush({ erase }: { readonly erase: boolean }): Tool {
  let current: BrushStroke | null = null;
  /** Where the last stroke ended: Shift continues from there. */
  let lastEnd: ImagePoint | null = null;

  function sweep({ stroke, sizePx }: BrushStroke, from: ImagePoint, to: ImagePoint): void {
    sweptDisc(from, to, {
      radius: sizePx / 2,
      visit: (y, x0, x1) => stroke.edit.fillSpan(y, x0, x1, stroke.paint),
    });
  }

  function begin({ at, modifiers }: ToolEvent, context: ToolContext): void {
    const sizePx = context.brushSizePx;
    const point = snapToPixels(at, sizePx);
    const anchor = modifiers.shift ? (lastEnd ?? point) : null;
    current = {
      stroke: context.begin({ erase: erase || modifiers.ctrl }),
      sizePx,
      anchor,
      last: point,
    };
    sweep(current, anchor ?? point, point);
  }

  function follow(brush: BrushStroke, path: readonly ImagePoint[]): void {
    for (const at of path) {
      const point = snapToPixels(at, brush.sizePx);
      if (brush.anchor === null) {
        if (point.x === brush.last.x && point.y === brush.last.y) continue;
        sweep(brush, brush.last, point);
      }
      brush.last = point;
    }
    if (brush.anchor !== null) {
      brush.stroke.edit.restart();
      sweep(brush, brush.anchor, brush.last);
    }
  }

  function end(): void {
    if (current === null) return;
    lastEnd = current.last;
    current.stroke.commit();
    current = null;
  }

  function revert(): boolean {
    if (current === null) return false;
    current.stroke.revert();
    current = null;
    return true;
  }

  return {
    pointer(event, context) {
      if (event.kind === 'down') {
        end();
        begin(event, context);
      } else if (event.kind === 'cancel') {
        revert();
      } else if (current !== null) {
        follow(current, event.path);
        if (event.kind === 'up') end();
      }
    },
    key: (key) => key === 'escape' && revert(),
    finish() {
      end();
      lastEnd = null;
    },
    preview: null,
    get busy() {
      return current !== null;
    },
  };
}

export const brush: ToolDescriptor = {
  title: 'Brush',
  hint: 'Ctrl erases · Shift straight · Alt-drag resizes',
  keys: ['B'],
  adjusts: 'brushSizePx',
  create: () => createBrush({ erase: false }),
};

export const eraser: ToolDescriptor = {
  title: 'Eraser',
  hint: 'Shift straight · Alt-drag resizes',
  keys: ['E'],
  adjusts: 'brushSizePx',
  erases: true,
  create: () => createBrush({ erase: true }),
};

export const scribble: ToolDescriptor = {
  title: 'Scribble',
  hint: 'A few strokes of two classes or more: every pixel is proposed from them · Ctrl scribbles background',
  keys: ['S'],
  adjusts: 'scribbleSizePx',
  scribbles: true,
  create: () => createBrush({ erase: false }),
};
