/** A rectangle that is dragged over a plot, in shares of it: 0 … 1 from the left and from the bottom. */

export interface DraggedArea {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

/** A press that moves less is a click, which takes the gate away. */
const LEAST_PX = 4;

const ordered = (a: number, b: number): readonly [number, number] => (a < b ? [a, b] : [b, a]);
const share = (value: number) => Math.min(1, Math.max(0, value));

/** Attachment of the plot. `onDrag` is told all the time, `onEnd` at its end: null where it was a click. */
export const gateDrag =
  (react: {
    readonly onDrag: (area: DraggedArea | null) => void;
    readonly onEnd: (area: DraggedArea | null) => void;
  }) =>
  (plot: Element): (() => void) => {
    const ending = new AbortController();
    let from: { readonly x: number; readonly y: number } | null = null;
    const areaTo = ({ clientX, clientY }: PointerEvent): DraggedArea | null => {
      if (from === null) return null;
      if (Math.hypot(clientX - from.x, clientY - from.y) < LEAST_PX) return null;
      const { left, bottom, width, height } = plot.getBoundingClientRect();
      return {
        x: ordered(share((from.x - left) / width), share((clientX - left) / width)),
        y: ordered(share((bottom - from.y) / height), share((bottom - clientY) / height)),
      };
    };
    const listen = (type: string, handle: (event: PointerEvent) => void) =>
      plot.addEventListener(
        type,
        (event) => {
          if (event instanceof PointerEvent) handle(event);
        },
        { signal: ending.signal },
      );
    listen('pointerdown', (event) => {
      if (event.button !== 0) return;
      plot.setPointerCapture(event.pointerId);
      from = { x: event.clientX, y: event.clientY };
    });
    listen('pointermove', (event) => {
      if (from !== null) react.onDrag(areaTo(event));
    });
    listen('pointerup', (event) => {
      if (from === null) return;
      const area = areaTo(event);
      from = null;
      react.onDrag(null);
      react.onEnd(area);
    });
    listen('pointercancel', () => {
      from = null;
      react.onDrag(null);
    });
    return () => ending.abort();
  };
