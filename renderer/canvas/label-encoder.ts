/**
 * shared/label-map.ts code of a layer that is being edited. Bands of tile rows keep their code until a pixel in them
 * changes, so saving after a stroke costs what the stroke touched, and large maps are encoded a few milliseconds at
 * a time. Saving itself is autosave.ts's.
 */
import { createRunWriter, forEachRun } from '../../shared/label-map.ts';
import { TILE_PX } from '../../shared/tiles.ts';
import { type LabelLayer, TILE_SHIFT } from './label-layer.ts';

export class LabelEncoder {
  readonly #layer: LabelLayer;
  /** Runs of each row of tiles; null: not up to date. */
  readonly #bands: (Uint8Array | null)[];
  readonly #unsubscribe: () => void;

  constructor(layer: LabelLayer) {
    this.#layer = layer;
    this.#bands = new Array<Uint8Array | null>(layer.rows).fill(null);
    this.#unsubscribe = layer.onDirty((dirty) => {
      for (const index of dirty.keys()) this.#bands[Math.floor(index / layer.columns)] = null;
    });
  }

  /** Encodes bands until `isOver` says so, at least one. Returns whether all are up to date. */
  advance(isOver: () => boolean): boolean {
    for (let row = this.#bands.indexOf(null); row >= 0; row = this.#bands.indexOf(null, row)) {
      this.#bands[row] = encodeBand(this.#layer, row);
      if (isOver()) break;
    }
    return !this.#bands.includes(null);
  }

  /** The code of the layer as it is now. */
  bytes(): Uint8Array {
    this.advance(() => false);
    const writer = createRunWriter(this.#layer);
    for (const band of this.#bands) {
      if (band === null) continue;
      forEachRun(band, (value, run) => writer.append(value, run), { from: 0, to: band.length });
    }
    return writer.bytes();
  }

  close(): void {
    this.#unsubscribe();
  }
}

function encodeBand(layer: LabelLayer, row: number): Uint8Array {
  const writer = createRunWriter();
  const first = row * layer.columns;
  const y0 = row << TILE_SHIFT;
  const height = Math.min(TILE_PX, layer.height - y0);
  const tiles = Array.from({ length: layer.columns }, (_, column) => {
    const index = first + column;
    const { x0, x1 } = layer.tileRect(index);
    return { width: x1 - x0, value: layer.uniformValue(index), pixels: layer.tile(index) };
  });
  const [only] = tiles;
  if (only?.value != null && tiles.every(({ value }) => value === only.value)) {
    writer.append(only.value, layer.width * height);
    return writer.bytes();
  }
  for (let y = 0; y < height; y++) {
    for (const { width, value, pixels } of tiles) {
      if (value !== null) {
        writer.append(value, width);
        continue;
      }
      let at = y << TILE_SHIFT;
      const end = at + width;
      while (at < end) {
        const start = at;
        const current = pixels[at] ?? 0;
        do at++;
        while (at < end && pixels[at] === current);
        writer.append(current, at - start);
      }
    }
  }
  return writer.bytes();
}
