/**
 * Patches: a press paints the patch under the pointer, a drag every one that it comes over (canvas/patch-map.ts). What
 * one press and its drag paint is one step.
 */
import { NO_PATCH, type PatchMap } from '../patch-map.ts';
import { lineCells } from '../shapes.ts';
import type { ImagePoint } from '../viewport.ts';
import type { Stroke, Tool, ToolContext, ToolDescriptor } from './tool.ts';

/** Patches stay as they were at the press until the stroke is done. */
interface PatchStroke {
  readonly stroke: Stroke;
  readonly patches: PatchMap;
  readonly painted: Set<number>;
  last: ImagePoint;
}

function createPatches(): Tool {
  let current: PatchStroke | null = null;

  function paint({ stroke, patches, painted, last }: PatchStroke, path: readonly ImagePoint[]) {
    for (const { x, y } of lineCells([last, ...path])) {
      const number = patches.at(x, y);
      if (number === NO_PATCH || painted.has(number)) continue;
      painted.add(number);
      patches.forEachSpan(number, (row, x0, x1) => stroke.edit.fillSpan(row, x0, x1, stroke.paint));
    }
  }

  function end(): void {
    current?.stroke.commit();
    current = null;
  }

  function revert(): boolean {
    if (current === null) return false;
    current.stroke.revert();
    current = null;
    return true;
  }

  return {
    pointer({ kind, at, path, modifiers }, context: ToolContext) {
      if (kind === 'cancel') {
        revert();
        return;
      }
      if (kind === 'down') {
        end();
        const { patches } = context;
        if (patches === null) return;
        const stroke = context.begin({ erase: modifiers.ctrl });
        current = { stroke, patches, painted: new Set(), last: at };
      }
      if (current === null) return;
      paint(current, path);
      current.last = at;
      if (kind === 'up') end();
    },
    key: (key) => key === 'escape' && revert(),
    finish: end,
    preview: null,
    get busy() {
      return current !== null;
    },
  };
}

export const patches: ToolDescriptor = {
  title: 'Patches',
  hint: 'Click or drag over patches to paint them · Ctrl erases · Alt-drag resizes',
  keys: ['Shift+P'],
  adjusts: 'patchSizePx',
  paintsPatches: true,
  create: createPatches,
};
