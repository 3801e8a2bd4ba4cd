/** What a run's configuration means in a project: its objective, and its images by part as the snapshot pins them. */
import type { Dataset, FinetuneRunConfig, Part, RunConfig } from '../../../shared/entities.ts';
import { transparencyInText, unseenInText } from '../../../shared/channels.ts';
import { AppError } from '../../../shared/errors.ts';
import { absentClasses, foregroundObstacle, scoredClasses } from '../../../shared/foreground.ts';
import { PRETRAINING_TASK_FACTS } from '../../../shared/pretraining-tasks.ts';
import { imageServes, sourceFacts, taskObstacle } from '../../../shared/task-sources.ts';
import { labelMapCode } from '../../data/image-source.ts';
import { objectsInWords } from '../../data/told-apart.ts';
import { assertLabelsAreClasses, partLabels } from '../../data/label-values.ts';
import { pinnedDataset } from '../../data/pinned-dataset.ts';
import type { Project } from '../../db/project.ts';
import { classWeights } from '../objectives/class-weights.ts';
import type { Objective } from '../objectives/objective.ts';
import { pretrainingTasks } from '../pretrain/registry.ts';
import type { Raster } from '../images/resample.ts';
import { segmentationObjective, type SegmentationLoss } from '../objectives/segmentation.ts';
import type { TileRequest } from '../images/tiles.ts';
import { pixelClasses } from '../network/pixel-classes.ts';
import { assertInputSize } from '../network/unet.ts';
import { counted, verbFor } from '../../../shared/number-format.ts';

export type LabelledRequest = TileRequest & { readonly labelMapId: number };

export interface RunData {
  readonly objective: Objective;
  /** Classes of a segmentation head, background included; null for other heads. */
  readonly classes: number | null;
  /** Those of them that are scored. */
  readonly scored: readonly number[];
  /** In the order that batches index. */
  readonly train: readonly TileRequest[];
  /** Empty for pretraining. */
  readonly validation: readonly LabelledRequest[];
  readonly test: readonly LabelledRequest[];
  /** Whether a training image, once it is read, has what the task learns from; null: every image has. */
  readonly accepts: ((image: Raster) => boolean) | null;
  /** What was left out, in words. */
  readonly notes: readonly string[];
}

const isLabelled = <T extends TileRequest>(request: T): request is T & LabelledRequest =>
  request.labelMapId !== null;

const namesOf = (requests: readonly TileRequest[]) =>
  requests.map(({ image, labelMapId }) => ({ name: image.name, labelMapId }));

function requestsOf(project: Project, snapshotId: number): (TileRequest & { part: Part })[] {
  return project.snapshots.items(snapshotId).map((item) => {
    const image = project.datasets.image(item.imageId);
    if (image === undefined) {
      throw new AppError('not-found', `Image ${item.imageId} of the snapshot is gone.`);
    }
    if (image.hash !== item.imageHash) {
      throw new AppError(
        'conflict',
        `${image.name} is no longer the image that the study was planned with. Plan the study again.`,
        { subject: image.name },
      );
    }
    return { image, labelMapId: item.labelMapId, imageClass: item.imageClass, part: item.part };
  });
}

/** The dataset that a run trains on, and how many classes its label maps can hold (background included). */
function datasetOf(project: Project, config: RunConfig) {
  const dataset = pinnedDataset(project, config.snapshotId);
  if (dataset === undefined) {
    throw new AppError('not-found', `There is no snapshot ${config.snapshotId} in this project.`);
  }
  return { dataset, pixelClasses: pixelClasses(dataset) };
}

function pretrainingData(
  project: Project,
  config: Extract<RunConfig, { kind: 'pretrain' }>,
): RunData {
  const { dataset, pixelClasses } = datasetOf(project, config);
  const task = pretrainingTasks[config.task];
  const network = task.network(config.network);
  const objective = task.objective({
    network,
    sizePx: config.sampling.sizePx,
    pixelClasses,
    hasBackground: dataset.hasBackground,
    imageClasses: dataset.imageClasses,
    options: config.options,
  });
  const allowed = config.trainImageIds === undefined ? null : new Set(config.trainImageIds);
  const all = requestsOf(project, config.snapshotId).filter(
    ({ image, part }) => part === 'train' && (allowed === null || allowed.has(image.id)),
  );
  const { needs, title } = PRETRAINING_TASK_FACTS[config.task];
  const facts = ({ image: { channels }, labelMapId, imageClass }: (typeof all)[number]) => ({
    channels,
    labelMapId,
    imageClass,
  });
  const { inputChannels } = config.network;
  const source = sourceFacts(dataset.name, all.map(facts));
  const missing = taskObstacle(config.task, { source, inputChannels });
  if (missing !== null) throw new AppError('invalid-input', missing);
  const train = all.filter((request) => imageServes(config.task, facts(request)));
  if (needs === 'label maps') assertLabelsAreClasses(project, dataset, namesOf(train));
  const left = all.length - train.length;
  const notes =
    left === 0
      ? []
      : [
          `${left} of ${counted(all.length, 'image')} ${verbFor(left, 'are')} left out: ${title.toLowerCase()} learns from ${needs}.`,
        ];
  const classes = config.task === 'segmentation' ? pixelClasses : null;
  const { accepts = null } = task;
  return {
    objective,
    classes,
    scored: [],
    train,
    validation: [],
    test: [],
    accepts,
    notes,
  };
}

function lossOf(
  project: Project,
  { loss }: FinetuneRunConfig,
  train: readonly LabelledRequest[],
  classes: number,
): SegmentationLoss | null {
  if (loss === undefined) return null;
  if (loss.kind !== 'weighted-cross-entropy+dice') return { ...loss, classWeights: null };
  // At full resolution, whatever the network sees: shrinking keeps the frequencies but for chance.
  const maps = train.map(({ labelMapId }) => labelMapCode(project, labelMapId));
  return { ...loss, classWeights: classWeights(maps, { classes, cap: loss.maxClassWeight }) };
}

/** What the label maps lack that is to be learned or scored. */
function labelNotes(
  project: Project,
  { name, classes, hasBackground }: Dataset,
  requests: readonly (LabelledRequest & { readonly part: Part })[],
): string[] {
  const labels = partLabels(project, requests);
  const obstacle = foregroundObstacle(name, labels, hasBackground);
  return obstacle === null ? absentClasses(classes, labels, hasBackground) : [obstacle];
}

function finetuningData(project: Project, config: FinetuneRunConfig): RunData {
  const { dataset, pixelClasses } = datasetOf(project, config);
  const { network, sampling } = config;
  const all = requestsOf(project, config.snapshotId);
  const byId = new Map(all.map((request) => [request.image.id, request]));
  const train = config.trainImageIds.map((id) => {
    const request = byId.get(id);
    if (request?.part !== 'train' || !isLabelled(request)) {
      throw new AppError(
        'invalid-input',
        `${request?.image.name ?? `Image ${id}`} is not a labelled training image of the snapshot. Plan the study again.`,
      );
    }
    return request;
  });
  const labelled = (part: Part) => {
    const found = all.filter((request) => request.part === part).filter(isLabelled);
    // A model of few labels has nothing to choose its checkpoint by, and with one label nothing to be scored on.
    if (found.length > 0 || config.mayLackParts === true) return found;
    throw new AppError(
      'invalid-input',
      `${dataset.name} has no labelled image in the ${part} part of its split. Label some, or split again.`,
    );
  };
  const [validation, test] = [labelled('val'), labelled('test')];
  assertLabelsAreClasses(project, dataset, namesOf([...train, ...validation, ...test]));
  const loss = lossOf(project, config, train, pixelClasses);
  const { objects = null } = config;
  return {
    objective: segmentationObjective({
      network,
      sizePx: sampling.sizePx,
      classes: pixelClasses,
      hasBackground: dataset.hasBackground,
      loss,
      objects,
    }),
    classes: pixelClasses,
    scored: scoredClasses(dataset),
    train,
    validation,
    test,
    accepts: null,
    notes: [
      ...labelNotes(project, dataset, [
        ...train.map((request) => ({ ...request, part: 'train' as const })),
        ...validation,
        ...test,
      ]),
      ...(objects === null ? [] : [objectsInWords(project, dataset, train)]),
      ...(loss?.classWeights == null
        ? []
        : [`Weights of the classes: ${loss.classWeights.map((w) => w.toFixed(2)).join(', ')}.`]),
    ],
  };
}

/** What the network does not see of the images, and how values were scaled where that is more than dividing by 255. */
function imageNotes({ train, validation, test }: RunData, inputChannels: number): string[] {
  const images = [...train, ...validation, ...test].map(({ image }) => image);
  const notes = unseenInText(images, inputChannels);
  const deep = images.filter(({ bitDepth }) => bitDepth !== 8).length;
  if (deep === 0) return notes;
  return [
    ...notes,
    `${deep} image(s) of 16 or 32 bits: the 0.1 and 99.9 percentiles of each become 0 and 1.`,
  ];
}

/** Errors: invalid-input, not-found, conflict, as their messages say. */
export function runData(project: Project, config: RunConfig): RunData {
  assertInputSize(config.network, config.sampling.sizePx);
  const data =
    config.kind === 'pretrain' ? pretrainingData(project, config) : finetuningData(project, config);
  return {
    ...data,
    notes: [
      ...data.notes,
      ...imageNotes(data, config.network.inputChannels),
      ...transparencyInText([datasetOf(project, config).dataset]),
    ],
  };
}
