/** Entry of the thread in which objects are measured: measuring.ts talks to it, shared/objects/measure does the work. */
import { decodeLabelMap, type LabelMap } from '../../shared/label-map.ts';
import { type ClassSummary, summaryOf } from '../../shared/objects/measure/image-summary.ts';
import {
  type MeasuredObjects,
  measureObjects,
  type ObjectMeasuring,
} from '../../shared/objects/measure/measure-objects.ts';
import {
  objectsFrom,
  type RevisionCodes,
  type RevisionObjects,
} from '../../shared/objects/objects-from.ts';
import { answerQuestions } from '../data/lent-thread.ts';

export type MeasureRequest =
  /** An image; `channels` of its rows, which come next. 0: none do. */
  | {
      readonly what: 'begin';
      readonly codes: RevisionCodes;
      readonly channels: number;
      /** More objects are refused. */
      readonly most: number;
    }
  | {
      readonly what: 'rows';
      readonly samples: Uint8Array | Uint16Array | Float32Array;
      readonly top: number;
    }
  /** Its measurements; `classes` are those that are counted. */
  | { readonly what: 'end'; readonly classes: readonly number[] };

export interface MeasuredMap extends MeasuredObjects, Pick<RevisionObjects, 'from'> {
  readonly counts: readonly ClassSummary[];
}

interface Open extends Pick<RevisionObjects, 'from'> {
  readonly measuring: ObjectMeasuring;
  readonly labelMap: LabelMap;
}

let open: Open | null = null;

/** null where nothing is to be told yet. Errors: corrupt; invalid-input (too many objects). */
function answer(request: MeasureRequest): MeasuredMap | null {
  if (request.what === 'begin') {
    const { codes, channels, most } = request;
    const labelMap = decodeLabelMap(codes.classes);
    const { objects, from } = objectsFrom(codes);
    const measuring = measureObjects({ objects, classes: labelMap }, { channels, most });
    open = { measuring, labelMap, from };
    return null;
  }
  if (open === null) throw new Error('no image was begun');
  if (request.what === 'rows') {
    open.measuring.addRows(request.samples, request.top);
    return null;
  }
  const { measuring, labelMap, from } = open;
  open = null;
  const measured = measuring.result();
  const counts = summaryOf(labelMap, { measured, classes: request.classes });
  return { ...measured, counts, from };
}

/** They are nobody's any more once they are told: a copy of millions of objects would take a second of everybody's. */
const columnsOf = (told: MeasuredMap | null): ArrayBufferLike[] =>
  told === null ? [] : [...told.columns.values()].map(({ buffer }) => buffer);

answerQuestions(answer, columnsOf);
