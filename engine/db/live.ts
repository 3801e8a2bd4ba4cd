/** SQL of the training that goes on while one labels: what it resumes from, which labels it took up when, its curve. */
import type { LivePoint } from '../../shared/entities.ts';
import { sha256 } from '../sha256.ts';
import type { Sqlite } from './open.ts';
import { storedBytes } from './stored.ts';

export interface LiveRecord {
  readonly datasetId: number;
  /** It goes on when the project is opened again. */
  readonly isOn: boolean;
  /** Of the checkpoint; 0: there is none yet. */
  readonly step: number;
  readonly trainedSeconds: number;
}

/** Labels of an image that joined. */
export interface Taking {
  readonly imageId: number;
  readonly labelMapId: number;
  /** It is measured on, and never trained on. */
  readonly heldOut: boolean;
}

/** Points of a curve that are kept: of more, every second one goes. */
const MOST_POINTS = 400;

interface LiveRow {
  dataset_id: number;
  is_on: number;
  step: number;
  trained_seconds: number;
}

const toRecord = (row: LiveRow): LiveRecord => ({
  datasetId: row.dataset_id,
  isOn: row.is_on === 1,
  step: row.step,
  trainedSeconds: row.trained_seconds,
});

export function liveTable(db: Sqlite) {
  const all = db.prepare<[], LiveRow>(
    'SELECT dataset_id, is_on, step, trained_seconds FROM live_trainings ORDER BY dataset_id',
  );
  const one = db.prepare<[number]>('SELECT 1 FROM live_trainings WHERE dataset_id = ?');
  const turn = db.prepare<[number, number]>(
    `INSERT INTO live_trainings (dataset_id, is_on) VALUES (?, ?)
       ON CONFLICT (dataset_id) DO UPDATE SET is_on = excluded.is_on`,
  );
  const put = db.prepare<[number, number, string, string, Uint8Array, number]>(
    `UPDATE live_trainings SET step = ?, trained_seconds = ?, saved_at = ?, sha256 = ?, bytes = ? WHERE dataset_id = ?`,
  );
  const forget = db.prepare<[number]>(
    `UPDATE live_trainings SET is_on = 0, step = 0, trained_seconds = 0, saved_at = NULL, sha256 = NULL, bytes = NULL
       WHERE dataset_id = ?`,
  );
  const checkpointOf = db.prepare<[number], { bytes: Buffer; sha256: string | null }>(
    'SELECT bytes, sha256 FROM live_trainings WHERE dataset_id = ? AND bytes IS NOT NULL',
  );
  const insertTaking = db.prepare<[number, number, number, number, number]>(
    'INSERT INTO live_takings (dataset_id, image_id, label_map_id, step, held_out) VALUES (?, ?, ?, ?, ?)',
  );
  const moveTakings = db.prepare<[number, number, number]>(
    'UPDATE live_takings SET step = ? WHERE dataset_id = ? AND step > ?',
  );
  const takingsOf = db.prepare<
    [number],
    { imageId: number; labelMapId: number; step: number; heldOut: number }
  >(
    `SELECT image_id AS imageId, label_map_id AS labelMapId, step, held_out AS heldOut FROM live_takings
       WHERE dataset_id = ? ORDER BY id`,
  );

  const insertPoint = db.prepare<[number, number, number, number, number]>(
    `INSERT INTO live_points (dataset_id, step, dice, images, held_out) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (dataset_id, step) DO UPDATE
         SET dice = excluded.dice, images = excluded.images, held_out = excluded.held_out`,
  );
  const pointsOf = db.prepare<[number], LivePoint>(
    `SELECT step, dice, images, held_out AS heldOut FROM live_points WHERE dataset_id = ? ORDER BY step`,
  );
  const countPoints = db
    .prepare<[number], number>('SELECT count(*) FROM live_points WHERE dataset_id = ?')
    .pluck();
  const thinPoints = db.prepare<[number, number]>(
    `DELETE FROM live_points WHERE dataset_id = ? AND step IN (
       SELECT step FROM (SELECT step, row_number() OVER (ORDER BY step) AS place FROM live_points WHERE dataset_id = ?)
         WHERE place % 2 = 0)`,
  );
  const dropPoints = db.prepare<[number, number]>(
    'DELETE FROM live_points WHERE dataset_id = ? AND step > ?',
  );

  return {
    list: (): LiveRecord[] => all.all().map(toRecord),
    has: (datasetId: number): boolean => one.get(datasetId) !== undefined,
    turn: (datasetId: number, isOn: boolean) => void turn.run(datasetId, isOn ? 1 : 0),
    /** What it resumes from. Errors: corrupt. */
    checkpoint(datasetId: number): Uint8Array | undefined {
      const row = checkpointOf.get(datasetId);
      return row && storedBytes(db, 'what the live training learned', row);
    },
    saveCheckpoint(
      datasetId: number,
      {
        step,
        trainedSeconds,
        bytes,
      }: Omit<LiveRecord, 'datasetId' | 'isOn'> & { bytes: Uint8Array },
    ): void {
      put.run(step, trainedSeconds, new Date().toISOString(), sha256(bytes), bytes, datasetId);
    },
    /** What it learned, and its curve; who is held out stays. Within a transaction. */
    forget(datasetId: number): void {
      forget.run(datasetId);
      dropPoints.run(datasetId, -1);
    },
    addTakings(datasetId: number, step: number, takings: readonly Taking[]): void {
      for (const { imageId, labelMapId, heldOut } of takings) {
        insertTaking.run(datasetId, imageId, labelMapId, step, heldOut ? 1 : 0);
      }
    },
    /** It goes on from a checkpoint: what had joined behind it is there from this step on. Within a transaction. */
    resumedAt(datasetId: number, step: number): void {
      moveTakings.run(step, datasetId, step);
      dropPoints.run(datasetId, step);
    },
    /** In the place of an earlier one of that step. Within a transaction. */
    addPoint(datasetId: number, { step, dice, images, heldOut }: LivePoint): void {
      insertPoint.run(datasetId, step, dice, images, heldOut);
      if ((countPoints.get(datasetId) ?? 0) > MOST_POINTS) thinPoints.run(datasetId, datasetId);
    },
    /** In order of their steps. */
    points: (datasetId: number): LivePoint[] => pointsOf.all(datasetId),
    /** In the order in which they joined. */
    takings: (datasetId: number): (Taking & { readonly step: number })[] =>
      takingsOf.all(datasetId).map((row) => ({ ...row, heldOut: row.heldOut === 1 })),
  };
}
