/**
 * Keeps decoded images in memory, as many as fit. The ones that came first stay; the others are decoded again whenever
 * they come up. (Every image comes up equally often, in shuffled order: dropping the oldest to make room would drop
 * just those that come up next, and keep none of them long enough to be used.)
 */
import type { AnyTile } from './tiles.ts';

/** Beyond what its store holds (image-store.ts). */
const bytesOf = (tile: AnyTile) =>
  'data' in tile
    ? tile.data.byteLength + (tile.labels?.byteLength ?? 0) + (tile.depths?.byteLength ?? 0)
    : 0;

export interface TileCache {
  /** Tiles of these images, in order. Errors: those of `read`. */
  tiles(images: readonly number[]): Promise<AnyTile[]>;
}

/** `read` decodes the image of an index. One is read at a time: decoded images are large. */
export function createTileCache(options: {
  readonly read: (image: number) => Promise<AnyTile>;
  readonly maxBytes: number;
}): TileCache {
  const { read, maxBytes } = options;
  const kept = new Map<number, AnyTile>();
  let bytes = 0;
  return {
    async tiles(images) {
      const own = new Map<number, AnyTile>();
      for (const image of images) {
        if (own.has(image)) continue;
        const known = kept.get(image);
        const tile = known ?? (await read(image));
        own.set(image, tile);
        if (known === undefined && bytes + bytesOf(tile) <= maxBytes) {
          kept.set(image, tile);
          bytes += bytesOf(tile);
        }
      }
      return images.flatMap((image) => own.get(image) ?? []);
    },
  };
}
