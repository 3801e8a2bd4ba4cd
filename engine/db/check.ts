/**
 * What of a project is damaged although SQLite finds its pages sound: rows that others refer to and that are gone, and
 * bytes that are not those that were stored.
 */
import { z } from 'zod';
import { AppError } from '../../shared/errors.ts';
import { labelMapSize, readLabelMapRuns } from '../../shared/label-map.ts';
import { objectMapSize, readObjectMapRuns } from '../../shared/objects/object-map.ts';
import { sha256 } from '../sha256.ts';
import type { Sqlite } from './open.ts';

/** Columns of JSON, which SQLite takes any text for. */
const JSON_COLUMNS = [
  ['datasets', 'origin'],
  ['datasets', 'image_classes'],
  ['images', 'channel_pages'],
  ['studies', 'config'],
  ['runs', 'config'],
  ['runs', 'engine'],
  ['runs', 'layers'],
  ['runs', 'error'],
  ['encoders', 'network'],
  ['encoders', 'file'],
  ['pixel_classifiers', 'classes'],
] as const;

/** What is not as it was stored. */
export interface Damage {
  /** As a user finds it again. */
  readonly what: string;
  /** The bytes that are damaged or gone, where it is that; they can be put back. */
  readonly blob: BlobPlace | null;
}

/** Damage that no bytes mend. */
export const damageOf = (what: string): Damage => ({ what, blob: null });

/** Bytes that are stored with their SHA-256, of one kind. */
interface Blobs {
  readonly table: string;
  readonly column: string;
  readonly keys: readonly string[];
  /** Of each: `key`, JSON of what identifies its row; `name`, as a user finds it again; `bytes`; `sha256`. */
  readonly list: string;
  /** Runs of what; width and height of the image, as large as which it must be, are in the list, too. */
  readonly runsOf?: 'classes' | 'objects';
}

const BLOBS = {
  original: {
    table: 'image_bytes',
    column: 'bytes',
    keys: ['image_id'],
    list: `SELECT json_array(i.id) AS key, 'the original of ' || i.name || ' in "' || d.name || '"' AS name, b.bytes,
        i.hash AS sha256
      FROM images i JOIN datasets d ON d.id = i.dataset_id LEFT JOIN image_bytes b ON b.image_id = i.id
      WHERE i.link_path IS NULL`,
  },
  weights: {
    table: 'checkpoints',
    column: 'bytes',
    keys: ['run_id', 'kind'],
    list: `SELECT json_array(run_id, kind) AS key, 'the ' || kind || ' weights of run ' || run_id AS name, bytes, sha256
      FROM checkpoints`,
  },
  'live weights': {
    table: 'live_trainings',
    column: 'bytes',
    keys: ['dataset_id'],
    list: `SELECT json_array(l.dataset_id) AS key, 'what the live training of "' || d.name || '" learned' AS name,
        l.bytes, l.sha256
      FROM live_trainings l JOIN datasets d ON d.id = l.dataset_id WHERE l.bytes IS NOT NULL`,
  },
  encoder: {
    table: 'encoders',
    column: 'weights',
    keys: ['id'],
    list: `SELECT json_array(id) AS key, 'the weights of encoder "' || name || '"' AS name, weights AS bytes,
        weights_sha256 AS sha256
      FROM encoders WHERE weights IS NOT NULL`,
  },
  picture: {
    table: 'examples',
    column: 'png',
    keys: ['run_id', 'example', 'panel'],
    list: `SELECT json_array(run_id, example, panel) AS key, 'a picture of run ' || run_id AS name, png AS bytes,
        png_sha256 AS sha256
      FROM examples`,
  },
  'label map': {
    table: 'label_maps',
    column: 'bytes',
    keys: ['id'],
    list: `SELECT json_array(l.id) AS key, 'label map ' || l.id || ' of ' || i.name AS name, l.bytes, l.sha256,
        i.width_px AS width, i.height_px AS height
      FROM label_maps l JOIN images i ON i.id = l.image_id`,
    runsOf: 'classes',
  },
  prediction: {
    table: 'results',
    column: 'prediction',
    keys: ['run_id', 'checkpoint', 'image_id'],
    list: `SELECT json_array(r.run_id, r.checkpoint, r.image_id) AS key,
        'the prediction of ' || i.name || ' by run ' || r.run_id AS name, r.prediction AS bytes,
        r.prediction_sha256 AS sha256, i.width_px AS width, i.height_px AS height
      FROM results r JOIN images i ON i.id = r.image_id WHERE r.prediction IS NOT NULL`,
    runsOf: 'classes',
  },
  objects: {
    table: 'object_maps',
    column: 'bytes',
    keys: ['label_map_id'],
    list: `SELECT json_array(l.id) AS key, 'the objects of label map ' || l.id || ' of ' || i.name AS name, o.bytes,
        o.sha256, i.width_px AS width, i.height_px AS height
      FROM object_maps o JOIN label_maps l ON l.id = o.label_map_id JOIN images i ON i.id = l.image_id`,
    runsOf: 'objects',
  },
  scribbles: {
    table: 'scribbles',
    column: 'bytes',
    keys: ['image_id'],
    list: `SELECT json_array(s.image_id) AS key, 'the scribbles on ' || i.name AS name, s.bytes, s.sha256,
        i.width_px AS width, i.height_px AS height
      FROM scribbles s JOIN images i ON i.id = s.image_id`,
    runsOf: 'classes',
  },
  classifier: {
    table: 'pixel_classifiers',
    column: 'bytes',
    keys: ['id'],
    list: `SELECT json_array(id) AS key, 'classifier "' || name || '"' AS name, bytes, sha256 FROM pixel_classifiers`,
  },
} as const satisfies Record<z.infer<typeof BlobKind>, Blobs>;
const BlobKind = z.enum([
  'original',
  'weights',
  'live weights',
  'encoder',
  'picture',
  'label map',
  'objects',
  'prediction',
  'scribbles',
  'classifier',
]);
type BlobKind = z.infer<typeof BlobKind>;

/** Where bytes belong. */
export const BlobPlace = z.object({
  kind: BlobKind,
  /** JSON of what identifies the row, in the order of its key. */
  key: z.string(),
  /** Of the bytes that belong there. */
  sha256: z.string().nullable(),
});
export type BlobPlace = z.infer<typeof BlobPlace>;

interface BlobRow {
  readonly key: string;
  readonly name: string;
  readonly bytes: Buffer | null;
  readonly sha256: string | null;
  readonly width?: number;
  readonly height?: number;
}

/** Whether a code is that of a map as large as its image; nothing is unpacked. */
function isMapOf({ bytes, width, height }: BlobRow, of: 'classes' | 'objects'): boolean {
  if (bytes === null) return false;
  try {
    const size = of === 'classes' ? labelMapSize(bytes) : objectMapSize(bytes);
    if (of === 'classes') readLabelMapRuns(bytes, () => undefined);
    else readObjectMapRuns(bytes, () => undefined);
    return size.width === width && size.height === height;
  } catch (error) {
    if (error instanceof AppError) return false;
    throw error;
  }
}

/** Rows that others refer to and that are gone, and JSON that is none. */
function* damagedRows(db: Sqlite): Generator<string> {
  const dangling = db
    .prepare<[], { name: string; parent: string; rows: number }>(
      `SELECT "table" AS name, parent, COUNT(*) AS rows FROM pragma_foreign_key_check
         GROUP BY "table", parent ORDER BY "table", parent`,
    )
    .all();
  for (const { name, parent, rows } of dangling) {
    yield `${rows} of ${name} without their ${parent}`;
  }
  for (const [table, column] of JSON_COLUMNS) {
    const { rows } = db
      .prepare<[], { rows: number }>(
        `SELECT COUNT(*) AS rows FROM ${table} WHERE NOT json_valid(${column})`,
      )
      .get() ?? { rows: 0 };
    if (rows > 0) yield `${rows} of ${table} whose ${column} cannot be read`;
  }
}

/** Bytes that are not those that were stored. One row at a time is in memory. */
function* damagedBlobs(db: Sqlite, kind: BlobKind, step: () => void): Generator<Damage> {
  const { list, runsOf }: Blobs = BLOBS[kind];
  for (const row of db.prepare<[], BlobRow>(list).iterate()) {
    step();
    const isWhole =
      row.bytes !== null &&
      sha256(row.bytes) === row.sha256 &&
      (runsOf === undefined || isMapOf(row, runsOf));
    if (isWhole) continue;
    const { key, name } = row;
    const blob = { kind, key, sha256: row.sha256 };
    yield { what: row.bytes === null ? `${name} is gone` : name, blob };
  }
}

/** What a stage finds; where it cannot be gone through to its end, that is found as well. */
function* untilUnreadable<T>(
  stage: () => Iterable<T>,
  unreadable: (reason: string) => T,
): Generator<T> {
  try {
    yield* stage();
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'SqliteError') throw error;
    yield unreadable(error.message);
  }
}

/** How many of these a whole check names. */
const PAGES_NAMED = 20;

/**
 * Everything that is damaged or gone: pages and indices, rows, bytes. `onProgress`: share of the bytes' rows, 0 … 1.
 * Takes about as long as to read the file twice.
 */
export function* damageIn(db: Sqlite, onProgress: (share: number) => void): Generator<Damage> {
  yield* untilUnreadable(
    () =>
      db
        .prepare<[], { integrity_check: string }>(`PRAGMA integrity_check(${PAGES_NAMED})`)
        .all()
        .map((row) => row.integrity_check)
        .filter((line) => line !== 'ok')
        .map((line) => damageOf(`pages or indices: ${line}`)),
    (reason) => damageOf(`pages: ${reason}`),
  );
  yield* untilUnreadable(
    () => [...damagedRows(db)].map(damageOf),
    (reason) => damageOf(`rows: ${reason}`),
  );
  const total = BlobKind.options.reduce((sum, kind) => sum + rowsIn(db, BLOBS[kind].table), 0);
  let done = 0;
  for (const kind of BlobKind.options) {
    yield* untilUnreadable(
      () => damagedBlobs(db, kind, () => onProgress(Math.min(1, ++done / total))),
      (reason) => damageOf(`some of ${BLOBS[kind].table} cannot be read: ${reason}`),
    );
  }
}

function rowsIn(db: Sqlite, table: string): number {
  try {
    return db.prepare<[], { n: number }>(`SELECT COUNT(*) AS n FROM ${table}`).get()?.n ?? 0;
  } catch (error) {
    if (error instanceof Error && error.name === 'SqliteError') return 0;
    throw error;
  }
}

/** The bytes at a place of a project of any version, where they are those of the SHA-256 that is wanted. */
export function findBlob(db: Sqlite, { kind, key, sha256: wanted }: BlobPlace): Uint8Array | null {
  const { table, column, keys } = BLOBS[kind];
  try {
    const row = db
      .prepare<unknown[], { bytes: unknown }>(
        `SELECT ${column} AS bytes FROM ${table} WHERE ${keys.map((name) => `${name} = ?`).join(' AND ')}`,
      )
      .get(...keyOf(key));
    return row?.bytes instanceof Uint8Array && sha256(row.bytes) === wanted ? row.bytes : null;
  } catch (error) {
    // A backup that is damaged itself, or of before there was such a table.
    if (error instanceof Error && error.name === 'SqliteError') return null;
    throw error;
  }
}

const keyOf = (key: string): unknown[] => z.array(z.unknown()).parse(JSON.parse(key));

/** Puts bytes back where they belong. To be called within a transaction. */
export function restoreBlob(db: Sqlite, { kind, key }: BlobPlace, bytes: Uint8Array): void {
  const { table, column, keys } = BLOBS[kind];
  const where = keys.map((name) => `${name} = ?`).join(' AND ');
  if (kind === 'original') {
    db.prepare('INSERT OR REPLACE INTO image_bytes (image_id, bytes) VALUES (?, ?)').run(
      ...keyOf(key),
      bytes,
    );
    return;
  }
  const put = () =>
    db.prepare(`UPDATE ${table} SET ${column} = ? WHERE ${where}`).run(bytes, ...keyOf(key));
  if (kind === 'label map') withoutTrigger(db, 'label_maps_are_immutable', put);
  else if (kind === 'objects') withoutTrigger(db, 'object_maps_are_immutable', put);
  else put();
}

/** The bytes of a label map or an object map never change; these are the ones that it had. */
function withoutTrigger(db: Sqlite, name: string, work: () => void): void {
  const trigger = db
    .prepare<[string], { sql: string }>('SELECT sql FROM sqlite_schema WHERE name = ?')
    .get(name);
  db.exec(`DROP TRIGGER ${name}`);
  work();
  if (trigger !== undefined) db.exec(trigger.sql);
}
