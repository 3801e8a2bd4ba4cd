/**
 * Rows as they are read back: JSON, of which SQLite only knows that it is text, and words of a list. The one place that
 * says what is damaged where they are not what was stored.
 */
import { z } from 'zod';
import { labelMapSize } from '../../shared/label-map.ts';
import { objectMapSize } from '../../shared/objects/object-map.ts';
import { sha256 } from '../sha256.ts';
import { DamageError, type Sqlite } from './open.ts';

/** Text of a column of JSON as a value; null stays null. Errors: SyntaxError, which `readStored` tells as damage. */
export const storedJson = (text: string | null): unknown =>
  text === null ? null : JSON.parse(text);

/** What `read` makes of a row. Errors: corrupt, with `what` it is ("run 7"); others of `read`. */
export function readStored<T>(db: Sqlite, what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const reason =
      error instanceof z.ZodError
        ? (error.issues[0]?.path.join('.') ?? '')
        : error instanceof SyntaxError
          ? 'its JSON'
          : null;
    if (reason === null) throw error;
    const where = reason === '' ? '' : `: ${reason}`;
    throw new DamageError(db.name, `${what} cannot be read${where}`, error);
  }
}

/** A label map, or an object map, beside its image, as a row has them. */
export interface LabelMapRow {
  /** Of the image. */
  readonly name: string;
  readonly width_px: number;
  readonly height_px: number;
  readonly bytes: Uint8Array;
  /** Of the bytes when they were stored. */
  readonly sha256: string | null;
}

/** Bytes that are those that were stored. Errors: corrupt; `what` they are ("the original of a.png"). */
export function storedBytes(
  db: Sqlite,
  what: string,
  { bytes, sha256: stored }: { readonly bytes: Uint8Array; readonly sha256: string | null },
): Uint8Array {
  if (sha256(bytes) === stored) return bytes;
  throw new DamageError(db.name, `${what} is not as it was stored`);
}

/** The code of a label map, as it was stored and as large as its image. Errors: corrupt. */
export const storedLabelMap = (db: Sqlite, what: string, row: LabelMapRow): Uint8Array =>
  fitting(db, what, { row, size: labelMapSize(storedBytes(db, what, row)) });

/** The code of an object map, as it was stored and as large as its image. Errors: corrupt. */
export const storedObjectMap = (db: Sqlite, what: string, row: LabelMapRow): Uint8Array =>
  fitting(db, what, { row, size: objectMapSize(storedBytes(db, what, row)) });

function fitting(
  db: Sqlite,
  what: string,
  {
    row,
    size: { width, height },
  }: { readonly row: LabelMapRow; readonly size: { width: number; height: number } },
): Uint8Array {
  if (width === row.width_px && height === row.height_px) return row.bytes;
  throw new DamageError(
    db.name,
    `${what} is ${width}×${height} px, its image ${row.width_px}×${row.height_px} px`,
  );
}
