/** SQL of models, and of the parts that images keep in their trainings. */
import { type EarlyEnd, Model, Part } from '../../shared/entities.ts';
import type { Sqlite } from './open.ts';
import type { SplitItem } from './splits.ts';
import { readStored } from './stored.ts';

interface ModelRow {
  id: number;
  name: string;
  runId: number;
  datasetId: number;
  status: string;
  startedFrom: string;
  notes: string;
  earlyEnd: string | null;
  createdAt: string;
}

const SELECT = `SELECT m.id, m.name, m.run_id AS runId, s.dataset_id AS datasetId, r.status,
  m.started_from AS startedFrom, m.notes, m.early_end AS earlyEnd, m.created_at AS createdAt
  FROM models m JOIN runs r ON r.id = m.run_id JOIN snapshots s ON s.id = r.snapshot_id`;

export function modelsTable(db: Sqlite) {
  const modelOf = (row: ModelRow) => readStored(db, `model "${row.name}"`, () => Model.parse(row));
  const all = db.prepare<[], ModelRow>(`${SELECT} ORDER BY m.id`);
  const byId = db.prepare<[number], ModelRow>(`${SELECT} WHERE m.id = ?`);
  const insert = db.prepare<[string, number, string, string]>(
    'INSERT INTO models (name, run_id, started_from, created_at) VALUES (?, ?, ?, ?)',
  );
  const rename = db.prepare<[string, number]>('UPDATE models SET name = ? WHERE id = ?');
  const setNotes = db.prepare<[string, number]>('UPDATE models SET notes = ? WHERE id = ?');
  const setEarlyEnd = db.prepare<[string, number]>(
    'UPDATE models SET early_end = ? WHERE run_id = ?',
  );
  const partsOf = db.prepare<[number], { imageId: number; part: string }>(
    `SELECT k.image_id AS imageId, k.part FROM kept_parts k JOIN images i ON i.id = k.image_id
       WHERE i.dataset_id = ? ORDER BY k.image_id`,
  );
  const keepPart = db.prepare<[number, string]>(
    'INSERT INTO kept_parts (image_id, part) VALUES (?, ?)',
  );

  return {
    list: (): Model[] => all.all().map(modelOf),
    get(id: number): Model | undefined {
      const row = byId.get(id);
      return row && modelOf(row);
    },
    create: (model: Pick<Model, 'name' | 'runId' | 'startedFrom'>): number =>
      Number(
        insert.run(model.name, model.runId, model.startedFrom, new Date().toISOString())
          .lastInsertRowid,
      ),
    rename: (id: number, name: string) => void rename.run(name, id),
    setNotes: (id: number, notes: string) => void setNotes.run(notes, id),
    /** Where the run is a model's. */
    endedEarly: (runId: number, why: EarlyEnd) => void setEarlyEnd.run(why, runId),
    /** Of the images of a dataset that have one, in order of image id. */
    keptParts: (datasetId: number): SplitItem[] =>
      partsOf.all(datasetId).map((row) => ({ ...row, part: Part.parse(row.part) })),
    /** For good. Fails where one of them has a part. Within a transaction. */
    keepParts(items: readonly SplitItem[]): void {
      for (const { imageId, part } of items) keepPart.run(imageId, part);
    },
  };
}
