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
import { inSplits } from '../../../shared/study-splits.ts';
import { imageServes, takesPart } from '../../../shared/task-sources.ts';
import { assertLabelsAreClasses, partLabels } from '../../data/label-values.ts';
import { withoutLabelsOf } from '../../data/label-authors.ts';
import { ownImages, type OwnImages } from '../../data/own-labels.ts';
import type { Project } from '../../db/project.ts';
import { snapshotItem, type SplitItem } from '../../db/splits.ts';
import { assertChannelsFit } from '../../training/images/channels.ts';
import type { TestSize } from '../../training/protocol.ts';
import { assertInputSize } from '../../training/network/unet.ts';
import { alikeNotes } from './alike-notes.ts';
import { askedBeforeNotes } from './asked-before.ts';
import {
  checkDeepBlocks,
  checkExtension,
  checkKeys,
  checkSplits,
  checkTaskNeeds,
} from './check-design.ts';
import { checkEncoder } from './check-encoder.ts';
import { checkForeground, withoutForeground } from './check-foreground.ts';
import { checkLeaks, type TargetPart } from './check-leaks.ts';
import { checkOwnLabels } from './check-own-labels.ts';
import { planNotes } from './plan-notes.ts';
import { checkPrimary, primaryNotes } from './primary.ts';
import { refuse } from './refuse.ts';
import { resolveSource, type SourceImages } from './resolve-source.ts';
import { sourceNotes } from './source-notes.ts';
import type { SplitData, StudyData } from './study-data.ts';
import { splitNotes, targetSplits } from './target-splits.ts';
import { counted } from '../../../shared/number-format.ts';

function dataset(project: Project, id: number, role: string): Dataset {
  const found = project.datasets.get(id);
  if (found === undefined) {
    throw new AppError('not-found', `The study's ${role} dataset (${id}) is not in this project.`);
  }
  return found;
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
      `The study asks for ${Math.max(...tooMany)} labelled training images, but the ${config.splits === null ? 'train part' : 'smallest train part of its splits'} has ${available}. Label more, choose smaller counts, or ${config.splits === null ? 'make the validation and test parts smaller' : 'ask for more folds'}.`,
    );
  }
  return [...new Set(counts)].toSorted((a, b) => a - b);
}

/** The target's images that take part, split by split, and how many of the split have no label map. */
function resolveTarget(project: Project, config: StudyConfig, target: Dataset) {
  const present = project.datasets.images(target.id).filter(takesPart);
  const counting = withoutLabelsOf(project, present, config.withoutHelpers);
  const images = new Map(counting.map((image) => [image.id, image]));
  const helped = new Set(
    present
      .filter(({ id, labelMapId }) => labelMapId !== null && images.get(id)?.labelMapId === null)
      .map(({ id }) => id),
  );
  const { splits, isNew } = targetSplits(project, config, [...images.values()]);
  const unlabelled = new Set<number>();
  const used = new Set<number>();
  const parts = splits.map((split) => {
    const items: SnapshotItem[] = [];
    for (const { imageId, part } of split) {
      const image = images.get(imageId);
      if (image === undefined) continue;
      if (image.labelMapId === null) {
        if (!helped.has(imageId)) unlabelled.add(imageId);
        continue;
      }
      used.add(imageId);
      items.push(snapshotItem(image, part));
    }
    const trainImageIds = items.filter((i) => i.part === 'train').map((i) => i.imageId);
    const valCount = items.filter((i) => i.part === 'val').length;
    const testCount = items.filter((i) => i.part === 'test').length;
    if (trainImageIds.length === 0 || valCount === 0 || testCount === 0) {
      refuse(
        `"${target.name}" has ${trainImageIds.length} labelled training, ${valCount} validation and ${counted(testCount, 'test image')}; a study needs at least one of each. Label more images or change the split.`,
        target.name,
      );
    }
    return { split, items, trainImageIds, valCount, testCount };
  });
  const labelled = [...images.values()].filter(({ id }) => used.has(id));
  const counts = { unlabelled: unlabelled.size, helped: helped.size };
  return { parts, images, labelled, ...counts, isNew };
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
  const present = project.datasets.images(source.id).filter(takesPart);
  const all = withoutLabelsOf(project, present, config.withoutHelpers);
  const tasks = config.pretrainings.filter(isTaskPretraining).map(({ task }) => task);
  const found = resolveSource(source, all, {
    split: isOneDataset ? split : null,
    onValidation: config.pretrainOnValidation,
    // Where every task learns from labels, images without them would only be checked and stored in vain.
    serves: (image) => !isOneDataset || tasks.some((task) => imageServes(task, image)),
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

/**
 * What is pretrained on may be validated on where that was asked for, and is never tested on. The split itself comes first:
 * where it divides a group, a new split is the remedy, whatever is pretrained on.
 */
function checkSourceLeaks(
  sourceImages: readonly ImageRecord[],
  target: TargetPart,
  onValidation: boolean,
): void {
  const items = target.items.filter(({ part }) => part !== 'val');
  checkLeaks([], target);
  checkLeaks(sourceImages, onValidation ? { ...target, items } : target);
}

type Part = ReturnType<typeof resolveTarget>['parts'][number];

/** One division of the target with what may be pretrained on beside it. */
function resolveSplit(
  project: Project,
  config: StudyConfig,
  data: { readonly source: Dataset; readonly target: Dataset; readonly part: Part },
): SourceImages & SplitData {
  const { part, ...datasets } = data;
  const { split, items: targetItems, trainImageIds, valCount, testCount } = part;
  const pretrained = sourceOf(project, config, { ...datasets, split });
  const { items: sourceItems } = pretrained;
  return { ...pretrained, sourceItems, targetItems, trainImageIds, valCount, testCount };
}

/** Images of several lists, each once. */
const distinct = (lists: readonly (readonly ImageRecord[])[]): ImageRecord[] => [
  ...new Map(lists.flat().map((one) => [one.id, one])).values(),
];

/** Resolves and checks a study's data. Errors: not-found, invalid-input with the remedy. */
export function planData(project: Project, config: StudyConfig): StudyData {
  const source = dataset(project, config.sourceDatasetId, 'source');
  const target = dataset(project, config.targetDatasetId, 'target');
  checkSplits(config);
  const resolved = resolveTarget(project, config, target);
  const { parts, images, labelled, unlabelled, helped, isNew } = resolved;
  const splits = parts.map((part) => resolveSplit(project, config, { source, target, part }));
  const [first] = splits;
  if (first === undefined) throw new AppError('internal', 'The study has no split.');
  const sourceImages = distinct(splits.map((split) => split.images));
  const seen = distinct([sourceImages, labelled]);

  checkKeys(config);
  checkExtension(config);
  assertInputSize(config.network, config.sampling.sizePx);
  checkDeepBlocks(config);
  for (const plan of config.pretrainings) {
    if (isTaskPretraining(plan)) continue;
    for (const { items } of parts) checkEncoder(project, config, plan, { items, images });
  }
  checkTaskNeeds(config, source, sourceImages);
  assertChannelsFit(seen, config.network.inputChannels);
  assertLabelsAreClasses(project, target, labelled);
  const learnsMaps = learnsFromLabelMaps(config);
  if (learnsMaps) assertLabelsAreClasses(project, source, sourceImages);
  for (const [k, { targetItems, sourceItems, images: pretrained }] of splits.entries()) {
    const where = config.splits === null ? null : `split ${k + 1} of ${splits.length}`;
    checkForeground(target, partLabels(project, targetItems), where);
    if (learnsMaps) checkForeground(source, partLabels(project, sourceItems), where);
    const onValidation = source.id === target.id && config.pretrainOnValidation;
    checkSourceLeaks(pretrained, { items: targetItems, images }, onValidation);
  }
  const available = Math.min(...splits.map(({ trainImageIds }) => trainImageIds.length));
  const labelCounts = resolveLabelCounts(config, available);
  const tested = splits.flatMap(({ targetItems }) =>
    targetItems.flatMap(({ imageId, part }) => (part === 'test' ? [imageId] : [])),
  );

  const data: Omit<StudyData, 'notes'> = {
    ...first,
    source,
    target,
    splits,
    testedCount: new Set(tested).size,
    testSize: testSizeOf(target, first.targetItems, images),
    labelCounts,
    newSplit: isNew ? (parts[0]?.split ?? null) : null,
  };
  checkOwnLabels(config, data, sourceImages);
  checkPrimary(config, labelCounts);
  const trained = new Set(first.trainImageIds);
  return {
    ...data,
    notes: [
      ...splitNotes(config, data),
      ...inSplits(
        splits.map(({ targetItems, images: pretrained }) =>
          alikeNotes(project, {
            dataset: target,
            pretrained,
            target: { items: targetItems, images },
            onValidation: source.id === target.id && config.pretrainOnValidation,
          }),
        ),
      ),
      ...planNotes(config, {
        aboutPrimary: [
          ...primaryNotes(config, labelCounts),
          ...askedBeforeNotes(project, config, labelCounts),
        ],
        unlabelled,
        helped,
        testCount: data.testedCount,
        seen,
        datasets: [source, target],
        absent: inSplits(
          splits.map(({ targetItems }) =>
            absentClasses(target.classes, partLabels(project, targetItems), target.hasBackground),
          ),
        ),
        withoutForeground: withoutForeground(project, config, data),
        trainedOn: [first.images, labelled.filter(({ id }) => trained.has(id))],
        aboutSource: sourceNotes(project, config, { ...data, ...first, trained: trained.size }),
      }),
    ],
  };
}
