/** Pixels of each class in a layer, kept up to date tile by tile. */
import { type LabelLayer, TILE_SHIFT } from './label-layer.ts';

export class ClassCounts {
  readonly #layer: LabelLayer;
  /** [256] of each tile; null: not up to date. */
  readonly #tiles: (Uint32Array | null)[];
  readonly #unsubscribe: () => void;

  constructor(layer: LabelLayer) {
    this.#layer = layer;
    this.#tiles = new Array<Uint32Array | null>(layer.columns * layer.rows).fill(null);
    this.#unsubscribe = layer.onDirty((dirty) => {
      for (const index of dirty.keys()) this.#tiles[index] = null;
    });
  }

  /** [256] pixels by class id. */
  total(): Float64Array {
    const total = new Float64Array(256);
    for (let index = 0; index < this.#tiles.length; index++) {
      const value = this.#layer.uniformValue(index);
      if (value !== null) {
        const { x0, y0, x1, y1 } = this.#layer.tileRect(index);
        total[value] = (total[value] ?? 0) + (x1 - x0) * (y1 - y0);
        continue;
      }
      const counts = (this.#tiles[index] ??= this.#count(index));
      for (let id = 0; id < 256; id++) total[id] = (total[id] ?? 0) + (counts[id] ?? 0);
    }
    return total;
  }

  close(): void {
    this.#unsubscribe();
  }

  #count(index: number): Uint32Array {
    const counts = new Uint32Array(256);
    const tile = this.#layer.tile(index);
    const { x0, y0, x1, y1 } = this.#layer.tileRect(index);
    for (let y = 0; y < y1 - y0; y++) {
      for (let at = y << TILE_SHIFT, end = at + x1 - x0; at < end; at++) {
        const value = tile[at] ?? 0;
        counts[value] = (counts[value] ?? 0) + 1;
      }
    }
    return counts;
  }
}
