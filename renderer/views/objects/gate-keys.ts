/** A range over a column by keys: arrows move its end, with Shift its beginning; Escape and Delete take it away. */

export type Ends = readonly [number, number];

/** A range has so many steps. */
const STEPS = 48;

/** The range after a key; null: there is none any more; undefined: the key means nothing. `up` and `down` are arrow keys. */
export function gateAfter(
  event: Pick<KeyboardEvent, 'key' | 'shiftKey'>,
  { gate, whole, up, down }: { gate: Ends | null; whole: Ends; up: string; down: string },
): Ends | null | undefined {
  if (event.key === 'Escape' || event.key === 'Delete') return gate === null ? undefined : null;
  const sign = event.key === up ? 1 : event.key === down ? -1 : 0;
  if (sign === 0) return undefined;
  const [from, to] = gate ?? whole;
  const step = (sign * (whole[1] - whole[0])) / STEPS;
  const within = (value: number) => Math.min(whole[1], Math.max(whole[0], value));
  return event.shiftKey
    ? [Math.min(to, within(from + step)), to]
    : [from, Math.max(from, within(to + step))];
}

/** Attachment of a plot that keys choose a range of. */
export const gateKeys =
  (press: (event: KeyboardEvent) => boolean) =>
  (plot: Element): (() => void) => {
    plot.setAttribute('tabindex', '0');
    const handle = (event: Event) => {
      if (!(event instanceof KeyboardEvent) || event.ctrlKey || event.metaKey || event.altKey)
        return;
      if (!press(event)) return;
      event.preventDefault();
      event.stopPropagation();
    };
    plot.addEventListener('keydown', handle);
    return () => plot.removeEventListener('keydown', handle);
  };
