/** SQL of the sizes of pixels that people typed, by image. What files say of it stands in the files. */
import { PixelSize } from '../../shared/pixel-size.ts';
import type { Sqlite } from './open.ts';
import { readStored } from './stored.ts';

interface Row {
  readonly imageId: number;
  readonly size: number;
  readonly unit: string;
}

export function pixelSizesTable(db: Sqlite) {
  const ofDataset = db.prepare<[number], Row>(
    `SELECT p.image_id AS imageId, p.size, p.unit FROM pixel_sizes p
       JOIN images i ON i.id = p.image_id WHERE i.dataset_id = ? ORDER BY p.image_id`,
  );
  const put = db.prepare<[number, number, string]>(
    'INSERT OR REPLACE INTO pixel_sizes (image_id, size, unit) VALUES (?, ?, ?)',
  );
  const drop = db.prepare<[number]>('DELETE FROM pixel_sizes WHERE image_id = ?');
  return {
    /** By image, of those that have one. */
    ofDataset: (datasetId: number): ReadonlyMap<number, PixelSize> =>
      new Map(
        ofDataset
          .all(datasetId)
          .map(({ imageId, size, unit }) => [
            imageId,
            readStored(db, `the pixel size of image ${imageId}`, () =>
              PixelSize.parse({ size, unit }),
            ),
          ]),
      ),
    keep: (imageId: number, { size, unit }: PixelSize) => void put.run(imageId, size, unit),
    drop: (imageId: number) => void drop.run(imageId),
  };
}
