/** Entry of the thread in which objects are measured: measuring.ts talks to it, shared/objects/measure does the work. */
import { parentPort } from 'node:worker_threads';
import { messageOf } from '../../shared/errors.ts';
import type { LabelMap } from '../../shared/label-map.ts';
import { type ClassSummary, summaryOf } from '../../shared/objects/measure/image-summary.ts';
import {
  type MeasuredObjects,
  measureObjects,
  type ObjectMeasuring,
} from '../../shared/objects/measure/measure-objects.ts';
import type { NumberedPixels } from '../../shared/objects/measure/object-runs.ts';

export type MeasureRequest =
  /** An image; `channels` of its rows, which come next. 0: none do. */
  | {
      readonly what: 'begin';
      readonly labelMap: LabelMap;
      readonly objects: NumberedPixels;
      readonly channels: number;
    }
  | {
      readonly what: 'rows';
      readonly samples: Uint8Array | Uint16Array | Float32Array;
      readonly top: number;
    }
  /** Its measurements; `classes` are those that are counted. */
  | { readonly what: 'end'; readonly classes: readonly number[] };

export interface MeasuredMap extends MeasuredObjects {
  readonly counts: readonly ClassSummary[];
}

/** In the order of the questions; null where nothing is to be told yet. */
export type MeasureAnswer = { readonly measured: MeasuredMap | null } | { readonly failed: string };

let open: { readonly measuring: ObjectMeasuring; readonly labelMap: LabelMap } | null = null;

function answer(request: MeasureRequest): MeasuredMap | null {
  if (request.what === 'begin') {
    const { labelMap, objects, channels } = request;
    open = { measuring: measureObjects({ objects, classes: labelMap }, { channels }), labelMap };
    return null;
  }
  if (open === null) throw new Error('no image was begun');
  if (request.what === 'rows') {
    open.measuring.addRows(request.samples, request.top);
    return null;
  }
  const measured = open.measuring.result();
  const counts = summaryOf(open.labelMap, { measured, classes: request.classes });
  open = null;
  return { ...measured, counts };
}

const port = parentPort;
port?.on('message', (request: MeasureRequest) => {
  let said: MeasureAnswer;
  try {
    said = { measured: answer(request) };
  } catch (error) {
    said = { failed: messageOf(error) };
  }
  port.postMessage(said);
});
