/**
 * What of a project is damaged although SQLite finds its pages sound: rows that others refer to and that are gone, and
 * bytes that are not those that were stored.
 */
import { createHash } from 'node:crypto';
import { decodeLabelMap } from '../../shared/label-map.ts';
import { damagedError, type Sqlite } from './open.ts';

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
] as const;

/** What an error names; the rest is counted. */
const NAMED = 10;

/** Bytes with what tells whether they are those that were stored. */
interface Stored {
  /** As a user finds it again. */
  readonly name: string;
  readonly bytes: Buffer | null;
  /** SHA-256 when it was stored. */
  readonly sha256: string;
}

const ORIGINALS = `SELECT 'the original of ' || i.name || ' in "' || d.name || '"' AS name, b.bytes, i.hash AS sha256
  FROM images i JOIN datasets d ON d.id = i.dataset_id LEFT JOIN image_bytes b ON b.image_id = i.id
  WHERE i.link_path IS NULL`;
const WEIGHTS = `SELECT 'the weights of run ' || run_id AS name, bytes, sha256 FROM checkpoints`;
const LABEL_MAPS = `SELECT 'label map ' || l.id || ' of ' || i.name AS name, l.bytes
  FROM label_maps l JOIN images i ON i.id = l.image_id`;
const PREDICTIONS = `SELECT 'the prediction of ' || i.name || ' by run ' || r.run_id AS name, r.prediction AS bytes
  FROM results r JOIN images i ON i.id = r.image_id WHERE r.prediction IS NOT NULL`;

function isLabelMap(bytes: Uint8Array): boolean {
  try {
    decodeLabelMap(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Everything that is damaged or gone, by name. One row at a time is in memory. */
function* damagedContents(db: Sqlite): Generator<string> {
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
  for (const sql of [ORIGINALS, WEIGHTS]) {
    for (const { name, bytes, sha256 } of db.prepare<[], Stored>(sql).iterate()) {
      if (bytes === null) yield `${name} is gone`;
      else if (createHash('sha256').update(bytes).digest('hex') !== sha256) yield name;
    }
  }
  for (const sql of [LABEL_MAPS, PREDICTIONS]) {
    for (const { name, bytes } of db.prepare<[], { name: string; bytes: Buffer }>(sql).iterate()) {
      if (!isLabelMap(bytes)) yield name;
    }
  }
}

/** Errors: corrupt, with what is damaged or gone. */
export function assertContentsWhole(db: Sqlite, path: string): void {
  const found = [...damagedContents(db)];
  if (found.length === 0) return;
  const more = found.length - NAMED;
  const all = found.slice(0, NAMED).join('; ') + (more > 0 ? `; and ${more} more` : '');
  throw damagedError(path, `not as it was stored: ${all}`);
}
