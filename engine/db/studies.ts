/** SQL of studies: their configuration and state. Their runs are in runs.ts. */
import { Study, type StudyConfig, type StudyStatus } from '../../shared/entities.ts';
import type { Sqlite } from './open.ts';
import { readStored, storedJson } from './stored.ts';

interface StudyRow {
  id: number;
  name: string;
  config: string;
  status: string;
  source_snapshot_id: number;
  target_snapshot_id: number;
  created_at: string;
  started_at: string | null;
  ended_at: string | null;
}

const COLUMNS =
  'id, name, config, status, source_snapshot_id, target_snapshot_id, created_at, started_at, ended_at';

const toStudy = (db: Sqlite, row: StudyRow): Study =>
  readStored(db, `study "${row.name}"`, () =>
    Study.parse({
      id: row.id,
      name: row.name,
      config: storedJson(row.config),
      status: row.status,
      sourceSnapshotId: row.source_snapshot_id,
      targetSnapshotId: row.target_snapshot_id,
      createdAt: row.created_at,
      startedAt: row.started_at,
      endedAt: row.ended_at,
    }),
  );

export function studiesTable(db: Sqlite) {
  const studyOf = (row: StudyRow) => toStudy(db, row);
  const listRows = db.prepare<[], StudyRow>(`SELECT ${COLUMNS} FROM studies ORDER BY id`);
  const byId = db.prepare<[number], StudyRow>(`SELECT ${COLUMNS} FROM studies WHERE id = ?`);
  const byName = db.prepare<[string], StudyRow>(`SELECT ${COLUMNS} FROM studies WHERE name = ?`);
  const insert = db.prepare<[string, string, number, number, string]>(
    `INSERT INTO studies (name, config, status, source_snapshot_id, target_snapshot_id, created_at)
     VALUES (?, ?, 'planned', ?, ?, ?)`,
  );
  const setConfig = db.prepare<[string, number]>('UPDATE studies SET config = ? WHERE id = ?');
  const setStatus = db.prepare<[string, string, string, string, string, number]>(
    `UPDATE studies SET status = ?,
       started_at = CASE WHEN ? = 'running' THEN COALESCE(started_at, ?) ELSE started_at END,
       ended_at = CASE WHEN ? IN ('done', 'failed', 'cancelled') THEN ? ELSE NULL END
     WHERE id = ?`,
  );
  const setStarted = db.prepare<[string, number]>(
    'UPDATE studies SET started_at = COALESCE(started_at, ?) WHERE id = ?',
  );
  const deleteStudy = db.prepare<[number]>('DELETE FROM studies WHERE id = ?');

  return {
    list: (): Study[] => listRows.all().map(studyOf),
    get(id: number): Study | undefined {
      const row = byId.get(id);
      return row && studyOf(row);
    },
    getByName(name: string): Study | undefined {
      const row = byName.get(name);
      return row && studyOf(row);
    },
    create(options: {
      config: StudyConfig;
      sourceSnapshotId: number;
      targetSnapshotId: number;
    }): number {
      const { config, sourceSnapshotId, targetSnapshotId } = options;
      return Number(
        insert.run(
          config.name,
          JSON.stringify(config),
          sourceSnapshotId,
          targetSnapshotId,
          new Date().toISOString(),
        ).lastInsertRowid,
      );
    },
    setConfig: (id: number, config: StudyConfig) => void setConfig.run(JSON.stringify(config), id),
    setStatus(id: number, status: StudyStatus): void {
      const now = new Date().toISOString();
      setStatus.run(status, status, now, status, now, id);
    },
    /** Where it never ran here: it began elsewhere then (ISO 8601). */
    startedElsewhere: (id: number, at: string) => void setStarted.run(at, id),
    delete: (id: number) => deleteStudy.run(id).changes > 0,
  };
}
