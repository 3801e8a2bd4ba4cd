/**
 * Whether a project file has the tables, indices and triggers of its version, all of them and nothing else. Whoever sends
 * a file can put a view in the place of a table, or a trigger behind it, and SQLite would run them: so this is asked
 * before any row is read.
 */
import Database from 'better-sqlite3';
import { AppError } from '../../shared/errors.ts';
import { applyMigrations, type Migration } from './migrations.ts';
import { verbFor } from '../../shared/number-format.ts';

interface SchemaRow {
  type: string;
  name: string;
  sql: string | null;
}

/** 'GRFT': how file(1) and Graft recognise a project file. */
export const APPLICATION_ID = 0x47524654;

/** What an error names. */
const NAMED = 5;

/** What SQLite makes by itself where somebody has it look at a file: numbers that nothing here reads. */
const STATISTICS = /^sqlite_stat[134]$/;

/** Quotes of names, comments and spaces, which SQLite itself changes when it renames a table, make no difference. */
function normalised(sql: string): string {
  const tokens = sql.match(/'(?:''|[^'])*'|"(?:""|[^"])*"|--[^\n]*|\/\*[\s\S]*?\*\/|[\w$]+|\S/g);
  return (tokens ?? [])
    .filter((token) => !token.startsWith('--') && !token.startsWith('/*'))
    .map((token) => (/^"\w+"$/.test(token) ? token.slice(1, -1) : token))
    .join(' ');
}

/** By "table images", "view project" …; indices that belong to a table's own text are in that. */
function schemaOf(db: Database.Database): Map<string, string> {
  const rows = db.prepare<[], SchemaRow>('SELECT type, name, sql FROM sqlite_schema').all();
  return new Map(
    rows.flatMap(({ type, name, sql }) =>
      sql === null || (type === 'table' && STATISTICS.test(name))
        ? []
        : [[`${type} ${name}`, normalised(sql)] as const],
    ),
  );
}

const isTable = (name: string) => name.startsWith('table ');
const tableOf = (name: string) => name.slice('table '.length);

/** Columns of a table, generated ones too; SQLite has read them with the schema, and runs nothing for this. */
function columnsOf(db: Database.Database, table: string): string[] {
  return db
    .prepare<[string], { name: string }>('SELECT name FROM pragma_table_xinfo(?)')
    .all(table)
    .map(({ name }) => name);
}

interface KnownSchema {
  readonly sqlOf: ReadonlyMap<string, string>;
  readonly columns: ReadonlyMap<string, readonly string[]>;
  /** The file that they make, with nothing in it. */
  readonly empty: Uint8Array;
}

const known = new Map<string, KnownSchema>();

/** Columns of every table that the steps make, as "table.column". */
export const knownColumns = (migrations: readonly Migration[]): ReadonlySet<string> =>
  new Set(
    [...knownSchema(migrations).columns].flatMap(([table, columns]) =>
      columns.map((column) => `${tableOf(table)}.${column}`),
    ),
  );

/** A project that the steps have made, with nothing in it: they run once in a process, however many it creates. */
export const emptyProject = (migrations: readonly Migration[]): Uint8Array =>
  knownSchema(migrations).empty;

/**
 * A file that keeps a write-ahead log from the first (https://sqlite.org/fileformat2.html, "file format version numbers"),
 * which no database in memory does: turning one on later waits for the disk several times.
 */
function asLogged(file: Buffer): Buffer {
  file[18] = file[19] = 2;
  return file;
}

/** What the steps make of an empty file. */
function knownSchema(migrations: readonly Migration[]): KnownSchema {
  const key = migrations.map(({ sql }) => sql).join('\n');
  const found = known.get(key);
  if (found !== undefined) return found;
  const empty = new Database(':memory:');
  try {
    empty.pragma('auto_vacuum = INCREMENTAL');
    empty.pragma(`application_id = ${APPLICATION_ID}`);
    applyMigrations(empty, 'known.graft', migrations);
    const sqlOf = schemaOf(empty);
    const tables = [...sqlOf.keys()].filter(isTable);
    const columns = new Map(tables.map((name) => [name, columnsOf(empty, tableOf(name))]));
    const schema = { sqlOf, columns, empty: asLogged(empty.serialize()) };
    known.set(key, schema);
    return schema;
  } finally {
    empty.close();
  }
}

/**
 * Errors: unsupported, where a file holds what Graft never made, of which nothing has been run;
 * corrupt, where it lacks something. `migrations`: those that made it.
 */
export function assertKnownSchema(
  db: Database.Database,
  path: string,
  migrations: readonly Migration[],
): void {
  const expected = knownSchema(migrations);
  const schema = schemaOf(db);
  const foreign = [...schema.keys()].filter((name) => !expected.sqlOf.has(name));
  const lost: string[] = [];
  for (const [name, sql] of expected.sqlOf) {
    const found = schema.get(name);
    if (found === sql) continue;
    if (found === undefined) lost.push(`the ${name} is gone`);
    else {
      const columns = new Set(isTable(name) ? columnsOf(db, tableOf(name)) : []);
      const gone = (expected.columns.get(name) ?? []).filter((column) => !columns.has(column));
      if (gone.length === 0) foreign.push(name);
      else lost.push(`the ${name} has lost its ${gone.join(', ')}`);
    }
  }
  if (foreign.length > 0) {
    throw new AppError(
      'unsupported',
      `${path} is not as Graft makes it: ${foreign.slice(0, NAMED).join(', ')} ${verbFor(foreign.length, 'are')} foreign. It was not opened, and nothing in it was run. Ask whoever sent it for the project itself, or take a backup.`,
      { subject: path },
    );
  }
  if (lost.length > 0) {
    throw new AppError(
      'corrupt',
      `${path} is damaged (${lost.slice(0, NAMED).join('; ')}). "graft repair" and "Repair" save what can be read; if a backup (${path}.backup-*) lies beside it, you can open that.`,
      { subject: path },
    );
  }
}

/** Nothing that stands in a file is run with more rights than a stranger has; to be called before its first row is read. */
export function distrust(db: Database.Database): void {
  // better-sqlite3 turns SQLite's defensive mode on by itself: no statement writes the schema as if it were rows.
  db.pragma('trusted_schema = OFF');
  db.pragma('cell_size_check = ON');
  // A file that is cut while it is mapped would end the process.
  db.pragma('mmap_size = 0');
}
