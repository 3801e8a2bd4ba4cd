/**
 * The watershed that takes objects apart, whatever says how deep inside of one a pixel lies: the distance to the boundary
 * (split-touching.ts), or what a network thinks of it (depths.ts). The water rises from the middle of each part; where two
 * parts meet, it is decided whether they are one. One pass over the pixels from the inside out, so that no marker is chosen
 * beforehand (the basins of Beucher and Lantuéjoul, 1979, merged by the dynamics of Grimaud, 1992).
 */
import { NO_OBJECT } from './object-map.ts';

interface NumberedPixels {
  readonly width: number;
  readonly height: number;
  /** The object of each, row-major. [height · width] */
  readonly data: Uint32Array | Uint8Array;
}

export interface FloodOptions {
  /** Whole numbers from 0 on, the deeper inside an object the larger. [height · width] */
  readonly levels: Float32Array | Uint8Array;
  /** What a level means; grows with it. */
  readonly depthOf: (level: number) => number;
  /** Which objects are flooded; the others have no parts. */
  readonly wanted: (object: number) => boolean;
  /** Whether two parts of one object that meet at `depth` stay apart; `peak`: how deep the shallower of them is. */
  readonly isApart: (meeting: { readonly depth: number; readonly peak: number }) => boolean;
  /** Told now and then how many more pixels were looked at. */
  readonly onPixels?: ((count: number) => void) | undefined;
}

export interface Flooded {
  /** The part that a pixel is of, from 1; 0 where its object was not flooded. */
  readonly basinAt: (pixel: number) => number;
  readonly pixelsOf: (basin: number) => number;
}

/** Neighbours of a pixel by side and corner. */
const AROUND = [
  [-1, -1],
  [0, -1],
  [1, -1],
  [-1, 0],
  [1, 0],
  [-1, 1],
  [0, 1],
  [1, 1],
] as const;

/** Pixels from one news to the next. */
const NEWS_PX = 2 ** 20;

export function flooded(map: NumberedPixels, options: FloodOptions): Flooded {
  const { width, height, data } = map;
  const { levels, depthOf, isApart, onPixels } = options;
  const order = insideOut(map, options);
  const basins = new Basins();
  /** Basin of each pixel that the water has reached, from 1. */
  const basinOf = new Int32Array(data.length);
  for (let done = 0; done < order.length; done++) {
    if (done > 0 && done % NEWS_PX === 0) onPixels?.(NEWS_PX);
    const pixel = order[done] ?? 0;
    const object = data[pixel] ?? NO_OBJECT;
    const depth = depthOf(levels[pixel] ?? 0);
    const x = pixel % width;
    const y = (pixel - x) / width;
    let own = 0;
    let deepest = -1;
    for (const [dx, dy] of AROUND) {
      const [nx, ny] = [x + dx, y + dy];
      if (nx < 0 || ny < 0 || nx >= width || ny >= height) continue;
      const near = ny * width + nx;
      const basin = basins.root(basinOf[near] ?? 0);
      if (basin === 0 || data[near] !== object) continue;
      if (own !== 0 && basins.root(own) !== basin) {
        basins.meet(basins.root(own), basin, { depth, isApart });
      }
      const inside = levels[near] ?? 0;
      if (inside > deepest) {
        deepest = inside;
        own = basin;
      }
    }
    const found = own === 0 ? basins.begin(depth) : basins.root(own);
    basinOf[pixel] = found;
    basins.grow(found);
  }
  return {
    basinAt: (pixel) => basins.root(basinOf[pixel] ?? 0),
    pixelsOf: (basin) => basins.pixels(basin),
  };
}

/** From here on not every whole number is a 32-bit float: those that are have places of their own, and no others. */
const EXACT = 2 ** 24;
const bits = new DataView(new ArrayBuffer(4));
const bitsOf = (value: number): number => {
  bits.setFloat32(0, value);
  return bits.getUint32(0);
};
const EXACT_BITS = bitsOf(EXACT);

/** Where a level stands among all that there can be: some 70 million places for the distances of the largest images. */
const placeOf = (level: number): number =>
  level < EXACT ? level : EXACT + bitsOf(level) - EXACT_BITS;

/** Pixels of the wanted objects by falling level, in the order of rows where it is equal. */
function insideOut(
  { data }: NumberedPixels,
  { levels, wanted }: Pick<FloodOptions, 'levels' | 'wanted'>,
): Int32Array {
  let count = 0;
  let top = 0;
  let known = { object: NO_OBJECT, isWanted: false };
  const isWanted = (object: number) => {
    if (object !== known.object) {
      known = { object, isWanted: object !== NO_OBJECT && wanted(object) };
    }
    return known.isWanted;
  };
  for (let i = 0; i < data.length; i++) {
    if (!isWanted(data[i] ?? NO_OBJECT)) continue;
    count++;
    top = Math.max(top, levels[i] ?? 0);
  }
  // Levels are whole numbers: sorted by counting.
  const last = placeOf(top);
  const begins = new Int32Array(last + 2);
  for (let i = 0; i < data.length; i++) {
    if (!isWanted(data[i] ?? NO_OBJECT)) continue;
    const place = last - placeOf(levels[i] ?? 0) + 1;
    begins[place] = (begins[place] ?? 0) + 1;
  }
  for (let i = 1; i < begins.length; i++) begins[i] = (begins[i] ?? 0) + (begins[i - 1] ?? 0);
  const order = new Int32Array(count);
  for (let i = 0; i < data.length; i++) {
    if (!isWanted(data[i] ?? NO_OBJECT)) continue;
    const place = last - placeOf(levels[i] ?? 0);
    const at = begins[place] ?? 0;
    order[at] = i;
    begins[place] = at + 1;
  }
  return order;
}

/** Parts of objects that grow and meet. */
class Basins {
  /** The basin that each has become a part of; itself where it is whole. Place 0 is none. */
  readonly #into: number[] = [0];
  readonly #peak: number[] = [0];
  readonly #pixels: number[] = [0];

  begin(peak: number): number {
    this.#peak.push(peak);
    this.#pixels.push(0);
    return this.#into.push(this.#into.length) - 1;
  }

  grow(basin: number): void {
    this.#pixels[basin] = (this.#pixels[basin] ?? 0) + 1;
  }

  root(basin: number): number {
    let root = basin;
    while (this.#into[root] !== root) {
      const next = this.#into[root] ?? 0;
      this.#into[root] = this.#into[next] ?? 0;
      root = next;
    }
    return root;
  }

  /** Two parts meet `depth` inside: they become one, or stay two for good. */
  meet(
    a: number,
    b: number,
    { depth, isApart }: Pick<FloodOptions, 'isApart'> & { readonly depth: number },
  ): void {
    const [peakA, peakB] = [this.#peak[a] ?? 0, this.#peak[b] ?? 0];
    const [low, high] = peakA < peakB || (peakA === peakB && a > b) ? [a, b] : [b, a];
    if (isApart({ depth, peak: this.#peak[low] ?? 0 })) return;
    this.#into[low] = high;
    this.#pixels[high] = (this.#pixels[high] ?? 0) + (this.#pixels[low] ?? 0);
  }

  pixels(basin: number): number {
    return this.#pixels[basin] ?? 0;
  }
}
