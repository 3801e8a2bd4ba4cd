/**
 * Files of outlines that other tools write: which of a folder are of which format, and reading them. Each format says itself
 * what its files mean (labelme.ts, datumaro.ts, qupath.ts, cvat.ts, imagej-roi.ts, yolo.ts); here it is found and asked.
 */
import { posix, resolve } from 'node:path';
import { AppError } from '../../../shared/errors.ts';
import { counted } from '../../../shared/number-format.ts';
import { oneName } from '../../../shared/names.ts';
import type { FileReader } from '../files.ts';
import { inOrder } from '../in-order.ts';
import { type FolderTree, isImageName, stemOf } from './folder-tree.ts';
import { readForeignRois, readForeignXml, readJson } from './foreign-json.ts';
import { withoutRoiSet } from './image-finder.ts';
import type { JsonKind } from './json-kind.ts';
import { listedNames } from './label-classes.ts';
import { labelLayout, type ReadLabelFile } from './label-layout.ts';
import type { LayoutContents } from './plan.ts';
import { LABEL_FORMATS, type LabelContent, type LabelFormat, type LabelName } from './shapes.ts';
import { readText, textOf } from './text-file.ts';
import { looksLikeYolo, readYolo, readYoloNames } from './yolo.ts';

/** Files of a folder that are looked into before all are taken for one kind. */
const LOOKED_AT = 3;
/** As many as there are processes for them, and one that waits. */
const FILES_AT_ONCE = 3;
/** A folder with more JSON files than this has one an image. */
const MANY_FILES = 50;
/** Enough to tell the root element of XML, or the first line of a text. */
const HEAD_BYTES = 4096;
/** Lists beside labels that are no labels. */
const NO_LABELS = /^(classes|labels|labelmap|class_names|readme.*|train|val|test|trainval)\.txt$/i;
const NAMES_FILE = /\.ya?ml$/i;

export interface FoundLabels {
  readonly format: LabelFormat;
  readonly why: string;
  /** Relative to the folder. */
  readonly files: readonly string[];
}

/** Where labels lie, and where their images do: one folder, unless somebody says otherwise. */
export interface LabelTrees {
  readonly tree: FolderTree;
  readonly imageTree: FolderTree;
}

async function headOf(path: string, reader: FileReader): Promise<string> {
  try {
    const file = await reader.open(path, 0);
    return textOf(await file.read(0, HEAD_BYTES));
  } catch (error) {
    if (error instanceof AppError) return '';
    throw error;
  }
}

async function kindOf(path: string, reader: FileReader): Promise<JsonKind | null> {
  try {
    return await readJson(path, reader, 'kind');
  } catch (error) {
    if (error instanceof AppError) return null; // what cannot be read is said by whoever reads it
    throw error;
  }
}

/** JSON files by what they are; of many in one folder, some are looked into. */
async function jsonKinds(
  tree: FolderTree,
  { reader, without }: { readonly reader: FileReader; readonly without: ReadonlySet<string> },
): Promise<Map<JsonKind, string[]>> {
  const found = new Map<JsonKind, string[]>();
  const jsons = tree.files.filter((file) => /\.(geo)?json$/i.test(file) && !without.has(file));
  for (const files of Map.groupBy(jsons, (file) => posix.dirname(file)).values()) {
    const isMany = files.length > MANY_FILES;
    const looked = isMany ? files.slice(0, LOOKED_AT) : files;
    const kinds: (JsonKind | null)[] = [];
    for (const file of looked) kinds.push(await kindOf(resolve(tree.root, file), reader));
    const first = kinds.find((kind) => kind !== null) ?? null;
    files.forEach((file, i) => {
      // A broken one among labels is one of them, and is named.
      const kind = kinds[i] ?? first;
      if (kind === null) return;
      const own = found.get(kind);
      if (own === undefined) found.set(kind, [file]);
      else own.push(file);
    });
  }
  return found;
}

/** Texts that are YOLO's, where most of those that were looked into are: a broken one among them is named. */
async function yoloFiles({ tree, imageTree }: LabelTrees, reader: FileReader): Promise<string[]> {
  const images = new Set(imageTree.files.filter(isImageName).map((file) => oneName(stemOf(file))));
  const texts = tree.files.filter(
    (file) =>
      /\.txt$/i.test(file) &&
      !NO_LABELS.test(posix.basename(file)) &&
      images.has(oneName(stemOf(file))),
  );
  let alike = 0;
  let others = 0;
  for (const file of texts) {
    if (Math.max(alike, others) >= LOOKED_AT) break;
    const head = await headOf(resolve(tree.root, file), reader);
    if (head.trim() === '') continue; // an image without objects
    // Cut off in the middle of a line, which is looked at up to there.
    const line = head.slice(0, HEAD_BYTES).split('\n')[0] ?? '';
    if (looksLikeYolo(line.length >= HEAD_BYTES ? line.replace(/\S*$/, '') : line)) alike++;
    else others++;
  }
  return alike > others ? texts : [];
}

/** ROIs, and archives of them that are called as images are. */
function roiFiles({ tree, imageTree }: LabelTrees): string[] {
  const images = new Set(
    imageTree.files
      .filter(isImageName)
      .flatMap((file) => [stemOf(file), posix.basename(file)].map(oneName)),
  );
  return tree.files.filter(
    (file) => /\.(roi|zip)$/i.test(file) && images.has(oneName(stemOf(withoutRoiSet(file)))),
  );
}

/** Formats whose files a folder holds. `without`: files that are known to be something else. */
export async function findLabels(
  trees: LabelTrees,
  reader: FileReader,
  {
    only,
    without = new Set<string>(),
  }: { readonly only?: LabelFormat; readonly without?: ReadonlySet<string> } = {},
): Promise<FoundLabels[]> {
  const { tree } = trees;
  const wanted = (format: LabelFormat) => only === undefined || only === format;
  const found: FoundLabels[] = [];
  const add = (format: LabelFormat, files: readonly string[], why: string) => {
    if (files.length > 0 && wanted(format)) found.push({ format, files, why });
  };
  if (wanted('datumaro') || wanted('labelme') || wanted('qupath')) {
    const kinds = await jsonKinds(tree, { reader, without });
    const of = (kind: JsonKind) => kinds.get(kind) ?? [];
    add('datumaro', of('datumaro'), `Datumaro's JSON (${of('datumaro').slice(0, 3).join(', ')})`);
    add('labelme', of('labelme'), `${counted(of('labelme').length, 'JSON file')} of labelme`);
    add(
      'qupath',
      of('qupath'),
      `${counted(of('qupath').length, 'GeoJSON file')} as QuPath writes it`,
    );
  }
  if (wanted('cvat')) {
    const xml: string[] = [];
    for (const file of tree.files.filter((one) => /\.xml$/i.test(one)).slice(0, MANY_FILES)) {
      if (/<annotations[\s>]/.test(await headOf(resolve(tree.root, file), reader))) xml.push(file);
    }
    add('cvat', xml, `CVAT's XML for images (${xml.slice(0, 3).join(', ')})`);
  }
  if (wanted('imagej-roi')) {
    const rois = roiFiles(trees);
    add(
      'imagej-roi',
      rois,
      `${counted(rois.length, 'file')} of ROIs of ImageJ, named as images are`,
    );
  }
  if (wanted('yolo')) {
    const texts = await yoloFiles(trees, reader);
    add('yolo', texts, `${counted(texts.length, 'text')} of YOLO, named as images are`);
  }
  return found.sort((a, b) => LABEL_FORMATS.indexOf(a.format) - LABEL_FORMATS.indexOf(b.format));
}

/** What a file by itself is, by its ending and what stands in it; null: none of these. */
export async function formatOfFile(path: string, reader: FileReader): Promise<LabelFormat | null> {
  if (/\.xml$/i.test(path)) return 'cvat';
  if (NAMES_FILE.test(path)) return 'yolo';
  if (/\.(roi|zip)$/i.test(path)) return 'imagej-roi';
  if (/\.(geo)?json$/i.test(path)) return kindOf(path, reader);
  return null;
}

/** Whether a path is that of a file of labels, and not of a folder. */
export const isLabelFile = (path: string): boolean =>
  /\.((geo)?json|xml|ya?ml|roi|zip)$/i.test(path);

/** Told of each file of labels before it is read; throws where that is to end. */
export type OnLabelFile = (file: string, done: number, total: number) => void;

interface ReadOptions extends LabelTrees {
  readonly reader: FileReader;
  readonly onFile?: OnLabelFile | undefined;
}

/** Errors: unsupported (too many classes). What is wrong with a single file becomes an issue. */
export async function readLabels(
  { format, files }: Pick<FoundLabels, 'format' | 'files'>,
  { tree, imageTree, reader, onFile }: ReadOptions,
): Promise<LayoutContents> {
  const lists = format === 'datumaro' || format === 'cvat';
  const names = lists ? null : await namesOf(format, tree, reader);
  const read: ReadLabelFile[] = [];
  const each = inOrder(files, FILES_AT_ONCE, async (file): Promise<ReadLabelFile> => {
    const path = resolve(tree.root, file);
    try {
      return {
        file,
        content: await contentOf(format, path, { reader, names: names?.names ?? [] }),
      };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return { file, content: error.message.replace(`${path} `, '') };
    }
  });
  for await (const one of each) {
    onFile?.(one.file, read.length, files.length);
    read.push(one);
  }
  const listed = (names?.names ?? []).map((name): LabelName => ({ name, color: null }));
  return labelLayout(read, {
    ...{ tree, imageTree, lists },
    listed: listed.filter(({ name }) => name !== ''),
    order: names?.file ?? null,
    used: names === null ? [] : [names.file],
  });
}

async function namesOf(
  format: LabelFormat,
  tree: FolderTree,
  reader: FileReader,
): Promise<{ readonly file: string; readonly names: readonly string[] } | null> {
  if (format === 'yolo') {
    for (const file of tree.files.filter((one) => NAMES_FILE.test(one))) {
      const names = readYoloNames(await readText(resolve(tree.root, file), reader));
      if (names !== null) return { file, names };
    }
  }
  return listedNames(tree, reader);
}

async function contentOf(
  format: LabelFormat,
  path: string,
  { reader, names }: { readonly reader: FileReader; readonly names: readonly string[] },
): Promise<LabelContent> {
  switch (format) {
    case 'cvat':
      return readForeignXml(path, reader);
    case 'imagej-roi':
      return readForeignRois(path, reader);
    case 'yolo':
      return readYolo(await readText(path, reader), names);
    case 'labelme':
    case 'datumaro':
    case 'qupath':
      return readJson(path, reader, format);
  }
}
