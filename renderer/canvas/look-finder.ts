/** How the objects of a labelled image look, where finding out keeps no hand waiting. */
import { type KnownLook, looksOf } from '../../shared/assist/alike-class.ts';
import type { ImagePixels } from '../../shared/display.ts';
import type { LabelMap } from '../../shared/label-map.ts';
import type { Ground } from '../../shared/objects/rules.ts';
import { askOnce } from './once-thread.ts';

export interface LooksRequest {
  readonly pixels: ImagePixels;
  readonly map: LabelMap;
  readonly ground: Ground;
}

/** Errors: internal, where its thread ended. */
export type FindLooks = (request: LooksRequest) => Promise<readonly KnownLook[]>;

/** Where nobody paints meanwhile. */
export const findLooksHere: FindLooks = ({ pixels, map, ground }) =>
  Promise.resolve(looksOf(pixels, map, ground));

export const findLooksInThread: FindLooks = (request) =>
  askOnce(new Worker(new URL('./looks.worker.ts', import.meta.url), { type: 'module' }), request, {
    sorry: (why) => `Objects could not be compared (${why}). Everything else goes on.`,
  });
