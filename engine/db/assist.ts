/** SQL of what helpers learn from and keep: scribbles of images, and pixel classifiers. */
import { PixelClassifier } from '../../shared/entities.ts';
import { sha256 } from '../sha256.ts';
import type { Sqlite } from './open.ts';
import { type LabelMapRow, readStored, storedBytes, storedJson, storedLabelMap } from './stored.ts';
import { takingPart } from './taking-part.ts';

interface ClassifierRow {
  readonly id: number;
  readonly datasetId: number;
  readonly name: string;
  readonly createdAt: string;
  readonly channels: number;
  readonly classes: string;
  readonly images: number;
  readonly pixels: number;
}

const COLUMNS = `id, dataset_id AS datasetId, name, created_at AS createdAt, channels, classes, images, pixels`;

const toClassifier = (db: Sqlite, row: ClassifierRow): PixelClassifier =>
  readStored(db, `classifier ${row.id}`, () =>
    PixelClassifier.parse({ ...row, classes: storedJson(row.classes) }),
  );

export function assistTable(db: Sqlite) {
  const putScribbles = db.prepare<[number, string, Uint8Array, string]>(
    'INSERT OR REPLACE INTO scribbles (image_id, updated_at, bytes, sha256) VALUES (?, ?, ?, ?)',
  );
  const dropScribbles = db.prepare<[number]>('DELETE FROM scribbles WHERE image_id = ?');
  const scribblesOf = db.prepare<[number], LabelMapRow>(
    `SELECT i.name, i.width_px, i.height_px, s.bytes, s.sha256
       FROM scribbles s JOIN images i ON i.id = s.image_id WHERE s.image_id = ?`,
  );
  const scribbled = db.prepare<[number], { id: number }>(
    `SELECT i.id FROM images i JOIN scribbles s ON s.image_id = i.id
       WHERE i.dataset_id = ? AND ${takingPart('i')} ORDER BY i.id`,
  );
  const list = db.prepare<[], ClassifierRow>(
    `SELECT ${COLUMNS} FROM pixel_classifiers ORDER BY id DESC`,
  );
  const byId = db.prepare<[number], ClassifierRow>(
    `SELECT ${COLUMNS} FROM pixel_classifiers WHERE id = ?`,
  );
  const forestOf = db.prepare<[number], { name: string; bytes: Buffer; sha256: string }>(
    'SELECT name, bytes, sha256 FROM pixel_classifiers WHERE id = ?',
  );
  const insert = db.prepare<
    [number, string, string, number, string, number, number, Uint8Array, string]
  >(
    `INSERT INTO pixel_classifiers
       (dataset_id, name, created_at, channels, classes, images, pixels, bytes, sha256)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const rename = db.prepare<[string, number]>('UPDATE pixel_classifiers SET name = ? WHERE id = ?');
  const remove = db.prepare<[number]>('DELETE FROM pixel_classifiers WHERE id = ?');
  return {
    /** `bytes`: label-map.ts code, NO_SCRIBBLE where nothing is; null: there are none any more. */
    saveScribbles(imageId: number, bytes: Uint8Array | null): void {
      if (bytes === null) dropScribbles.run(imageId);
      else putScribbles.run(imageId, new Date().toISOString(), bytes, sha256(bytes));
    },
    /** Errors: corrupt, where they are not as they were stored, or not as large as their image. */
    scribbles(imageId: number): Uint8Array | undefined {
      const row = scribblesOf.get(imageId);
      return row && storedLabelMap(db, `the scribbles on ${row.name}`, row);
    },
    /** Images of a dataset that take part and have some, in the order of their import. */
    scribbledImages: (datasetId: number): number[] => scribbled.all(datasetId).map(({ id }) => id),
    /** Newest first. */
    classifiers: (): PixelClassifier[] => list.all().map((row) => toClassifier(db, row)),
    classifier(id: number): PixelClassifier | undefined {
      const row = byId.get(id);
      return row && toClassifier(db, row);
    },
    /** forest-code.ts code. Errors: corrupt. */
    forest(id: number): Uint8Array | undefined {
      const row = forestOf.get(id);
      return row && storedBytes(db, `classifier "${row.name}"`, row);
    },
    addClassifier(
      {
        datasetId,
        name,
        channels,
        classes,
        images,
        pixels,
      }: Omit<PixelClassifier, 'id' | 'createdAt'>,
      bytes: Uint8Array,
    ): number {
      const now = new Date().toISOString();
      const words = JSON.stringify(classes);
      const { lastInsertRowid } = insert.run(
        ...([datasetId, name, now, channels, words, images, pixels] as const),
        ...([bytes, sha256(bytes)] as const),
      );
      return Number(lastInsertRowid);
    },
    renameClassifier: (id: number, name: string) => void rename.run(name, id),
    removeClassifier: (id: number) => void remove.run(id),
  };
}
