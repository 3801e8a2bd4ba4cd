/** Takes predictions over: the whole, or what lies in a rectangle. Objects one by one are the tool tools/accept.ts. */
import type { History } from './history.ts';
import type { LabelEdit, LabelLayer } from './label-layer.ts';
import { intersection, type Rect } from './viewport.ts';

/** A prediction of an image, or of a rectangle in it: beyond `area` the layer holds what is blank, and means nothing. */
export interface ShownPrediction {
  readonly layer: LabelLayer;
  readonly area: Rect;
}

/** Goes through the runs of equal pixels of a prediction, row by row. */
function forEachRun(
  prediction: LabelLayer,
  { x0, y0, x1, y1 }: Rect,
  visit: (value: number, y: number, start: number, end: number) => void,
): void {
  for (let y = y0; y < y1; y++) {
    for (let x = x0; x < x1;) {
      const value = prediction.get(x, y);
      const start = x;
      while (x < x1 && prediction.get(x, y) === value) x++;
      visit(value, y, start, x);
    }
  }
}

/** Paints what is predicted in `area`, or puts `blank` where something is predicted. `only`: as in Paint. */
export function takeOver(
  edit: LabelEdit,
  { layer, area: predicted }: ShownPrediction,
  options: {
    readonly area: Rect;
    readonly blank: number;
    readonly only: number | null;
    readonly erase: boolean;
  },
): void {
  const { blank, only, erase } = options;
  const area = intersection(options.area, predicted);
  if (area === null) return;
  forEachRun(layer, area, (value, y, start, end) => {
    if (value === blank && (erase || only !== null)) return;
    edit.fillSpan(y, start, end, { value: erase ? blank : value, only });
  });
}

/** One entry of the history. Returns whether any pixel changed. `keepOthers`: only what is `blank`, as nobody labelled it, takes new classes. */
export function acceptAll(
  prediction: ShownPrediction,
  options: {
    readonly layer: LabelLayer;
    readonly history: History;
    readonly keepOthers: boolean;
    readonly blank: number;
  },
): boolean {
  const { layer, history, keepOthers, blank } = options;
  const { area } = prediction;
  const edit = layer.edit();
  const isWhole = area.x1 - area.x0 === layer.width && area.y1 - area.y0 === layer.height;
  if (isWhole && !keepOthers) edit.replaceAll(prediction.layer);
  else takeOver(edit, prediction, { area, blank, only: keepOthers ? blank : null, erase: false });
  const label = isWhole ? 'Accepted prediction' : 'Accepted predicted region';
  return history.commit(edit, { kind: 'record', label });
}
