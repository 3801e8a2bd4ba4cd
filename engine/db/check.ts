/**
 * What of a project is damaged although SQLite finds its pages sound: rows that others refer to and that are gone, and
 * bytes that are not those that were stored.
 */
import { AppError } from '../../shared/errors.ts';
import { labelMapSize, readLabelMapRuns } from '../../shared/label-map.ts';
import { sha256 } from '../sha256.ts';
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

/** Bytes that are stored with their SHA-256, of one kind. */
interface Blobs {
  /** Of each: `key`, JSON of what identifies its row; `name`, as a user finds it again; `bytes`; `sha256`. */
  readonly list: string;
  /** Width and height of what must be as large as its image are in the list, too. */
  readonly isLabelMap?: true;
}

const BLOBS: readonly Blobs[] = [
  {
    list: `SELECT json_array(i.id) AS key, 'the original of ' || i.name || ' in "' || d.name || '"' AS name, b.bytes,
        i.hash AS sha256
      FROM images i JOIN datasets d ON d.id = i.dataset_id LEFT JOIN image_bytes b ON b.image_id = i.id
      WHERE i.link_path IS NULL`,
  },
  {
    list: `SELECT json_array(run_id, kind) AS key, 'the ' || kind || ' weights of run ' || run_id AS name, bytes, sha256
      FROM checkpoints`,
  },
  {
    list: `SELECT json_array(id) AS key, 'the weights of encoder "' || name || '"' AS name, weights AS bytes,
        weights_sha256 AS sha256
      FROM encoders WHERE weights IS NOT NULL`,
  },
  {
    list: `SELECT json_array(run_id, example, panel) AS key, 'a picture of run ' || run_id AS name, png AS bytes,
        png_sha256 AS sha256
      FROM examples`,
  },
  {
    list: `SELECT json_array(l.id) AS key, 'label map ' || l.id || ' of ' || i.name AS name, l.bytes, l.sha256,
        i.width_px AS width, i.height_px AS height
      FROM label_maps l JOIN images i ON i.id = l.image_id`,
    isLabelMap: true,
  },
  {
    list: `SELECT json_array(r.run_id, r.checkpoint, r.image_id) AS key,
        'the prediction of ' || i.name || ' by run ' || r.run_id AS name, r.prediction AS bytes,
        r.prediction_sha256 AS sha256, i.width_px AS width, i.height_px AS height
      FROM results r JOIN images i ON i.id = r.image_id WHERE r.prediction IS NOT NULL`,
    isLabelMap: true,
  },
];

interface BlobRow {
  readonly key: string;
  readonly name: string;
  readonly bytes: Buffer | null;
  readonly sha256: string | null;
  readonly width?: number;
  readonly height?: number;
}

/** Whether a code is that of a label map as large as its image; nothing is unpacked. */
function isLabelMapOf({ bytes, width, height }: BlobRow): boolean {
  if (bytes === null) return false;
  try {
    const size = labelMapSize(bytes);
    readLabelMapRuns(bytes, () => undefined);
    return size.width === width && size.height === height;
  } catch (error) {
    if (error instanceof AppError) return false;
    throw error;
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
  for (const { list, isLabelMap = false } of BLOBS) {
    for (const row of db.prepare<[], BlobRow>(list).iterate()) {
      if (row.bytes === null) yield `${row.name} is gone`;
      else if (sha256(row.bytes) !== row.sha256 || (isLabelMap && !isLabelMapOf(row)))
        yield row.name;
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
