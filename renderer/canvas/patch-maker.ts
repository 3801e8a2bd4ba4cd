/** Patches of a part of the image: what is cut up of it, and the thread in which that is done. */
import {
  type Patches,
  type PatchKind,
  type PatchRequest,
  patchesOf,
} from '../../shared/assist/patches.ts';
import type { DisplayedImage } from '../../shared/display.ts';
import { TILE_PX } from '../../shared/tiles.ts';
import { askOnce } from './once-thread.ts';
import type { PatchRegion } from './patch-region.ts';

/** Errors: internal, where its thread ended; cancelled. */
export type MakePatches = (request: PatchRequest, signal: AbortSignal) => Promise<Patches>;

/** Where nobody paints meanwhile. */
export const makePatchesHere: MakePatches = (request) => Promise.resolve(patchesOf(request));

export const makePatchesInThread: MakePatches = (request, signal) =>
  askOnce(
    new Worker(new URL('./patches.worker.ts', import.meta.url), { type: 'module' }),
    request,
    { signal, sorry: (why) => `The patches could not be made (${why}). Your labels are kept.` },
  );

/** Rows of tiles between which the window can paint. */
const rest = () => new Promise<void>((resolve) => setTimeout(resolve));

/** What is to be cut up of an image as it is shown. Errors: cancelled. */
export async function patchRequest(
  displayed: DisplayedImage,
  region: PatchRegion,
  { kind, signal }: { readonly kind: PatchKind; readonly signal: AbortSignal },
): Promise<PatchRequest> {
  const { step } = region;
  const width = Math.ceil((region.x1 - region.x0) / step);
  const height = Math.ceil((region.y1 - region.y0) / step);
  const colors = new Uint32Array(width * height);
  const tile = new Uint32Array(TILE_PX * TILE_PX);
  const level = Math.log2(step);
  for (let top = 0; top < height; top += TILE_PX) {
    for (let left = 0; left < width; left += TILE_PX) {
      const from = { x0: region.x0 + left * step, y0: region.y0 + top * step, level };
      displayed.rasterise(from, { data: tile, sidePx: TILE_PX });
      const columns = Math.min(TILE_PX, width - left);
      for (let y = 0; y < Math.min(TILE_PX, height - top); y++) {
        const row = tile.subarray(y * TILE_PX, y * TILE_PX + columns);
        colors.set(row, (top + y) * width + left);
      }
      await rest();
      signal.throwIfAborted();
    }
  }
  return {
    ...{ kind, width, height, colors },
    sizePx: region.sizePx / step,
    left: region.x0 / step,
    top: region.y0 / step,
  };
}
