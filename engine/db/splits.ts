/** SQL of splits and of the snapshots that pin runs to exact data. */
import { createHash } from 'node:crypto';
import {
  type ImageRecord,
  Part,
  type Snapshot,
  type SnapshotItem,
  type Split,
} from '../../shared/entities.ts';
import type { Sqlite } from './open.ts';
import { inDataset } from './taking-part.ts';

export interface SplitItem {
  readonly imageId: number;
  readonly part: Part;
}

interface SplitRow {
  id: number;
  dataset_id: number;
  name: string;
  created_at: string;
  train: number;
  val: number;
  test: number;
}

interface SnapshotRow {
  id: number;
  dataset_id: number;
  created_at: string;
  hash: string;
  has_background: number;
  pixel_classes: number;
}

/** What a snapshot pins of the classes of its dataset. */
interface PinnedClasses {
  readonly has_background: number;
  readonly pixel_classes: number;
}

interface SnapshotItemRow {
  image_id: number;
  image_hash: string;
  label_map_id: number | null;
  image_class: number | null;
  part: string;
}

/**
 * An image that went to the bin or to another dataset keeps its part, for when it comes back; until then no split holds it.
 * Excluded ones are held, and not counted.
 */
const HELD = `FROM split_items i JOIN splits o ON o.id = i.split_id
  JOIN images m ON m.id = i.image_id AND m.dataset_id = o.dataset_id AND ${inDataset('m')}`;
const counted = (part: Part) => `(SELECT COUNT(*) ${HELD}
  WHERE i.split_id = s.id AND i.part = '${part}' AND m.excluded IS NULL) AS ${part}`;
const SPLIT_COLUMNS = `s.id, s.dataset_id, s.name, s.created_at,
  ${counted('train')}, ${counted('val')}, ${counted('test')}`;

const toSplit = (row: SplitRow): Split => ({
  id: row.id,
  datasetId: row.dataset_id,
  name: row.name,
  createdAt: row.created_at,
  counts: { train: row.train, val: row.val, test: row.test },
});

const toSnapshot = (row: SnapshotRow): Snapshot => ({
  id: row.id,
  datasetId: row.dataset_id,
  createdAt: row.created_at,
  hash: row.hash,
  hasBackground: row.has_background === 1,
  pixelClasses: row.pixel_classes,
});

/** SHA-256 over the classes and the items in order of image id: equal data, equal hash. */
function snapshotHash(items: readonly SnapshotItem[], classes: PinnedClasses): string {
  const hash = createHash('sha256');
  hash.update(`classes ${classes.pixel_classes} ${classes.has_background}\n`);
  for (const item of items.toSorted((a, b) => a.imageId - b.imageId)) {
    const { imageId, imageHash, labelMapId, imageClass, part } = item;
    hash.update(`${imageId} ${imageHash} ${labelMapId ?? '-'} ${imageClass ?? '-'} ${part}\n`);
  }
  return hash.digest('hex');
}

export function splitsTable(db: Sqlite) {
  const listRows = db.prepare<[number], SplitRow>(
    `SELECT ${SPLIT_COLUMNS} FROM splits s WHERE s.dataset_id = ? ORDER BY s.id`,
  );
  const byId = db.prepare<[number], SplitRow>(
    `SELECT ${SPLIT_COLUMNS} FROM splits s WHERE s.id = ?`,
  );
  const insert = db.prepare<[number, string, string]>(
    'INSERT INTO splits (dataset_id, name, created_at) VALUES (?, ?, ?)',
  );
  const clearItems = db.prepare<[number, number]>(
    `DELETE FROM split_items WHERE split_id = ? AND image_id IN (SELECT i.image_id ${HELD} WHERE i.split_id = ?)`,
  );
  const insertItem = db.prepare<[number, number, string]>(
    'INSERT INTO split_items (split_id, image_id, part) VALUES (?, ?, ?)',
  );
  const itemsOf = db.prepare<[number], { imageId: number; part: string }>(
    `SELECT i.image_id AS imageId, i.part ${HELD} WHERE i.split_id = ? ORDER BY i.image_id`,
  );
  const deleteSplit = db.prepare<[number]>('DELETE FROM splits WHERE id = ?');

  const setItems = (splitId: number, items: readonly SplitItem[]) => {
    clearItems.run(splitId, splitId);
    for (const item of items) insertItem.run(splitId, item.imageId, item.part);
  };

  return {
    list: (datasetId: number): Split[] => listRows.all(datasetId).map(toSplit),
    get(id: number): Split | undefined {
      const row = byId.get(id);
      return row && toSplit(row);
    },
    items: (splitId: number): SplitItem[] =>
      itemsOf.all(splitId).map((row) => ({ imageId: row.imageId, part: Part.parse(row.part) })),
    create(datasetId: number, name: string, items: readonly SplitItem[]): number {
      return db.transaction(() => {
        const id = Number(insert.run(datasetId, name, new Date().toISOString()).lastInsertRowid);
        setItems(id, items);
        return id;
      })();
    },
    setItems: (splitId: number, items: readonly SplitItem[]): void => {
      db.transaction(setItems)(splitId, items);
    },
    delete: (id: number) => deleteSplit.run(id).changes > 0,
  };
}

/** An image as it is now, to be pinned in a part. */
export const snapshotItem = (image: ImageRecord, part: Part): SnapshotItem => ({
  imageId: image.id,
  imageHash: image.hash,
  labelMapId: image.labelMapId,
  imageClass: image.imageClass,
  part,
});

export function snapshotsTable(db: Sqlite) {
  const byHash = db.prepare<[number, string], { id: number }>(
    'SELECT id FROM snapshots WHERE dataset_id = ? AND hash = ?',
  );
  const byId = db.prepare<[number], SnapshotRow>(
    'SELECT id, dataset_id, created_at, hash, has_background, pixel_classes FROM snapshots WHERE id = ?',
  );
  const classesOf = db.prepare<[number], PinnedClasses>(
    `SELECT has_background, (SELECT COALESCE(MAX(c.idx), -1) + 1 FROM classes c
       WHERE c.dataset_id = d.id AND c.idx < 255) AS pixel_classes FROM datasets d WHERE d.id = ?`,
  );
  const insert = db.prepare<[number, string, string, number, number]>(
    'INSERT INTO snapshots (dataset_id, created_at, hash, has_background, pixel_classes) VALUES (?, ?, ?, ?, ?)',
  );
  const insertItem = db.prepare<[number, number, string, number | null, number | null, string]>(
    `INSERT INTO snapshot_items (snapshot_id, image_id, image_hash, label_map_id, image_class, part)
     VALUES (?, ?, ?, ?, ?, ?)`,
  );
  const itemsOf = db.prepare<[number], SnapshotItemRow>(
    'SELECT image_id, image_hash, label_map_id, image_class, part FROM snapshot_items WHERE snapshot_id = ? ORDER BY image_id',
  );

  const studiesOn = db.prepare<[number], { name: string }>(
    `SELECT name FROM studies s WHERE EXISTS (SELECT 1 FROM snapshots n WHERE n.dataset_id = ?
       AND n.id IN (s.source_snapshot_id, s.target_snapshot_id)) ORDER BY id`,
  );
  const singleRunsOn = db.prepare<[number], { id: number }>(
    `SELECT r.id FROM runs r JOIN snapshots n ON n.id = r.snapshot_id
       WHERE n.dataset_id = ? AND r.study_id IS NULL ORDER BY r.id`,
  );

  const testedOn = db.prepare<[number], { image_id: number; study: string }>(
    `SELECT DISTINCT i.image_id, s.name AS study FROM studies s
       JOIN snapshot_items i ON i.snapshot_id = s.target_snapshot_id
       JOIN images m ON m.id = i.image_id
       WHERE i.part = 'test' AND m.dataset_id = ? ORDER BY s.id, i.image_id`,
  );

  const testedElsewhere = db.prepare<[number], { hash: string; study: string }>(
    `SELECT DISTINCT i.image_hash AS hash, s.name AS study FROM studies s
       JOIN snapshot_items i ON i.snapshot_id = s.target_snapshot_id
       JOIN images m ON m.id = i.image_id
       WHERE i.part = 'test' AND m.dataset_id <> ? ORDER BY s.id, i.image_hash`,
  );

  const dropUnused = db.prepare(
    `DELETE FROM snapshots WHERE id NOT IN (
       SELECT source_snapshot_id FROM studies
       UNION SELECT target_snapshot_id FROM studies
       UNION SELECT snapshot_id FROM runs)`,
  );

  return {
    /** What rests on images of a dataset: studies by name, and runs of no study. */
    usersOf: (datasetId: number) => ({
      studies: studiesOn.all(datasetId).map(({ name }) => name),
      singleRuns: singleRunsOn.all(datasetId).map(({ id }) => id),
    }),
    /** The images of a dataset that studies are tested on. */
    testedOn: (datasetId: number): { readonly imageId: number; readonly study: string }[] =>
      testedOn.all(datasetId).map(({ image_id: imageId, study }) => ({ imageId, study })),
    /** Contents, by the SHA-256 of their files, that studies of other datasets are tested on. */
    testedElsewhere: (datasetId: number): { readonly hash: string; readonly study: string }[] =>
      testedElsewhere.all(datasetId),
    /** What only studies and runs that are gone were made of pins no data any more. */
    dropUnused: (): void => void dropUnused.run(),
    get(id: number): Snapshot | undefined {
      const row = byId.get(id);
      return row && toSnapshot(row);
    },
    /** In order of image id. */
    items: (snapshotId: number): SnapshotItem[] =>
      itemsOf.all(snapshotId).map((row) => ({
        imageId: row.image_id,
        imageHash: row.image_hash,
        labelMapId: row.label_map_id,
        imageClass: row.image_class,
        part: Part.parse(row.part),
      })),
    /** Returns the snapshot of these items and of the classes of now, an existing one where the data is the same. */
    take(datasetId: number, items: readonly SnapshotItem[]): number {
      const classes = classesOf.get(datasetId) ?? { has_background: 1, pixel_classes: 0 };
      const hash = snapshotHash(items, classes);
      return db.transaction(() => {
        const existing = byHash.get(datasetId, hash);
        if (existing !== undefined) return existing.id;
        const { lastInsertRowid } = insert.run(
          datasetId,
          new Date().toISOString(),
          hash,
          classes.has_background,
          classes.pixel_classes,
        );
        const id = Number(lastInsertRowid);
        for (const i of items) {
          insertItem.run(id, i.imageId, i.imageHash, i.labelMapId, i.imageClass, i.part);
        }
        return id;
      })();
    },
  };
}
