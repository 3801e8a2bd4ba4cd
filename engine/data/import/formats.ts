/** The list of layouts, and how a path's layout is found. */
import { basename, dirname, posix, relative, resolve, sep } from 'node:path';
import type { ImportFormat, ImportIssue } from '../../../shared/api.ts';
import { AppError } from '../../../shared/errors.ts';
import { counted } from '../../../shared/number-format.ts';
import type { FileReader } from '../files.ts';
import { ade20kLayout } from './ade20k.ts';
import { camvidLayout } from './camvid.ts';
import { cityscapesLayout } from './cityscapes.ts';
import { classFolderLayout } from './class-folder.ts';
import { findCocoFiles } from './coco-files.ts';
import { driveLayout } from './drive.ts';
import { dsb2018Layout } from './dsb2018.ts';
import { type FolderTree, isImageName, readFolderTree } from './folder-tree.ts';
import { kindOfFolder } from './folder-names.ts';
import {
  type FoundContents,
  inPlaceOf,
  readCocoFiles,
  readFoundCoco,
  usedFiles,
  withCocoNamed,
} from './found-coco.ts';
import { folderLayout, readFolder } from './folder.ts';
import { isbiEmLayout } from './isbi-em.ts';
import { isic2018Layout } from './isic2018.ts';
import { labelTiffLayout } from './label-tiff.ts';
import { readMaskPlace } from './mask-place.ts';
import {
  findLabels,
  formatOfFile,
  type FoundLabels,
  isLabelFile,
  type LabelTrees,
  type OnLabelFile,
  readLabels,
} from './label-files.ts';
import { niftiLayout } from './nifti.ts';
import { nnunetLayout } from './nnunet.ts';
import { npyLayout } from './npy.ts';
import { omeTiffLayout } from './ome-tiff.ts';
import { oxfordPetLayout } from './oxford-pet.ts';
import { unreadLabels } from './unread-labels.ts';
import { vocLayout } from './voc.ts';
import type { FolderLayout } from './plan.ts';
import { inWords } from '../../../shared/sentences.ts';
import { LABEL_FORMATS } from './shapes.ts';

/** With masks, in the order in which they are tried: the more special before the more general. */
const MASK_LAYOUTS: readonly FolderLayout[] = [
  labelTiffLayout,
  omeTiffLayout,
  niftiLayout,
  npyLayout,
  nnunetLayout,
  vocLayout,
  cityscapesLayout,
  ade20kLayout,
  oxfordPetLayout,
  dsb2018Layout,
  isic2018Layout,
  driveLayout,
  camvidLayout,
  isbiEmLayout,
  folderLayout,
];
const LAYOUTS: readonly FolderLayout[] = [...MASK_LAYOUTS, classFolderLayout];

export interface ImportSource {
  readonly format: ImportFormat;
  /** Folder, or a file of labels by itself. */
  readonly path: string;
  /** Where the images of label files lie; null: at one of the places where tools put them. */
  readonly imagesDir?: string | null;
  /** Which files of a folder are masks, as mask-place.ts reads it; null: told by their names. */
  readonly masks?: string | null;
  /** Told of files of labels, of which there may be one an image. */
  readonly onFile?: OnLabelFile;
}

/** Kinds of images that other tools read, by the end of their names. */
const FOREIGN =
  /\.(mha|mhd|nrrd|hdr|img|mgz|mgh|h5|hdf5|hdf|ims|czi|nd2|lif|svs|ndpi|mrxs|vsi|oib|oif|zarr|exr|mat|zip|tar|gz)$/i;

/** What lies there instead of images, in words. */
function foreignFiles(tree: FolderTree): string {
  const found = tree.files.flatMap((file) => FOREIGN.exec(file)?.[0].toLowerCase() ?? []);
  const kinds = [...new Set(found)];
  if (kinds.length === 0) return '';
  const volumes = kinds.some((kind) => /mh[ad]|nrrd|hdr|img|mg[zh]/.test(kind))
    ? ' (volumes: save them as .nii, or export their slices)'
    : '';
  return ` that Graft reads, but ${counted(found.length, 'file')} ${kinds.join(', ')}${volumes}`;
}

/** Errors: unreadable (path), invalid-input (nothing to import, wrong layout). */
export async function readContents(
  source: ImportSource,
  reader: FileReader,
): Promise<FoundContents> {
  const path = resolve(source.path);
  if (source.masks != null) return readNamedMasks(path, { ...source, masks: source.masks }, reader);
  if (isLabelFile(path)) return readLabelFile(path, source, reader);
  const cocoOptions = { reader, imagesDir: source.imagesDir ?? null };
  const tree = await readFolderTree(path, reader);
  const imageTree = await imageTreeOf(tree, cocoOptions.imagesDir, reader);
  const labelOptions = { tree, imageTree, reader, onFile: source.onFile };
  if (source.format === 'coco') {
    const found = await findCocoFiles(tree, reader);
    if (found.sources.length > 0)
      return readFoundCoco(tree, found, { ...cocoOptions, why: 'as you asked' });
    const message = `${path} holds no JSON file with COCO's images and annotations. Name the file itself.`;
    throw new AppError('invalid-input', message, { subject: path });
  }
  const asked = LABEL_FORMATS.find((format) => format === source.format);
  if (asked !== undefined) {
    const [found] = await findLabels({ tree, imageTree }, reader, { only: asked });
    if (found !== undefined)
      return readFoundLabels({ ...found, why: `${found.why}, as you asked` }, labelOptions);
    const message = `${path} holds no labels of the format ${asked} that belong to images there. Name the file itself, or leave the format out.`;
    throw new AppError('invalid-input', message, { subject: path });
  }
  if (!tree.files.some(isImageName) && source.imagesDir == null) {
    const labels = await labelsAlone({ tree, imageTree }, reader);
    if (labels.length > 0) {
      const message = `${path} holds no images, but ${inWords(labels)}. Say where the images lie: --images DIR.`;
      throw new AppError('invalid-input', message, { subject: path });
    }
    const unread = tree.issues[0];
    const also = unread === undefined ? '' : ` (${unread.path}: ${unread.message})`;
    const message = `${path} holds no images${foreignFiles(tree)}${also}. Name a folder with PNG, JPEG, TIFF, GIF, WebP, NIfTI or .npy files.`;
    throw new AppError('invalid-input', message, { subject: path });
  }
  const read = async (layout: FolderLayout, why: string): Promise<FoundContents> => ({
    format: layout.format,
    why,
    root: tree.root,
    contents: await layout.read(tree, reader),
  });
  if (source.format !== 'auto') {
    const layout = LAYOUTS.find((l) => l.format === source.format);
    if (layout === undefined) throw new AppError('internal', `No layout ${source.format}.`);
    return read(layout, 'as you asked');
  }
  const cocos = await findCocoFiles(tree, reader);
  const sure = [...cocos.sources, ...cocos.left.filter(({ isBroken }) => isBroken !== true)];
  const without = usedFiles(
    tree,
    sure.map(({ json }) => json),
  );
  const labels = await findLabels({ tree, imageTree }, reader, { without });
  const files = new Set(labels.flatMap((one) => one.files));
  const isOthers = ({ json }: { readonly json: string }) =>
    [...usedFiles(tree, [json])].some((file) => files.has(file));
  const found = { ...cocos, left: cocos.left.filter((one) => !isOthers(one)) };
  for (const layout of MASK_LAYOUTS) {
    const why = layout.detect(tree);
    if (why === undefined) continue;
    return withLabelsNamed(withCocoNamed(await read(layout, why), tree, found), labels, 'masks');
  }
  if (found.sources.length > 0) {
    const why = 'COCO annotations and no masks';
    return withLabelsNamed(
      await readFoundCoco(tree, found, { ...cocoOptions, why }),
      labels,
      'COCO',
    );
  }
  const [first, ...others] = labels;
  if (first !== undefined) {
    const contents = await readFoundLabels(first, labelOptions);
    return withLabelsNamed(withCocoNamed(contents, tree, found), others, first.format);
  }
  const why = classFolderLayout.detect(tree);
  const plain = await (why === undefined
    ? read(folderLayout, 'images without masks')
    : read(classFolderLayout, why));
  const unread = await unreadLabels(tree, reader);
  return withCocoNamed(inPlaceOf(plain, unread), tree, found);
}

/** What a folder without images holds of labels, in words. */
async function labelsAlone(trees: LabelTrees, reader: FileReader): Promise<string[]> {
  const cocos = await findCocoFiles(trees.tree, reader);
  const [first] = usedFiles(
    trees.tree,
    cocos.sources.map(({ json }) => json),
  );
  const without = new Set(first === undefined ? [] : [first]);
  const labels = await findLabels(trees, reader, { without });
  return [
    ...(first === undefined ? [] : [`COCO annotations (${first})`]),
    ...labels.map(({ why }) => why),
  ];
}

/** A folder of which somebody said where its masks are. Errors: invalid-input, unreadable. */
async function readNamedMasks(
  path: string,
  { format, masks }: ImportSource & { readonly masks: string },
  reader: FileReader,
): Promise<FoundContents> {
  if (isLabelFile(path) || (format !== 'auto' && format !== 'folder')) {
    const what = isLabelFile(path) ? `${path} is a file of labels` : `The format ${format}`;
    const message = `${what} says itself which files are masks. Leave out where they are (--masks), or import the folder as --format folder.`;
    throw new AppError('invalid-input', message, { subject: path });
  }
  const tree = await readFolderTree(path, reader);
  const place = readMaskPlace(masks);
  const contents = await readFolder(tree, reader, place);
  return { format: 'folder', why: 'with masks where you said', root: tree.root, contents };
}

/** A file of labels by its own path: of COCO, or of another tool. */
async function readLabelFile(
  path: string,
  source: ImportSource,
  reader: FileReader,
): Promise<FoundContents> {
  const imagesDir = source.imagesDir ?? null;
  const asked = LABEL_FORMATS.find((format) => format === source.format);
  if (source.format !== 'auto' && source.format !== 'coco' && asked === undefined) {
    const message = `${path} is a file of labels, which the format ${source.format} does not read. Name a folder, or leave the format out.`;
    throw new AppError('invalid-input', message, { subject: path });
  }
  const format = source.format === 'coco' ? null : (asked ?? (await formatOfFile(path, reader)));
  if (format === null) {
    const why = 'a JSON file';
    return readCocoFiles([{ json: path, part: null }], { reader, imagesDir, why, tree: null });
  }
  const tree = await readFolderTree(folderOfLabels(path), reader);
  const file = relative(tree.root, path).split(sep).join('/');
  const imageTree = await imageTreeOf(tree, imagesDir, reader);
  const options = { tree, imageTree, reader, onFile: source.onFile };
  if (format !== 'yolo')
    return readFoundLabels({ format, files: [file], why: 'a file of labels' }, options);
  const [found] = await findLabels({ tree, imageTree }, reader, { only: format });
  const why = found?.why ?? 'names of classes without labels';
  return readFoundLabels({ format, files: found?.files ?? [], why }, options);
}

/** Where the images of a file of labels may lie: its folder, or the one above it where that is for labels alone. */
function folderOfLabels(path: string): string {
  const folder = dirname(path);
  return kindOfFolder(basename(folder))?.kind === 'mask' ? dirname(folder) : folder;
}

/** The folder in which images are looked for. Errors: unreadable. */
const imageTreeOf = async (
  tree: FolderTree,
  imagesDir: string | null,
  reader: FileReader,
): Promise<FolderTree> => (imagesDir === null ? tree : readFolderTree(imagesDir, reader));

async function readFoundLabels(
  { format, files, why }: FoundLabels,
  trees: LabelTrees & { readonly reader: FileReader; readonly onFile?: OnLabelFile | undefined },
): Promise<FoundContents> {
  const { imageTree } = trees;
  const contents = await readLabels({ format, files }, trees);
  return { format, why, root: imageTree.root, contents };
}

/** Labels that are left aside, since there is something else: called what they are, with the way to take them instead. */
function withLabelsNamed(
  found: FoundContents,
  labels: readonly FoundLabels[],
  taken: string,
): FoundContents {
  const issues = labels.map(({ format, why, files }): ImportIssue => ({
    path: files.length === 1 ? (files[0] ?? '') : posix.dirname(files[0] ?? ''),
    severity: 'info',
    message: `${why}, beside ${taken}, which ${taken === 'masks' ? 'are' : 'is'} used: not used (--format ${format} takes these instead)`,
  }));
  if (issues.length === 0) return found;
  const { contents } = found;
  return { ...found, contents: { ...contents, issues: [...contents.issues, ...issues] } };
}
