/** SQL of what is done with images that are there: excluded, renamed, moved, copied, put into the bin and taken out of it. */
import type { LabelMapRevision } from '../../shared/entities.ts';
import { helpersCode } from '../../shared/helpers.ts';
import { sha256 } from '../sha256.ts';
import type { Sqlite } from './open.ts';

/** What a snapshot, a result or a picture of a run speaks of. */
const HELD = `(SELECT image_id FROM snapshot_items UNION SELECT image_id FROM results UNION SELECT image_id FROM examples)`;

export interface BinnedImage {
  readonly id: number;
  /** Its original, where that is embedded, and its label maps. */
  readonly bytes: number;
  readonly isHeld: boolean;
}

/** Where an image goes, and what it is called there. */
export interface ImagePlace {
  readonly datasetId: number;
  readonly name: string;
  readonly imageClass: number | null;
}

/** What a row of `images` has that does not depend on its dataset. */
const OWN_COLUMNS = `width_px, height_px, channels, bit_depth, hash, page, channel_pages, link_path, link_relative,
  group_name, excluded`;

export function imageEditsTable(db: Sqlite) {
  const setExcluded = db.prepare<[string | null, number]>(
    'UPDATE images SET excluded = ? WHERE id = ?',
  );
  const setName = db.prepare<[string, number]>('UPDATE images SET name = ? WHERE id = ?');
  const setFacts = db.prepare<[number, number, number, number, number]>(
    'UPDATE images SET width_px = ?, height_px = ?, channels = ?, bit_depth = ? WHERE id = ?',
  );
  const setDeleted = db.prepare<[string | null, number]>(
    'UPDATE images SET deleted_at = ? WHERE id = ?',
  );
  const held = db.prepare<[number], { id: number }>(
    `SELECT id FROM images WHERE dataset_id = ? AND id IN ${HELD} ORDER BY id`,
  );
  const binned = db.prepare<[number], { id: number; bytes: number; held: number }>(
    `SELECT i.id, (SELECT COALESCE(SUM(LENGTH(b.bytes)), 0) FROM image_bytes b WHERE b.image_id = i.id)
         + (SELECT COALESCE(SUM(LENGTH(l.bytes)), 0) FROM label_maps l WHERE l.image_id = i.id)
         + (SELECT COALESCE(SUM(LENGTH(o.bytes)), 0) FROM object_maps o
              JOIN label_maps l ON l.id = o.label_map_id WHERE l.image_id = i.id) AS bytes,
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
  const move = db.prepare<[number, string, number | null, number]>(
    'UPDATE images SET dataset_id = ?, name = ?, image_class = ? WHERE id = ?',
  );
  const leaveAdditions = db.prepare<[number]>('DELETE FROM addition_items WHERE image_id = ?');
  const copy = db.prepare<[number, string, number | null, string, number]>(
    `INSERT INTO images (dataset_id, name, image_class, created_at, ${OWN_COLUMNS})
       SELECT ?, ?, ?, ?, ${OWN_COLUMNS} FROM images WHERE id = ?`,
  );
  const copyBytes = db.prepare<[number, number]>(
    'INSERT INTO image_bytes (image_id, bytes) SELECT ?, bytes FROM image_bytes WHERE image_id = ?',
  );
  const copyPixelSize = db.prepare<[number, number]>(
    'INSERT INTO pixel_sizes (image_id, size, unit) SELECT ?, size, unit FROM pixel_sizes WHERE image_id = ?',
  );
  const addRevision = db.prepare<
    [
      ...[number, string, number | null, string | null, string, string],
      ...[number | null, number, Uint8Array, string],
    ]
  >(
    `INSERT INTO label_maps (image_id, author, run_id, helpers, note, created_at, uncertainty, kept, bytes, sha256)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const dropRevision = db.prepare<[number]>('DELETE FROM label_maps WHERE id = ?');
  const purge = db.prepare<[number]>('DELETE FROM images WHERE id = ?');

  return {
    /** `reason` null: it takes part again. */
    setExcluded: (imageId: number, reason: string | null) => void setExcluded.run(reason, imageId),
    /** Its original stays as it is. Fails with SQLITE_CONSTRAINT_UNIQUE where that page of that name is there. */
    rename: (imageId: number, name: string) => void setName.run(name, imageId),
    /** What its file says of it, where the project said otherwise. */
    setFacts(
      imageId: number,
      facts: { width: number; height: number; channels: number; bitDepth: 8 | 16 | 32 },
    ): void {
      const { width, height, channels, bitDepth } = facts;
      setFacts.run(width, height, channels, bitDepth, imageId);
    },
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
    /** With its labels as they are; of no addition any more. */
    move(imageId: number, { datasetId, name, imageClass }: ImagePlace): void {
      leaveAdditions.run(imageId);
      move.run(datasetId, name, imageClass, imageId);
    },
    /** The image with its original and the size of its pixels, without labels. Returns the id of the copy. */
    copy(imageId: number, { datasetId, name, imageClass }: ImagePlace): number {
      const at = new Date().toISOString();
      const id = Number(copy.run(datasetId, name, imageClass, at, imageId).lastInsertRowid);
      copyBytes.run(id, imageId);
      copyPixelSize.run(id, imageId);
      return id;
    },
    /** A revision of another image, or in other values, with all that is said of it. Returns its id. */
    addRevision({
      imageId,
      bytes,
      ...said
    }: Omit<LabelMapRevision, 'id'> & { readonly bytes: Uint8Array }): number {
      const { author, runId, helpers, note, createdAt, uncertainty, kept } = said;
      const hash = sha256(bytes);
      const { lastInsertRowid } = addRevision.run(
        imageId,
        author,
        runId,
        helpersCode(helpers) || null,
        note,
        createdAt,
        uncertainty,
        kept ? 1 : 0,
        bytes,
        hash,
      );
      return Number(lastInsertRowid);
    },
    /** Fails with SQLITE_CONSTRAINT_FOREIGNKEY where a snapshot holds it. */
    dropRevision: (labelMapId: number) => void dropRevision.run(labelMapId),
    /** Gone for good, with its labels. Fails with SQLITE_CONSTRAINT_FOREIGNKEY where it is held. */
    purge: (imageId: number) => void purge.run(imageId),
  };
}
