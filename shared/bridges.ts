/** Rings joined to one by bridges, for formats that have one outline an object. */
import type { Ring } from './geometry.ts';
import type { TracedPart } from './tracing.ts';

/** Side of the squares in which corners are looked for, in pixels. */
const CELL_PX = 8;
/** Squared distance of corners that are as near as any bridge need be. */
const TOUCHING = 1;

const keyOf = (column: number, row: number): number => column * 2 ** 24 + row;

/** Corners of a ring that grows, each with the one after it; and which lie where. */
class Corners {
  readonly #x: number[] = [];
  readonly #y: number[] = [];
  readonly #next: number[] = [];
  readonly #cells = new Map<number, number[]>();
  #low: readonly [number, number] = [Infinity, Infinity];
  #high: readonly [number, number] = [-Infinity, -Infinity];

  #add(x: number, y: number): number {
    this.#x.push(x);
    this.#y.push(y);
    return this.#next.push(-1) - 1;
  }

  /** A ring of its own. Returns its corners in order. */
  ring(ring: Ring): number[] {
    const own: number[] = [];
    for (let i = 0; i < ring.length; i += 2) own.push(this.#add(ring[i] ?? 0, ring[i + 1] ?? 0));
    own.forEach((corner, i) => (this.#next[corner] = own[(i + 1) % own.length] ?? 0));
    return own;
  }

  /** Corners that others can be joined to from now on. */
  open(corners: readonly number[]): void {
    for (const corner of corners) {
      const [column, row] = this.#cellOf(corner);
      const cell = this.#cells.get(keyOf(column, row));
      if (cell === undefined) this.#cells.set(keyOf(column, row), [corner]);
      else cell.push(corner);
      this.#low = [Math.min(this.#low[0], column), Math.min(this.#low[1], row)];
      this.#high = [Math.max(this.#high[0], column), Math.max(this.#high[1], row)];
    }
  }

  #cellOf(corner: number): readonly [number, number] {
    const cell = (values: readonly number[]) => Math.floor((values[corner] ?? 0) / CELL_PX);
    return [cell(this.#x), cell(this.#y)];
  }

  /** The open corner that is nearest to one of these, and which of these; of those that touch, any. */
  nearest(corners: readonly number[]): { readonly open: number; readonly own: number } {
    let best = { open: 0, own: corners[0] ?? 0, far: Infinity };
    const look = (own: number, column: number, row: number) => {
      for (const open of this.#cells.get(keyOf(column, row)) ?? []) {
        const dx = (this.#x[open] ?? 0) - (this.#x[own] ?? 0);
        const dy = (this.#y[open] ?? 0) - (this.#y[own] ?? 0);
        const far = dx * dx + dy * dy;
        if (far < best.far) best = { open, own, far };
      }
    };
    for (const own of corners) {
      const [column, row] = this.#cellOf(own);
      const [low, high] = [this.#low, this.#high];
      const most = Math.max(column - low[0], high[0] - column, row - low[1], high[1] - row);
      // What lies in farther cells is at least so far away.
      for (
        let reach = 0;
        reach <= most && Math.max(0, reach - 1) * CELL_PX < Math.sqrt(best.far);
        reach++
      ) {
        for (let dy = -reach; dy <= reach; dy++) {
          const step = Math.abs(dy) === reach ? 1 : 2 * reach;
          for (let dx = -reach; dx <= reach; dx += step) look(own, column + dx, row + dy);
        }
      }
      if (best.far <= TOUCHING) break;
    }
    return best;
  }

  /** A bridge there and back: from `open` to `own`, around the ring of that, and on. `before`: the corner before `own`. */
  join(open: number, own: number, before: number): void {
    const [back, end] = [
      this.#add(this.#x[own] ?? 0, this.#y[own] ?? 0),
      this.#add(this.#x[open] ?? 0, this.#y[open] ?? 0),
    ];
    this.#next[end] = this.#next[open] ?? 0;
    this.#next[back] = end;
    this.#next[before === own ? own : before] = back;
    this.#next[open] = own;
  }

  /** All of the ring that begins with the first corner. */
  all(): Ring {
    const ring: number[] = [];
    let corner = 0;
    do {
      ring.push(this.#x[corner] ?? 0, this.#y[corner] ?? 0);
      corner = this.#next[corner] ?? 0;
    } while (corner !== 0);
    return ring;
  }
}

/**
 * Parts and holes as one ring, joined by bridges that are walked there and back: filled by the even-odd rule, it covers the
 * same pixels. Time grows with the corners, as long as rings lie near one another.
 */
export function joinedRing(parts: readonly TracedPart[]): Ring {
  const [first, ...others] = parts.flatMap(({ outer, holes }) => [outer, ...holes]);
  if (first === undefined) return [];
  const corners = new Corners();
  corners.open(corners.ring(first));
  for (const ring of others) {
    const own = corners.ring(ring);
    const { open, own: to } = corners.nearest(own);
    const at = own.indexOf(to);
    corners.join(open, to, own[(at + own.length - 1) % own.length] ?? to);
    corners.open(own);
  }
  return corners.all();
}
