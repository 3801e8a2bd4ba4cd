/** Which JSON files of a folder are COCO, and which of them are read together: one for each part, never two of the same images. */
import { posix, resolve } from 'node:path';
import type { Part } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import type { FileReader } from '../files.ts';
import type { CocoSource } from './coco.ts';
import { nameForms } from './coco-places.ts';
import type { FolderTree } from './folder-tree.ts';
import { partOfName, partOfPath } from './folder-names.ts';
import { readJson } from './foreign-json.ts';

/** Absolute paths. */
export interface FoundCoco {
  readonly sources: readonly CocoSource[];
  /** COCO files that are not read, with the reason. */
  readonly left: readonly LeftFile[];
}

export interface LeftFile {
  readonly json: string;
  readonly why: string;
  /** Whether it could not even be read, so that it may be anything. */
  readonly isBroken?: boolean;
}

/** A folder with more JSON files than this has one an image, which is not COCO. */
const MOST_JSON_FILES = 50;
/** Folders above the file: train/annotations/x.json. */
const DEEPEST = 3;

interface Candidate {
  readonly file: string;
  readonly outlines: boolean;
  /** Names of its images, with its part or folder. */
  readonly images: ReadonlySet<string>;
  readonly why: string | null;
  readonly isBroken?: boolean;
}

async function readCandidate(
  tree: FolderTree,
  file: string,
  reader: FileReader,
): Promise<Candidate | null> {
  try {
    const look = await readJson(resolve(tree.root, file), reader, 'perhaps COCO');
    if (look === null) return null; // some other JSON: not ours to complain about
    const { outlines, named } = look;
    // Parts may repeat each other's names.
    const place = partOf(file) ?? posix.dirname(file);
    return {
      file,
      outlines,
      images: new Set(named.map((name) => `${place}\n${nameForms(name)[0]?.join('/') ?? name}`)),
      why: !look.hasCategories ? 'COCO annotations without categories: not used' : null,
    };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const why = error.message.replace(`${resolve(tree.root, file)} `, '');
    const nothing = { outlines: false, images: new Set<string>() };
    return { file, ...nothing, why: `not used: ${why}`, isBroken: true };
  }
}

const partOf = (file: string): Part | null =>
  partOfName(posix.basename(file, '.json')) ?? partOfPath(file) ?? null;

/** Those named instances… first: others list the same images once more. */
const rank = (file: string) => (/instances/i.test(posix.basename(file)) ? 0 : 1);

export async function findCocoFiles(tree: FolderTree, reader: FileReader): Promise<FoundCoco> {
  const jsons = tree.files.filter(
    (file) => /\.json$/i.test(file) && file.split('/').length <= DEEPEST,
  );
  const byFolder = Map.groupBy(jsons, (file) => posix.dirname(file));
  const few = jsons.filter(
    (file) => (byFolder.get(posix.dirname(file))?.length ?? 0) <= MOST_JSON_FILES,
  );
  const candidates: Candidate[] = [];
  for (const file of few) {
    const candidate = await readCandidate(tree, file, reader);
    if (candidate !== null) candidates.push(candidate);
  }
  const path = (file: string) => resolve(tree.root, file);
  const left: LeftFile[] = [];
  const taken: Candidate[] = [];
  const anyOutlines = candidates.some((one) => one.outlines);
  for (const one of candidates.toSorted((a, b) => rank(a.file) - rank(b.file))) {
    const twin = taken.find((other) => [...one.images].some((name) => other.images.has(name)));
    const why =
      one.why ??
      (anyOutlines && !one.outlines ? 'COCO annotations without outlines: not used' : null) ??
      (twin === undefined
        ? null
        : `it lists images that ${twin.file} lists, too: not used. Import it by its own path to use it instead`);
    if (why === null) taken.push(one);
    else left.push({ json: path(one.file), why, isBroken: one.isBroken === true });
  }
  const several = taken.length > 1;
  const inOrder = taken.toSorted((a, b) => tree.files.indexOf(a.file) - tree.files.indexOf(b.file));
  return {
    sources: inOrder.map(({ file }) => ({ json: path(file), part: several ? partOf(file) : null })),
    left,
  };
}
