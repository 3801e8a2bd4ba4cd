/** The grid of a study: arms × label counts × seeds (docs/method.md §5) as a list of runs. Reads nothing but the plan. */
import type {
  FinetuneRunConfig,
  PretrainingKey,
  PretrainingPlan,
  PretrainRunConfig,
  SnapshotItem,
  StudyConfig,
  TaskPretraining,
  Transfer,
} from '../../../shared/entities.ts';
import { isTaskPretraining, pretrainingKey } from '../../../shared/pretrainings.ts';
import { createRandom } from '../../../shared/random.ts';
import { ownLabelled, withoutOtherLabels } from '../../data/own-labels.ts';
import { seedsOfStudy, splitOfSeed } from '../../../shared/study-splits.ts';
import type { SplitData, StudyData } from './study-data.ts';

/** A run as planned: everything but ids that only exist once it is stored. */
export type PlannedRun =
  | {
      readonly kind: 'pretrain';
      readonly key: string;
      /** Number of the split, from 0. */
      readonly split: number;
      readonly pretraining: PretrainingKey;
      /** Label count of the arms that it is for; null: for those of all. */
      readonly labels: number | null;
      readonly config: Omit<PretrainRunConfig, 'snapshotId'>;
    }
  | {
      readonly kind: 'finetune';
      readonly key: string;
      readonly split: number;
      /** Key of the planned run to wait for; null where none has to come first. */
      readonly pretrainKey: string | null;
      readonly pretraining: PretrainingKey | null;
      readonly labels: number;
      readonly config: Omit<FinetuneRunConfig, 'snapshotId' | 'pretrainRunId'>;
    };

export const learningRatesOf = ({ learningRates, finetuning }: StudyConfig): readonly number[] =>
  learningRates.length > 0 ? [...new Set(learningRates)] : [finetuning.learningRate];

/** Training images of seed s in the order in which label counts take them: n < m gives nested subsets. */
export function labelOrder(trainImageIds: readonly number[], seed: number): number[] {
  return createRandom(seed, 'labels').shuffled(trainImageIds);
}

/** What the planning of runs asks of the data. */
export type RunsData = Pick<StudyData, 'splits' | 'labelCounts'>;

/** Whether each label count has a pretraining of its own, which sees no labels but those of its arms. */
export function isByLabelCount(
  { pretrainingLabels }: StudyConfig,
  { task }: TaskPretraining,
  { splits }: Pick<RunsData, 'splits'>,
): boolean {
  return (
    pretrainingLabels === 'own' &&
    splits.some(({ sourceItems, own }) => ownLabelled(task, sourceItems, own).length > 0)
  );
}

/** Images of the source that such a pretraining sees. */
export function seenByPretraining(
  { sourceItems, own, trainImageIds }: SplitData,
  { labels, seed }: { readonly labels: number; readonly seed: number },
): SnapshotItem[] {
  const chosen = new Set(labelOrder(trainImageIds, seed).slice(0, labels));
  return withoutOtherLabels(sourceItems, own, chosen);
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
  readonly split: number;
  /** Training images, the first `labels` of which are seen. */
  readonly order: readonly number[];
  readonly learningRate: number;
}

/**
 * All runs of a study, seed by seed (of each split in turn), so that a study stopped early has whole seeds to compare;
 * pretrainings one seed ahead, so that the last arms find theirs done and no core waits for it.
 * Every arm of a seed shares its images, their order, the augmentation and the random initial weights.
 */
export function planRuns(config: StudyConfig, data: RunsData): PlannedRun[] {
  const { network, sampling } = config;
  const rates = learningRatesOf(config);
  const shared = sharedKeys(config);
  const sharedKey = (plan: TaskPretraining) =>
    shared.get(JSON.stringify(recipeOf(plan))) ?? pretrainingKey(plan);

  /** What waits for it finds it by this; `labels`: null where one serves all label counts. */
  const keyOf = (key: PretrainingKey, labels: number | null, seed: number) =>
    labels === null ? `${key}/${seed}` : `${key}/${labels}/${seed}`;
  const pretrain = (
    plan: TaskPretraining,
    { seed, split, data: own }: { seed: number; split: number; data: SplitData },
  ): PlannedRun[] => {
    const pretraining = pretrainingKey(plan);
    const counts = isByLabelCount(config, plan, data) ? data.labelCounts : [null];
    return counts.map((labels) => ({
      kind: 'pretrain',
      key: keyOf(pretraining, labels, seed),
      split,
      pretraining,
      labels,
      config: {
        kind: 'pretrain',
        network,
        sampling,
        seed,
        ...recipeOf(plan),
        ...(labels === null
          ? {}
          : {
              trainImageIds: seenByPretraining(own, { labels, seed }).map(({ imageId }) => imageId),
            }),
      },
    }));
  };
  const finetune = (plan: PretrainingPlan | null, transfer: Transfer, cell: Cell): PlannedRun => {
    const { labels, seed, split, order, learningRate } = cell;
    const pretraining = plan === null ? null : pretrainingKey(plan);
    return {
      kind: 'finetune',
      key: `${pretraining ?? 'none'}/${transfer}/${labels}/${seed}${rates.length > 1 ? `/${learningRate}` : ''}`,
      split,
      pretrainKey:
        plan !== null && isTaskPretraining(plan)
          ? keyOf(sharedKey(plan), isByLabelCount(config, plan, data) ? labels : null, seed)
          : null,
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
        validationScore: 'classes',
        ...lossOf(config),
        ...armOptions(plan, transfer),
      },
    };
  };

  const seeds = seedsOfStudy(config).flatMap((seed) => {
    const split = splitOfSeed(config, seed);
    const ofSplit = data.splits[split];
    if (ofSplit === undefined) return [];
    const order = labelOrder(ofSplit.trainImageIds, seed);
    const own = config.pretrainings
      .filter(isTaskPretraining)
      .filter((plan) => sharedKey(plan) === pretrainingKey(plan));
    const arms = data.labelCounts.flatMap((labels) => {
      const each = (plan: PretrainingPlan | null, transfer: Transfer) =>
        rates.map((learningRate) =>
          finetune(plan, transfer, { labels, seed, split, order, learningRate }),
        );
      return [
        ...each(null, 'random'),
        ...config.controls.flatMap((transfer) => each(null, transfer)),
        ...config.pretrainings.flatMap((plan) =>
          plan.transfers.flatMap((transfer) => each(plan, transfer)),
        ),
      ];
    });
    return [
      { pretrainings: own.flatMap((plan) => pretrain(plan, { seed, split, data: ofSplit })), arms },
    ];
  });
  return seeds.flatMap(({ pretrainings, arms }, i) => [
    ...(i === 0 ? pretrainings : []),
    ...(seeds[i + 1]?.pretrainings ?? []),
    ...arms,
  ]);
}

/** Names of the arms in the order of the study, e.g. "random", "segmentation E+D". */
export function armNames(config: StudyConfig): string[] {
  return [
    'random',
    ...config.controls,
    ...config.pretrainings.flatMap((p) => p.transfers.map((t) => `${pretrainingKey(p)} ${t}`)),
  ];
}
