/** SQL of additions: which images and revisions came into a dataset at one time. */
import type { Addition } from '../../shared/api.ts';
import type { Sqlite } from './open.ts';
import { inDataset } from './taking-part.ts';

export interface AdditionItem {
  readonly imageId: number;
  /** The revision that came to an image that was there; null: the image itself came. */
  readonly labelMapId: number | null;
}

/** An item of an addition as it is now. */
export interface AddedItem extends AdditionItem {
  /** Whether labels were saved since, by a person, a network or another addition. */
  readonly isRelabelled: boolean;
}

/** Whether an item is still where it came to: a revision of an image is so, even if it is in the history by now. */
const THERE = `m.dataset_id = a.dataset_id AND ${inDataset('m')}`;

export function additionsTable(db: Sqlite) {
  const insert = db.prepare<[number, string, string]>(
    'INSERT INTO additions (dataset_id, created_at, path) VALUES (?, ?, ?)',
  );
  const insertItem = db.prepare<[number, number, number | null]>(
    'INSERT INTO addition_items (addition_id, image_id, label_map_id) VALUES (?, ?, ?)',
  );
  const COLUMNS = `a.id, a.dataset_id AS "datasetId", a.created_at AS "createdAt", a.path,
       (SELECT COUNT(*) FROM addition_items i JOIN images m ON m.id = i.image_id
          WHERE i.addition_id = a.id AND i.label_map_id IS NULL AND ${THERE}) AS images,
       (SELECT COUNT(*) FROM addition_items i JOIN images m ON m.id = i.image_id
          JOIN label_maps l ON l.id = i.label_map_id
          WHERE i.addition_id = a.id AND ${THERE}) AS revisions`;
  const list = db.prepare<[number], Addition>(
    `SELECT ${COLUMNS} FROM additions a WHERE a.dataset_id = ? ORDER BY a.id DESC`,
  );
  const byId = db.prepare<[number], Addition>(`SELECT ${COLUMNS} FROM additions a WHERE a.id = ?`);
  // An image came with its labels, imported, before its addition was written down: whatever is not so came later.
  const itemsThere = db.prepare<
    [number],
    { imageId: number; labelMapId: number | null; isRelabelled: 0 | 1 }
  >(
    `SELECT i.image_id AS imageId, i.label_map_id AS labelMapId,
       CASE WHEN i.label_map_id IS NULL
         THEN EXISTS (SELECT 1 FROM label_maps l WHERE l.image_id = i.image_id
                        AND (l.author <> 'imported' OR l.created_at > a.created_at))
         ELSE i.label_map_id IS NOT (SELECT MAX(l.id) FROM label_maps l WHERE l.image_id = i.image_id)
       END AS isRelabelled
     FROM additions a JOIN addition_items i ON i.addition_id = a.id JOIN images m ON m.id = i.image_id
     WHERE a.id = ? AND ${THERE} ORDER BY i.image_id`,
  );
  const dropItem = db.prepare<[number, number]>(
    'DELETE FROM addition_items WHERE addition_id = ? AND image_id = ?',
  );
  const dropEmpty = db.prepare<[number]>(
    `DELETE FROM additions WHERE id = ?
       AND NOT EXISTS (SELECT 1 FROM addition_items i WHERE i.addition_id = additions.id)`,
  );
  return {
    /** Within a transaction. Returns its id. */
    add(
      datasetId: number,
      { path, items }: { readonly path: string; readonly items: readonly AdditionItem[] },
    ): number {
      const id = Number(insert.run(datasetId, new Date().toISOString(), path).lastInsertRowid);
      for (const { imageId, labelMapId } of items) insertItem.run(id, imageId, labelMapId);
      return id;
    },
    /** Newest first. */
    list: (datasetId: number): Addition[] => list.all(datasetId),
    get: (id: number): Addition | undefined => byId.get(id),
    /** Those that are neither in the bin nor in another dataset by now. */
    items: (id: number): AddedItem[] =>
      itemsThere.all(id).map((row) => ({ ...row, isRelabelled: row.isRelabelled === 1 })),
    /** Within a transaction: what was taken back is of the addition no more, and the last of it ends the addition. */
    forget(id: number, imageIds: readonly number[]): void {
      for (const imageId of imageIds) dropItem.run(id, imageId);
      dropEmpty.run(id);
    },
  };
}
