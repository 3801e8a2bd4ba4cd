/**
 * Ways along edges from one pixel to any other near it: the cheapest ones, where steps along strong edges cost little
 * (Mortensen & Barrett 1995, "Intelligent scissors for image composition"; here by the gradient alone). Grown outwards
 * from the start as far as is asked for, so that a frame need not wait for all of it.
 */
import { imagePoint, type ImagePoint, type Size } from './viewport.ts';

/** Pixels to each side of the start that a way may reach. */
export const EDGE_REACH_PX = 400;
const SIDE = 2 * EDGE_REACH_PX + 1;
/** Half of the cost is gone at an edge of this gradient, in levels of 0 … 255 between two pixels. */
const HALF_GRADIENT = 12;
/** Of a step between neighbours, along the strongest edge and where there is none. */
const COST = { least: 4, most: 120 } as const;
const DIAGONAL = Math.SQRT2;
/** A power of two above the dearest step: cheaper ways than those in hand are none of them. */
const BUCKETS = 256;
const STEPS = [
  [1, 0],
  [-1, 0],
  [0, 1],
  [0, -1],
  [1, 1],
  [1, -1],
  [-1, 1],
  [-1, -1],
] as const;
/** The same, in columns, rows and cells of the window. */
const STEP_X = Int32Array.from(STEPS, ([dx]) => dx);
const STEP_Y = Int32Array.from(STEPS, ([, dy]) => dy);
const FIRST_DIAGONAL = 4;
/** Between two looks at the clock: some microseconds. */
const PIXELS_A_LOOK = 20;
const UNKNOWN = 0xffffffff;
const UNSEEN = 255;

export class EdgePaths {
  readonly #size: Size;
  readonly #intensity: (x: number, y: number) => number;
  /** Of a window around the start: what the cheapest way costs, where it comes from, and what a step onto a pixel costs. */
  readonly #costs = new Uint32Array(SIDE * SIDE);
  readonly #from = new Uint8Array(SIDE * SIDE);
  readonly #settled = new Uint8Array(SIDE * SIDE);
  readonly #step = new Uint8Array(SIDE * SIDE);
  /** Intensity of the pixels of the window; below 0: not known yet. */
  readonly #seen = new Float32Array(SIDE * SIDE);
  #buckets: number[][] = [];
  #cost = 0;
  #waiting = 0;
  #left = 0;
  #top = 0;

  /** `intensity`: 0 … 255 of a pixel inside the image. */
  constructor(size: Size, intensity: (x: number, y: number) => number) {
    this.#size = size;
    this.#intensity = intensity;
  }

  /** Begins at the pixel of a point. */
  start(at: ImagePoint): void {
    const [x, y] = this.#pixel(at);
    this.#left = x - EDGE_REACH_PX;
    this.#top = y - EDGE_REACH_PX;
    this.#costs.fill(UNKNOWN);
    this.#settled.fill(0);
    this.#step.fill(0);
    this.#seen.fill(-1);
    this.#from.fill(UNSEEN);
    this.#buckets = Array.from({ length: BUCKETS }, () => []);
    this.#cost = 0;
    this.#waiting = 0;
    this.#push(EDGE_REACH_PX * SIDE + EDGE_REACH_PX, 0, UNSEEN);
  }

  /**
   * The way from the start to the pixel of a point, by middles of pixels; null where it is beyond reach, or where it took
   * longer than `forMs`: asked again, it goes on from there.
   */
  to(at: ImagePoint, forMs = Infinity): readonly ImagePoint[] | null {
    const target = this.#cell(at);
    if (target === null || !this.#grow(target, forMs)) return null;
    const way: ImagePoint[] = [];
    for (let cell = target; ;) {
      way.push(
        imagePoint(this.#left + (cell % SIDE) + 0.5, this.#top + Math.floor(cell / SIDE) + 0.5),
      );
      const step = STEPS[this.#from[cell] ?? UNSEEN];
      if (step === undefined) return way.reverse();
      cell -= step[1] * SIDE + step[0];
    }
  }

  /** Whether there is a way to the pixel of a point, found or not. */
  reaches(at: ImagePoint): boolean {
    return this.#cell(at) !== null;
  }

  /** The pixel of a point in the window; null beyond it. */
  #cell(at: ImagePoint): number | null {
    const [x, y] = this.#pixel(at);
    const [column, row] = [x - this.#left, y - this.#top];
    if (column < 0 || row < 0 || column >= SIDE || row >= SIDE) return null;
    return row * SIDE + column;
  }

  #pixel({ x, y }: ImagePoint): [number, number] {
    const { width, height } = this.#size;
    const inside = (value: number, side: number) =>
      Math.min(side - 1, Math.max(0, Math.floor(value)));
    return [inside(x, width), inside(y, height)];
  }

  #push(cell: number, cost: number, from: number): void {
    this.#costs[cell] = cost;
    this.#from[cell] = from;
    this.#buckets[cost % BUCKETS]?.push(cell);
    this.#waiting++;
  }

  /** Settles pixels, the cheapest first, until the target is one of them. */
  #grow(target: number, forMs: number): boolean {
    const until = forMs === Infinity ? Infinity : performance.now() + forMs;
    let looked = 0;
    while (this.#settled[target] === 0) {
      if (this.#waiting === 0) return false;
      if (looked >= PIXELS_A_LOOK) {
        if (performance.now() >= until) return false;
        looked = 0;
      }
      const cell = this.#buckets[this.#cost % BUCKETS]?.pop();
      if (cell === undefined) {
        this.#cost++;
        continue;
      }
      this.#waiting--;
      // One that was reached more cheaply since has been settled already.
      if (this.#settled[cell] === 1 || this.#costs[cell] !== this.#cost) continue;
      this.#settled[cell] = 1;
      looked++;
      this.#spread(cell);
    }
    return true;
  }

  #spread(cell: number): void {
    const column = cell % SIDE;
    const row = (cell - column) / SIDE;
    for (let direction = 0; direction < STEP_X.length; direction++) {
      const x = column + (STEP_X[direction] ?? 0);
      const y = row + (STEP_Y[direction] ?? 0);
      if (x < 0 || y < 0 || x >= SIDE || y >= SIDE) continue;
      const next = y * SIDE + x;
      if (this.#settled[next] === 1) continue;
      const known = this.#step[next] ?? 0;
      const price = known === 0 ? this.#priceOf(next, x, y) : known;
      if (price === 0) continue;
      const cost = this.#cost + (direction < FIRST_DIAGONAL ? price : Math.round(price * DIAGONAL));
      if (cost < (this.#costs[next] ?? 0)) this.#push(next, cost, direction);
    }
  }

  /** Of a step onto a pixel of the window; 0 outside the image. */
  #priceOf(cell: number, column: number, row: number): number {
    const { width, height } = this.#size;
    const [x, y] = [this.#left + column, this.#top + row];
    if (x < 0 || y < 0 || x >= width || y >= height) return 0;
    const west = column - (x > 0 ? 1 : 0);
    const east = column + (x + 1 < width ? 1 : 0);
    const north = row - (y > 0 ? 1 : 0);
    const south = row + (y + 1 < height ? 1 : 0);
    const across = this.#intensityAt(east, row) - this.#intensityAt(west, row);
    const down = this.#intensityAt(column, south) - this.#intensityAt(column, north);
    const gradient = Math.sqrt(across * across + down * down) / 2;
    const { least, most } = COST;
    const price = Math.max(least, Math.round((most * HALF_GRADIENT) / (HALF_GRADIENT + gradient)));
    this.#step[cell] = price;
    return price;
  }

  /** Of a pixel of the image, by its place in the window; it may lie one beyond that. */
  #intensityAt(column: number, row: number): number {
    const [x, y] = [this.#left + column, this.#top + row];
    if (column < 0 || row < 0 || column >= SIDE || row >= SIDE) return this.#intensity(x, y);
    const cell = row * SIDE + column;
    const known = this.#seen[cell] ?? -1;
    if (known >= 0) return known;
    const found = this.#intensity(x, y);
    this.#seen[cell] = found;
    return found;
  }
}
