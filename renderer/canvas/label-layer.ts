/**
 * The label map that is being edited, cut into tiles so that an edit copies, compares and repaints only what it
 * touched. Tiles of one class share one array, so a blank map of 16,384² costs next to nothing.
 * All writing goes through an edit (`layer.edit()`) or a recorded difference (`layer.apply()`).
 */
import { BACKGROUND } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { labelMapSize, readLabelMapRuns, type LabelMap } from '../../shared/label-map.ts';
import { TILE_PX } from '../../shared/tiles.ts';
import { applyTileDiff, encodeTileDiffs, forEachTileDiff } from './tile-diff.ts';
import type { Rect, Size } from './viewport.ts';

export const TILE_SHIFT = 8;
const TILE_MASK = TILE_PX - 1;
const TILE_BYTES = TILE_PX * TILE_PX;

/** One array for each class, for all tiles of all layers that hold nothing else. Never written to. */
const uniformTiles = new Map<number, Uint8Array>();
function uniformTile(value: number): Uint8Array {
  let tile = uniformTiles.get(value);
  if (tile === undefined) {
    tile = new Uint8Array(TILE_BYTES).fill(value);
    uniformTiles.set(value, tile);
  }
  return tile;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Changed pixels, tile by tile: index of the tile → rectangle in pixels of the image. */
export type DirtyTiles = ReadonlyMap<number, Rect>;

/** What a write puts down, and what it may replace. */
export interface Paint {
  /** Class id, BACKGROUND or IGNORE. */
  readonly value: number;
  /** Only pixels of this class are changed; null: all. */
  readonly only: number | null;
}

export class LabelLayer {
  readonly width: number;
  readonly height: number;
  /** Tiles in a row, and rows of tiles. */
  readonly columns: number;
  readonly rows: number;
  /** [rows · columns], each [TILE_PX, TILE_PX]; beyond the map's edge their content means nothing. */
  readonly #tiles: Uint8Array[];
  readonly #listeners = new Set<(dirty: DirtyTiles) => void>();
  #edit: LabelEdit | null = null;

  constructor(width: number, height: number, value: number = BACKGROUND) {
    this.width = width;
    this.height = height;
    this.columns = Math.ceil(width / TILE_PX);
    this.rows = Math.ceil(height / TILE_PX);
    this.#tiles = new Array<Uint8Array>(this.columns * this.rows).fill(uniformTile(value));
  }

  /** From shared/label-map.ts code. Errors: corrupt. */
  static decode(bytes: Uint8Array): LabelLayer {
    const { width, height } = labelMapSize(bytes);
    const layer = new LabelLayer(width, height);
    let finishedRows = 0;
    readLabelMapRuns(bytes, (value, start, end) => {
      const row = Math.floor(start / width) >> TILE_SHIFT;
      // Runs come in order, so tiles above this one are complete: they shrink before the next ones grow.
      for (; finishedRows < row; finishedRows++) layer.#shareRow(finishedRows);
      layer.#setRun(value, start, end);
    });
    for (; finishedRows < layer.rows; finishedRows++) layer.#shareRow(finishedRows);
    return layer;
  }

  /** A map in a layer of `size` that holds `blank` around it. `at`: where its first pixel lies. */
  static of(
    map: LabelMap,
    options: { readonly size: Size; readonly at: Point; readonly blank: number },
  ): LabelLayer {
    const { size, at, blank } = options;
    const layer = new LabelLayer(size.width, size.height, blank);
    for (let index = 0; index < layer.#tiles.length; index++) {
      const { x0, y0, x1, y1 } = layer.tileRect(index);
      const [left, right] = [Math.max(x0, at.x), Math.min(x1, at.x + map.width)];
      const [top, bottom] = [Math.max(y0, at.y), Math.min(y1, at.y + map.height)];
      if (left >= right || top >= bottom) continue;
      const tile = layer.tile(index).slice();
      for (let y = top; y < bottom; y++) {
        const from = (y - at.y) * map.width + left - at.x;
        tile.set(
          map.data.subarray(from, from + right - left),
          ((y - y0) << TILE_SHIFT) + left - x0,
        );
      }
      layer.#tiles[index] = tile;
      layer.#share(index);
    }
    return layer;
  }

  toLabelMap(): LabelMap {
    const { width, height } = this;
    const data = new Uint8Array(width * height);
    for (let index = 0; index < this.#tiles.length; index++) {
      const { x0, y0, x1, y1 } = this.tileRect(index);
      const tile = this.tile(index);
      for (let y = y0; y < y1; y++) {
        const from = (y - y0) << TILE_SHIFT;
        data.set(tile.subarray(from, from + x1 - x0), y * width + x0);
      }
    }
    return { width, height, data };
  }

  get(x: number, y: number): number {
    const tile = this.#tiles[(y >> TILE_SHIFT) * this.columns + (x >> TILE_SHIFT)];
    return tile?.[((y & TILE_MASK) << TILE_SHIFT) | (x & TILE_MASK)] ?? BACKGROUND;
  }

  contains(x: number, y: number): boolean {
    return x >= 0 && y >= 0 && x < this.width && y < this.height;
  }

  /** Pixels of one tile [TILE_PX, TILE_PX], to be read only. */
  tile(index: number): Uint8Array {
    return this.#tiles[index] ?? uniformTile(BACKGROUND);
  }

  /** Whether another layer of the same size holds the same. */
  equals(other: LabelLayer): boolean {
    return this.#tiles.every((own, index) => {
      const tile = other.tile(index);
      if (own === tile) return true;
      const { x0, y0, x1, y1 } = this.tileRect(index);
      for (let y = 0; y < y1 - y0; y++) {
        for (let i = y << TILE_SHIFT, end = i + x1 - x0; i < end; i++) {
          if (own[i] !== tile[i]) return false;
        }
      }
      return true;
    });
  }

  /** The class that a whole shared tile holds, or null where it may hold several. */
  uniformValue(index: number): number | null {
    const tile = this.tile(index);
    const value = tile[0] ?? BACKGROUND;
    return tile === uniformTiles.get(value) ? value : null;
  }

  /** The part of a tile that lies within the map, in pixels of the image. */
  tileRect(index: number): Rect {
    const x0 = (index % this.columns) << TILE_SHIFT;
    const y0 = Math.floor(index / this.columns) << TILE_SHIFT;
    return {
      x0,
      y0,
      x1: Math.min(this.width, x0 + TILE_PX),
      y1: Math.min(this.height, y0 + TILE_PX),
    };
  }

  /** Bytes of tiles that are not shared. */
  get ownBytes(): number {
    return this.#tiles.filter((_, i) => this.uniformValue(i) === null).length * TILE_BYTES;
  }

  /** Calls back with what changed. Returns the way out. */
  onDirty(listener: (dirty: DirtyTiles) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Begins an edit; there is one at a time. Errors: conflict. */
  edit(): LabelEdit {
    if (this.#edit !== null)
      throw new AppError('conflict', 'Finish the stroke before you begin another change.');
    this.#edit = new LabelEdit(this, {
      tiles: this.#tiles,
      changed: (dirty) => this.#changed(dirty),
      close: () => (this.#edit = null),
      share: (index) => this.#share(index),
    });
    return this.#edit;
  }

  /** What the edit under way has changed so far, as LabelEdit.commit returns it; null: nothing. */
  get unfinished(): Uint8Array | null {
    return this.#edit?.changes ?? null;
  }

  /** Applies a difference that LabelEdit.commit returned; applying it twice changes nothing. */
  apply(diff: Uint8Array): void {
    if (this.#edit !== null)
      throw new AppError('conflict', 'Finish the stroke before you undo or redo.');
    const dirty = new Map<number, Rect>();
    forEachTileDiff(diff, (index, runs) => {
      const tile = this.tile(index).slice();
      applyTileDiff(tile, runs);
      this.#tiles[index] = tile;
      this.#share(index);
      dirty.set(index, this.tileRect(index));
    });
    this.#changed(dirty);
  }

  /**
   * Takes the pixels of another layer of the same size, which is not used any more, and tells of the tiles that differ.
   * For what nobody edits: it is no step of a history. Errors: conflict.
   */
  become(other: LabelLayer): void {
    if (this.#edit !== null)
      throw new AppError('conflict', 'Finish the stroke before you begin another change.');
    const dirty = new Map<number, Rect>();
    for (let index = 0; index < this.#tiles.length; index++) {
      const [before, after] = [this.tile(index), other.tile(index)];
      if (before === after || before.every((value, i) => value === after[i])) continue;
      this.#tiles[index] = after;
      dirty.set(index, this.tileRect(index));
    }
    if (dirty.size > 0) this.#changed(dirty);
  }

  /** Puts other pixels [height, width of the tile within the map] in the place of a tile. Errors: conflict, during an edit. */
  putTile(index: number, pixels: Uint8Array): void {
    if (this.#edit !== null)
      throw new AppError('conflict', 'Finish the stroke before you begin another change.');
    const rect = this.tileRect(index);
    const width = rect.x1 - rect.x0;
    const tile = new Uint8Array(TILE_BYTES);
    for (let y = 0; y < rect.y1 - rect.y0; y++) {
      tile.set(pixels.subarray(y * width, (y + 1) * width), y << TILE_SHIFT);
    }
    this.#tiles[index] = tile;
    this.#share(index);
    this.#changed(new Map([[index, rect]]));
  }

  #changed(dirty: DirtyTiles): void {
    for (const listener of this.#listeners) listener(dirty);
  }

  #setRun(value: number, start: number, end: number): void {
    const { width } = this;
    let at = start;
    while (at < end) {
      const y = Math.floor(at / width);
      const x = at - y * width;
      const bandRows = Math.min(TILE_PX, this.height - y);
      if (x === 0 && (y & TILE_MASK) === 0 && end - at >= bandRows * width) {
        const first = (y >> TILE_SHIFT) * this.columns;
        this.#tiles.fill(uniformTile(value), first, first + this.columns);
        at += bandRows * width;
        continue;
      }
      const rowEnd = Math.min(end, (y + 1) * width);
      if (value !== BACKGROUND) this.#setSpan(value, y, { x0: x, x1: x + rowEnd - at });
      at = rowEnd;
    }
  }

  #setSpan(value: number, y: number, { x0, x1 }: { x0: number; x1: number }): void {
    const row = (y >> TILE_SHIFT) * this.columns;
    for (let x = x0; x < x1; x = (x | TILE_MASK) + 1) {
      const index = row + (x >> TILE_SHIFT);
      let tile = this.tile(index);
      if (this.uniformValue(index) !== null) {
        tile = tile.slice();
        this.#tiles[index] = tile;
      }
      const from = ((y & TILE_MASK) << TILE_SHIFT) | (x & TILE_MASK);
      tile.fill(value, from, from + Math.min(x1, (x | TILE_MASK) + 1) - x);
    }
  }

  #shareRow(row: number): void {
    for (let column = 0; column < this.columns; column++) this.#share(row * this.columns + column);
  }

  /** Replaces a tile of one class by the shared one. */
  #share(index: number): void {
    if (this.uniformValue(index) !== null) return;
    const { x0, y0, x1, y1 } = this.tileRect(index);
    const tile = this.tile(index);
    const value = tile[0] ?? BACKGROUND;
    for (let y = 0; y < y1 - y0; y++) {
      for (let i = y << TILE_SHIFT, end = i + x1 - x0; i < end; i++) {
        if (tile[i] !== value) return;
      }
    }
    this.#tiles[index] = uniformTile(value);
  }
}

/** A row that was painted, and in which class: x0 ≤ x < x1. */
export interface CoveredSpan {
  readonly y: number;
  readonly x0: number;
  readonly x1: number;
  readonly value: number;
}

/** One change of a layer, open until it is committed or reverted. */
export class LabelEdit {
  readonly layer: LabelLayer;
  readonly #host: {
    readonly tiles: Uint8Array[];
    readonly changed: (dirty: DirtyTiles) => void;
    readonly close: () => void;
    readonly share: (index: number) => void;
  };
  /** Tiles as they were when the edit began. */
  readonly #before = new Map<number, Uint8Array>();
  #dirty = new Map<number, { x0: number; y0: number; x1: number; y1: number }>();
  /** Rows that were painted; null: nobody asked for them. */
  #covered: CoveredSpan[] | null = null;

  constructor(
    layer: LabelLayer,
    host: {
      readonly tiles: Uint8Array[];
      readonly changed: (dirty: DirtyTiles) => void;
      readonly close: () => void;
      readonly share: (index: number) => void;
    },
  ) {
    this.layer = layer;
    this.#host = host;
  }

  /** Paints x0 ≤ x < x1 of row y; what lies outside the map is left out. */
  fillSpan(y: number, x0: number, x1: number, paint: Paint): void {
    const { layer } = this;
    if (y < 0 || y >= layer.height) return;
    const end = Math.min(x1, layer.width);
    this.#covered?.push({ y, x0: Math.max(0, x0), x1: end, value: paint.value });
    const row = (y >> TILE_SHIFT) * layer.columns;
    for (let x = Math.max(0, x0); x < end; x = (x | TILE_MASK) + 1) {
      const index = row + (x >> TILE_SHIFT);
      const tileEnd = Math.min(end, (x | TILE_MASK) + 1);
      const from = ((y & TILE_MASK) << TILE_SHIFT) | (x & TILE_MASK);
      const to = from + tileEnd - x;
      const tile = this.#writable(index);
      if (paint.only === null) {
        tile.fill(paint.value, from, to);
      } else {
        for (let i = from; i < to; i++) if (tile[i] === paint.only) tile[i] = paint.value;
      }
      this.#touch(index, { y, x0: x, x1: tileEnd });
    }
  }

  /** From now on it is remembered which rows are painted, whether or not that changes their class. */
  remember(): void {
    this.#covered = [];
  }

  get covered(): readonly CoveredSpan[] {
    return this.#covered ?? [];
  }

  /** Takes over a whole other map of the same size. */
  replaceAll(other: LabelLayer): void {
    const { tiles } = this.#host;
    for (let index = 0; index < tiles.length; index++) {
      const before = this.layer.tile(index);
      if (before === other.tile(index)) continue;
      if (!this.#before.has(index)) this.#before.set(index, before);
      tiles[index] =
        other.uniformValue(index) === null ? other.tile(index).slice() : other.tile(index);
      this.#dirty.set(index, { ...this.layer.tileRect(index) });
    }
  }

  /** Tells the layer's listeners what has changed since the last time: once for each pointer event. */
  flush(): void {
    if (this.#dirty.size === 0) return;
    const dirty = this.#dirty;
    this.#dirty = new Map();
    this.#host.changed(dirty);
  }

  /** Puts every pixel back; the edit stays open. */
  restart(): void {
    for (const [index, tile] of this.#before) {
      this.#host.tiles[index] = tile;
      this.#dirty.set(index, { ...this.layer.tileRect(index) });
    }
    this.#before.clear();
    if (this.#covered !== null) this.#covered = [];
  }

  /** Puts every pixel back and ends the edit. */
  revert(): void {
    this.restart();
    this.flush();
    this.#host.close();
  }

  /** What it has changed so far, for LabelLayer.apply; null: nothing. */
  get changes(): Uint8Array | null {
    return encodeTileDiffs(this.#before, (index) => this.layer.tile(index));
  }

  /** Ends the edit. Returns what changed, for LabelLayer.apply, or null where nothing did. */
  commit(): Uint8Array | null {
    this.flush();
    const diff = this.changes;
    for (const index of this.#before.keys()) this.#host.share(index);
    this.#host.close();
    return diff;
  }

  #writable(index: number): Uint8Array {
    const tile = this.layer.tile(index);
    if (this.#before.has(index) && this.layer.uniformValue(index) === null) return tile;
    const copy = tile.slice();
    if (!this.#before.has(index)) this.#before.set(index, tile);
    this.#host.tiles[index] = copy;
    return copy;
  }

  #touch(index: number, { y, x0, x1 }: { y: number; x0: number; x1: number }): void {
    const dirty = this.#dirty.get(index);
    if (dirty === undefined) {
      this.#dirty.set(index, { x0, y0: y, x1, y1: y + 1 });
      return;
    }
    if (x0 < dirty.x0) dirty.x0 = x0;
    if (x1 > dirty.x1) dirty.x1 = x1;
    if (y < dirty.y0) dirty.y0 = y;
    if (y + 1 > dirty.y1) dirty.y1 = y + 1;
  }
}
