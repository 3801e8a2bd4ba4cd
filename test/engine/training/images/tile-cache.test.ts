import { describe, expect, it } from 'vitest';
import { createTileCache } from '../../../../engine/training/images/tile-cache.ts';
import type { Tile } from '../../../../engine/training/images/tiles.ts';

const BYTES = 4 * 16 + 16;

function tile(image: number): Tile {
  return {
    imageId: image,
    name: `${image}`,
    width: 4,
    height: 4,
    channels: 1,
    data: new Float32Array(16).fill(image),
    labels: new Uint8Array(16),
    imageClass: null,
  };
}

function counted(maxBytes: number) {
  const reads: number[] = [];
  const read = (image: number) => {
    reads.push(image);
    return Promise.resolve(tile(image));
  };
  return { reads, cache: createTileCache({ read, maxBytes }) };
}

describe('the cache of decoded images', () => {
  it('decodes every image once where all fit', async () => {
    const { reads, cache } = counted(3 * BYTES);
    await cache.tiles([0, 1]);
    const again = await cache.tiles([2, 1, 0, 1]);
    expect(again.map((own) => own.imageId)).toEqual([2, 1, 0, 1]);
    expect(reads).toEqual([0, 1, 2]);
  });

  it('keeps those that came first where not all fit, and decodes only the others again', async () => {
    const { reads, cache } = counted(2 * BYTES);
    for (let epoch = 0; epoch < 3; epoch++) await cache.tiles([0, 1, 2]);
    expect(reads).toEqual([0, 1, 2, 2, 2]);
  });

  it('decodes an image once for a batch that holds it twice, even where none fits', async () => {
    const { reads, cache } = counted(0);
    expect((await cache.tiles([1, 0, 1])).map((own) => own.imageId)).toEqual([1, 0, 1]);
    expect(reads).toEqual([1, 0]);
  });

  it('tries an image again that could not be read', async () => {
    let broken = true;
    const cache = createTileCache({
      maxBytes: BYTES,
      read: (image) => (broken ? Promise.reject(new Error('gone')) : Promise.resolve(tile(image))),
    });
    await expect(cache.tiles([0])).rejects.toThrow('gone');
    broken = false;
    expect(await cache.tiles([0])).toHaveLength(1);
  });
});
