/** Changes of the shape of a class, where they do not keep the hand waiting: at 4,096² px they take seconds. */
import { reshaped, type ShapeOptions } from '../../shared/class-shape.ts';
import type { LabelMap } from '../../shared/label-map.ts';
import type { LabelEdit } from './label-layer.ts';
import { askOnce } from './once-thread.ts';
import type { ReshapeRequest } from './reshape.worker.ts';

/** Errors: internal, where its thread ended. */
export type Reshape = (map: LabelMap, options: ShapeOptions) => Promise<LabelMap>;

/** Where nobody paints meanwhile. */
export const reshapeHere: Reshape = (map, options) => Promise.resolve(reshaped(map, options));

export const reshapeInThread: Reshape = async ({ width, height, data }, options) => {
  const worker = new Worker(new URL('./reshape.worker.ts', import.meta.url), { type: 'module' });
  const request: ReshapeRequest = { map: { width, height, data }, options };
  const after = await askOnce<Uint8Array>(worker, request, {
    sorry: (why) => `The shape could not be changed (${why}). Nothing was changed; try again.`,
  });
  return { width, height, data: after };
};

/** Puts what differs between two maps into a layer, but for pixels that were changed since the first was taken of it. */
export function putChanges(
  edit: LabelEdit,
  { before, after }: { readonly before: LabelMap; readonly after: LabelMap },
): void {
  const { width, height } = before;
  for (let y = 0; y < height; y++) {
    const end = (y + 1) * width;
    for (let i = y * width; i < end; i++) {
      const [was, is] = [before.data[i] ?? 0, after.data[i] ?? 0];
      if (was === is) continue;
      const start = i;
      while (i + 1 < end && before.data[i + 1] === was && after.data[i + 1] === is) i++;
      const row = y * width;
      edit.fillSpan(y, start - row, i + 1 - row, { value: is, only: was });
    }
  }
}
