/**
 * From a study's configuration to its data and its list of runs: arms × label counts × seeds (method.md §5).
 * Writes nothing; engine/study/create.ts stores what is planned here.
 */
import { AppError } from '../../shared/errors.ts';
import {
  PRETRAINING_TASKS,
  type Dataset,
  type Encoder,
  type FinetuneRunConfig,
  type ImageRecord,
  type PretrainRunConfig,
  type PretrainingKey,
  type PretrainingPlan,
  type SnapshotItem,
  type StudyConfig,
  type TaskPretraining,
  type Transfer,
} from '../../shared/entities.ts';
import {
  channelObstacle,
  imageServes,
  PRETRAINING_TASK_FACTS,
  transferObstacle,
} from '../../shared/pretraining-tasks.ts';
import { isTaskPretraining, pretrainingKey } from '../../shared/pretrainings.ts';
import { createRandom } from '../../shared/random.ts';
import { makeSplit } from '../data/split.ts';
import type { Project } from '../db/project.ts';
import type { SplitItem } from '../db/splits.ts';

/** Shares of a target that comes without a split. */
const DEFAULT_VAL = 0.2;
const DEFAULT_TEST = 0.3;

export interface StudyData {
  readonly source: Dataset;
  readonly target: Dataset;
  readonly sourceItems: readonly SnapshotItem[];
  readonly targetItems: readonly SnapshotItem[];
  /** Labelled images of the target's train part, in the order of their import. */
  readonly trainImageIds: readonly number[];
  readonly valCount: number;
  readonly testCount: number;
  /** Ascending, `all` resolved. */
  readonly labelCounts: readonly number[];
  /** The split to be saved with the study, where the target had none. */
  readonly newSplit: readonly SplitItem[] | null;
  readonly notes: readonly string[];
}

/** A run as planned: everything but ids that only exist once it is stored. */
export type PlannedRun =
  | {
      readonly kind: 'pretrain';
      readonly key: string;
      readonly pretraining: PretrainingKey;
      readonly config: Omit<PretrainRunConfig, 'snapshotId'>;
    }
  | {
      readonly kind: 'finetune';
      readonly key: string;
      /** Key of the planned run to wait for; null where none has to come first. */
      readonly pretrainKey: string | null;
      readonly pretraining: PretrainingKey | null;
      readonly labels: number;
      readonly config: Omit<FinetuneRunConfig, 'snapshotId' | 'pretrainRunId'>;
    };

function refuse(message: string, subject?: string): never {
  throw new AppError('invalid-input', message, subject === undefined ? {} : { subject });
}

function dataset(project: Project, id: number, role: string): Dataset {
  const found = project.datasets.get(id);
  if (found === undefined) {
    throw new AppError('not-found', `The study's ${role} dataset (${id}) is not in this project.`);
  }
  return found;
}

const toItem = (image: ImageRecord, part: SnapshotItem['part']): SnapshotItem => ({
  imageId: image.id,
  imageHash: image.hash,
  labelMapId: image.labelMapId,
  imageClass: image.imageClass,
  part,
});

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

function checkTaskNeeds(config: StudyConfig, source: Dataset, images: readonly ImageRecord[]) {
  for (const { task, transfers, deepDecoderBlocks } of config.pretrainings.filter(
    isTaskPretraining,
  )) {
    const { needs, title } = PRETRAINING_TASK_FACTS[task];
    const channels = channelObstacle(task, config.network.inputChannels);
    if (channels !== null) refuse(channels);
    if (!images.some((image) => imageServes(task, image))) {
      refuse(
        `${title} pretraining needs ${needs}, and "${source.name}" has none. Add some, or choose another task.`,
        source.name,
      );
    }
    if (needs === 'image classes') {
      const classes = new Set(images.map((i) => i.imageClass).filter((c) => c !== null));
      if (classes.size < 2) {
        refuse(
          `${title} pretraining needs images of at least two classes, and "${source.name}" has ${classes.size}. Import class folders, or choose another task.`,
          source.name,
        );
      }
    }
    if (transfers.includes('encoder+deep-decoder') && deepDecoderBlocks > config.network.depth) {
      refuse(
        `The decoder has ${config.network.depth} blocks, so its deepest ${deepDecoderBlocks} cannot be taken over. Choose ${config.network.depth} or fewer.`,
      );
    }
    for (const transfer of transfers) {
      const obstacle = transferObstacle(task, transfer, config.network.skips);
      if (obstacle !== null) refuse(`${task} → ${transfer}: ${obstacle} Leave that arm out.`);
    }
  }
}

/** Results are told apart by key, so each may stand for one pretraining only. */
function checkKeys({ pretrainings }: StudyConfig): void {
  for (const [key, plans] of Map.groupBy(pretrainings, pretrainingKey)) {
    if (plans.length > 1) {
      refuse(`"${key}" is listed twice among the pretrainings. Give each a name of its own.`, key);
    }
    const [plan] = plans;
    const isTask = PRETRAINING_TASKS.some((task) => task === key);
    if (isTask && plan !== undefined && !(isTaskPretraining(plan) && plan.task === key)) {
      refuse(`"${key}" is the name of a task; give this pretraining another name.`, key);
    }
  }
}

function encoderOf(project: Project, encoderId: number): Encoder {
  const encoder = project.encoders.get(encoderId);
  if (encoder !== undefined) return encoder;
  throw new AppError(
    'not-found',
    `There is no encoder ${encoderId} in this project. Choose one that "Encoders" lists.`,
  );
}

/** Pretraining on what is tested would make any transfer look good. */
function checkLeaks(
  sourceItems: readonly SnapshotItem[],
  targetItems: readonly SnapshotItem[],
): void {
  const seen = new Set(sourceItems.map((item) => item.imageHash));
  const leaked = targetItems.filter((i) => i.part !== 'train' && seen.has(i.imageHash));
  if (leaked.length > 0) {
    refuse(
      `${leaked.length} validation or test images of the target are also in the source dataset (same content). Remove them from one of the two: a network may not be pretrained on what it is tested on.`,
    );
  }
  const trainHashes = new Set(
    targetItems.filter((i) => i.part === 'train').map((i) => i.imageHash),
  );
  const straddling = targetItems.filter((i) => i.part !== 'train' && trainHashes.has(i.imageHash));
  if (straddling.length > 0) {
    refuse(
      `${straddling.length} images occur both in the train part and in the validation or test part of the split (same content). Remove the copies, or give them one group and make a new split.`,
    );
  }
}

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

/** Resolves and checks a study's data. Errors: not-found, invalid-input with the remedy. */
export function planData(project: Project, config: StudyConfig): StudyData {
  const source = dataset(project, config.sourceDatasetId, 'source');
  const target = dataset(project, config.targetDatasetId, 'target');
  const targetImages = new Map(project.datasets.images(target.id).map((i) => [i.id, i]));
  const { items, isNew } = targetSplit(project, config, [...targetImages.values()]);

  const targetItems: SnapshotItem[] = [];
  let unlabelled = 0;
  for (const { imageId, part } of items) {
    const image = targetImages.get(imageId);
    if (image === undefined) continue;
    if (image.labelMapId === null) unlabelled++;
    else targetItems.push(toItem(image, part));
  }
  const trainImageIds = targetItems.filter((i) => i.part === 'train').map((i) => i.imageId);
  const valCount = targetItems.filter((i) => i.part === 'val').length;
  const testCount = targetItems.filter((i) => i.part === 'test').length;
  if (trainImageIds.length === 0 || valCount === 0 || testCount === 0) {
    refuse(
      `"${target.name}" has ${trainImageIds.length} labelled training, ${valCount} validation and ${testCount} test images; a study needs at least one of each. Label more images or change the split.`,
      target.name,
    );
  }

  const ownTrainPart = new Set(trainImageIds);
  const sourceImages = project.datasets
    .images(source.id)
    .filter((image) => source.id !== target.id || ownTrainPart.has(image.id));
  if (sourceImages.length === 0) {
    refuse(`"${source.name}" has no images to pretrain on. Import or generate some.`, source.name);
  }
  const sourceItems = sourceImages.map((image) => toItem(image, 'train'));
  checkKeys(config);
  for (const plan of config.pretrainings) {
    if (!isTaskPretraining(plan)) encoderOf(project, plan.encoderId);
  }
  checkTaskNeeds(config, source, sourceImages);
  checkLeaks(sourceItems, targetItems);

  const notes: string[] = [];
  if (unlabelled > 0) notes.push(`${unlabelled} images of the split have no label map: left out.`);
  if (source.id === target.id) {
    notes.push('Source and target are one dataset: pretraining sees its train part only.');
  }
  if (config.seeds < 5) {
    notes.push(
      `${config.seeds} seeds: intervals are indicative; use 5 for an estimate, 8 to test.`,
    );
  }
  if (testCount < 20) notes.push(`Only ${testCount} test images: intervals will be wide.`);
  return {
    source,
    target,
    sourceItems,
    targetItems,
    trainImageIds,
    valCount,
    testCount,
    labelCounts: resolveLabelCounts(config, trainImageIds.length),
    newSplit: isNew ? items : null,
    notes,
  };
}

/** Training images of seed s in the order in which label counts take them: n < m gives nested subsets. */
export function labelOrder(trainImageIds: readonly number[], seed: number): number[] {
  return createRandom(seed, 'labels').shuffled(trainImageIds);
}

/** What a seed's own network is pretrained with; entries that differ in their arms only share it. */
function recipeOf({
  name: _name,
  transfers: _transfers,
  deepDecoderBlocks: _blocks,
  encoderRate: _rate,
  ...recipe
}: TaskPretraining) {
  return recipe;
}

/** What an arm does beyond its transfer; nothing that would be the same as leaving it out. */
function armOptions(
  plan: PretrainingPlan | null,
  transfer: Transfer,
): Pick<FinetuneRunConfig, 'deepDecoderBlocks' | 'encoderRate' | 'encoderId'> {
  if (plan === null) return {};
  const { deepDecoderBlocks, encoderRate } = plan;
  const trainsEncoder =
    transfer === 'encoder' || transfer === 'encoder+decoder' || transfer === 'encoder+deep-decoder';
  return {
    ...(transfer === 'encoder+deep-decoder' ? { deepDecoderBlocks } : {}),
    ...(trainsEncoder && encoderRate !== 1 ? { encoderRate } : {}),
    ...(isTaskPretraining(plan) ? {} : { encoderId: plan.encoderId }),
  };
}

/** Nothing where it is the default. */
function lossOf({ loss }: StudyConfig): Pick<FinetuneRunConfig, 'loss'> {
  return loss.kind === 'cross-entropy+dice' ? {} : { loss };
}

/** By recipe, the key of the pretraining that others of the same recipe share: the first one listed. */
function sharedKeys(config: StudyConfig): ReadonlyMap<string, PretrainingKey> {
  const plans = config.pretrainings.filter(isTaskPretraining);
  return new Map(
    plans.toReversed().map((plan) => [JSON.stringify(recipeOf(plan)), pretrainingKey(plan)]),
  );
}

/**
 * All runs of a study, seed by seed, so that a study stopped early has whole seeds to compare.
 * Every arm of a seed shares its images, their order, the augmentation and the random initial weights.
 */
export function planRuns(config: StudyConfig, data: StudyData): PlannedRun[] {
  const { network, sampling } = config;
  const shared = sharedKeys(config);
  const sharedKey = (plan: TaskPretraining) =>
    shared.get(JSON.stringify(recipeOf(plan))) ?? pretrainingKey(plan);

  const pretrain = (plan: TaskPretraining, seed: number): PlannedRun => {
    const pretraining = pretrainingKey(plan);
    const key = `${pretraining}/${seed}`;
    return {
      kind: 'pretrain',
      key,
      pretraining,
      config: { kind: 'pretrain', network, sampling, seed, ...recipeOf(plan) },
    };
  };
  const finetune = (
    plan: PretrainingPlan | null,
    transfer: Transfer,
    cell: { readonly labels: number; readonly seed: number; readonly order: readonly number[] },
  ): PlannedRun => {
    const { labels, seed, order } = cell;
    const pretraining = plan === null ? null : pretrainingKey(plan);
    return {
      kind: 'finetune',
      key: `${pretraining ?? 'none'}/${transfer}/${labels}/${seed}`,
      pretrainKey: plan !== null && isTaskPretraining(plan) ? `${sharedKey(plan)}/${seed}` : null,
      pretraining,
      labels,
      config: {
        kind: 'finetune',
        network,
        sampling,
        optimisation: config.finetuning,
        seed,
        transfer,
        trainImageIds: order.slice(0, labels),
        ...lossOf(config),
        ...armOptions(plan, transfer),
      },
    };
  };

  return Array.from({ length: config.seeds }, (_, s) => config.firstSeed + s).flatMap((seed) => {
    const order = labelOrder(data.trainImageIds, seed);
    const own = config.pretrainings
      .filter(isTaskPretraining)
      .filter((plan) => sharedKey(plan) === pretrainingKey(plan));
    const arms = data.labelCounts.flatMap((labels) => {
      const cell = { labels, seed, order };
      return [
        finetune(null, 'random', cell),
        ...config.controls.map((transfer) => finetune(null, transfer, cell)),
        ...config.pretrainings.flatMap((plan) =>
          plan.transfers.map((transfer) => finetune(plan, transfer, cell)),
        ),
      ];
    });
    return [...own.map((plan) => pretrain(plan, seed)), ...arms];
  });
}

/** Names of the arms in the order of the study, e.g. "random", "segmentation E+D". */
export function armNames(config: StudyConfig): string[] {
  return [
    'random',
    ...config.controls,
    ...config.pretrainings.flatMap((p) => p.transfers.map((t) => `${pretrainingKey(p)} ${t}`)),
  ];
}
