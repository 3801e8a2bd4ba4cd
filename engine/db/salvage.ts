/**
 * A new project file with everything that can still be read of a damaged one. The damaged file is only read, row by row:
 * none of its indices, triggers and views is used.
 */
import Database from 'better-sqlite3';
import { AppError } from '../../shared/errors.ts';
import { type Migration, readMigrations } from './migrations.ts';
import { createFile } from './open.ts';
import { APPLICATION_ID, distrust, knownColumns } from './schema.ts';

type Sqlite = Database.Database;

/** JSON that a row can do without, and what stands for it; a row with other broken JSON goes. */
const DISPENSABLE = [
  ['datasets', 'origin', `'{}'`],
  ['datasets', 'image_classes', `'[]'`],
  ['images', 'channel_pages', 'NULL'],
  ['runs', 'engine', 'NULL'],
  ['runs', 'layers', 'NULL'],
  ['runs', 'error', 'NULL'],
] as const;
const INDISPENSABLE = [
  ['studies', 'config'],
  ['runs', 'config'],
  ['encoders', 'network'],
  ['encoders', 'file'],
] as const;

interface Column {
  name: string;
  pk: number;
  hidden: number;
}

const columnsOf = (db: Sqlite, table: string): Column[] =>
  db.prepare<[string], Column>('SELECT name, pk, hidden FROM pragma_table_xinfo(?)').all(table);

type SqliteError = InstanceType<typeof Database.SqliteError>;
const isSqlite = (error: unknown): error is SqliteError => error instanceof Database.SqliteError;

function openDamaged(path: string): Sqlite {
  const db = new Database(path, { readonly: true, fileMustExist: true });
  distrust(db);
  return db;
}

/** Ordinary tables, views and virtual ones left out: those would be run. */
function tablesOf(db: Sqlite): Set<string> {
  const rows = db
    .prepare<[], { name: string }>(
      `SELECT name FROM sqlite_schema
         WHERE type = 'table' AND sql LIKE 'CREATE TABLE %' AND name NOT LIKE 'sqlite_%' ORDER BY rowid`,
    )
    .all();
  return new Set(rows.map(({ name }) => name));
}

const hasRowid = (db: Sqlite, table: string): boolean =>
  db.prepare<[string], { wr: number }>('SELECT wr FROM pragma_table_list(?)').get(table)?.wr === 0;

/** Copies what can be read of a table, from both of its ends; what is there stays. Returns how that went. */
function copyTable(from: Sqlite, to: Sqlite, table: string): { whole: boolean; refused: number } {
  const own = columnsOf(to, table).filter(({ hidden }) => hidden === 0);
  const theirs = new Set(columnsOf(from, table).map(({ name }) => name));
  const columns = own.filter(({ name }) => theirs.has(name)).map(({ name }) => name);
  const keys = own.filter(({ pk }) => pk > 0).sort((a, b) => a.pk - b.pk);
  if (columns.length === 0) return { whole: false, refused: 0 };
  const insert = to.prepare(
    `INSERT OR IGNORE INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
  );
  let refused = 0;
  const copy = (direction: 'ASC' | 'DESC'): boolean => {
    // Along the table itself: an index may be what is damaged.
    const along = hasRowid(to, table) ? ['rowid'] : keys.map(({ name }) => name);
    const order = along.map((name) => `${name} ${direction}`).join(', ');
    try {
      const rows = from
        .prepare<[], unknown[]>(`SELECT ${columns.join(', ')} FROM ${table} ORDER BY ${order}`)
        .raw()
        .safeIntegers();
      for (const row of rows.iterate()) {
        try {
          insert.run(...row);
        } catch (error) {
          // A value that the table does not take is not one that was stored.
          if (!isSqlite(error) || !error.code.startsWith('SQLITE_CONSTRAINT')) throw error;
          refused++;
        }
      }
      return true;
    } catch (error) {
      if (!isSqlite(error) || error.code === 'SQLITE_FULL') throw error;
      return false;
    }
  };
  const whole = to.transaction(() => copy('ASC') || (copy('DESC'), false))();
  return { whole: whole && refused === 0, refused };
}

/** The steps that made a file, by the columns that it has: the number that it bears may be what is damaged. */
function stepsOf(db: Sqlite, tables: ReadonlySet<string>): readonly Migration[] {
  const own = new Set(
    [...tables].flatMap((table) => columnsOf(db, table).map(({ name }) => `${table}.${name}`)),
  );
  const all = readMigrations();
  let best: { steps: readonly Migration[]; differing: number } = {
    steps: all,
    differing: Infinity,
  };
  for (let count = all.length; count > 0; count--) {
    const steps = all.slice(0, count);
    const known = knownColumns(steps);
    const both = [...known].filter((column) => own.has(column)).length;
    const differing = own.size + known.size - 2 * both;
    if (differing < best.differing) best = { steps, differing };
  }
  return best.steps;
}

function mendJson(db: Sqlite, lost: string[]): void {
  const broken = (table: string, column: string) =>
    `FROM ${table} WHERE ${column} IS NOT NULL AND NOT json_valid(${column})`;
  const has = (table: string, column: string) =>
    columnsOf(db, table).some(({ name }) => name === column);
  for (const [table, column, value] of DISPENSABLE) {
    if (!has(table, column)) continue;
    const { changes } = db
      .prepare(
        `UPDATE ${table} SET ${column} = ${value} WHERE ${column} IS NOT NULL AND NOT json_valid(${column})`,
      )
      .run();
    if (changes > 0) lost.push(`the ${column} of ${changes} of ${table}`);
  }
  for (const [table, column] of INDISPENSABLE) {
    if (!has(table, column)) continue;
    const { changes } = db.prepare(`DELETE ${broken(table, column)}`).run();
    if (changes > 0) lost.push(`${changes} of ${table}, whose ${column} cannot be read`);
  }
}

interface ForeignKey {
  table: string;
  from: string;
  to: string;
  on_delete: string;
  id: number;
}

/** Rows whose others are gone go too, until all have theirs. */
function dropDangling(db: Sqlite, tables: Iterable<string>, lost: string[]): void {
  const dropped = new Map<string, number>();
  for (let changed = true; changed;) {
    changed = false;
    for (const table of tables) {
      const keys = Map.groupBy(
        db
          .prepare<[string], ForeignKey>(
            'SELECT id, "table", "from", "to", on_delete FROM pragma_foreign_key_list(?)',
          )
          .all(table),
        ({ id }) => id,
      );
      for (const parts of keys.values()) {
        const [first] = parts;
        if (first === undefined) continue;
        const held = parts.map(({ from }) => `${table}.${from} IS NOT NULL`).join(' AND ');
        const same = parts.map(({ from, to }) => `p.${to} = ${table}.${from}`).join(' AND ');
        const where = `WHERE ${held} AND NOT EXISTS (SELECT 1 FROM ${first.table} p WHERE ${same})`;
        const sql =
          first.on_delete === 'SET NULL'
            ? `UPDATE ${table} SET ${first.from} = NULL ${where}`
            : `DELETE FROM ${table} ${where}`;
        const { changes } = db.prepare(sql).run();
        if (changes === 0) continue;
        changed = true;
        if (first.on_delete !== 'SET NULL') dropped.set(table, (dropped.get(table) ?? 0) + changes);
      }
    }
  }
  for (const [table, rows] of dropped)
    lost.push(`${rows} of ${table}, which belong to something that is gone`);
}

export interface Salvaged {
  /** What could not be read, and what went with it, in words. */
  readonly lost: readonly string[];
  /** Tables of which the rest was taken from a backup. */
  readonly fromBackup: readonly string[];
}

/**
 * Writes the copy, to where there is nothing. What cannot be read of a table is taken from `backup`, where that has it.
 * Errors: corrupt, where nothing can be read; conflict, no-space.
 */
export function salvage(
  path: string,
  copyPath: string,
  { backup }: { readonly backup: string | null },
): Salvaged {
  let source: Sqlite | undefined;
  let tables: Set<string>;
  try {
    source = openDamaged(path);
    tables = tablesOf(source);
    if (source.pragma('application_id', { simple: true }) !== APPLICATION_ID && tables.size === 0) {
      throw new AppError('unsupported', `${path} is not a Graft project.`, { subject: path });
    }
  } catch (error) {
    source?.close();
    if (!isSqlite(error)) throw error;
    const other =
      backup === null ? 'and there is no backup beside it' : `but there is ${backup}: open that`;
    throw new AppError('corrupt', `Nothing of ${path} can be read (${error.message}), ${other}.`, {
      subject: path,
      cause: error,
    });
  }
  const lost: string[] = [];
  const fromBackup: string[] = [];
  try {
    const file = createFile(copyPath, { migrations: stepsOf(source, tables) });
    try {
      const { sqlite } = file;
      sqlite.pragma('foreign_keys = OFF');
      const wanted = tablesOf(sqlite);
      const rest = backup === null ? null : openDamaged(backup);
      try {
        for (const table of wanted) {
          const { whole, refused } = tables.has(table)
            ? copyTable(source, sqlite, table)
            : { whole: false, refused: 0 };
          if (whole) continue;
          const helped =
            rest !== null && tablesOf(rest).has(table) && copyTable(rest, sqlite, table).whole;
          if (helped) fromBackup.push(table);
          else lost.push(refused > 0 ? `${refused} of ${table}` : `some of ${table}`);
        }
      } finally {
        rest?.close();
      }
      sqlite.transaction(() => {
        mendJson(sqlite, lost);
        dropDangling(sqlite, wanted, lost);
      })();
      sqlite.pragma('foreign_keys = ON');
    } finally {
      file.close();
    }
  } finally {
    source.close();
  }
  return { lost, fromBackup };
}
