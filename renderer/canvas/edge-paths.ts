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
    this.#from.fill(UNSEEN);
    this.#buckets = Array.from({ length: BUCKETS }, () => []);
    this.#cost = 0;
    this.#waiting = 0;
    this.#push(EDGE_REACH_PX * SIDE + EDGE_REACH_PX, 0, UNSEEN);
  }

  /**
   * The way from the start to the pixel of a point, by middles of pixels; null where it is beyond reach, or where more
   * than `budget` pixels had to be looked at: asked again, it goes on from there.
   */
  to(at: ImagePoint, budget = Infinity): readonly ImagePoint[] | null {
    const [x, y] = this.#pixel(at);
    const [column, row] = [x - this.#left, y - this.#top];
    if (column < 0 || row < 0 || column >= SIDE || row >= SIDE) return null;
    const target = row * SIDE + column;
    if (!this.#grow(target, budget)) return null;
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
  #grow(target: number, budget: number): boolean {
    let left = budget;
    while (this.#settled[target] === 0) {
      if (this.#waiting === 0 || left <= 0) return false;
      const cell = this.#buckets[this.#cost % BUCKETS]?.pop();
      if (cell === undefined) {
        this.#cost++;
        continue;
      }
      this.#waiting--;
      // One that was reached more cheaply since has been settled already.
      if (this.#settled[cell] === 1 || this.#costs[cell] !== this.#cost) continue;
      this.#settled[cell] = 1;
      left--;
      this.#spread(cell);
    }
    return true;
  }

  #spread(cell: number): void {
    const column = cell % SIDE;
    const row = (cell - column) / SIDE;
    for (let direction = 0; direction < STEPS.length; direction++) {
      const step = STEPS[direction];
      if (step === undefined) return;
      const [dx, dy] = step;
      const [x, y] = [column + dx, row + dy];
      if (x < 0 || y < 0 || x >= SIDE || y >= SIDE) continue;
      const next = y * SIDE + x;
      if (this.#settled[next] === 1) continue;
      const price = this.#priceOf(next, this.#left + x, this.#top + y);
      if (price === null) continue;
      const cost = this.#cost + (dx !== 0 && dy !== 0 ? Math.round(price * DIAGONAL) : price);
      if (cost < (this.#costs[next] ?? 0)) this.#push(next, cost, direction);
    }
  }

  /** Of a step onto a pixel; null outside the image. */
  #priceOf(cell: number, x: number, y: number): number | null {
    const known = this.#step[cell] ?? 0;
    if (known !== 0) return known;
    const { width, height } = this.#size;
    if (x < 0 || y < 0 || x >= width || y >= height) return null;
    const [west, east] = [Math.max(0, x - 1), Math.min(width - 1, x + 1)];
    const [north, south] = [Math.max(0, y - 1), Math.min(height - 1, y + 1)];
    const across = this.#intensity(east, y) - this.#intensity(west, y);
    const down = this.#intensity(x, south) - this.#intensity(x, north);
    const gradient = Math.hypot(across, down) / 2;
    const { least, most } = COST;
    const price = Math.max(least, Math.round((most * HALF_GRADIENT) / (HALF_GRADIENT + gradient)));
    this.#step[cell] = price;
    return price;
  }
}
