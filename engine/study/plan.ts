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
  type ReadyPretraining,
  type PretrainingKey,
  type PretrainingPlan,
  type SnapshotItem,
  type StudyConfig,
  type TaskPretraining,
  type Transfer,
} from '../../shared/entities.ts';
import { halvingsOf } from '../../shared/networks.ts';
import {
  channelObstacle,
  imageServes,
  PRETRAINING_TASK_FACTS,
  transferObstacle,
} from '../../shared/pretraining-tasks.ts';
import { isTaskPretraining, pretrainingKey } from '../../shared/pretrainings.ts';
import { createRandom } from '../../shared/random.ts';
import { assertLabelsAreClasses } from '../data/label-values.ts';
import { makeSplit } from '../data/split.ts';
import type { Project } from '../db/project.ts';
import type { SplitItem } from '../db/splits.ts';
import { assertChannelsFit } from '../training/images/channels.ts';
import { imageMemoryBytes, keptBytes } from '../training/images/image-store.ts';
import { transfersGroup } from '../training/network/transfer.ts';
import { assertInputSize } from '../training/network/unet.ts';

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

/** Errors: invalid-input, where the decoder has fewer blocks than an arm takes over. */
function checkDeepBlocks({ network, pretrainings }: StudyConfig): void {
  const blocks = halvingsOf(network);
  for (const { transfers, deepDecoderBlocks } of pretrainings) {
    if (!transfers.includes('encoder+deep-decoder') || deepDecoderBlocks <= blocks) continue;
    refuse(
      `The decoder has ${blocks} blocks, so its deepest ${deepDecoderBlocks} cannot be taken over. Choose ${blocks} or fewer.`,
      'deepDecoderBlocks',
    );
  }
}

function checkTaskNeeds(config: StudyConfig, source: Dataset, images: readonly ImageRecord[]) {
  for (const { task, transfers } of config.pretrainings.filter(isTaskPretraining)) {
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
    for (const transfer of transfers) {
      const obstacle = transferObstacle(task, transfer, config.network.skips);
      if (obstacle !== null) refuse(`${task} → ${transfer}: ${obstacle} Leave that arm out.`);
    }
  }
}

const learnsFromLabelMaps = ({ pretrainings }: StudyConfig): boolean =>
  pretrainings
    .filter(isTaskPretraining)
    .some(({ task }) => PRETRAINING_TASK_FACTS[task].needs === 'label maps');

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

/** A run that has ended can only go on where its learning rate has not been brought to 0. */
function checkExtension({ extension, finetuning }: StudyConfig): void {
  if (extension !== null && finetuning.schedule !== 'constant') {
    refuse(
      `Fine-tuning by a ${finetuning.schedule} schedule cannot go on after its last step. Choose the constant schedule, or no extension.`,
    );
  }
}

/** The target's images as the study splits them, and their records. */
interface TargetPart {
  readonly items: readonly SnapshotItem[];
  readonly images: ReadonlyMap<number, ImageRecord>;
}

/** Settings that a network shares with the encoder that it takes over; of the decoder all of them. */
const ENCODER_SETTINGS = [
  'encoder',
  'encoderWidth',
  'inputChannels',
  'norm',
  'encoderEpsilon',
  'padding',
  'preprocessing',
] as const;
const PLAIN_SETTINGS = ['depth', 'base', 'bottleneck'] as const;
const DECODER_SETTINGS = [...PLAIN_SETTINGS, 'skips'] as const;

/** Arms of an encoder that was there before can be compared with the others only where nothing but its weights differs. */
function checkEncoder(
  project: Project,
  config: StudyConfig,
  plan: ReadyPretraining,
  target: TargetPart,
): void {
  const encoder = project.encoders.get(plan.encoderId);
  if (encoder === undefined) {
    throw new AppError(
      'not-found',
      `There is no encoder ${plan.encoderId} in this project. Choose one that "Encoders" lists.`,
    );
  }
  const { name } = encoder;
  const takesDecoder = plan.transfers.some((transfer) => transfer.includes('decoder'));
  const settings = [
    ...ENCODER_SETTINGS,
    ...(encoder.network.encoder === 'plain' ? PLAIN_SETTINGS : []),
    ...(takesDecoder ? DECODER_SETTINGS : []),
  ];
  for (const setting of new Set(settings)) {
    const [had, wanted] = [encoder.network, config.network].map((n) => JSON.stringify(n[setting]));
    if (had !== wanted) {
      refuse(
        `The encoder "${name}" does not fit this study: its ${setting} is ${had ?? 'unknown'}, that of the study's network ${wanted ?? 'unknown'}. Choose the network of the encoder, or leave the encoder out.`,
        setting,
      );
    }
  }
  const task = encoder.task;
  if (takesDecoder && task !== null) {
    for (const transfer of plan.transfers) {
      const obstacle = transferObstacle(task, transfer, config.network.skips);
      if (obstacle !== null) refuse(`${name} → ${transfer}: ${obstacle} Leave that arm out.`, name);
    }
  }
  checkHeldLayers(encoder, plan);
  const run = encoder.runId === null ? undefined : project.runs.get(encoder.runId);
  if (run === undefined) return;
  for (const setting of ['sizePx', 'mode'] as const) {
    const [had, wanted] = [run.config.sampling[setting], config.sampling[setting]];
    if (had !== wanted) {
      refuse(
        `The encoder "${name}" was pretrained with ${setting} ${had}, and this study has ${wanted}: its arms could not be compared with those of encoders that the study pretrains. Choose ${setting} ${had}, or pretrain another.`,
        setting,
      );
    }
  }
  const seen = project.snapshots.items(run.config.snapshotId);
  checkLeaks(seen, target.items);
  const images = seen.map((item) => project.datasets.image(item.imageId));
  checkGroups(
    images.filter((image) => image !== undefined),
    target,
  );
}

/** A file may hold an encoder alone: better refused now than by the first run of that arm. */
function checkHeldLayers({ name, file }: Encoder, { transfers }: ReadyPretraining): void {
  for (const transfer of transfers) {
    const lacking = file?.layers.find(
      ({ group, state }) => state !== 'loaded' && transfersGroup(transfer, group),
    );
    if (lacking === undefined) continue;
    const { layer, group, problem } = lacking;
    refuse(
      `${name} → ${transfer}: the file of "${name}" does not hold ${layer}${problem === null ? '' : ` (${problem})`}. Leave that arm out; arms without the ${group} are possible.`,
      layer,
    );
  }
}

/** Images of one group (patient, slide) are nearly copies of each other: they may not stand on both sides either. */
function checkGroups(sourceImages: readonly ImageRecord[], target: TargetPart): void {
  const sourceGroups = new Set(sourceImages.map((image) => image.groupName));
  const partOf = new Map<string, SnapshotItem['part']>();
  for (const { imageId, part } of target.items) {
    const group = target.images.get(imageId)?.groupName ?? null;
    if (group === null) continue;
    const other = partOf.get(group) ?? part;
    if (other !== part) {
      refuse(
        `Images of the group "${group}" lie both in the ${other} and in the ${part} part of the split. Make a new split, which keeps groups together.`,
        group,
      );
    }
    partOf.set(group, part);
    if (part !== 'train' && sourceGroups.has(group)) {
      refuse(
        `The group "${group}" has images both among those to pretrain on and in the ${part} part of the target: a network may not be pretrained on what it is tested on. Take the group out of one of them; if it is another patient or slide by the same name, rename it in one dataset.`,
        group,
      );
    }
  }
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
      `${leaked.length} validation or test images of the target are also among those to pretrain on (same content). Remove them from one of the two: a network may not be pretrained on what it is tested on.`,
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

/** What of the images that are trained on by patches goes to disk, because a run keeps no more of them in memory. */
function keptOnDisk(
  { sampling }: StudyConfig,
  datasets: readonly (readonly ImageRecord[])[],
): string | null {
  if (sampling.mode === 'resize') return null;
  const decoded = datasets.map((images) =>
    images.reduce((sum, image) => sum + keptBytes(image, image.labelMapId !== null), 0),
  );
  const beyond = Math.max(...decoded) - imageMemoryBytes();
  if (beyond <= 0) return null;
  const size = `${(beyond / 1e9).toPrecision(2)} GB`;
  return `The images do not all fit into the memory at full resolution: each run that trains on them takes up to ${size} of disk beside the project while it runs.`;
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
  checkExtension(config);
  assertInputSize(config.network, config.sampling.sizePx);
  checkDeepBlocks(config);
  for (const plan of config.pretrainings) {
    if (!isTaskPretraining(plan)) {
      checkEncoder(project, config, plan, { items: targetItems, images: targetImages });
    }
  }
  checkTaskNeeds(config, source, sourceImages);
  const used = new Set(targetItems.map((item) => item.imageId));
  const targetLabelled = [...targetImages.values()].filter(({ id }) => used.has(id));
  assertChannelsFit([...sourceImages, ...targetLabelled], config.network.inputChannels);
  assertLabelsAreClasses(project, target, targetLabelled);
  if (learnsFromLabelMaps(config)) assertLabelsAreClasses(project, source, sourceImages);
  checkLeaks(sourceItems, targetItems);
  checkGroups(sourceImages, { items: targetItems, images: targetImages });

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
  const rates = learningRatesOf(config);
  if (rates.length > 1) {
    notes.push(
      `Every arm is trained with the learning rates ${rates.join(', ')}: ${rates.length} times the fine-tuning runs. Validation Dice chooses.`,
    );
  }
  if (config.extension !== null) {
    notes.push(
      `Where the random start has not plateaued, all arms of that label count go on to ${config.extension} times their steps${rates.length > 1 ? ' with the learning rate that validation chose' : ''}. The estimate reaches from none going on to all.`,
    );
  }
  const trained = new Set(trainImageIds);
  const onDisk = keptOnDisk(config, [
    sourceImages,
    targetLabelled.filter(({ id }) => trained.has(id)),
  ]);
  if (onDisk !== null) notes.push(onDisk);
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

/** What the runs of one seed and label count share. */
interface Cell {
  readonly labels: number;
  readonly seed: number;
  /** Training images, the first `labels` of which are seen. */
  readonly order: readonly number[];
  readonly learningRate: number;
}

const learningRatesOf = ({ learningRates, finetuning }: StudyConfig): readonly number[] =>
  learningRates.length > 0 ? [...new Set(learningRates)] : [finetuning.learningRate];

/**
 * All runs of a study, seed by seed, so that a study stopped early has whole seeds to compare.
 * Every arm of a seed shares its images, their order, the augmentation and the random initial weights.
 */
export function planRuns(config: StudyConfig, data: StudyData): PlannedRun[] {
  const { network, sampling } = config;
  const rates = learningRatesOf(config);
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
  const finetune = (plan: PretrainingPlan | null, transfer: Transfer, cell: Cell): PlannedRun => {
    const { labels, seed, order, learningRate } = cell;
    const pretraining = plan === null ? null : pretrainingKey(plan);
    return {
      kind: 'finetune',
      key: `${pretraining ?? 'none'}/${transfer}/${labels}/${seed}${rates.length > 1 ? `/${learningRate}` : ''}`,
      pretrainKey: plan !== null && isTaskPretraining(plan) ? `${sharedKey(plan)}/${seed}` : null,
      pretraining,
      labels,
      config: {
        kind: 'finetune',
        network,
        sampling,
        optimisation: { ...config.finetuning, learningRate },
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
      const each = (plan: PretrainingPlan | null, transfer: Transfer) =>
        rates.map((learningRate) =>
          finetune(plan, transfer, { labels, seed, order, learningRate }),
        );
      return [
        ...each(null, 'random'),
        ...config.controls.flatMap((transfer) => each(null, transfer)),
        ...config.pretrainings.flatMap((plan) =>
          plan.transfers.flatMap((transfer) => each(plan, transfer)),
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
