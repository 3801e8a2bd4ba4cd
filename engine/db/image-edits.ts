/** SQL of what is done with images that are there: excluded, renamed, put into the bin and taken out of it. */
import type { Sqlite } from './open.ts';

/** What a snapshot, a result or a picture of a run speaks of. */
const HELD = `(SELECT image_id FROM snapshot_items UNION SELECT image_id FROM results UNION SELECT image_id FROM examples)`;

export interface BinnedImage {
  readonly id: number;
  /** Its original, where that is embedded, and its label maps. */
  readonly bytes: number;
  readonly isHeld: boolean;
}

export function imageEditsTable(db: Sqlite) {
  const setExcluded = db.prepare<[string | null, number]>(
    'UPDATE images SET excluded = ? WHERE id = ?',
  );
  const setName = db.prepare<[string, number]>('UPDATE images SET name = ? WHERE id = ?');
  const setDeleted = db.prepare<[string | null, number]>(
    'UPDATE images SET deleted_at = ? WHERE id = ?',
  );
  const held = db.prepare<[number], { id: number }>(
    `SELECT id FROM images WHERE dataset_id = ? AND id IN ${HELD} ORDER BY id`,
  );
  const binned = db.prepare<[number], { id: number; bytes: number; held: number }>(
    `SELECT i.id, (SELECT COALESCE(SUM(LENGTH(b.bytes)), 0) FROM image_bytes b WHERE b.image_id = i.id)
         + (SELECT COALESCE(SUM(LENGTH(l.bytes)), 0) FROM label_maps l WHERE l.image_id = i.id) AS bytes,
       i.id IN ${HELD} AS held
     FROM images i WHERE i.dataset_id = ? AND i.deleted_at IS NOT NULL ORDER BY i.deleted_at DESC, i.id`,
  );
  const studiesOf = db.prepare<[number], { image_id: number; name: string }>(
    `SELECT DISTINCT p.image_id, s.name FROM images i
       JOIN snapshot_items p ON p.image_id = i.id
       JOIN studies s ON p.snapshot_id IN (s.source_snapshot_id, s.target_snapshot_id)
     WHERE i.dataset_id = ? ORDER BY s.id`,
  );
  const runsOf = db.prepare<[number], { image_id: number; run: number }>(
    `SELECT DISTINCT p.image_id, r.id AS run FROM images i
       JOIN snapshot_items p ON p.image_id = i.id
       JOIN runs r ON r.snapshot_id = p.snapshot_id AND r.study_id IS NULL
     WHERE i.dataset_id = ? ORDER BY r.id`,
  );
  const purge = db.prepare<[number]>('DELETE FROM images WHERE id = ?');

  return {
    /** `reason` null: it takes part again. */
    setExcluded: (imageId: number, reason: string | null) => void setExcluded.run(reason, imageId),
    /** Its original stays as it is. Fails with SQLITE_CONSTRAINT_UNIQUE where that page of that name is there. */
    rename: (imageId: number, name: string) => void setName.run(name, imageId),
    /** `at`: ISO 8601; null: out of it again. */
    setDeleted: (imageId: number, at: string | null) => void setDeleted.run(at, imageId),
    /** Images of a dataset, in the bin or not, without which something stored would speak of nothing. */
    held: (datasetId: number): Set<number> => new Set(held.all(datasetId).map(({ id }) => id)),
    /** In the bin of a dataset, last deleted first. */
    binned: (datasetId: number): BinnedImage[] =>
      binned
        .all(datasetId)
        .map(({ id, bytes, held: isHeld }) => ({ id, bytes, isHeld: isHeld === 1 })),
    /** By image of a dataset: studies by name, and runs of no study, that are made of it. */
    holders: (datasetId: number) => ({
      studies: Map.groupBy(studiesOf.all(datasetId), (row) => row.image_id),
      runs: Map.groupBy(runsOf.all(datasetId), (row) => row.image_id),
    }),
    /** Gone for good, with its labels. Fails with SQLITE_CONSTRAINT_FOREIGNKEY where it is held. */
    purge: (imageId: number) => void purge.run(imageId),
  };
}
