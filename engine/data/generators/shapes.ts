/** Outlines of drawn objects and where they go: no two overlap or touch. What fills them is elsewhere. */
import type { Random } from '../../../shared/random.ts';

/** An outline around its own centre. */
export interface Outline {
  /** No point of it lies farther from the centre; pixels. */
  readonly reachPx: number;
  /** Whether the point (dx, dy) pixels from the centre lies inside. */
  contains(dx: number, dy: number): boolean;
}

export const SHAPES = ['ellipse', 'polygon', 'blob'] as const;
export type Shape = (typeof SHAPES)[number];

/** A shape of docs/method.md §6 at random rotation; `radiusPx` is R. */
export function drawShape(shape: Shape, radiusPx: number, random: Random): Outline {
  switch (shape) {
    case 'ellipse':
      return ellipse(radiusPx, random);
    case 'polygon':
      return regularPolygon(3 + random.below(4), radiusPx, random.uniform(0, 2 * Math.PI));
    case 'blob':
      return blob(radiusPx, random);
  }
}

function ellipse(radiusPx: number, random: Random): Outline {
  const minor = radiusPx * random.uniform(0.6, 1);
  return turned(random.uniform(0, Math.PI), {
    reachPx: radiusPx,
    contains: (dx, dy) => (dx / radiusPx) ** 2 + (dy / minor) ** 2 <= 1,
  });
}

/** Corners at the distance `radiusPx` from the centre. */
export function regularPolygon(corners: number, radiusPx: number, angle: number): Outline {
  const sector = (2 * Math.PI) / corners;
  const inner = radiusPx * Math.cos(sector / 2);
  return {
    reachPx: radiusPx,
    contains(dx, dy) {
      const turn = Math.atan2(dy, dx) - angle;
      const fromMiddle = turn - sector * Math.floor(turn / sector) - sector / 2;
      return Math.hypot(dx, dy) * Math.cos(fromMiddle) <= inner;
    },
  };
}

/** r = R(1 + Σ_{k=2..5} U(0, .18) cos(kθ + φ)) */
function blob(radiusPx: number, random: Random): Outline {
  const waves = [2, 3, 4, 5].map((k) => ({
    k,
    size: random.uniform(0, 0.18),
    phase: random.uniform(0, 2 * Math.PI),
  }));
  return {
    reachPx: radiusPx * waves.reduce((sum, w) => sum + w.size, 1),
    contains(dx, dy) {
      const angle = Math.atan2(dy, dx);
      let radius = 1;
      for (const { k, size, phase } of waves) radius += size * Math.cos(k * angle + phase);
      return Math.hypot(dx, dy) <= radiusPx * radius;
    },
  };
}

/** The outline turned by `angle` radians. */
export function turned(angle: number, outline: Outline): Outline {
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  return {
    reachPx: outline.reachPx,
    contains: (dx, dy) => outline.contains(dx * cos + dy * sin, dy * cos - dx * sin),
  };
}

/** Tries before an object that finds no room is left out. */
const MAX_TRIES = 200;

/** A square image that objects are put into. */
export class Scene {
  readonly sizePx: number;
  /** 1 where an object lies, or within one pixel of it. */
  readonly #taken: Uint8Array;

  constructor(sizePx: number) {
    this.sizePx = sizePx;
    this.#taken = new Uint8Array(sizePx * sizePx);
  }

  /**
   * Puts an object at a random free place, its centre at least `marginPx` from the border.
   * @returns its pixels as ascending indices; null where no room was found
   */
  place(outline: Outline, marginPx: number, random: Random): Int32Array | null {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const x = random.uniform(marginPx, this.sizePx - marginPx);
      const y = random.uniform(marginPx, this.sizePx - marginPx);
      const pixels = this.#freePixelsAt(outline, x, y);
      if (pixels.length === 0) continue;
      for (const p of pixels) this.#takeAround(p);
      return Int32Array.from(pixels);
    }
    return null;
  }

  /** Pixels of the outline around (x, y); none where one of them is taken. */
  #freePixelsAt(outline: Outline, x: number, y: number): number[] {
    const size = this.sizePx;
    const from = (centre: number) => Math.max(0, Math.floor(centre - outline.reachPx));
    const to = (centre: number) => Math.min(size - 1, Math.ceil(centre + outline.reachPx));
    const pixels: number[] = [];
    for (let py = from(y); py <= to(y); py++) {
      for (let px = from(x); px <= to(x); px++) {
        if (!outline.contains(px + 0.5 - x, py + 0.5 - y)) continue;
        if (this.#taken[py * size + px] === 1) return [];
        pixels.push(py * size + px);
      }
    }
    return pixels;
  }

  #takeAround(pixel: number): void {
    const size = this.sizePx;
    const x = pixel % size;
    const y = (pixel - x) / size;
    for (let ny = Math.max(0, y - 1); ny <= Math.min(size - 1, y + 1); ny++) {
      this.#taken.fill(
        1,
        ny * size + Math.max(0, x - 1),
        ny * size + Math.min(size - 1, x + 1) + 1,
      );
    }
  }
}
