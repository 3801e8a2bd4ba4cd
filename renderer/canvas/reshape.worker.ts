/** The thread that reshaper.ts starts for one change of a shape. */
import { reshaped, type ShapeOptions } from '../../shared/class-shape.ts';
import type { LabelMap } from '../../shared/label-map.ts';

export interface ReshapeRequest {
  readonly map: LabelMap;
  readonly options: ShapeOptions;
}

self.addEventListener('message', ({ data: { map, options } }: MessageEvent<ReshapeRequest>) => {
  const { data } = reshaped(map, options);
  self.postMessage(data, { transfer: [data.buffer] });
});
