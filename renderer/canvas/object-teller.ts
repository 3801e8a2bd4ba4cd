/** Objects told apart or split, where it keeps no hand waiting: at 4,096² px it takes seconds. */
import { AppError } from '../../shared/errors.ts';
import type { LabelMap } from '../../shared/label-map.ts';
import { componentsOf } from '../../shared/objects/components.ts';
import type { ObjectMap } from '../../shared/objects/object-map.ts';
import type { Ground } from '../../shared/objects/rules.ts';
import { splitTouching } from '../../shared/objects/split-touching.ts';
import type { NeckRule } from '../../shared/objects/split-touching.ts';

export type ObjectQuestion =
  /** Every connected region becomes an object. */
  | { readonly what: 'connect'; readonly labels: LabelMap; readonly ground: Ground }
  | { readonly what: 'split'; readonly objects: ObjectMap; readonly rule: NeckRule };

export interface ToldObjects {
  readonly objects: ObjectMap;
  /** How many objects there are more than before. */
  readonly added: number;
}

export interface TellOptions {
  readonly signal: AbortSignal;
  /** How much of it is done, 0 … 1. */
  readonly onShare: (share: number) => void;
}

/** Errors: cancelled; internal, where its thread ended. */
export type TellObjects = (question: ObjectQuestion, options: TellOptions) => Promise<ToldObjects>;

export function answerAboutObjects(
  question: ObjectQuestion,
  onShare: TellOptions['onShare'],
): ToldObjects {
  if (question.what === 'connect') {
    return { objects: componentsOf(question.labels, question.ground), added: 0 };
  }
  const { objects, added } = splitTouching(question.objects, { ...question.rule, onShare });
  return { objects, added };
}

/** Where nobody paints meanwhile. */
export const tellHere: TellObjects = (question, { onShare }) =>
  Promise.resolve(answerAboutObjects(question, onShare));

export type ObjectAnswer = { readonly share: number } | ToldObjects;

/** In a thread of its own, which ends with the answer or where nobody wants it any more. */
export const tellInThread: TellObjects = (question, { signal, onShare }) => {
  const worker = new Worker(new URL('./object.worker.ts', import.meta.url), { type: 'module' });
  return new Promise<ToldObjects>((resolve, reject) => {
    const stop = () => reject(new AppError('cancelled', 'Stopped.'));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop);
    worker.onmessage = ({ data }: MessageEvent<ObjectAnswer>) => {
      if ('share' in data) onShare(data.share);
      else resolve(data);
    };
    worker.onerror = ({ message }) =>
      reject(
        new AppError(
          'internal',
          `Objects could not be told apart (${message}). Nothing was changed; try again.`,
        ),
      );
    worker.postMessage(question);
  }).finally(() => worker.terminate());
};
