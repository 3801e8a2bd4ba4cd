/** SQL of datasets, their classes, images and original bytes. */
import { z } from 'zod';
import type { ChannelCount } from '../../shared/channels.ts';
import type { Dataset, ImageRecord, SegmentationClass } from '../../shared/entities.ts';
import { assertFileName } from '../../shared/names.ts';
import { pathBesideProject, pathFromProject } from './link-paths.ts';
import type { Sqlite } from './open.ts';
import { readStored, storedBytes, storedJson } from './stored.ts';
import { inDataset, takingPart } from './taking-part.ts';

export interface NewImage {
  readonly datasetId: number;
  readonly name: string;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly channels: number;
  readonly bitDepth: 8 | 16 | 32;
  readonly hash: string;
  readonly page: number;
  /** The pages that are its channels, `page` the first; null: that page alone. */
  readonly channelPages?: readonly number[] | null;
  readonly groupName: string | null;
  readonly imageClass: number | null;
  /** Why it takes part in nothing; left out: it does. */
  readonly excluded?: string | null;
  /** The original file, or the absolute path under which it stays. */
  readonly source: { readonly bytes: Uint8Array } | { readonly linkPath: string };
}

export interface NewDataset {
  readonly name: string;
  readonly origin: Record<string, unknown>;
  readonly classes: readonly SegmentationClass[];
  readonly imageClasses?: readonly string[];
  /** true where it is left out. */
  readonly hasBackground?: boolean;
}

interface DatasetRow {
  id: number;
  name: string;
  created_at: string;
  origin: string;
  image_classes: string;
  has_background: number;
  image_count: number;
  excluded_count: number;
  binned_count: number;
  labelled_count: number;
  used_image_classes: number;
}

interface ImageRow {
  id: number;
  dataset_id: number;
  name: string;
  width_px: number;
  height_px: number;
  channels: number;
  bit_depth: number;
  hash: string;
  page: number;
  channel_pages: string | null;
  link_path: string | null;
  link_relative: string | null;
  group_name: string | null;
  image_class: number | null;
  excluded: string | null;
  deleted_at: string | null;
  label_map_id: number | null;
}

const Origin = z.record(z.string(), z.unknown());
const ImageClasses = z.array(z.string());
const Pages = z.array(z.number());
const BitDepth = z.union([z.literal(8), z.literal(16), z.literal(32)]);

const DATASET_COLUMNS = `d.id, d.name, d.created_at, d.origin, d.image_classes, d.has_background,
  (SELECT COUNT(*) FROM images i WHERE i.dataset_id = d.id AND ${inDataset('i')}) AS image_count,
  (SELECT COUNT(*) FROM images i WHERE i.dataset_id = d.id AND ${inDataset('i')} AND i.excluded IS NOT NULL) AS excluded_count,
  (SELECT COUNT(*) FROM images i WHERE i.dataset_id = d.id AND NOT ${inDataset('i')}) AS binned_count,
  (SELECT COUNT(*) FROM images i WHERE i.dataset_id = d.id AND ${takingPart('i')}
     AND EXISTS (SELECT 1 FROM label_maps l WHERE l.image_id = i.id)) AS labelled_count,
  (SELECT COUNT(DISTINCT i.image_class) FROM images i
     WHERE i.dataset_id = d.id AND ${takingPart('i')}) AS used_image_classes`;
const IMAGE_COLUMNS = `i.id, i.dataset_id, i.name, i.width_px, i.height_px, i.channels, i.bit_depth, i.hash, i.page,
  i.channel_pages, i.link_path, i.link_relative, i.group_name, i.image_class, i.excluded, i.deleted_at,
  (SELECT MAX(l.id) FROM label_maps l WHERE l.image_id = i.id) AS label_map_id`;

function toImage(row: ImageRow, projectPath: string): ImageRecord {
  const beside =
    row.link_relative === null ? null : pathBesideProject(projectPath, row.link_relative);
  return {
    id: row.id,
    datasetId: row.dataset_id,
    name: row.name,
    widthPx: row.width_px,
    heightPx: row.height_px,
    channels: row.channels,
    bitDepth: BitDepth.parse(row.bit_depth),
    hash: row.hash,
    page: row.page,
    channelPages: row.channel_pages === null ? null : Pages.parse(storedJson(row.channel_pages)),
    storage: row.link_path === null ? 'embedded' : 'linked',
    linkPath: row.link_path,
    linkBeside: beside === row.link_path ? null : beside,
    groupName: row.group_name,
    imageClass: row.image_class,
    excluded: row.excluded,
    deletedAt: row.deleted_at,
    labelMapId: row.label_map_id,
  };
}

export function datasetsTable(db: Sqlite, projectPath: string) {
  const imageOf = (row: ImageRow) =>
    readStored(db, `image ${row.name}`, () => toImage(row, projectPath));
  const datasetOf = (row: DatasetRow) =>
    readStored(db, `dataset "${row.name}"`, () => toDataset(row));
  const listRows = db.prepare<[], DatasetRow>(
    `SELECT ${DATASET_COLUMNS} FROM datasets d WHERE NOT d.unfinished ORDER BY d.id`,
  );
  const byId = db.prepare<[number], DatasetRow>(
    `SELECT ${DATASET_COLUMNS} FROM datasets d WHERE d.id = ? AND NOT d.unfinished`,
  );
  const byName = db.prepare<[string], { id: number }>('SELECT id FROM datasets WHERE name = ?');
  const classesOf = db.prepare<[number], SegmentationClass>(
    'SELECT idx AS "index", name, color FROM classes WHERE dataset_id = ? ORDER BY idx',
  );
  const channelsOf = db.prepare<[number], ChannelCount>(
    `SELECT channels, COUNT(*) AS images FROM images i
       WHERE dataset_id = ? AND ${takingPart('i')} GROUP BY channels ORDER BY channels`,
  );
  const insertDataset = db.prepare<[string, string, string, string, number]>(
    `INSERT INTO datasets (name, created_at, origin, image_classes, has_background, unfinished)
       VALUES (?, ?, ?, ?, ?, 1)`,
  );
  const finishDataset = db.prepare<[number]>('UPDATE datasets SET unfinished = 0 WHERE id = ?');
  const dropUnfinished = db.prepare<[], { name: string }>(
    'DELETE FROM datasets WHERE unfinished RETURNING name',
  );
  const insertClass = db.prepare<[number, number, string, string]>(
    'INSERT INTO classes (dataset_id, idx, name, color) VALUES (?, ?, ?, ?)',
  );
  const deleteClasses = db.prepare<[number]>('DELETE FROM classes WHERE dataset_id = ?');
  const renameDataset = db.prepare<[string, number]>('UPDATE datasets SET name = ? WHERE id = ?');
  const setBackgroundOf = db.prepare<[number, number]>(
    'UPDATE datasets SET has_background = ? WHERE id = ?',
  );
  const setOriginOf = db.prepare<[string, number]>('UPDATE datasets SET origin = ? WHERE id = ?');
  const deleteDataset = db.prepare<[number]>('DELETE FROM datasets WHERE id = ?');
  const insertImage = db.prepare(
    `INSERT INTO images (dataset_id, name, width_px, height_px, channels, bit_depth, hash, page, channel_pages,
       link_path, link_relative, group_name, image_class, excluded, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const insertBytes = db.prepare<[number, Uint8Array]>(
    'INSERT INTO image_bytes (image_id, bytes) VALUES (?, ?)',
  );
  const imagesOf = db.prepare<[number], ImageRow>(
    `SELECT ${IMAGE_COLUMNS} FROM images i WHERE i.dataset_id = ? AND ${inDataset('i')} ORDER BY i.id`,
  );
  const imagesPage = db.prepare<[number, number, number], ImageRow>(
    `SELECT ${IMAGE_COLUMNS} FROM images i WHERE i.dataset_id = ? AND ${inDataset('i')}
       ORDER BY i.id LIMIT ? OFFSET ?`,
  );
  const imageById = db.prepare<[number], ImageRow>(
    `SELECT ${IMAGE_COLUMNS} FROM images i WHERE i.id = ?`,
  );
  const bytesOf = db.prepare<[number], { name: string; bytes: Buffer; sha256: string }>(
    `SELECT i.name, b.bytes, i.hash AS sha256 FROM image_bytes b JOIN images i ON i.id = b.image_id
       WHERE b.image_id = ?`,
  );
  const setLink = db.prepare<[string, string | null, number]>(
    'UPDATE images SET link_path = ?, link_relative = ? WHERE id = ? AND link_path IS NOT NULL',
  );
  const moveImages = db.prepare<[number, number]>(
    'UPDATE images SET dataset_id = ? WHERE dataset_id = ?',
  );
  const setImageClassesOf = db.prepare<[string, number]>(
    'UPDATE datasets SET image_classes = ? WHERE id = ?',
  );
  const setGroup = db.prepare<[string | null, number]>(
    'UPDATE images SET group_name = ? WHERE id = ?',
  );

  const begin = (options: NewDataset): number =>
    db.transaction(() => {
      const { lastInsertRowid } = insertDataset.run(
        options.name,
        new Date().toISOString(),
        JSON.stringify(options.origin),
        JSON.stringify(options.imageClasses ?? []),
        (options.hasBackground ?? true) ? 1 : 0,
      );
      const id = Number(lastInsertRowid);
      for (const c of options.classes) insertClass.run(id, c.index, c.name, c.color);
      return id;
    })();
  const finish = (id: number) => void finishDataset.run(id);

  const toDataset = (row: DatasetRow): Dataset => ({
    id: row.id,
    name: row.name,
    createdAt: row.created_at,
    origin: Origin.parse(storedJson(row.origin)),
    imageCount: row.image_count,
    excludedCount: row.excluded_count,
    binnedCount: row.binned_count,
    labelledCount: row.labelled_count,
    usedImageClasses: row.used_image_classes,
    channels: channelsOf.all(row.id),
    classes: classesOf.all(row.id),
    hasBackground: row.has_background === 1,
    imageClasses: ImageClasses.parse(storedJson(row.image_classes)),
  });

  return {
    list: (): Dataset[] => listRows.all().map(datasetOf),
    get(id: number): Dataset | undefined {
      const row = byId.get(id);
      return row && datasetOf(row);
    },
    /** Also by one that nobody sees yet. */
    isNameTaken: (name: string) => byName.get(name) !== undefined,
    /** A dataset that is whole as soon as it is there. */
    create: (options: NewDataset): number =>
      db.transaction(() => {
        const id = begin(options);
        finish(id);
        return id;
      })(),
    /** A dataset that nobody sees until it is finished; where that never comes, it is gone when the project is opened again. */
    begin,
    finish,
    /** Names of those that were never finished; they are gone then. For whoever has just become the owner of the project. */
    dropUnfinished: (): string[] => dropUnfinished.all().map(({ name }) => name),
    rename: (id: number, name: string) => renameDataset.run(name, id).changes > 0,
    setBackground: (id: number, hasBackground: boolean) =>
      void setBackgroundOf.run(hasBackground ? 1 : 0, id),
    setOrigin: (id: number, origin: Record<string, unknown>) =>
      void setOriginOf.run(JSON.stringify(origin), id),
    setImageClasses: (id: number, names: readonly string[]) =>
      void setImageClassesOf.run(JSON.stringify(names), id),
    /** All images of one dataset become those of another, which has none of their names. */
    moveImages: (from: number, to: number) => void moveImages.run(to, from),
    /** Fails with SQLITE_CONSTRAINT_FOREIGNKEY where a snapshot holds one of its images. */
    delete: (id: number) => deleteDataset.run(id).changes > 0,
    setClasses(id: number, classes: readonly SegmentationClass[]): void {
      db.transaction(() => {
        deleteClasses.run(id);
        for (const c of classes) insertClass.run(id, c.index, c.name, c.color);
      })();
    },

    /** Those that are not in the bin, in the order of their import. Excluded ones too: takesPart says which are trained on. */
    images: (datasetId: number): ImageRecord[] => imagesOf.all(datasetId).map(imageOf),
    imagesPage: (datasetId: number, limit: number, offset: number): ImageRecord[] =>
      imagesPage.all(datasetId, limit, offset).map(imageOf),
    /** Also one that is in the bin: studies speak of it. */
    image(id: number): ImageRecord | undefined {
      const row = imageById.get(id);
      return row && imageOf(row);
    },
    /** Bytes of an embedded original; undefined for a linked one. Errors: corrupt, where they are not those that were stored. */
    imageBytes(id: number): Uint8Array | undefined {
      const row = bytesOf.get(id);
      return row && storedBytes(db, `the original of ${row.name}`, row);
    },
    /** Errors: invalid-input, for a name that could lead elsewhere when it is exported. */
    addImage(image: NewImage): number {
      assertFileName(image.name);
      const linkPath = 'linkPath' in image.source ? image.source.linkPath : null;
      return db.transaction(() => {
        const { lastInsertRowid } = insertImage.run(
          image.datasetId,
          image.name,
          image.widthPx,
          image.heightPx,
          image.channels,
          image.bitDepth,
          image.hash,
          image.page,
          image.channelPages == null ? null : JSON.stringify(image.channelPages),
          linkPath,
          linkPath === null ? null : pathFromProject(projectPath, linkPath),
          image.groupName,
          image.imageClass,
          image.excluded ?? null,
          new Date().toISOString(),
        );
        const id = Number(lastInsertRowid);
        if ('bytes' in image.source) insertBytes.run(id, image.source.bytes);
        return id;
      })();
    },
    /** Where the original of a linked image lies from now on. */
    setLink: (imageId: number, linkPath: string) =>
      void setLink.run(linkPath, pathFromProject(projectPath, linkPath), imageId),
    setGroup: (imageId: number, group: string | null) => void setGroup.run(group, imageId),
  };
}
