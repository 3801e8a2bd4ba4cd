/**
 * A project of one study alone: its plan, the data that its snapshots pin, and the encoders that it starts from, under
 * the numbers that they have here. Originals are not in it but linked, beside it; weights of runs are not either. It is
 * for reading on other computers (engine/elsewhere).
 */
import { createFile, type Sqlite } from './open.ts';

/** Columns that can be written: generated ones cannot. */
const columnsOf = (db: Sqlite, table: string): string[] =>
  db
    .prepare<[string], { name: string; hidden: number }>(
      'SELECT name, hidden FROM pragma_table_xinfo(?)',
    )
    .all(table)
    .flatMap(({ name, hidden }) => (hidden === 0 ? [name] : []));

type Row = Record<string, unknown>;

/** Rows of `table` that `where` says, with `change` made to each. */
function copyRows(
  { from, to, table }: { readonly from: Sqlite; readonly to: Sqlite; readonly table: string },
  where: string,
  change: (row: Row) => Row = (row) => row,
): void {
  const columns = columnsOf(to, table);
  const insert = to.prepare(
    `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map((name) => `@${name}`).join(', ')})`,
  );
  const rows = from.prepare<[], Row>(`SELECT ${columns.join(', ')} FROM ${table} WHERE ${where}`);
  for (const row of rows.iterate()) insert.run(change(row));
}

/**
 * Writes the copy where there is nothing yet. `linkOf`: where the original of that SHA-256 lies, from the copy's folder.
 * Errors: conflict, unreadable, no-space.
 */
export function copyStudy(
  from: Sqlite,
  { studyId, to: path, linkOf }: { studyId: number; to: string; linkOf: (hash: string) => string },
): void {
  const file = createFile(path);
  const to = file.sqlite;
  const study = Math.trunc(studyId);
  const own = `study_id = ${study}`;
  const encoders = `SELECT json_extract(config, '$.encoderId') FROM runs
    WHERE ${own} AND json_extract(config, '$.encoderId') IS NOT NULL`;
  const others = `id IN (SELECT run_id FROM encoders WHERE id IN (${encoders}) AND run_id IS NOT NULL)
    AND study_id IS NOT ${study}`;
  const ownSnapshots = `SELECT snapshot_id FROM runs WHERE ${own}
    UNION SELECT source_snapshot_id FROM studies WHERE id = ${study}
    UNION SELECT target_snapshot_id FROM studies WHERE id = ${study}`;
  const snapshots = `${ownSnapshots} UNION SELECT snapshot_id FROM runs WHERE ${others}`;
  const datasets = `SELECT dataset_id FROM snapshots WHERE id IN (${snapshots})
    UNION SELECT i.dataset_id FROM snapshot_items s JOIN images i ON i.id = s.image_id
      WHERE s.snapshot_id IN (${ownSnapshots})`;
  const items = `SELECT image_id FROM snapshot_items WHERE snapshot_id IN (${ownSnapshots})`;
  const labelMaps = `SELECT label_map_id FROM snapshot_items
    WHERE snapshot_id IN (${ownSnapshots}) AND label_map_id IS NOT NULL`;
  const copy = (table: string, where: string, change?: (row: Row) => Row) =>
    copyRows({ from, to, table }, where, change);
  try {
    to.transaction(() => {
      copy('datasets', `id IN (${datasets})`);
      copy('classes', `dataset_id IN (${datasets})`);
      copy('images', `id IN (${items})`, (row) => {
        const link = linkOf(String(row['hash']));
        return { ...row, link_path: link, link_relative: link };
      });
      copy('label_maps', `id IN (${labelMaps})`, (row) => ({ ...row, run_id: null }));
      copy('object_maps', `label_map_id IN (${labelMaps})`);
      copy('snapshots', `id IN (${snapshots})`);
      copy('snapshot_items', `snapshot_id IN (${ownSnapshots})`);
      copy('studies', `id = ${study}`);
      copy('runs', `${others} ORDER BY id`, (row) => ({
        ...row,
        study_id: null,
        depends_on: null,
      }));
      copy('runs', `${own} ORDER BY id`);
      copy('encoders', `id IN (${encoders})`);
    })();
    // One file, and none beside it: it is read where nothing can be written, and nothing locked.
    to.pragma('journal_mode = DELETE');
  } finally {
    file.close();
  }
}
