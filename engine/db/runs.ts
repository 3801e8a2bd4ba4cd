/** SQL of runs and of everything a run leaves behind: metrics, results, checkpoints, log. */
import {
  type CheckpointKind,
  type ClassOverlap,
  type EngineInfo,
  type ImageResult,
  type LayerState,
  MetricName,
  type MetricPoint,
  ObjectCounts,
  Run,
  type RunConfig,
  type RunStatus,
} from '../../shared/entities.ts';
import type { WireError } from '../../shared/errors.ts';
import { sha256 } from '../sha256.ts';
import type { Sqlite } from './open.ts';
import { type LabelMapRow, readStored, storedBytes, storedJson, storedLabelMap } from './stored.ts';

interface RunRow {
  id: number;
  study_id: number | null;
  kind: string;
  pretraining: string | null;
  transfer: string | null;
  labels: number | null;
  seed: number;
  status: string;
  config: string;
  depends_on: number | null;
  engine: string | null;
  layers: string | null;
  step: number;
  steps: number;
  error: string | null;
  created_at: string;
  started_at: string | null;
  ended_at: string | null;
  trained_seconds: number;
  peak_memory_bytes: number | null;
}

interface ResultRow {
  imageId: number;
  checkpoint: CheckpointKind;
  dice: number | null;
  iou: number | null;
  hd95: number | null;
  boundaryF1: number | null;
  uncertainty: number | null;
  objects: string | null;
}

export interface Checkpoint {
  readonly kind: CheckpointKind;
  readonly step: number;
  readonly sha256: string;
  readonly bytes: Uint8Array;
}

const COLUMNS = `id, study_id, kind, pretraining, transfer, labels, seed, status, config, depends_on, engine, layers,
  step, steps, error, created_at, started_at, ended_at, trained_seconds, peak_memory_bytes`;

const toRun = (db: Sqlite, row: RunRow): Run =>
  readStored(db, `run ${row.id}`, () =>
    Run.parse({
      id: row.id,
      studyId: row.study_id,
      kind: row.kind,
      pretraining: row.pretraining,
      transfer: row.transfer,
      labels: row.labels,
      seed: row.seed,
      status: row.status,
      config: storedJson(row.config),
      dependsOn: row.depends_on,
      engine: storedJson(row.engine),
      layers: storedJson(row.layers),
      step: row.step,
      steps: row.steps,
      error: storedJson(row.error),
      createdAt: row.created_at,
      startedAt: row.started_at,
      endedAt: row.ended_at,
      trainedSeconds: row.trained_seconds,
      peakMemoryBytes: row.peak_memory_bytes,
    }),
  );

const now = () => new Date().toISOString();

export function runsTable(db: Sqlite) {
  const runOf = (row: RunRow) => toRun(db, row);
  const byId = db.prepare<[number], RunRow>(`SELECT ${COLUMNS} FROM runs WHERE id = ?`);
  const all = db.prepare<[], RunRow>(`SELECT ${COLUMNS} FROM runs ORDER BY id`);
  const byStudy = db.prepare<[number], RunRow>(
    `SELECT ${COLUMNS} FROM runs WHERE study_id = ? ORDER BY id`,
  );
  const storedConfig = db.prepare<[number], { config: string }>(
    'SELECT config FROM runs WHERE id = ?',
  );
  // Waits for its pretraining; runs of paused or cancelled studies wait too.
  const nextQueued = db.prepare<[], RunRow>(
    `SELECT ${COLUMNS} FROM runs WHERE status = 'queued'
       AND (depends_on IS NULL OR EXISTS (SELECT 1 FROM runs p WHERE p.id = runs.depends_on AND p.status = 'done'))
       AND (study_id IS NULL OR EXISTS (SELECT 1 FROM studies s WHERE s.id = runs.study_id AND s.status = 'running'))
     ORDER BY id LIMIT 1`,
  );
  const anyExpected = db.prepare<[], { id: number }>(
    `SELECT r.id FROM runs r JOIN studies s ON s.id = r.study_id
     WHERE r.status = 'queued' AND s.status = 'running' LIMIT 1`,
  );
  const insert = db.prepare(
    `INSERT INTO runs (study_id, kind, pretraining, transfer, labels, seed, status, config, snapshot_id, depends_on,
       steps, created_at) VALUES (?, ?, ?, ?, ?, ?, 'queued', ?, ?, ?, ?, ?)`,
  );
  const setStatus = db.prepare<[string, number]>('UPDATE runs SET status = ? WHERE id = ?');
  const markStarted = db.prepare<[string, string, string, number]>(
    `UPDATE runs SET status = 'running', started_at = COALESCE(started_at, ?), engine = ?, layers = ?, error = NULL
     WHERE id = ?`,
  );
  const markProgress = db.prepare<[number, number, number, number]>(
    `UPDATE runs SET step = ?, trained_seconds = ?, peak_memory_bytes = MAX(COALESCE(peak_memory_bytes, 0), ?)
     WHERE id = ?`,
  );
  const markEnded = db.prepare<[string, string, string | null, number]>(
    'UPDATE runs SET status = ?, ended_at = ?, error = ? WHERE id = ?',
  );
  const setTimes = db.prepare<[string, string, number]>(
    'UPDATE runs SET started_at = ?, ended_at = ? WHERE id = ?',
  );
  const dependentsOf = db.prepare<[number], { id: number }>(
    'SELECT id FROM runs WHERE depends_on = ? ORDER BY id',
  );
  const detach = db.prepare<[number]>(
    'UPDATE runs SET depends_on = NULL WHERE depends_on = ? AND study_id IS NULL',
  );
  const deleteSingle = db.prepare<[number]>('DELETE FROM runs WHERE id = ? AND study_id IS NULL');
  const reset = db.prepare<[number]>(
    `UPDATE runs SET status = 'queued', ended_at = NULL, error = NULL WHERE id = ?`,
  );
  const extend = db.prepare<[string, number, number]>(
    `UPDATE runs SET config = ?, steps = ?,
       status = CASE status WHEN 'done' THEN 'queued' ELSE status END,
       ended_at = CASE status WHEN 'done' THEN NULL ELSE ended_at END
     WHERE id = ?`,
  );
  const putMetric = db.prepare<[number, string, number, number]>(
    'INSERT OR REPLACE INTO metrics (run_id, name, step, value) VALUES (?, ?, ?, ?)',
  );
  const metricsOf = db.prepare<[number], { name: string; step: number; value: number }>(
    'SELECT name, step, value FROM metrics WHERE run_id = ? ORDER BY name, step',
  );
  const dropMetricsAfter = db.prepare<[number, number]>(
    'DELETE FROM metrics WHERE run_id = ? AND step > ?',
  );
  const putResult = db.prepare(
    `INSERT OR REPLACE INTO results (run_id, image_id, checkpoint, dice, iou, hd95, boundary_f1, uncertainty, prediction,
       prediction_sha256, objects) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const resultsOf = db.prepare<[number], ResultRow>(
    `SELECT image_id AS imageId, checkpoint, dice, iou, hd95, boundary_f1 AS boundaryF1, uncertainty, objects
     FROM results WHERE run_id = ? ORDER BY checkpoint, image_id`,
  );
  const putClassResult = db.prepare(
    `INSERT INTO class_results (run_id, image_id, checkpoint, class_idx, predicted_px, true_px, both_px)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  const classResultsOf = db.prepare<
    [number],
    ClassOverlap & { imageId: number; checkpoint: CheckpointKind }
  >(
    `SELECT image_id AS imageId, checkpoint, class_idx AS classIndex, predicted_px AS predictedPx, true_px AS truePx,
       both_px AS bothPx
     FROM class_results WHERE run_id = ? ORDER BY checkpoint, image_id, class_idx`,
  );
  const predictionOf = db.prepare<[number, number], LabelMapRow>(
    `SELECT i.name, i.width_px, i.height_px, r.prediction AS bytes, r.prediction_sha256 AS sha256
       FROM results r JOIN images i ON i.id = r.image_id
       WHERE r.run_id = ? AND r.image_id = ? AND r.checkpoint = 'best' AND r.prediction IS NOT NULL`,
  );
  const putCheckpoint = db.prepare<[number, string, number, string, string, Uint8Array]>(
    `INSERT OR REPLACE INTO checkpoints (run_id, kind, step, sha256, created_at, bytes) VALUES (?, ?, ?, ?, ?, ?)`,
  );
  const getCheckpoint = db.prepare<
    [number, string],
    { kind: CheckpointKind; step: number; sha256: string; bytes: Buffer }
  >('SELECT kind, step, sha256, bytes FROM checkpoints WHERE run_id = ? AND kind = ?');
  const dropCheckpoint = db.prepare<[number, string]>(
    'DELETE FROM checkpoints WHERE run_id = ? AND kind = ?',
  );
  const anyCheckpoint = db.prepare<[number], { run_id: number }>(
    'SELECT run_id FROM checkpoints WHERE run_id = ? LIMIT 1',
  );
  const lastStep = db.prepare<[number], { step: number }>(
    "SELECT step FROM checkpoints WHERE run_id = ? AND kind = 'last'",
  );
  const addLog = db.prepare<[number, string, string]>(
    'INSERT INTO run_log (run_id, at, message) VALUES (?, ?, ?)',
  );
  const logOf = db.prepare<[number], { at: string; message: string }>(
    'SELECT at, message FROM run_log WHERE run_id = ? ORDER BY id',
  );

  const countsIn = (runId: number, text: string) =>
    readStored(db, `the objects that run ${runId} was scored by`, () =>
      ObjectCounts.array().parse(storedJson(text)),
    );

  return {
    get(id: number): Run | undefined {
      const row = byId.get(id);
      return row && runOf(row);
    },
    /** The configuration in the words in which it was written, defaults of this version not among them. */
    configAsStored: (id: number): string | undefined => storedConfig.get(id)?.config,
    list: (): Run[] => all.all().map(runOf),
    ofStudy: (studyId: number): Run[] => byStudy.all(studyId).map(runOf),
    /** The first run that may start now. */
    nextQueued(): Run | undefined {
      const row = nextQueued.get();
      return row && runOf(row);
    },
    /** Whether runs of a study under way are queued, those that wait for others included. */
    isAnyExpected: (): boolean => anyExpected.get() !== undefined,
    create(options: {
      studyId: number | null;
      config: RunConfig;
      pretraining: string | null;
      labels: number | null;
      dependsOn: number | null;
    }): number {
      const { config } = options;
      return Number(
        insert.run(
          options.studyId,
          config.kind,
          options.pretraining,
          config.kind === 'finetune' ? config.transfer : null,
          options.labels,
          config.seed,
          JSON.stringify(config),
          config.snapshotId,
          options.dependsOn,
          config.optimisation.steps,
          now(),
        ).lastInsertRowid,
      );
    },
    /** Runs that begin with what this one made. */
    dependents: (id: number): number[] => dependentsOf.all(id).map((row) => row.id),
    /** Runs of no study that began with what this one made keep what they have, and need it no more. */
    detach: (id: number) => void detach.run(id),
    /** A run of no study, with its encoder and all else that it made; those of studies go with them. */
    deleteSingle: (id: number) => void deleteSingle.run(id),
    setStatus: (id: number, status: RunStatus) => void setStatus.run(status, id),
    started: (id: number, engine: EngineInfo, layers: readonly LayerState[]) =>
      void markStarted.run(now(), JSON.stringify(engine), JSON.stringify(layers), id),
    progress(
      id: number,
      at: { step: number; trainedSeconds: number; peakMemoryBytes: number },
    ): void {
      markProgress.run(at.step, at.trainedSeconds, at.peakMemoryBytes, id);
    },
    ended: (id: number, status: 'done' | 'failed' | 'cancelled', error: WireError | null = null) =>
      void markEnded.run(status, now(), error === null ? null : JSON.stringify(error), id),
    /** Of a run that was computed elsewhere: ISO 8601, as the clock there said. */
    setTimes: (id: number, startedAt: string, endedAt: string) =>
      void setTimes.run(startedAt, endedAt, id),
    /** Gives a longer budget. A run that is done goes back into the queue and resumes from its last checkpoint. */
    extend: (id: number, config: RunConfig) =>
      void extend.run(JSON.stringify(config), config.optimisation.steps, id),
    /** Back into the queue; what it had reached stays and is resumed. */
    requeue: (id: number) => void reset.run(id),

    addMetrics: (runId: number, points: readonly MetricPoint[]): void => {
      db.transaction(() => {
        for (const p of points) putMetric.run(runId, p.name, p.step, p.value);
      })();
    },
    metrics: (runId: number): MetricPoint[] =>
      readStored(db, `the metrics of run ${runId}`, () =>
        metricsOf.all(runId).map((row) => ({ ...row, name: MetricName.parse(row.name) })),
      ),
    /** Before a resume: points behind the checkpoint will be measured again. */
    dropMetricsAfter: (runId: number, step: number) => void dropMetricsAfter.run(runId, step),

    /** A result that was there, with its classes, is replaced. */
    addResult(runId: number, result: ImageResult, prediction: Uint8Array | null): void {
      const { imageId, checkpoint, classes } = result;
      db.transaction(() => {
        putResult.run(
          runId,
          imageId,
          checkpoint,
          result.dice,
          result.iou,
          result.hd95,
          result.boundaryF1,
          result.uncertainty,
          prediction,
          prediction && sha256(prediction),
          result.objects === undefined ? null : JSON.stringify(result.objects),
        );
        for (const { classIndex, predictedPx, truePx, bothPx } of classes) {
          putClassResult.run(runId, imageId, checkpoint, classIndex, predictedPx, truePx, bothPx);
        }
      })();
    },
    results(runId: number): ImageResult[] {
      const key = (of: { checkpoint: CheckpointKind; imageId: number }) =>
        `${of.checkpoint} ${of.imageId}`;
      const classes = Map.groupBy(classResultsOf.all(runId), key);
      return resultsOf.all(runId).map(({ objects, ...row }) => ({
        ...row,
        ...(objects === null ? {} : { objects: countsIn(runId, objects) }),
        classes: (classes.get(key(row)) ?? []).map(
          ({ classIndex, predictedPx, truePx, bothPx }) => ({
            classIndex,
            predictedPx,
            truePx,
            bothPx,
          }),
        ),
      }));
    },
    /** Run-length coded label map predicted by the best checkpoint. Errors: corrupt. */
    prediction(runId: number, imageId: number): Uint8Array | undefined {
      const row = predictionOf.get(runId, imageId);
      return row && storedLabelMap(db, `the prediction of ${row.name} by run ${runId}`, row);
    },

    saveCheckpoint(runId: number, kind: CheckpointKind, step: number, bytes: Uint8Array): void {
      putCheckpoint.run(runId, kind, step, sha256(bytes), now(), bytes);
    },
    /** Errors: corrupt. */
    checkpoint(runId: number, kind: CheckpointKind): Checkpoint | undefined {
      const row = getCheckpoint.get(runId, kind);
      if (row !== undefined) storedBytes(db, `the ${kind} weights of run ${runId}`, row);
      return row;
    },
    /** Step of the checkpoint that a run would resume from, without reading it; 0 where there is none. */
    resumesAt: (runId: number): number => lastStep.get(runId)?.step ?? 0,
    hasCheckpoint: (runId: number) => anyCheckpoint.get(runId) !== undefined,
    dropCheckpoint: (runId: number, kind: CheckpointKind) => void dropCheckpoint.run(runId, kind),

    /** `at`: ISO 8601; now where it is left out. */
    log: (runId: number, message: string, at = now()) => void addLog.run(runId, at, message),
    logLines: (runId: number) => logOf.all(runId),
  };
}
