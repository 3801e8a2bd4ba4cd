/** The first step of an addition: looks at everything, writes nothing, and says what would come of it. */
import type {
  AdditionHolds,
  AdditionPreview,
  ImportDoubt,
  ImportIssue,
} from '../../../shared/api.ts';
import type { Dataset, ImageRecord } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import { countedWith, pronounFor, verbFor } from '../../../shared/number-format.ts';
import { inWords } from '../../../shared/sentences.ts';
import { oneName } from '../../../shared/names.ts';
import type { Project } from '../../db/project.ts';
import { diskReader, type FileReader } from '../files.ts';
import { hashOf } from '../image-file.ts';
import { type ImageKind, kindDoubts } from '../kind-doubts.ts';
import { inOrder } from '../in-order.ts';
import type { FoundContents } from '../import/found-coco.ts';
import { readContents } from '../import/formats.ts';
import { readFolderTree, stemOf } from '../import/folder-tree.ts';
import { sameClass } from '../import/into-classes.ts';
import { isLabelFile } from '../import/label-files.ts';
import { FILES_AT_ONCE, openItem, shownPath } from '../import/load.ts';
import type { ImportItem, ImportPlan } from '../import/plan.ts';
import {
  assertNotCancelled,
  onLabelFile,
  planImport,
  type PlanOptions,
} from '../import/preview.ts';
import { contentKey, type FateChoices, type Fates, fatesOf, type Hashed } from './fates.ts';
import { readMasksAlone, saysMasksAlone } from './masks-alone.ts';

export interface AdditionRequest
  extends Omit<PlanOptions, 'addition' | 'background' | 'sample'>, FateChoices {
  readonly holds: AdditionHolds;
}

export interface AdditionPlan extends ImportPlan {
  readonly preview: AdditionPreview;
  readonly dataset: Dataset;
  /** The images of the dataset when it was planned. */
  readonly there: readonly ImageRecord[];
  /** They were taken for images, and are perhaps masks of those that are there. */
  readonly mayBeMasks: boolean;
}

interface Read {
  readonly holds: 'images' | 'masks';
  readonly contents: FoundContents;
}

/** What the path holds: images, or masks of images that are there. */
async function read(
  request: AdditionRequest,
  of: {
    readonly there: readonly ImageRecord[];
    readonly reader: FileReader;
    readonly dataset: string;
  },
): Promise<Read> {
  const { there: images, reader, dataset } = of;
  const masks = async (): Promise<Read> => ({
    holds: 'masks',
    contents: await readMasksAlone(request, { images, reader, dataset }),
  });
  const plain = async (): Promise<Read> => ({
    holds: 'images',
    contents: await readContents({ ...request, onFile: onLabelFile(request) }, reader),
  });
  if (request.holds !== 'auto') return request.holds === 'masks' ? masks() : plain();
  // Masks of images that come with them.
  if (request.masks != null) return plain();
  const isFile = isLabelFile(request.path);
  if (isFile || !saysMasksAlone(await readFolderTree(request.path, reader))) {
    const found = await plain();
    if (!isFile || (await areThere(found.contents, reader))) return found;
  }
  try {
    return await masks();
  } catch (error) {
    // Called after masks, and none of any image there: perhaps they are images all the same.
    if (!(error instanceof AppError) || error.code !== 'invalid-input') throw error;
    return plain();
  }
}

/** Whether any of the images that annotations name lies where it was looked for. */
async function areThere({ contents }: FoundContents, reader: FileReader): Promise<boolean> {
  for (const { path } of contents.items) {
    try {
      await reader.open(path, 0);
      return true;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
    }
  }
  return false;
}

/**
 * Errors: those of planImport; invalid-input, where masks alone are of no image that is there.
 * Of the images of the dataset, no original is read.
 */
export async function planAddition(
  project: Project,
  dataset: Dataset,
  request: AdditionRequest,
): Promise<AdditionPlan> {
  const { reader = diskReader, signal, onProgress, same, clash } = request;
  const there = project.datasets.images(dataset.id);
  const { holds, contents } = await read(request, { there, reader, dataset: dataset.name });
  // Masks alone were named to be taken.
  const choices: FateChoices = { clash, same: holds === 'masks' ? 'labels' : same };
  let fates: Fates = { items: [], same: 0, sameWithMasks: 0, clashes: [], issues: [] };
  const kinds: ImageKind[] = [];
  let named: { readonly alike: boolean } = { alike: false };
  /** By the path of a file. */
  const hashes = new Map<string, string | null>();
  const hash = async (item: ImportItem, root: string): Promise<Hashed> => {
    if (item.stored !== undefined) return { item, hash: null };
    try {
      return { item, hash: await hashOf(await openItem(item, reader, shownPath(item.path, root))) };
    } catch (error) {
      if (error instanceof AppError) return { item, hash: null };
      throw error;
    }
  };
  const plan = await planImport({
    ...request,
    sample: Infinity,
    addition: {
      into: dataset,
      contents,
      async arrange(items, root) {
        const found: Hashed[] = [];
        for await (const one of inOrder(items, FILES_AT_ONCE, (item) => hash(item, root))) {
          assertNotCancelled(signal);
          const { stored, path } = one.item;
          const message = `Comparing ${stored?.name ?? shownPath(path, root)}`;
          onProgress?.({ done: found.length, total: items.length, message });
          found.push(one);
          hashes.set(one.item.path, one.hash);
        }
        fates = fatesOf(found, { there, choices });
        named = { alike: areNamedAlike(found, there) };
        const issues = [...fates.issues, ...binIssues(project, { dataset, found, fates })];
        return { items: fates.items, issues };
      },
      looked: (_, { channels, bitDepth }) => void kinds.push({ channels, bitDepth }),
    },
  });
  const own = new Set(dataset.classes.map(({ index }) => index));
  const known = new Map(dataset.imageClasses.map((name) => [sameClass(name), name]));
  const items = plan.items.map((item) =>
    item.imageClass === null
      ? item
      : { ...item, imageClass: known.get(sameClass(item.imageClass)) ?? item.imageClass },
  );
  const newImageClasses = [...new Set(items.flatMap(({ imageClass }) => imageClass ?? []))].filter(
    (name) => !dataset.imageClasses.includes(name),
  );
  const tested = testIssues(project, { dataset, items });
  const mayBeMasks = holds === 'images' && named.alike;
  const doubts = [
    ...plan.preview.doubts,
    ...kindDoubts(kinds, { name: dataset.name, there }).map((message) => ({
      message,
      instead: [],
    })),
    ...(mayBeMasks ? [MASKS_PERHAPS] : []),
    ...testDoubts(project, { dataset, items, hashes }),
  ];
  const issues = [...plan.preview.issues, ...tested];
  return {
    ...plan,
    layoutIssues: [...plan.layoutIssues, ...tested],
    items,
    imageClasses: [...dataset.imageClasses, ...newImageClasses],
    dataset,
    there,
    mayBeMasks,
    preview: {
      ...plan.preview,
      doubts,
      issues,
      datasetId: dataset.id,
      holds,
      same: fates.same,
      sameWithMasks: fates.sameWithMasks,
      revisions: plan.revisions,
      clashes: fates.clashes,
      newClasses: plan.classes.filter(({ index }) => !own.has(index)),
      newImageClasses,
      valueNames: Object.fromEntries(plan.valueNames),
    },
  };
}

const MASKS_PERHAPS: ImportDoubt = {
  message:
    'All of them are called like images that are there, and show something else: are they masks of these?',
  instead: [
    {
      words: 'masks of images that are there',
      flag: '--holds masks',
      reading: 'auto',
      mapping: null,
      holds: 'masks',
    },
  ],
};

/** Whether nothing but the names of images that are there comes, with other content and without masks beside it. */
function areNamedAlike(found: readonly Hashed[], there: readonly ImageRecord[]): boolean {
  const stems = new Set(there.map(({ name }) => oneName(stemOf(name))));
  const contents = new Set(there.map((image) => contentKey(image.hash, image)));
  const coming = found.filter(
    ({ item, hash }) => hash === null || !contents.has(contentKey(hash, item)),
  );
  return (
    coming.length > 0 &&
    coming.every(
      ({ item }) =>
        item.stored === undefined && item.labels === null && stems.has(oneName(stemOf(item.name))),
    )
  );
}

/** As many test images of a study are named; the others are counted. */
const NAMED_TESTS = 3;

/** New images that lie in the bin as well, with labels that they would come back with. */
function binIssues(
  project: Pick<Project, 'imageEdits' | 'datasets'>,
  of: { readonly dataset: Dataset; readonly found: readonly Hashed[]; readonly fates: Fates },
): ImportIssue[] {
  const binned = project.imageEdits
    .binned(of.dataset.id)
    .flatMap(({ id }) => project.datasets.image(id) ?? []);
  if (binned.length === 0) return [];
  const contents = new Set(binned.map((image) => contentKey(image.hash, image)));
  const pageKey = ({ path, page }: ImportItem) => `${page} ${path}`;
  const fresh = new Set(of.fates.items.filter(({ stored }) => stored === undefined).map(pageKey));
  const again = of.found.filter(
    ({ item, hash }) =>
      hash !== null && fresh.has(pageKey(item)) && contents.has(contentKey(hash, item)),
  );
  const [first] = again;
  if (first === undefined) return [];
  const message = `${countedWith(again.length, 'image', 'are')} also in the bin of "${of.dataset.name}", byte for byte: added anew, without labels and part of before. Restore what is in the bin instead to have these back`;
  return [{ path: first.item.name, severity: 'info', message }];
}

/** New masks of images that studies are tested on: safe, since a study keeps the revision that it was planned with. */
function testIssues(
  project: Pick<Project, 'snapshots'>,
  { dataset, items }: { readonly dataset: Dataset; readonly items: readonly ImportItem[] },
): ImportIssue[] {
  const revised = new Map(items.flatMap(({ stored }) => (stored ? [[stored.id, stored]] : [])));
  const studies = Map.groupBy(
    project.snapshots.testedOn(dataset.id).filter(({ imageId }) => revised.has(imageId)),
    ({ study }) => study,
  );
  return [...studies].flatMap(([study, images]) =>
    images.map(({ imageId }) => ({
      path: revised.get(imageId)?.name ?? '',
      severity: 'info' as const,
      message: `gets a new mask and is a test image of the study "${study}", which keeps the revision that it was planned with: its results stay as they are`,
    })),
  );
}

/** Images that come under test in a study of another dataset: whatever is trained on them here has seen its exam. */
function testDoubts(
  project: Pick<Project, 'snapshots'>,
  {
    dataset,
    items,
    hashes,
  }: {
    readonly dataset: Dataset;
    readonly items: readonly ImportItem[];
    readonly hashes: ReadonlyMap<string, string | null>;
  },
): ImportDoubt[] {
  const tested = Map.groupBy(project.snapshots.testedElsewhere(dataset.id), ({ hash }) => hash);
  const found = items.flatMap(({ stored, path, name }) =>
    stored === undefined
      ? (tested.get(hashes.get(path) ?? '') ?? []).map(({ study }) => ({ name, study }))
      : [],
  );
  return [...Map.groupBy(found, ({ study }) => study)].map(([study, images]) => {
    const names = [...new Set(images.map(({ name }) => name))];
    const shown = names.slice(0, NAMED_TESTS);
    const more = names.length > NAMED_TESTS ? [`${names.length - NAMED_TESTS} more`] : [];
    const them = pronounFor(names.length, 'them');
    const are = verbFor(names.length, 'are');
    const what = names.length === 1 ? 'a test image' : 'test images';
    const message = `${inWords([...shown, ...more])} ${are} ${what} of the study "${study}", of another dataset. What is trained on ${them} here has seen what that study is tested on: leave ${them} out, or exclude ${them} once added.`;
    return { message, instead: [] };
  });
}
