/** SQL of what takes room in a project file and of dropping what it can do without. Knows sizes and rows, no rules of age. */
import type { Stored, StoredKind } from '../../shared/api.ts';
import type { Sqlite } from './open.ts';

/** Runs of studies that have ended and are not gone on with. Runs of no study are models, of which nothing is dropped. */
const OF_ENDED_STUDIES = `r.study_id IN (SELECT id FROM studies WHERE status IN ('done', 'cancelled'))
  AND NOT EXISTS (SELECT 1 FROM runs d WHERE d.depends_on = r.id AND d.status IN ('queued', 'running'))`;
const HAS_BEST = `EXISTS (SELECT 1 FROM checkpoints b WHERE b.run_id = c.run_id AND b.kind = 'best')`;

/**
 * checkpoints: what only going on with a run would need; of a network that is done its best weights stay, and of a
 * pretraining that is done its last, which are its encoder. weights: those of networks that are done.
 */
const CHECKPOINTS = {
  checkpoints: `${OF_ENDED_STUDIES} AND (r.status IN ('failed', 'cancelled')
    OR (r.kind = 'finetune' AND r.status = 'done' AND c.kind = 'last' AND ${HAS_BEST}))`,
  weights: `${OF_ENDED_STUDIES} AND r.kind = 'finetune' AND r.status = 'done'
    AND (c.kind = 'best' OR NOT ${HAS_BEST})`,
} as const;
export type CheckpointUse = keyof typeof CHECKPOINTS;

/** Bytes of a revision with its objects. */
const WITH_OBJECTS = (of: string) =>
  `LENGTH(${of}.bytes) + COALESCE((SELECT LENGTH(o.bytes) FROM object_maps o WHERE o.label_map_id = ${of}.id), 0)`;

const SIZES: Readonly<Record<StoredKind, string>> = {
  originals: 'SELECT COUNT(*) AS count, TOTAL(LENGTH(bytes)) AS bytes FROM image_bytes',
  labels: `SELECT COUNT(*) AS count, TOTAL(${WITH_OBJECTS('label_maps')}) AS bytes FROM label_maps
    WHERE id IN (SELECT MAX(id) FROM label_maps GROUP BY image_id)`,
  history: `SELECT COUNT(*) AS count, TOTAL(${WITH_OBJECTS('label_maps')}) AS bytes FROM label_maps
    WHERE id NOT IN (SELECT MAX(id) FROM label_maps GROUP BY image_id)`,
  checkpoints: 'SELECT COUNT(*) AS count, TOTAL(LENGTH(bytes)) AS bytes FROM checkpoints',
  predictions: `SELECT COUNT(prediction) AS count, TOTAL(LENGTH(prediction)) AS bytes FROM results`,
  pictures: 'SELECT COUNT(*) AS count, TOTAL(LENGTH(png)) AS bytes FROM examples',
  encoders: 'SELECT COUNT(weights) AS count, TOTAL(LENGTH(weights)) AS bytes FROM encoders',
};

export interface StoredRevision {
  readonly id: number;
  readonly imageId: number;
  readonly author: string;
  readonly createdAt: string;
  readonly kept: 0 | 1;
  readonly pinned: 0 | 1;
  readonly bytes: number;
}

interface CheckpointRow {
  readonly runId: number;
  readonly kind: string;
  readonly bytes: number;
}

export function storageTable(db: Sqlite) {
  const sizes = Object.entries(SIZES).map(
    ([kind, sql]) => [kind, db.prepare<[], Stored>(sql)] as const,
  );
  const revisions = db.prepare<[], StoredRevision>(
    `SELECT m.id, m.image_id AS imageId, m.author, m.created_at AS createdAt, m.kept,
       ${WITH_OBJECTS('m')} AS bytes,
       EXISTS (SELECT 1 FROM snapshot_items s WHERE s.label_map_id = m.id) AS pinned
     FROM label_maps m ORDER BY m.image_id, m.id`,
  );
  const droppable = (use: CheckpointUse) =>
    db.prepare<[], CheckpointRow>(
      `SELECT c.run_id AS runId, c.kind, LENGTH(c.bytes) AS bytes FROM checkpoints c JOIN runs r ON r.id = c.run_id
         WHERE ${CHECKPOINTS[use]} ORDER BY c.run_id, c.kind`,
    );
  const checkpoints = { checkpoints: droppable('checkpoints'), weights: droppable('weights') };
  const predictions = db.prepare<[], Stored & { runId: number }>(
    `SELECT r.id AS runId, COUNT(*) AS count, TOTAL(LENGTH(p.prediction)) AS bytes
       FROM results p JOIN runs r ON r.id = p.run_id
       WHERE p.prediction IS NOT NULL AND ${OF_ENDED_STUDIES} GROUP BY r.id ORDER BY r.id`,
  );
  const dropRevision = db.prepare<[number]>(
    `DELETE FROM label_maps WHERE id = ? AND kept = 0
       AND id < (SELECT MAX(n.id) FROM label_maps n WHERE n.image_id = label_maps.image_id)
       AND NOT EXISTS (SELECT 1 FROM snapshot_items s WHERE s.label_map_id = label_maps.id)`,
  );
  const dropPredictions = db.prepare<[number]>(
    'UPDATE results SET prediction = NULL, prediction_sha256 = NULL WHERE run_id = ?',
  );
  const number = (pragma: string) => Number(db.pragma(pragma, { simple: true }));

  return {
    sizes: () =>
      Object.fromEntries(sizes.map(([kind, sum]) => [kind, sum.get()])) as Record<
        StoredKind,
        Stored
      >,
    /** Of the file and of its pages that hold nothing; what is in the log beside it counts as if it were in it. */
    pages: () => {
      const pageBytes = number('page_size');
      return {
        fileBytes: number('page_count') * pageBytes,
        freeBytes: number('freelist_count') * pageBytes,
      };
    },
    /** All of an image follow one another. */
    revisions: (): IterableIterator<StoredRevision> => revisions.iterate(),
    droppableCheckpoints: (use: CheckpointUse): CheckpointRow[] => checkpoints[use].all(),
    /** By run. */
    droppablePredictions: () => predictions.all(),
    /** false where it has become current, marked or pinned meanwhile. */
    dropRevision: (id: number): boolean => dropRevision.run(id).changes > 0,
    dropPredictions: (runId: number) => void dropPredictions.run(runId),
  };
}
