/** SQL of additions: which images and revisions came into a dataset at one time. */
import type { Addition } from '../../shared/api.ts';
import type { Sqlite } from './open.ts';

export interface AdditionItem {
  readonly imageId: number;
  /** The revision that came to an image that was there; null: the image itself came. */
  readonly labelMapId: number | null;
}

export function additionsTable(db: Sqlite) {
  const insert = db.prepare<[number, string, string]>(
    'INSERT INTO additions (dataset_id, created_at, path) VALUES (?, ?, ?)',
  );
  const insertItem = db.prepare<[number, number, number | null]>(
    'INSERT INTO addition_items (addition_id, image_id, label_map_id) VALUES (?, ?, ?)',
  );
  const list = db.prepare<[number], Addition>(
    `SELECT a.id, a.dataset_id AS "datasetId", a.created_at AS "createdAt", a.path,
       (SELECT COUNT(*) FROM addition_items i WHERE i.addition_id = a.id AND i.label_map_id IS NULL) AS images,
       (SELECT COUNT(*) FROM addition_items i JOIN label_maps l ON l.id = i.label_map_id
          WHERE i.addition_id = a.id) AS revisions
       FROM additions a WHERE a.dataset_id = ? ORDER BY a.id DESC`,
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
  };
}
