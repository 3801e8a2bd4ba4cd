/** What lies in which direction of what is on the screen. Knows boxes, no elements. */

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

const middle = ({ left, right }: Box) => (left + right) / 2;
/** Whether two boxes share a line: at least half of the lower one's height. */
const inOneRow = (a: Box, b: Box) =>
  Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) >
  Math.min(a.bottom - a.top, b.bottom - b.top) / 2;

/** Keys that may lead somewhere. */
export const DIRECTION_KEYS: ReadonlySet<string> = new Set([
  ...['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight'],
  ...['Home', 'End'],
]);

/** The box that a key leads to from box `at`; null where it leads nowhere or is another key. */
export function neighbour(boxes: readonly Box[], at: number, key: string): number | null {
  const from = boxes[at];
  if (from === undefined) return null;
  if (key === 'Home') return 0;
  if (key === 'End') return boxes.length - 1;
  const upDown = key === 'ArrowDown' ? 1 : key === 'ArrowUp' ? -1 : 0;
  const leftRight = key === 'ArrowRight' ? 1 : key === 'ArrowLeft' ? -1 : 0;
  if (upDown === 0 && leftRight === 0) return null;
  let best: { readonly index: number; readonly distance: readonly [number, number] } | null = null;
  for (const [index, box] of boxes.entries()) {
    const along = upDown * (box.top - from.top) + leftRight * (box.left - from.left);
    if (index === at || along <= 0 || inOneRow(from, box) !== (leftRight !== 0)) continue;
    const distance = [along, Math.abs(middle(box) - middle(from))] as const;
    // The nearest row, and in it what is nearest to straight ahead.
    const closer =
      best === null ||
      distance[0] < best.distance[0] - 1 ||
      (distance[0] < best.distance[0] + 1 && distance[1] < best.distance[1]);
    if (closer) best = { index, distance };
  }
  return best?.index ?? null;
}
