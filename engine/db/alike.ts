/** SQL of what near-duplicates are found by, and of the pairs that were found. */
import type { AlikePair } from '../../shared/alike.ts';
import type { Sqlite } from './open.ts';
import { takingPart } from './taking-part.ts';

export interface StoredSignature {
  readonly imageId: number;
  /** engine/labelling/alike/signature.ts; empty where there is nothing to know the image again by. */
  readonly bytes: Uint8Array;
  /** With all others that are stored. */
  readonly isCompared: boolean;
}

interface SignatureRow {
  imageId: number;
  bytes: Buffer;
  compared: number;
}

export function alikeTable(db: Sqlite) {
  const put = db.prepare<[number, Uint8Array, number]>(
    `INSERT INTO image_signatures (image_id, version, bytes) SELECT id, ?, ? FROM images WHERE id = ?
       ON CONFLICT (image_id) DO UPDATE SET version = excluded.version, bytes = excluded.bytes, compared = 0`,
  );
  const all = db.prepare<[number], SignatureRow>(
    'SELECT image_id AS imageId, bytes, compared FROM image_signatures WHERE version = ? ORDER BY image_id',
  );
  const setCompared = db.prepare<[number]>(
    'UPDATE image_signatures SET compared = 1 WHERE image_id = ?',
  );
  const unseen = db.prepare<[number, number], { id: number }>(
    `SELECT id FROM images WHERE dataset_id = ? AND ${takingPart('images')}
       AND NOT EXISTS (SELECT 1 FROM image_signatures s
         WHERE s.image_id = images.id AND s.version = ? AND s.compared = 1)
     ORDER BY id`,
  );
  const dropPairs = db.prepare<[number, number]>(
    'DELETE FROM alike_pairs WHERE image_id = ? OR other_id = ?',
  );
  const putPair = db.prepare<[number, number, number]>(
    `INSERT INTO alike_pairs (image_id, other_id, similarity)
       SELECT a.id, b.id, ? FROM images a, images b WHERE a.id = ? AND b.id = ?`,
  );
  const pairsOf = db.prepare<[number, number], AlikePair>(
    `SELECT image_id AS imageId, other_id AS otherId, similarity FROM alike_pairs
       WHERE (image_id IN (SELECT id FROM images WHERE dataset_id = ?)
          OR other_id IN (SELECT id FROM images WHERE dataset_id = ?))
         AND NOT EXISTS (SELECT 1 FROM images o WHERE o.id IN (image_id, other_id) AND NOT (${takingPart('o')}))
     ORDER BY similarity DESC, image_id, other_id`,
  );
  return {
    /** Of an image that is still there; one that is there is replaced and compared anew. */
    putSignature: (imageId: number, version: number, bytes: Uint8Array) =>
      void put.run(version, bytes, imageId),
    signatures: (version: number): StoredSignature[] =>
      all
        .all(version)
        .map(({ imageId, bytes, compared }) => ({ imageId, bytes, isCompared: compared === 1 })),
    /** Images of a dataset that take part and have not been compared with the others, by id. */
    unseen: (datasetId: number, version: number): number[] =>
      unseen.all(datasetId, version).map(({ id }) => id),
    /** What comparing these with all others has found. Within a transaction. */
    putPairs(compared: readonly number[], pairs: readonly AlikePair[]): void {
      for (const id of compared) dropPairs.run(id, id);
      for (const { imageId, otherId, similarity } of pairs) {
        putPair.run(similarity, Math.min(imageId, otherId), Math.max(imageId, otherId));
      }
      for (const id of compared) setCompared.run(id);
    },
    /** With an image of the dataset in them, and none that takes no part; those most alike first. */
    pairs: (datasetId: number): AlikePair[] => pairsOf.all(datasetId, datasetId),
  };
}
