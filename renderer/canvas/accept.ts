/** Takes predictions over: the whole, or what lies in a rectangle. Objects one by one are the tool tools/accept.ts. */
import { MAX_OBJECT, NO_OBJECT } from '../../shared/objects/object-map.ts';
import type { History, ObjectChange } from './history.ts';
import type { LabelEdit, LabelLayer } from './label-layer.ts';
import type { ObjectLayer } from './object-layer.ts';
import { intersection, type Rect } from './viewport.ts';

/** A prediction of an image, or of a rectangle in it: beyond `area` the layer holds what is blank, and means nothing. */
export interface ShownPrediction {
  readonly layer: LabelLayer;
  readonly area: Rect;
  /** Those that the network told apart; null or left out: none. */
  readonly objects?: ObjectLayer | null;
}

/** Stands for what changed its class while objects are taken over; no object of a map that people make has it. */
const CHANGED = MAX_OBJECT;

/**
 * What becomes of the objects with labels that an edit (LabelEdit.remember) took over: each predicted one, as far as it was
 * taken over, is an object with a number of its own. `only`: as in Paint; what others labelled keeps its objects then.
 */
export function objectsTaken(
  predicted: { readonly layer: LabelLayer; readonly objects: ObjectLayer },
  { edit, only }: { readonly edit: LabelEdit; readonly only: number | null },
): ObjectChange {
  return (own, classes) => {
    const draft = own.after(classes, CHANGED);
    const numberOf = new Map<number, number>();
    let next = own.freeNumber();
    for (const { y, x0, x1 } of edit.covered) {
      for (let x = x0; x < x1; x++) {
        const isChanged = draft.get(x, y) === CHANGED;
        const object = predicted.objects.get(x, y);
        const isTaken = object !== NO_OBJECT && edit.layer.get(x, y) === predicted.layer.get(x, y);
        if (!isTaken || (only !== null && !isChanged)) {
          if (isChanged) draft.set(x, y, NO_OBJECT);
          continue;
        }
        let number = numberOf.get(object);
        if (number === undefined) numberOf.set(object, (number = next++));
        draft.set(x, y, number);
      }
    }
    return draft;
  };
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

/**
 * One entry of the history. Returns whether any pixel changed. `keepOthers`: only what is `blank`, as nobody labelled it,
 * takes new classes. `asObjects`: with the objects that are predicted.
 */
export function acceptAll(
  prediction: ShownPrediction,
  options: {
    readonly layer: LabelLayer;
    readonly history: History;
    readonly keepOthers: boolean;
    readonly blank: number;
    readonly asObjects: boolean;
  },
): boolean {
  const { layer, history, keepOthers, blank, asObjects } = options;
  const { area, objects = null } = prediction;
  const edit = layer.edit();
  const only = keepOthers ? blank : null;
  const told = asObjects && objects !== null ? { layer: prediction.layer, objects } : null;
  if (told !== null) edit.remember();
  const isWhole = area.x1 - area.x0 === layer.width && area.y1 - area.y0 === layer.height;
  if (isWhole && !keepOthers && told === null) edit.replaceAll(prediction.layer);
  else takeOver(edit, prediction, { area, blank, only, erase: false });
  const label = isWhole ? 'Accepted prediction' : 'Accepted predicted region';
  const change = told === null ? undefined : objectsTaken(told, { edit, only });
  return history.commit(edit, { kind: 'record', label }, change);
}
