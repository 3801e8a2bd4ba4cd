/**
 * The objects of the label map that is being edited, cut into the tiles of its layer (label-layer.ts). A tile without objects
 * is not there, so that an image without objects has none of this, and one with few costs little.
 */
import { BACKGROUND } from '../../shared/entities.ts';
import {
  createObjectRunWriter,
  encodeObjectMap,
  MAX_OBJECT,
  NO_OBJECT,
  type ObjectMap,
  objectMapSize,
  readObjectMapRuns,
} from '../../shared/objects/object-map.ts';
import { TILE_PX } from '../../shared/tiles.ts';
import { type DirtyTiles, LabelLayer, TILE_SHIFT } from './label-layer.ts';
import { forEachChangedRun, forEachTileDiff } from './tile-diff.ts';
import type { Rect } from './viewport.ts';

const TILE_MASK = TILE_PX - 1;
const TILE_SIZE = { width: TILE_PX, height: TILE_PX };
/** Numbers that are told apart on the screen: two that touch hardly ever lie a multiple of this apart. */
export const SHOWN_NUMBERS = 254;

/** By tile, object-map.ts code of the exclusive-or of before and after: the same undoes and redoes. */
export type ObjectDiff = ReadonlyMap<number, Uint8Array>;

/** Where an object lies: its box, its pixels, and its middle. */
export interface ObjectPlace extends Rect {
  readonly number: number;
  readonly pixels: number;
  readonly x: number;
  readonly y: number;
}

interface Sums {
  pixels: number;
  x0: number;
  y0: number;
  x1: number;
  y1: number;
  sumX: number;
  sumY: number;
}

/** Tiles as they are to be: copied when they are first written to. */
export class ObjectDraft {
  readonly layer: ObjectLayer;
  readonly tiles = new Map<number, Uint32Array>();

  constructor(layer: ObjectLayer) {
    this.layer = layer;
  }

  /** Pixels of a tile, to be written to. [TILE_PX, TILE_PX] */
  tile(index: number): Uint32Array {
    const known = this.tiles.get(index);
    if (known !== undefined) return known;
    const copy = this.layer.tile(index)?.slice() ?? new Uint32Array(TILE_PX * TILE_PX);
    this.tiles.set(index, copy);
    return copy;
  }

  get(x: number, y: number): number {
    const index = this.layer.indexAt(x, y);
    const tile = this.tiles.get(index) ?? this.layer.tile(index);
    return tile?.[((y & TILE_MASK) << TILE_SHIFT) | (x & TILE_MASK)] ?? NO_OBJECT;
  }

  set(x: number, y: number, number: number): void {
    this.tile(this.layer.indexAt(x, y))[((y & TILE_MASK) << TILE_SHIFT) | (x & TILE_MASK)] = number;
  }

  /** x0 ≤ x < x1 of row y. */
  fillSpan(y: number, { x0, x1 }: { readonly x0: number; readonly x1: number }, number: number) {
    for (let x = x0; x < x1; x = (x | TILE_MASK) + 1) {
      const from = ((y & TILE_MASK) << TILE_SHIFT) | (x & TILE_MASK);
      const end = Math.min(x1, (x | TILE_MASK) + 1);
      this.tile(this.layer.indexAt(x, y)).fill(number, from, from + end - x);
    }
  }
}

export class ObjectLayer {
  readonly width: number;
  readonly height: number;
  readonly columns: number;
  /** The same as classes 1 … SHOWN_NUMBERS over and over, to be drawn. */
  readonly shown: LabelLayer;
  readonly #tiles = new Map<number, Uint32Array>();
  readonly #listeners = new Set<(dirty: DirtyTiles) => void>();
  /** Of each tile, by object; left out: not up to date. */
  readonly #sums = new Map<number, ReadonlyMap<number, Sums>>();
  #places: ReadonlyMap<number, ObjectPlace> | null = null;
  /** Code of each row of tiles; left out: not up to date. */
  readonly #bands = new Map<number, Uint8Array>();
  #largest = 0;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.columns = Math.ceil(width / TILE_PX);
    this.shown = new LabelLayer(width, height, BACKGROUND);
  }

  /** Errors: corrupt. */
  static decode(code: Uint8Array): ObjectLayer {
    const { width, height } = objectMapSize(code);
    const layer = new ObjectLayer(width, height);
    const draft = new ObjectDraft(layer);
    readObjectMapRuns(code, (number, start, end) => {
      if (number === NO_OBJECT) return;
      for (let at = start; at < end;) {
        const y = Math.floor(at / width);
        const rowEnd = Math.min(end, (y + 1) * width);
        draft.fillSpan(y, { x0: at - y * width, x1: rowEnd - y * width }, number);
        at = rowEnd;
      }
    });
    layer.put(draft);
    return layer;
  }

  indexAt(x: number, y: number): number {
    return (y >> TILE_SHIFT) * this.columns + (x >> TILE_SHIFT);
  }

  /** null: it has no object. To be read only. [TILE_PX, TILE_PX] */
  tile(index: number): Uint32Array | null {
    return this.#tiles.get(index) ?? null;
  }

  get(x: number, y: number): number {
    if (!this.shown.contains(x, y)) return NO_OBJECT;
    const tile = this.#tiles.get(this.indexAt(x, y));
    return tile?.[((y & TILE_MASK) << TILE_SHIFT) | (x & TILE_MASK)] ?? NO_OBJECT;
  }

  get isEmpty(): boolean {
    return this.#tiles.size === 0;
  }

  /** A number that no object has had here. */
  freeNumber(): number {
    if (this.#largest < MAX_OBJECT) return this.#largest + 1;
    const { places } = this;
    let free = 1;
    while (places.has(free)) free++;
    return free;
  }

  /** Calls back with what changed. Returns the way out. */
  onDirty(listener: (dirty: DirtyTiles) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  draft(): ObjectDraft {
    return new ObjectDraft(this);
  }

  /** Takes over what a draft holds. Returns what changed; null: nothing. */
  put({ tiles }: ObjectDraft): ObjectDiff | null {
    const diff = new Map<number, Uint8Array>();
    for (const [index, tile] of tiles) {
      const before = this.#tiles.get(index);
      const xor = tile.map((number, i) => number ^ (before?.[i] ?? NO_OBJECT));
      if (xor.every((number) => number === 0)) continue;
      diff.set(index, encodeObjectMap({ ...TILE_SIZE, data: xor }));
      this.#set(index, tile);
    }
    if (diff.size === 0) return null;
    this.#tell(diff.keys());
    return diff;
  }

  /** Applies a difference that put returned; applying it twice changes nothing. */
  apply(diff: ObjectDiff): void {
    for (const [index, code] of diff) {
      const tile = this.#tiles.get(index)?.slice() ?? new Uint32Array(TILE_PX * TILE_PX);
      readObjectMapRuns(code, (xor, start, end) => {
        if (xor !== 0) for (let i = start; i < end; i++) tile[i] = (tile[i] ?? 0) ^ xor;
      });
      this.#set(index, tile);
    }
    this.#tell(diff.keys());
  }

  /**
   * Rule 3 of shared/objects/rules.ts, as a draft: pixels whose class changed (LabelEdit.commit) are of no object any more,
   * or of the one that was drawn.
   */
  after(classes: Uint8Array | null, number = NO_OBJECT): ObjectDraft {
    const draft = this.draft();
    if (classes === null) return draft;
    forEachTileDiff(classes, (index, runs) => {
      if (number === NO_OBJECT && !this.#tiles.has(index)) return;
      const tile = draft.tile(index);
      forEachChangedRun(runs, (start, end) => tile.fill(number, start, end));
    });
    return draft;
  }

  /** All of a map, as a draft. */
  become(map: ObjectMap): ObjectDraft {
    const draft = this.draft();
    for (let index = 0; index < this.columns * this.shown.rows; index++) {
      const { x0, y0, x1, y1 } = this.shown.tileRect(index);
      const tile = new Uint32Array(TILE_PX * TILE_PX);
      for (let y = y0; y < y1; y++) {
        const from = y * map.width;
        tile.set(map.data.subarray(from + x0, from + x1), (y - y0) << TILE_SHIFT);
      }
      draft.tiles.set(index, tile);
    }
    return draft;
  }

  /** A map that lies at a place of it, as a draft; around it is no object. */
  holding({ width, height, data }: ObjectMap, at: { readonly x: number; readonly y: number }) {
    const draft = this.replacedBy(null);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width;) {
        const number = data[y * width + x] ?? NO_OBJECT;
        const start = x;
        do x++;
        while (x < width && data[y * width + x] === number);
        if (number === NO_OBJECT) continue;
        draft.fillSpan(at.y + y, { x0: at.x + start, x1: at.x + x }, number);
      }
    }
    return draft;
  }

  /** All of another layer of the same size, as a draft; null: no object. */
  replacedBy(other: ObjectLayer | null): ObjectDraft {
    const draft = this.draft();
    for (const index of this.#tiles.keys()) draft.tile(index).fill(NO_OBJECT);
    for (const [index, tile] of other === null ? [] : other.#tiles) draft.tile(index).set(tile);
    return draft;
  }

  toObjectMap(): ObjectMap {
    const { width, height } = this;
    const data = new Uint32Array(width * height);
    for (const [index, tile] of this.#tiles) {
      const { x0, y0, x1, y1 } = this.shown.tileRect(index);
      for (let y = y0; y < y1; y++) {
        const from = (y - y0) << TILE_SHIFT;
        data.set(tile.subarray(from, from + x1 - x0), y * width + x0);
      }
    }
    return { width, height, data };
  }

  /**
   * object-map.ts code, with what a draft holds in its place; null where there is no object. Costs what changed since the
   * last time.
   */
  bytes({ tiles }: Pick<ObjectDraft, 'tiles'> = this.draft()): Uint8Array | null {
    if (this.isEmpty) return null;
    const writer = createObjectRunWriter(this);
    const drafted = new Set([...tiles.keys()].map((index) => Math.floor(index / this.columns)));
    for (let row = 0; row < this.shown.rows; row++) {
      const known = drafted.has(row) ? undefined : this.#bands.get(row);
      const band = known ?? this.#encodeBand(row, tiles);
      if (!drafted.has(row)) this.#bands.set(row, band);
      readObjectMapRuns(band, (number, start, end) => writer.append(number, end - start));
    }
    return writer.isEmpty ? null : writer.bytes();
  }

  /** Where each object lies, in the order in which rows meet them. */
  get places(): ReadonlyMap<number, ObjectPlace> {
    this.#places ??= this.#find();
    return this.#places;
  }

  /** Runs of an object: x0 ≤ x < x1 of row y. */
  forEachSpan(number: number, visit: (y: number, x0: number, x1: number) => void): void {
    const place = this.places.get(number);
    if (place === undefined) return;
    for (let y = place.y0; y < place.y1; y++) {
      let start = -1;
      for (let x = place.x0; x <= place.x1; x++) {
        const isOwn = x < place.x1 && this.get(x, y) === number;
        if (isOwn && start < 0) start = x;
        if (!isOwn && start >= 0) {
          visit(y, start, x);
          start = -1;
        }
      }
    }
  }

  #set(index: number, tile: Uint32Array): void {
    const { x0, y0, x1, y1 } = this.shown.tileRect(index);
    const pixels = new Uint8Array((x1 - x0) * (y1 - y0));
    let isEmpty = true;
    for (let y = 0, at = 0; y < y1 - y0; y++) {
      for (let x = 0; x < x1 - x0; x++, at++) {
        const number = tile[(y << TILE_SHIFT) | x] ?? NO_OBJECT;
        if (number === NO_OBJECT) continue;
        isEmpty = false;
        if (number > this.#largest) this.#largest = number;
        pixels[at] = ((number - 1) % SHOWN_NUMBERS) + 1;
      }
    }
    if (isEmpty) this.#tiles.delete(index);
    else this.#tiles.set(index, tile);
    this.#sums.delete(index);
    this.#bands.delete(Math.floor(index / this.columns));
    this.#places = null;
    this.shown.putTile(index, pixels);
  }

  #tell(indices: Iterable<number>): void {
    const dirty = new Map([...indices].map((index) => [index, this.shown.tileRect(index)]));
    for (const listener of this.#listeners) listener(dirty);
  }

  #encodeBand(row: number, drafted: ReadonlyMap<number, Uint32Array>): Uint8Array {
    const height = Math.min(TILE_PX, this.height - (row << TILE_SHIFT));
    const writer = createObjectRunWriter({ width: this.width, height });
    for (let y = 0; y < height; y++) {
      for (let column = 0; column < this.columns; column++) {
        const index = row * this.columns + column;
        const { x0, x1 } = this.shown.tileRect(index);
        const tile = drafted.get(index) ?? this.#tiles.get(index);
        if (tile === undefined) {
          writer.append(NO_OBJECT, x1 - x0);
          continue;
        }
        const end = (y << TILE_SHIFT) + x1 - x0;
        for (let at = y << TILE_SHIFT; at < end;) {
          const number = tile[at] ?? NO_OBJECT;
          const start = at;
          do at++;
          while (at < end && tile[at] === number);
          writer.append(number, at - start);
        }
      }
    }
    return writer.bytes();
  }

  #find(): ReadonlyMap<number, ObjectPlace> {
    const all = new Map<number, Sums>();
    for (const [index, tile] of this.#tiles) {
      const sums = this.#sums.get(index) ?? sumsOf(tile, this.shown.tileRect(index));
      this.#sums.set(index, sums);
      for (const [number, one] of sums) {
        const sum = all.get(number);
        if (sum === undefined) all.set(number, { ...one });
        else {
          sum.pixels += one.pixels;
          sum.sumX += one.sumX;
          sum.sumY += one.sumY;
          sum.x0 = Math.min(sum.x0, one.x0);
          sum.y0 = Math.min(sum.y0, one.y0);
          sum.x1 = Math.max(sum.x1, one.x1);
          sum.y1 = Math.max(sum.y1, one.y1);
        }
      }
    }
    const places = [...all].map(
      ([number, { pixels, sumX, sumY, x0, y0, x1, y1 }]): ObjectPlace => ({
        ...{ number, pixels, x0, y0, x1, y1 },
        x: sumX / pixels + 0.5,
        y: sumY / pixels + 0.5,
      }),
    );
    places.sort((a, b) => a.y0 - b.y0 || a.x0 - b.x0 || a.number - b.number);
    return new Map(places.map((place) => [place.number, place]));
  }
}

function sumsOf(tile: Uint32Array, { x0, y0, x1, y1 }: Rect): ReadonlyMap<number, Sums> {
  const sums = new Map<number, Sums>();
  for (let y = y0; y < y1; y++) {
    let at = (y - y0) << TILE_SHIFT;
    for (let x = x0; x < x1;) {
      const number = tile[at] ?? NO_OBJECT;
      const start = x;
      do {
        at++;
        x++;
      } while (x < x1 && tile[at] === number);
      if (number === NO_OBJECT) continue;
      const run = x - start;
      const sumX = ((start + x - 1) / 2) * run;
      const sum = sums.get(number);
      if (sum === undefined) {
        sums.set(number, { pixels: run, x0: start, y0: y, x1: x, y1: y + 1, sumX, sumY: y * run });
        continue;
      }
      sum.pixels += run;
      sum.sumX += sumX;
      sum.sumY += y * run;
      sum.x0 = Math.min(sum.x0, start);
      sum.x1 = Math.max(sum.x1, x);
      sum.y1 = y + 1;
    }
  }
  return sums;
}
