/**
 * From a study's configuration to its images: source, target, split and label counts, each checked.
 * Writes nothing; create.ts stores what is planned here.
 */
import { AppError } from '../../../shared/errors.ts';
import { PRETRAINING_TASK_FACTS } from '../../../shared/pretraining-tasks.ts';
import {
  type Dataset,
  IGNORE,
  type ImageRecord,
  type SnapshotItem,
  type StudyConfig,
} from '../../../shared/entities.ts';
import { isTaskPretraining } from '../../../shared/pretrainings.ts';
import { absentClasses } from '../../../shared/foreground.ts';
import { imageServes } from '../../../shared/task-sources.ts';
import { assertLabelsAreClasses, partLabels } from '../../data/label-values.ts';
import { ownImages, type OwnImages } from '../../data/own-labels.ts';
import { makeSplit } from '../../data/split.ts';
import type { Project } from '../../db/project.ts';
import { snapshotItem, type SplitItem } from '../../db/splits.ts';
import { assertChannelsFit } from '../../training/images/channels.ts';
import type { TestSize } from '../../training/protocol.ts';
import { assertInputSize } from '../../training/network/unet.ts';
import { checkDeepBlocks, checkExtension, checkKeys, checkTaskNeeds } from './check-design.ts';
import { checkEncoder } from './check-encoder.ts';
import { checkForeground, trainedWithoutForeground } from './check-foreground.ts';
import { checkLeaks, type TargetPart } from './check-leaks.ts';
import { checkOwnLabels } from './check-own-labels.ts';
import { planNotes } from './plan-notes.ts';
import { checkPrimary, primaryNotes } from './primary.ts';
import { refuse } from './refuse.ts';
import { resolveSource, type SourceImages } from './resolve-source.ts';
import { sourceNotes } from './source-notes.ts';
import type { StudyData } from './study-data.ts';

/** Shares of a target that comes without a split. */
const DEFAULT_VAL = 0.2;
const DEFAULT_TEST = 0.3;

function dataset(project: Project, id: number, role: string): Dataset {
  const found = project.datasets.get(id);
  if (found === undefined) {
    throw new AppError('not-found', `The study's ${role} dataset (${id}) is not in this project.`);
  }
  return found;
}

/** The study's split: the one asked for, else the dataset's first, else a new one. */
function targetSplit(
  project: Project,
  config: StudyConfig,
  images: readonly ImageRecord[],
): { items: readonly SplitItem[]; isNew: boolean } {
  const splits = project.splits.list(config.targetDatasetId);
  const chosen = config.splitId === null ? splits[0] : splits.find((s) => s.id === config.splitId);
  if (chosen !== undefined) return { items: project.splits.items(chosen.id), isNew: false };
  if (config.splitId !== null) {
    throw new AppError('not-found', `The target dataset has no split ${config.splitId}.`);
  }
  const labelled = images.filter((image) => image.labelMapId !== null);
  const items = makeSplit(labelled, { val: DEFAULT_VAL, test: DEFAULT_TEST, seed: 0 });
  return { items, isNew: true };
}

const learnsFromLabelMaps = ({ pretrainings }: StudyConfig): boolean =>
  pretrainings
    .filter(isTaskPretraining)
    .some(({ task }) => PRETRAINING_TASK_FACTS[task].needs === 'label maps');

function resolveLabelCounts(config: StudyConfig, available: number): number[] {
  const counts = config.labelCounts.map((n) => (n === 'all' ? available : n));
  const tooMany = counts.filter((n) => n > available);
  if (tooMany.length > 0) {
    refuse(
      `The study asks for ${Math.max(...tooMany)} labelled training images, but the train part has ${available}. Label more, choose smaller counts, or make the validation and test parts smaller.`,
    );
  }
  return [...new Set(counts)].toSorted((a, b) => a - b);
}

/** The target's images that take part, and how many of the split have no label map. */
function resolveTarget(project: Project, config: StudyConfig, target: Dataset) {
  const images = new Map(project.datasets.images(target.id).map((image) => [image.id, image]));
  const { items: splitItems, isNew } = targetSplit(project, config, [...images.values()]);
  const items: SnapshotItem[] = [];
  let unlabelled = 0;
  for (const { imageId, part } of splitItems) {
    const image = images.get(imageId);
    if (image === undefined) continue;
    if (image.labelMapId === null) unlabelled++;
    else items.push(snapshotItem(image, part));
  }
  const used = new Set(items.map((item) => item.imageId));
  const labelled = [...images.values()].filter(({ id }) => used.has(id));
  const trainImageIds = items.filter((i) => i.part === 'train').map((i) => i.imageId);
  const valCount = items.filter((i) => i.part === 'val').length;
  const testCount = items.filter((i) => i.part === 'test').length;
  if (trainImageIds.length === 0 || valCount === 0 || testCount === 0) {
    refuse(
      `"${target.name}" has ${trainImageIds.length} labelled training, ${valCount} validation and ${testCount} test images; a study needs at least one of each. Label more images or change the split.`,
      target.name,
    );
  }
  const split = splitItems;
  return { items, images, labelled, unlabelled, trainImageIds, valCount, testCount, split, isNew };
}

/** Images of the source that pretraining may see, and which of them are the target's own. */
function sourceOf(
  project: Project,
  config: StudyConfig,
  data: { source: Dataset; target: Dataset; split: readonly SplitItem[] },
): SourceImages & { readonly own: OwnImages } {
  const { source, target, split } = data;
  if (config.pretrainings.length === 0) {
    return { images: [], items: [], validation: 0, tooClose: [], own: new Map() };
  }
  const isOneDataset = source.id === target.id;
  const all = project.datasets.images(source.id);
  const tasks = config.pretrainings.filter(isTaskPretraining).map(({ task }) => task);
  // Where every task learns from labels, images without them would only be checked and stored in vain.
  const wanted = isOneDataset
    ? all.filter((image) => tasks.some((task) => imageServes(task, image)))
    : all;
  const found = resolveSource(source, wanted, {
    split: isOneDataset ? split : null,
    onValidation: config.pretrainOnValidation,
  });
  const targetImages = isOneDataset ? all : project.datasets.images(target.id);
  return { ...found, own: ownImages(found.images, targetImages) };
}

/** A test image of average area, with the proportions of the first. */
function testSizeOf(
  { classes }: Dataset,
  items: readonly SnapshotItem[],
  images: ReadonlyMap<number, ImageRecord>,
): TestSize {
  const tested = items.filter(({ part }) => part === 'test');
  const sizes = tested.flatMap(({ imageId }) => images.get(imageId) ?? []);
  const [first] = sizes;
  const pixels = sizes.reduce((sum, one) => sum + one.widthPx * one.heightPx, 0) / sizes.length;
  const shape = first === undefined ? 1 : first.widthPx / first.heightPx;
  const indices = classes.map(({ index }) => index).filter((index) => index < IGNORE);
  return {
    widthPx: Math.max(1, Math.round(Math.sqrt(pixels * shape))),
    heightPx: Math.max(1, Math.round(Math.sqrt(pixels / shape))),
    classes: Math.max(1, ...indices) + 1,
  };
}

/** What is pretrained on may be validated on where that was asked for, and is never tested on. */
function checkSourceLeaks(
  sourceImages: readonly ImageRecord[],
  target: TargetPart,
  onValidation: boolean,
): void {
  const items = target.items.filter(({ part }) => part !== 'val');
  if (onValidation) checkLeaks([], target);
  checkLeaks(sourceImages, onValidation ? { ...target, items } : target);
}

/** Resolves and checks a study's data. Errors: not-found, invalid-input with the remedy. */
export function planData(project: Project, config: StudyConfig): StudyData {
  const source = dataset(project, config.sourceDatasetId, 'source');
  const target = dataset(project, config.targetDatasetId, 'target');
  const { items, images, labelled, unlabelled, trainImageIds, valCount, testCount, split, isNew } =
    resolveTarget(project, config, target);
  const trained = new Set(trainImageIds);
  const isOneDataset = source.id === target.id;
  const pretrained = sourceOf(project, config, { source, target, split });
  const { images: sourceImages, items: sourceItems, own } = pretrained;
  const labels = partLabels(project, items);

  checkKeys(config);
  checkExtension(config);
  assertInputSize(config.network, config.sampling.sizePx);
  checkDeepBlocks(config);
  for (const plan of config.pretrainings) {
    if (!isTaskPretraining(plan)) checkEncoder(project, config, plan, { items, images });
  }
  checkTaskNeeds(config, source, sourceImages);
  const seen = [...new Map([...sourceImages, ...labelled].map((one) => [one.id, one])).values()];
  assertChannelsFit(seen, config.network.inputChannels);
  assertLabelsAreClasses(project, target, labelled);
  if (learnsFromLabelMaps(config)) assertLabelsAreClasses(project, source, sourceImages);
  checkForeground(target, labels);
  if (learnsFromLabelMaps(config)) checkForeground(source, partLabels(project, sourceItems));
  const onValidation = isOneDataset && config.pretrainOnValidation;
  checkSourceLeaks(sourceImages, { items, images }, onValidation);
  const labelCounts = resolveLabelCounts(config, trainImageIds.length);
  const trainItems = items.filter(({ part }) => part === 'train');

  const data: Omit<StudyData, 'notes'> = {
    source,
    target,
    sourceItems,
    own,
    targetItems: items,
    trainImageIds,
    valCount,
    testCount,
    testSize: testSizeOf(target, items, images),
    labelCounts,
    newSplit: isNew ? split : null,
  };
  checkOwnLabels(config, data, sourceImages);
  checkPrimary(config, labelCounts);
  return {
    ...data,
    notes: planNotes(config, {
      aboutPrimary: primaryNotes(config, labelCounts),
      unlabelled,
      testCount,
      seen,
      datasets: [source, target],
      absent: absentClasses(target.classes, labels, target.hasBackground),
      withoutForeground: trainedWithoutForeground(project, config, {
        labelCounts,
        trainItems,
        hasBackground: target.hasBackground,
      }),
      trainedOn: [sourceImages, labelled.filter(({ id }) => trained.has(id))],
      aboutSource: sourceNotes(project, config, { ...data, ...pretrained, trained: trained.size }),
    }),
  };
}
