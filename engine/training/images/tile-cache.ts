/**
 * Keeps decoded images in memory, as many as fit. The ones that came first stay; the others are decoded again whenever
 * they come up. (Every image comes up equally often, in shuffled order: dropping the oldest to make room would drop
 * just those that come up next, and keep none of them long enough to be used.)
 */
import { inOrder } from '../../data/in-order.ts';
import type { AnyTile } from './tiles.ts';

/** One is decoded, in its process, while the one before is made smaller or stored: decoded images are large. */
const AT_ONCE = 2;

/** Beyond what its store holds (image-store.ts). */
const bytesOf = (tile: AnyTile) =>
  'data' in tile
    ? tile.data.byteLength + (tile.labels?.byteLength ?? 0) + (tile.depths?.byteLength ?? 0)
    : 0;

export interface TileCache {
  /** Tiles of these images, in order. Errors: those of `read`. */
  tiles(images: readonly number[]): Promise<AnyTile[]>;
}

/** `read` decodes the image of an index. */
export function createTileCache(options: {
  readonly read: (image: number) => Promise<AnyTile>;
  readonly maxBytes: number;
}): TileCache {
  const { read, maxBytes } = options;
  const kept = new Map<number, AnyTile>();
  let bytes = 0;
  return {
    async tiles(images) {
      const missing = [...new Set(images)].filter((image) => !kept.has(image));
      const own = new Map<number, AnyTile>();
      const each = inOrder(missing, AT_ONCE, async (image) => ({ image, tile: await read(image) }));
      for await (const { image, tile } of each) {
        own.set(image, tile);
        if (bytes + bytesOf(tile) > maxBytes) continue;
        kept.set(image, tile);
        bytes += bytesOf(tile);
      }
      return images.flatMap((image) => kept.get(image) ?? own.get(image) ?? []);
    },
  };
}
