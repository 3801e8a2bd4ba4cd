/** SQL of label map revisions, and of the objects that belong to them: written once, never changed. */
import { Author, type LabelMapRevision } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { type Helper, HelpersCode, helpersCode } from '../../shared/helpers.ts';
import { sha256 } from '../sha256.ts';
import type { Sqlite } from './open.ts';
import { type LabelMapRow, storedLabelMap, storedObjectMap } from './stored.ts';
import { inDataset } from './taking-part.ts';

interface RevisionRow {
  id: number;
  image_id: number;
  author: string;
  created_at: string;
  run_id: number | null;
  helpers: string | null;
  note: string;
  uncertainty: number | null;
  kept: number;
}

const COLUMNS = 'id, image_id, author, created_at, run_id, helpers, note, uncertainty, kept';

function toRevision(row: RevisionRow): LabelMapRevision {
  return {
    id: row.id,
    imageId: row.image_id,
    author: Author.parse(row.author),
    createdAt: row.created_at,
    runId: row.run_id,
    helpers: HelpersCode.parse(row.helpers ?? ''),
    note: row.note,
    uncertainty: row.uncertainty,
    kept: row.kept === 1,
  };
}

interface LatestRow extends LabelMapRow {
  id: number;
  image_id: number;
  author: string;
  uncertainty: number | null;
}

interface LatestLabelMap {
  readonly imageId: number;
  readonly author: Author;
  readonly uncertainty: number | null;
  /** shared/label-map.ts code; null where it is damaged. */
  readonly bytes: Uint8Array | null;
}

const BYTES_COLUMNS = 'l.id, i.name, i.width_px, i.height_px, l.bytes, l.sha256';
const LATEST_COLUMNS = `${BYTES_COLUMNS}, l.image_id, l.author, l.uncertainty`;

const bytesFrom = (db: Sqlite, row: LabelMapRow & { readonly id: number }): Uint8Array =>
  storedLabelMap(db, `label map ${row.id} of ${row.name}`, row);

/** One label map that is damaged hides none of the others. */
function orNull(read: () => Uint8Array): Uint8Array | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof AppError) return null;
    throw error;
  }
}

const toLatest = (db: Sqlite, row: LatestRow): LatestLabelMap => ({
  imageId: row.image_id,
  author: Author.parse(row.author),
  uncertainty: row.uncertainty,
  bytes: orNull(() => bytesFrom(db, row)),
});

export function labelMapsTable(db: Sqlite) {
  const insert = db.prepare<
    [
      ...[number, string, number | null, string | null, string, string],
      ...[number | null, Uint8Array, string],
    ]
  >(
    `INSERT INTO label_maps (image_id, author, run_id, helpers, note, created_at, uncertainty, bytes, sha256)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const history = db.prepare<[number], RevisionRow>(
    `SELECT ${COLUMNS} FROM label_maps WHERE image_id = ? ORDER BY id DESC`,
  );
  const byId = db.prepare<[number], RevisionRow>(`SELECT ${COLUMNS} FROM label_maps WHERE id = ?`);
  const bytesOf = db.prepare<[number], LabelMapRow & { id: number }>(
    `SELECT ${BYTES_COLUMNS} FROM label_maps l JOIN images i ON i.id = l.image_id WHERE l.id = ?`,
  );

  const insertObjects = db.prepare<[number, Uint8Array, string]>(
    'INSERT INTO object_maps (label_map_id, bytes, sha256) VALUES (?, ?, ?)',
  );
  const objectsOf = db.prepare<[number], LabelMapRow & { id: number }>(
    `SELECT o.label_map_id AS id, i.name, i.width_px, i.height_px, o.bytes, o.sha256
       FROM object_maps o JOIN label_maps l ON l.id = o.label_map_id JOIN images i ON i.id = l.image_id
       WHERE o.label_map_id = ?`,
  );
  const hasObjects = db.prepare<[number], { id: number }>(
    'SELECT label_map_id AS id FROM object_maps WHERE label_map_id = ?',
  );
  const deleteUnused = db.prepare<[number]>(
    `DELETE FROM label_maps WHERE id = ? AND kept = 0
       AND NOT EXISTS (SELECT 1 FROM snapshot_items s WHERE s.label_map_id = label_maps.id)`,
  );
  const pinned = db.prepare<[number], { id: number }>(
    'SELECT image_id AS id FROM snapshot_items WHERE label_map_id = ? LIMIT 1',
  );
  const setKept = db.prepare<[number, number]>('UPDATE label_maps SET kept = ? WHERE id = ?');
  const latest = db.prepare<[number], LatestRow>(
    `SELECT ${LATEST_COLUMNS} FROM label_maps l JOIN images i ON i.id = l.image_id
       WHERE l.id = (SELECT MAX(id) FROM label_maps WHERE image_id = ?)`,
  );
  const latestOf = db.prepare<[number], LatestRow>(
    `SELECT ${LATEST_COLUMNS} FROM label_maps l JOIN images i ON i.id = l.image_id
       WHERE l.id IN (SELECT MAX(m.id) FROM label_maps m JOIN images o ON o.id = m.image_id
                        WHERE o.dataset_id = ? AND ${inDataset('o')} GROUP BY m.image_id)`,
  );

  /** Objects of a revision that has none yet; null: it has none. Within the transaction that made the revision. */
  function addObjects(labelMapId: number, objects: Uint8Array | null): void {
    if (objects !== null) insertObjects.run(labelMapId, objects, sha256(objects));
  }

  return {
    /**
     * `bytes`: shared/label-map.ts code; `objects`: shared/objects/object-map.ts code of as many pixels, which keeps the
     * rules of shared/objects/rules.ts; left out or null: its objects are not told apart. With objects, to be called within
     * a transaction. Returns the id of the new revision.
     */
    add(options: {
      imageId: number;
      author: Author;
      bytes: Uint8Array;
      runId?: number | null;
      helpers?: readonly Helper[];
      note?: string;
      uncertainty?: number | null;
      objects?: Uint8Array | null;
    }): number {
      const { lastInsertRowid } = insert.run(
        options.imageId,
        options.author,
        options.runId ?? null,
        helpersCode(options.helpers ?? []) || null,
        options.note ?? '',
        new Date().toISOString(),
        options.uncertainty ?? null,
        options.bytes,
        sha256(options.bytes),
      );
      const id = Number(lastInsertRowid);
      addObjects(id, options.objects ?? null);
      return id;
    },
    addObjects,
    /** shared/objects/object-map.ts code; undefined where none is stored. Errors: corrupt, as of `bytes`. */
    objects(id: number): Uint8Array | undefined {
      const row = objectsOf.get(id);
      return row && storedObjectMap(db, `the objects of label map ${row.id} of ${row.name}`, row);
    },
    hasObjects: (id: number): boolean => hasObjects.get(id) !== undefined,
    get(id: number): LabelMapRevision | undefined {
      const row = byId.get(id);
      return row && toRevision(row);
    },
    /** Marks a revision to stay when the history is thinned. */
    setKept: (id: number, kept: boolean) => void setKept.run(kept ? 1 : 0, id),
    /** Whether something was planned, trained or tested with it. */
    isPinned: (id: number) => pinned.get(id) !== undefined,
    /** Drops a revision that no run was trained or tested on and nobody marked; false where that is so. */
    deleteUnused: (id: number) => deleteUnused.run(id).changes > 0,
    /** The current label map of an image; undefined where it has none. */
    latest(imageId: number): LatestLabelMap | undefined {
      const row = latest.get(imageId);
      return row && toLatest(db, row);
    },
    /** The current label map of every labelled image of a dataset, one at a time. */
    *latestOf(datasetId: number): Generator<LatestLabelMap> {
      for (const row of latestOf.iterate(datasetId)) yield toLatest(db, row);
    },
    /** shared/label-map.ts code. Errors: corrupt, where it is not as it was stored, or not as large as its image. */
    bytes(id: number): Uint8Array | undefined {
      const row = bytesOf.get(id);
      return row && bytesFrom(db, row);
    },
    /** Newest first. */
    history: (imageId: number): LabelMapRevision[] => history.all(imageId).map(toRevision),
  };
}
