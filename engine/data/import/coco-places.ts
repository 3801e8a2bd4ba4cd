/**
 * Where the images of a COCO file lie. Tools put them at different places beside the file, and write their names with
 * either slash, as URLs, with folders of another machine or with the prefix of an upload.
 */
import { basename, dirname, join, resolve } from 'node:path';
import { AppError } from '../../../shared/errors.ts';
import type { FileReader } from '../files.ts';
import { stemOf } from './folder-tree.ts';
import { oneName, sameName } from '../../../shared/names.ts';

/** What the images of a file were found as; null where there is no such file. */
export interface ImagePlace {
  /** Absolute: the folder that holds most of them. */
  readonly dir: string;
  /** Those of the folders that there are. */
  readonly looked: readonly string[];
  /** Absolute paths in the order of the names that were asked for. */
  readonly paths: readonly (FoundImage | null)[];
}

export interface FoundImage {
  readonly path: string;
  /** Whether it lies where the file says, from `dir` on. */
  readonly asWritten: boolean;
}

/** Label Studio's: eight hexadecimal digits before the name of an uploaded file. Digits alone may be a date. */
const UPLOAD_PREFIX = /^(?!\d{8})[0-9a-f]{8}-(?=.)/i;
const withoutPrefix = (name: string) => name.replace(UPLOAD_PREFIX, '');
const ANNOTATION_FOLDER = /^(annotations?|anns?|labels?|json)$/i;
/** Before the part's name in the name of the file: instances_train2017.json. */
const FILE_KIND =
  /^_?(instances|annotations?|person_keypoints|labels?|coco|result)([._-]coco)?[._-]*/i;

/** Folders in which the images of a file may lie, best first. */
export function imageFolders(json: string): string[] {
  const beside = dirname(json);
  const stem = stemOf(basename(json)).replace(FILE_KIND, '');
  const parts = [stem, stem.replace(/[\d_-]+$/, '')].filter((part) => part !== '');
  const folders = (base: string) => [
    ...parts.flatMap((part) => [
      join(base, 'images', part),
      join(base, part, 'images'),
      join(base, part),
    ]),
    ...['images', 'data', 'JPEGImages'].map((name) => join(base, name)),
    base,
  ];
  const above = ANNOTATION_FOLDER.test(basename(beside)) ? folders(dirname(beside)) : [];
  return [
    ...new Set([
      ...folders(beside).slice(0, -1),
      ...above.slice(0, -1),
      beside,
      ...above.slice(-1),
    ]),
  ];
}

/** Ways to read a file_name, as folders and name, best first. */
export function nameForms(fileName: string): string[][] {
  const written = fileName.trim().replaceAll('\\', '/');
  const local = /[?&]d=([^&]+)/.exec(written)?.[1];
  const address = /^[a-z][a-z\d+.-]+:\/\/[^/]*([^?#]*)/i.exec(written)?.[1];
  const plain = (local ?? address ?? written).replace(/^[a-z]:/i, '');
  const forms: string[][] = [];
  for (const text of new Set([plain, decoded(plain)])) {
    const segments = text.split('/').filter((s) => s !== '' && s !== '.' && s !== '..');
    // Folders of another machine: as many of the last ones as there are here.
    segments.forEach((_, i) => forms.push(segments.slice(i)));
  }
  return forms;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a percent sign of its own
  }
}

/** Lists folders once. */
function listings(reader: FileReader) {
  const known = new Map<string, Promise<ReadonlyMap<string, string[]>>>();
  const list = async (dir: string): Promise<ReadonlyMap<string, string[]>> => {
    try {
      return Map.groupBy(
        (await reader.list(dir)).map((entry) => entry.name),
        (name) => oneName(withoutPrefix(name)),
      );
    } catch (error) {
      if (error instanceof AppError) return new Map(); // no such folder, or none that may be read
      throw error;
    }
  };
  return (dir: string) => {
    const listing = known.get(dir) ?? list(dir);
    known.set(dir, listing);
    return listing;
  };
}

/** Finds the files of `names` in one of `folders`, the one that holds most of them; others only where that lacks one. */
export async function findImages(
  names: readonly string[],
  options: { readonly folders: readonly string[]; readonly reader: FileReader },
): Promise<ImagePlace> {
  const listing = listings(options.reader);
  /** The entry's real name: exactly, in another Unicode form, in another case, or with or without the prefix of an upload. */
  const entryOf = async (dir: string, name: string): Promise<string | null> => {
    const alike = (await listing(dir)).get(oneName(withoutPrefix(name))) ?? [];
    const exact =
      alike.find((one) => one === name) ?? alike.find((one) => sameName(one) === sameName(name));
    const cased = alike.filter((one) => oneName(one) === oneName(name));
    if (exact === undefined && cased.length > 0)
      return cased.length === 1 ? (cased[0] ?? null) : null;
    if (exact !== undefined) return exact;
    const uploads = alike.filter((one) => UPLOAD_PREFIX.test(one) !== UPLOAD_PREFIX.test(name));
    return uploads.length === 1 ? (uploads[0] ?? null) : null;
  };
  const pathOf = async (dir: string, form: readonly string[]): Promise<string | null> => {
    let path = dir;
    for (const segment of form) {
      const entry = await entryOf(path, segment);
      if (entry === null) return null;
      path = join(path, entry);
    }
    return path;
  };
  const findIn = async (dir: string, name: string): Promise<FoundImage | null> => {
    for (const form of nameForms(name)) {
      const path = await pathOf(dir, form);
      if (path !== null) {
        return { path, asWritten: sameName(path) === sameName(resolve(dir, name)) };
      }
    }
    return null;
  };
  const places: { dir: string; paths: (FoundImage | null)[]; found: number; asWritten: number }[] =
    [];
  for (const dir of options.folders) {
    if ((await listing(dir)).size === 0) continue;
    const paths: (FoundImage | null)[] = [];
    for (const name of names) paths.push(await findIn(dir, name));
    const found = paths.filter((image) => image !== null);
    places.push({
      dir,
      paths,
      found: found.length,
      asWritten: found.filter((image) => image.asWritten).length,
    });
  }
  const looked = places.map((place) => place.dir);
  places.sort((a, b) => b.found - a.found || b.asWritten - a.asWritten);
  const [best] = places;
  if (best === undefined) {
    return { dir: options.folders.at(-1) ?? '', looked: [], paths: names.map(() => null) };
  }
  const paths = best.paths.map(
    (image, i) =>
      image ?? places.map((place) => place.paths[i]).find((other) => other != null) ?? null,
  );
  return { dir: best.dir, looked, paths };
}
