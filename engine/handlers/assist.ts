/** Calls of helpers that propose labels: scribbles, and the pixel classifiers that learn from them. */
import { decodeForest } from '../../shared/assist/forest-code.ts';
import type { Forest } from '../../shared/assist/forest.ts';
import { featureCount } from '../../shared/assist/features.ts';
import { NO_SCRIBBLE } from '../../shared/assist/scribbled.ts';
import type { PredictReport } from '../../shared/api.ts';
import type { ImagePixels } from '../../shared/display.ts';
import type { Dataset, PixelClassifier } from '../../shared/entities.ts';
import { AppError, messageOf } from '../../shared/errors.ts';
import type { NewLabels } from '../../shared/events.ts';
import { encodeLabelMap, labelValues } from '../../shared/label-map.ts';
import { counted } from '../../shared/number-format.ts';
import { inWords } from '../../shared/sentences.ts';
import { sameName } from '../../shared/names.ts';
import { type ClassifiedImage, classifyImage } from '../assist/classify-image.ts';
import { learnFromScribbles } from '../assist/learn.ts';
import { withTileThreads } from '../assist/tile-threads.ts';
import { decodeForeignImage } from '../data/foreign-images.ts';
import { openFile } from '../data/image-file.ts';
import { readImage } from '../data/image-source.ts';
import { addProposal, openToProposals } from '../data/label-authors.ts';
import { assertDrawing } from '../data/save-label-map.ts';
import type { Project } from '../db/project.ts';
import { type CallContext, type Handlers, requireDataset } from './context.ts';
import { openMaskFolder } from './mask-folder.ts';
import { imageFiles, imagesOfFiles } from './prediction-files.ts';

type AssistCalls =
  | 'scribbles.save'
  | 'scribbles.images'
  | 'classifiers.list'
  | 'classifiers.keep'
  | 'classifiers.rename'
  | 'classifiers.remove'
  | 'classifiers.dataset'
  | 'classifiers.files';

function requireClassifier(db: Project, id: number): PixelClassifier {
  const classifier = db.assist.classifier(id);
  if (classifier === undefined) throw new AppError('not-found', `There is no classifier ${id}.`);
  return classifier;
}

function forestOf(db: Project, { id, channels, classes }: PixelClassifier): Forest {
  const bytes = db.assist.forest(id);
  if (bytes === undefined) throw new AppError('not-found', `There is no classifier ${id}.`);
  return decodeForest(bytes, { featureCount: featureCount(channels), classCount: classes.length });
}

/** Errors: conflict. */
function assertNameFree(db: Project, name: string): void {
  const taken = db.assist.classifiers().find((one) => sameName(one.name) === sameName(name));
  if (taken === undefined) return;
  throw new AppError(
    'conflict',
    `There is a classifier "${taken.name}" already. Choose another name, or delete that one first.`,
    { subject: name },
  );
}

/** Label maps with values that are no class could neither be shown nor trained on. Errors: invalid-input. */
function assertKnowsClasses({ name, classes }: PixelClassifier, dataset: Dataset): void {
  const known = new Set(dataset.classes.map(({ index }) => index));
  const foreign = classes.filter((index) => !known.has(index));
  if (foreign.length === 0) return;
  throw new AppError(
    'invalid-input',
    `"${name}" tells ${inWords(foreign.map((index) => `class ${index}`))} apart, which "${dataset.name}" does not have. Add classes with these numbers in the library first, or keep a classifier of that dataset.`,
    { subject: dataset.name },
  );
}

/** One image after the other; what cannot be read or has other channels is named, and the others go on. */
async function classifyAll<T>(
  classifier: PixelClassifier,
  options: {
    readonly forest: Forest;
    readonly images: readonly T[];
    readonly nameOf: (image: T) => string;
    readonly idOf: (image: T) => number | null;
    readonly read: (image: T) => Promise<ImagePixels>;
    readonly onFound: (image: T, found: ClassifiedImage) => void;
    readonly context: Pick<CallContext, 'signal' | 'progress'>;
  },
): Promise<PredictReport> {
  const { forest, images, context } = options;
  const { signal } = context;
  const masks: PredictReport['masks'][number][] = [];
  const failed: PredictReport['failed'][number][] = [];
  await withTileThreads(async (workers) => {
    for (const [done, image] of images.entries()) {
      const input = options.nameOf(image);
      if (signal.aborted) {
        throw new AppError('cancelled', 'Stopped. What was classified by then is kept.');
      }
      context.progress({ done, total: images.length, message: `Classifying ${input}` });
      try {
        const pixels = await options.read(image);
        if (pixels.channels !== classifier.channels) {
          const message = `it has ${counted(pixels.channels, 'channel')}, and "${classifier.name}" knows images of ${classifier.channels}`;
          failed.push({ input, message });
          continue;
        }
        const values = classifier.classes;
        const found = await classifyImage(pixels, { forest, values, workers, signal });
        options.onFound(image, found);
        masks.push({ imageId: options.idOf(image), input, uncertainty: found.uncertainty });
      } catch (error) {
        const isOfImage =
          error instanceof AppError &&
          ['unreadable', 'unsupported', 'corrupt'].includes(error.code);
        if (!isOfImage) throw error;
        failed.push({ input, message: messageOf(error) });
      }
    }
  });
  masks.sort((a, b) => b.uncertainty - a.uncertainty);
  return { predicted: masks.length, masks, failed, notes: [] };
}

export const assistHandlers: Handlers<AssistCalls> = {
  'scribbles.save'({ project, imageId, bytes }, context) {
    const { db } = context.project(project);
    const image = db.datasets.image(imageId);
    if (image === undefined) throw new AppError('not-found', `There is no image ${imageId}.`);
    assertDrawing(db, image, bytes);
    const isBlank = labelValues(bytes).every((value) => value === NO_SCRIBBLE);
    db.assist.saveScribbles(imageId, isBlank ? null : bytes);
    const { datasetId } = image;
    return { output: null, changes: { scribbles: { datasetId, imageId, isBlank } } };
  },

  'scribbles.images': ({ project, datasetId }, context) =>
    context.project(project).db.assist.scribbledImages(datasetId),

  'classifiers.list': ({ project }, context) => context.project(project).db.assist.classifiers(),

  async 'classifiers.keep'({ project, datasetId, name, labels = false }, context) {
    const { db } = context.project(project);
    const dataset = requireDataset(db, datasetId);
    assertNameFree(db, name);
    const { signal, progress: onProgress } = context;
    const { bytes, notes, ...learned } = await withTileThreads((workers) =>
      learnFromScribbles(db, dataset, { labels, workers, signal, onProgress }),
    );
    assertNameFree(db, name);
    const id = db.assist.addClassifier({ datasetId, name, ...learned }, bytes);
    return {
      output: { ...requireClassifier(db, id), notes },
      changes: { classifiers: { added: [id] } },
    };
  },

  'classifiers.rename'({ project, classifierId, name }, context) {
    const { db } = context.project(project);
    const before = requireClassifier(db, classifierId);
    if (sameName(before.name) !== sameName(name)) assertNameFree(db, name);
    db.assist.renameClassifier(classifierId, name);
    return { output: null, changes: { classifiers: { updated: [classifierId] } } };
  },

  'classifiers.remove'({ project, classifierId }, context) {
    const { db } = context.project(project);
    requireClassifier(db, classifierId);
    db.assist.removeClassifier(classifierId);
    return { output: null, changes: { classifiers: { removed: [classifierId] } } };
  },

  async 'classifiers.dataset'({ project, classifierId, datasetId }, context) {
    const { db } = context.project(project);
    const dataset = requireDataset(db, datasetId);
    const classifier = requireClassifier(db, classifierId);
    assertKnowsClasses(classifier, dataset);
    const images = openToProposals(db, dataset.id);
    const labelled: NewLabels[] = [];
    const changes = { images: { datasetId, labelled } };
    const output = await classifyAll(classifier, {
      ...{ forest: forestOf(db, classifier), images, context },
      nameOf: ({ name }) => name,
      idOf: ({ id }) => id,
      read: (image) => readImage(db, image),
      onFound({ id: imageId }, { map, uncertainty }) {
        const added = addProposal(db, {
          ...{ imageId, helpers: ['scribbles'], uncertainty },
          ...{ note: `by the classifier "${classifier.name}"`, bytes: encodeLabelMap(map) },
        });
        if (added !== null) labelled.push(added);
      },
    }).catch((error: unknown) => {
      // What was classified before it was stopped stays.
      if (labelled.length > 0) context.changed(changes);
      throw error;
    });
    return { output, changes };
  },

  async 'classifiers.files'(
    { project, classifierId, paths, dir, pages = 'auto', replace = false },
    context,
  ) {
    const { db } = context.project(project);
    const classifier = requireClassifier(db, classifierId);
    const { files, notes } = await imageFiles(paths, dir);
    const { inputs, issues } = await imagesOfFiles(files, pages);
    const { classes } = requireDataset(db, classifier.datasetId);
    const folder = openMaskFolder(dir, { inputs, classes, replace, objects: false });
    const report = await classifyAll(classifier, {
      ...{ forest: forestOf(db, classifier), images: inputs, context },
      nameOf: ({ shown }) => shown,
      idOf: () => null,
      read: async ({ path, page, channelPages }) =>
        decodeForeignImage(await openFile(path, 0), { subject: path, page, channelPages }),
      onFound: (input, { map, uncertainty }) =>
        folder.add(input, { map, uncertainty, objects: null }),
    });
    folder.finish();
    return { ...report, dir, files: files.length, notes: [...notes, ...report.notes], issues };
  },
};
