/** What the window says of the training that goes on while one labels. */
import type { ImageRecord, LivePoint, LiveState } from '../../shared/entities.ts';
import { counted, duration, fixed } from '../../shared/number-format.ts';

/** Steps that a movement is told over, at least: between two measurements it is chance. */
const MOVES_OVER = 200;
/** Smaller movements are none. */
const STEADY = 0.01;
const movedBy = (value: number) => `${value > 0 ? '+' : ''}${fixed(value, 2)}`;

/** The last measurement, and an earlier one of as many images that says how it moves; null: there is none. */
function movement(points: readonly LivePoint[]): { last: LivePoint; from: LivePoint } | null {
  const last = points.at(-1);
  if (last === undefined) return null;
  const start = points.findLastIndex(({ heldOut }) => heldOut !== last.heldOut) + 1;
  const alike = points.slice(start);
  const from = alike.findLast(({ step }) => step <= last.step - MOVES_OVER) ?? alike[0];
  return from === undefined || from === last ? null : { last, from };
}

/** In one line: labels taken up, steps, how good it is and how that moves. */
export function liveLine(state: LiveState, points: readonly LivePoint[]): string {
  const parts = [counted(state.images, 'image'), counted(state.step, 'step')];
  const { measured } = state;
  if (measured === null) return parts.join(' · ');
  const moved = movement(points);
  const by = moved === null ? null : moved.last.dice - moved.from.dice;
  const how = by === null ? '' : ` (${Math.abs(by) < STEADY ? 'steady' : movedBy(by)})`;
  return [...parts, `Dice ${fixed(measured.dice, 2)}${how}`].join(' · ');
}

/** What the line's Dice is of. */
export function diceWords(state: LiveState, points: readonly LivePoint[]): string {
  const { measured } = state;
  if (measured === null) {
    return state.heldOut === 0
      ? 'About three of ten labelled images are held out: they are never trained on, and say how good the network is. There is none yet.'
      : 'Not measured on the held-out images yet.';
  }
  const { heldOut, step } = measured;
  const on = `Dice on ${counted(heldOut, 'held-out image')} after step ${step.toLocaleString('en')}`;
  const moved = movement(points);
  const since =
    moved === null
      ? ''
      : `, ${fixed(moved.from.dice, 2)} after step ${moved.from.step.toLocaleString('en')}`;
  const rough = heldOut < 5 ? ' So few images say it only roughly.' : '';
  return `${on}${since}.${rough}`;
}

/** How old what is shown of it is; `now`: Date.now(). */
export function shownWords(
  shown: { readonly step: number; readonly at: number },
  { step, now }: { readonly step: number; readonly now: number },
): string {
  const at = `Shown: step ${shown.step.toLocaleString('en')}`;
  if (step <= shown.step) return `${at}, its newest.`;
  const age = duration(Math.max(0, Math.round((now - shown.at) / 1000)));
  return `${at}, ${counted(step - shown.step, 'step')} and ${age} old.`;
}

/** What becomes of details, where the network sees less than the image holds; null: it sees all. */
export function scaleWords(
  { sampling }: Pick<LiveState, 'sampling'>,
  image: Pick<ImageRecord, 'widthPx' | 'heightPx'> | null,
): string | null {
  if (image === null || sampling?.mode !== 'resize') return null;
  const { sizePx } = sampling;
  const times = Math.max(image.widthPx, image.heightPx) / sizePx;
  if (times <= 1) return null;
  return `To answer fast it sees this image squeezed to ${sizePx} × ${sizePx} px: details below about ${Math.ceil(2 * times)} px are lost to it. Networks trained under Models see them.`;
}
