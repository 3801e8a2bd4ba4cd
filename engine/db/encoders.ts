/** SQL of encoders: pretrained networks by name, whether a run of this project made them or a file brought them. */
import { Encoder, type NetworkConfig, type WeightFileReport } from '../../shared/entities.ts';
import { sha256 } from '../sha256.ts';
import type { Sqlite } from './open.ts';
import { readStored, storedBytes, storedJson } from './stored.ts';

interface EncoderRow {
  id: number;
  run_id: number | null;
  name: string;
  task: string | null;
  network: string;
  notes: string;
  created_at: string;
  file: string | null;
}

const COLUMNS = 'id, run_id, name, task, network, notes, created_at, file';

const toEncoder = (db: Sqlite, row: EncoderRow): Encoder =>
  readStored(db, `encoder "${row.name}"`, () =>
    Encoder.parse({
      id: row.id,
      runId: row.run_id,
      name: row.name,
      task: row.task,
      file: storedJson(row.file),
      network: storedJson(row.network),
      notes: row.notes,
      createdAt: row.created_at,
    }),
  );

const now = () => new Date().toISOString();

export function encodersTable(db: Sqlite) {
  const encoderOf = (row: EncoderRow) => toEncoder(db, row);
  const list = db.prepare<[], EncoderRow>(`SELECT ${COLUMNS} FROM encoders ORDER BY id`);
  const byId = db.prepare<[number], EncoderRow>(`SELECT ${COLUMNS} FROM encoders WHERE id = ?`);
  const insertOfRun = db.prepare<[number, string, string, string, string]>(
    'INSERT OR IGNORE INTO encoders (run_id, name, task, network, created_at) VALUES (?, ?, ?, ?, ?)',
  );
  const insertOfFile = db.prepare<[string, string, string, string, Uint8Array, string]>(
    'INSERT INTO encoders (name, network, created_at, file, weights, weights_sha256) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const weightsOf = db.prepare<[number], { name: string; bytes: Buffer; sha256: string | null }>(
    `SELECT name, weights AS bytes, weights_sha256 AS sha256 FROM encoders WHERE id = ? AND weights IS NOT NULL`,
  );
  const setNotes = db.prepare<[string, number]>('UPDATE encoders SET notes = ? WHERE id = ?');
  const deleteEncoder = db.prepare<[number]>(
    'DELETE FROM encoders WHERE id = ? AND run_id IS NULL',
  );
  const usersOf = db.prepare<[number], { id: number }>(
    `SELECT id FROM runs WHERE json_extract(config, '$.encoderId') = ? ORDER BY id`,
  );

  return {
    list: (): Encoder[] => list.all().map(encoderOf),
    get(id: number): Encoder | undefined {
      const row = byId.get(id);
      return row && encoderOf(row);
    },
    /** Names the result of a pretraining run; a run has one encoder at most. */
    add: (encoder: Pick<Encoder, 'name' | 'task' | 'network'> & { runId: number; task: string }) =>
      Number(
        insertOfRun.run(
          encoder.runId,
          encoder.name,
          encoder.task,
          JSON.stringify(encoder.network),
          now(),
        ).lastInsertRowid,
      ),
    /** `weights`: Graft's network file (engine/training/weights/network-file.ts). */
    addImported: (encoder: {
      name: string;
      network: NetworkConfig;
      file: WeightFileReport;
      weights: Uint8Array;
    }) =>
      Number(
        insertOfFile.run(
          encoder.name,
          JSON.stringify(encoder.network),
          now(),
          JSON.stringify(encoder.file),
          encoder.weights,
          sha256(encoder.weights),
        ).lastInsertRowid,
      ),
    /** Network file of an imported encoder; undefined where the weights are those of a run. Errors: corrupt. */
    importedWeights(id: number): Uint8Array | undefined {
      const row = weightsOf.get(id);
      return row && storedBytes(db, `the weights of encoder "${row.name}"`, row);
    },
    /** Runs that start from this imported encoder. */
    users: (id: number): number[] => usersOf.all(id).map((row) => row.id),
    setNotes: (id: number, notes: string) => void setNotes.run(notes, id),
    /** Imported ones only: an encoder of a run goes with its run. */
    deleteImported: (id: number) => void deleteEncoder.run(id),
  };
}
