/**
 * The smallest cut between a source and a sink among pixels that are tied to their eight neighbours, by two trees that grow
 * towards each other and are mended where a path is full (Boykov and Kolmogorov, PAMI 26, 2004).
 */

/** Neighbours in the order of ties; that of 7 − d is the other way round. */
export const NEIGHBOURS = [
  [-1, -1],
  [0, -1],
  [1, -1],
  [-1, 0],
  [1, 0],
  [-1, 1],
  [0, 1],
  [1, 1],
] as const;
const DEGREE = NEIGHBOURS.length;

/** What a pixel hangs on: a neighbour 0 … 7, its terminal, nothing yet, or nothing any more. */
const TERMINAL = 8;
const ORPHAN = 9;
const FREE = 10;

const NO_TREE = 0;
const SOURCE = 1;
const SINK = 2;

export interface PixelGraph {
  /** Capacity from the source, where above 0, or to the sink, where below. [pixels]; used up. */
  readonly terminals: Float32Array;
  /** Which pixel is the neighbour in each of NEIGHBOURS; −1: none. [pixels, 8] */
  readonly near: Int32Array;
  /** Capacity to each neighbour, 0 where there is none. [pixels, 8]; used up. */
  readonly ties: Float32Array;
}

/** `near` of all pixels of a rectangle. */
export function neighboursIn({
  width,
  height,
}: {
  readonly width: number;
  readonly height: number;
}): Int32Array {
  const near = new Int32Array(width * height * DEGREE).fill(-1);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (const [dx, dy] of NEIGHBOURS) {
        const [toX, toY] = [x + dx, y + dy];
        if (toX >= 0 && toY >= 0 && toX < width && toY < height) near[at] = toY * width + toX;
        at++;
      }
    }
  }
  return near;
}

class MinCut {
  readonly #terminals: Float32Array;
  readonly #ties: Float32Array;
  readonly #near: Int32Array;
  readonly #tree: Uint8Array;
  readonly #parent: Uint8Array;
  /** When its way to a terminal was checked last, and how long that was. */
  readonly #checked: Int32Array;
  readonly #distance: Int32Array;
  readonly #isActive: Uint8Array;
  #active: number[] = [];
  #next: number[] = [];
  #orphans: number[] = [];
  #time = 0;

  constructor({ near, terminals, ties }: PixelGraph) {
    const size = terminals.length;
    this.#terminals = terminals;
    this.#ties = ties;
    this.#near = near;
    this.#tree = new Uint8Array(size);
    this.#parent = new Uint8Array(size).fill(FREE);
    this.#checked = new Int32Array(size);
    this.#distance = new Int32Array(size);
    this.#isActive = new Uint8Array(size);
    for (let i = 0; i < size; i++) {
      const capacity = terminals[i] ?? 0;
      if (capacity === 0) continue;
      this.#tree[i] = capacity > 0 ? SOURCE : SINK;
      this.#parent[i] = TERMINAL;
      this.#distance[i] = 1;
      this.#activate(i);
    }
  }

  /** −1: none. */
  #neighbour(pixel: number, tie: number): number {
    return this.#near[pixel * DEGREE + tie] ?? -1;
  }

  #activate(pixel: number): void {
    if (this.#isActive[pixel] === 1) return;
    this.#isActive[pixel] = 1;
    this.#next.push(pixel);
  }

  /** What can still flow from a pixel of the source's tree to a neighbour, or to one of the sink's from it. */
  #room(pixel: number, tie: number, tree: number): number {
    return tree === SOURCE
      ? (this.#ties[pixel * DEGREE + tie] ?? 0)
      : (this.#ties[this.#neighbour(pixel, tie) * DEGREE + 7 - tie] ?? 0);
  }

  run(): Uint8Array {
    for (;;) {
      let pixel = this.#active.pop();
      if (pixel === undefined) {
        if (this.#next.length === 0) break;
        this.#active = this.#next.reverse();
        this.#next = [];
        pixel = this.#active.pop() ?? 0;
      }
      this.#isActive[pixel] = 0;
      while (this.#tree[pixel] !== NO_TREE) {
        const tie = this.#grow(pixel);
        if (tie < 0) break;
        this.#time++;
        const isSource = this.#tree[pixel] === SOURCE;
        const other = this.#neighbour(pixel, tie);
        if (isSource) this.#augment(pixel, tie);
        else this.#augment(other, 7 - tie);
        this.#adopt();
      }
    }
    const inside = new Uint8Array(this.#tree.length);
    for (let i = 0; i < inside.length; i++) inside[i] = this.#tree[i] === SOURCE ? 1 : 0;
    return inside;
  }

  /** Takes free neighbours into the tree of a pixel. Returns the tie over which it meets the other tree; −1: none. */
  #grow(pixel: number): number {
    const tree = this.#tree[pixel] ?? NO_TREE;
    for (let tie = 0; tie < DEGREE; tie++) {
      const other = this.#neighbour(pixel, tie);
      if (other < 0 || this.#room(pixel, tie, tree) <= 0) continue;
      const found = this.#tree[other] ?? NO_TREE;
      if (found === NO_TREE) {
        this.#tree[other] = tree;
        this.#parent[other] = 7 - tie;
        this.#checked[other] = this.#checked[pixel] ?? 0;
        this.#distance[other] = (this.#distance[pixel] ?? 0) + 1;
        this.#activate(other);
      } else if (found !== tree) return tie;
    }
    return -1;
  }

  /** Lets as much flow as can from the source through `from`, over a tie of it, to the sink. */
  #augment(from: number, tie: number): void {
    const ties = this.#ties;
    const to = this.#neighbour(from, tie);
    let least = ties[from * DEGREE + tie] ?? 0;
    const along = (start: number, visit: (at: number, parent: number) => void): number => {
      let at = start;
      for (let parent = this.#parent[at] ?? FREE; parent !== TERMINAL;) {
        visit(at, parent);
        at = this.#neighbour(at, parent);
        parent = this.#parent[at] ?? FREE;
      }
      return at;
    };
    const intoSource = (at: number, parent: number) =>
      this.#neighbour(at, parent) * DEGREE + 7 - parent;
    const first = along(from, (at, parent) => {
      least = Math.min(least, ties[intoSource(at, parent)] ?? 0);
    });
    const last = along(to, (at, parent) => {
      least = Math.min(least, ties[at * DEGREE + parent] ?? 0);
    });
    least = Math.min(least, this.#terminals[first] ?? 0, -(this.#terminals[last] ?? 0));
    const flow = (used: number, back: number): boolean => {
      const left = (ties[used] ?? 0) - least;
      ties[used] = left > 0 ? left : 0;
      ties[back] = (ties[back] ?? 0) + least;
      return left <= 0;
    };
    flow(from * DEGREE + tie, to * DEGREE + 7 - tie);
    along(from, (at, parent) => {
      if (flow(intoSource(at, parent), at * DEGREE + parent)) this.#orphan(at);
    });
    along(to, (at, parent) => {
      if (flow(at * DEGREE + parent, intoSource(at, parent))) this.#orphan(at);
    });
    const given = (this.#terminals[first] ?? 0) - least;
    this.#terminals[first] = given > 0 ? given : 0;
    if (given <= 0) this.#orphan(first);
    const taken = (this.#terminals[last] ?? 0) + least;
    this.#terminals[last] = taken < 0 ? taken : 0;
    if (taken >= 0) this.#orphan(last);
  }

  #orphan(pixel: number): void {
    this.#orphans.push(pixel);
  }

  /** Finds other parents for pixels that hang on a full tie, or sets them free. */
  #adopt(): void {
    for (const pixel of this.#orphans) this.#parent[pixel] = ORPHAN;
    for (let pixel = this.#orphans.pop(); pixel !== undefined; pixel = this.#orphans.pop()) {
      const tree = this.#tree[pixel] ?? NO_TREE;
      if (tree === NO_TREE) continue;
      let best = -1;
      let bestDistance = Infinity;
      for (let tie = 0; tie < DEGREE; tie++) {
        const other = this.#neighbour(pixel, tie);
        if (this.#tree[other] !== tree) continue;
        // From the other to this one, in the source's tree; from this one to the other, in the sink's.
        const room =
          tree === SOURCE
            ? (this.#ties[other * DEGREE + 7 - tie] ?? 0)
            : (this.#ties[pixel * DEGREE + tie] ?? 0);
        if (room <= 0) continue;
        const far = this.#wayToTerminal(other);
        if (far < bestDistance) {
          best = tie;
          bestDistance = far;
        }
      }
      if (best >= 0) {
        this.#parent[pixel] = best;
        this.#checked[pixel] = this.#time;
        this.#distance[pixel] = bestDistance + 1;
        continue;
      }
      for (let tie = 0; tie < DEGREE; tie++) {
        const other = this.#neighbour(pixel, tie);
        if (this.#tree[other] !== tree) continue;
        if (this.#room(other, 7 - tie, tree) > 0) this.#activate(other);
        if (this.#parent[other] === 7 - tie) {
          this.#parent[other] = ORPHAN;
          this.#orphans.push(other);
        }
      }
      this.#tree[pixel] = NO_TREE;
      this.#parent[pixel] = FREE;
    }
  }

  /** Steps to the terminal of its tree; Infinity where the way is cut. */
  #wayToTerminal(start: number): number {
    let at = start;
    let steps = 0;
    for (;;) {
      if (this.#checked[at] === this.#time && this.#time > 0) {
        steps += this.#distance[at] ?? 0;
        break;
      }
      const parent = this.#parent[at] ?? FREE;
      if (parent === TERMINAL) {
        steps++;
        this.#checked[at] = this.#time;
        this.#distance[at] = 1;
        break;
      }
      if (parent >= ORPHAN) return Infinity;
      steps++;
      at = this.#neighbour(at, parent);
    }
    // So that the next one need not go all the way.
    let left = steps;
    for (let on = start; this.#checked[on] !== this.#time; left--) {
      this.#checked[on] = this.#time;
      this.#distance[on] = left;
      on = this.#neighbour(on, this.#parent[on] ?? 0);
    }
    return steps;
  }
}

/** 1 where a pixel stays with the source. [pixels] */
export const minCut = (graph: PixelGraph): Uint8Array => new MinCut(graph).run();
