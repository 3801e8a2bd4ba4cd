/** Whether the parts of a study's design go together: its pretrainings, arms, network and source. Knows no target. */
import {
  PRETRAINING_TASKS,
  type Dataset,
  type ImageRecord,
  type StudyConfig,
} from '../../../shared/entities.ts';
import { halvingsOf } from '../../../shared/networks.ts';
import { counted } from '../../../shared/number-format.ts';
import { transferObstacle } from '../../../shared/pretraining-tasks.ts';
import { isTaskPretraining, pretrainingKey } from '../../../shared/pretrainings.ts';
import { splitCount } from '../../../shared/study-splits.ts';
import { sourceFacts, taskObstacle } from '../../../shared/task-sources.ts';
import { refuse } from './refuse.ts';

/** Results are told apart by key, so each may stand for one pretraining only. */
export function checkKeys({ pretrainings }: StudyConfig): void {
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

/** Beyond this a plan is a slip of the keys; every split is checked image by image. */
const MOST_SPLITS = 100;
const MOST_SEEDS = 400;

export function checkSplits(config: StudyConfig): void {
  const [splits, seeds] = [splitCount(config), splitCount(config) * config.seeds];
  if (splits <= MOST_SPLITS && seeds <= MOST_SEEDS) return;
  refuse(
    `${splits} splits with ${counted(config.seeds, 'seed')} each are ${seeds} trainings of every arm at each label count. A study has ${MOST_SPLITS} splits at most, and ${MOST_SEEDS} seeds in all of them. Ask for fewer folds, repeats or seeds.`,
    'splits',
  );
}

/** A run that has ended can only go on where its learning rate has not been brought to 0. */
export function checkExtension({ extension, finetuning }: StudyConfig): void {
  if (extension !== null && finetuning.schedule !== 'constant') {
    refuse(
      `Fine-tuning by a ${finetuning.schedule} schedule cannot go on after its last step. Choose the constant schedule, or no extension.`,
    );
  }
}

/** Errors: invalid-input, where the decoder has fewer blocks than an arm takes over. */
export function checkDeepBlocks({ network, pretrainings }: StudyConfig): void {
  const blocks = halvingsOf(network);
  for (const { transfers, deepDecoderBlocks } of pretrainings) {
    if (!transfers.includes('encoder+deep-decoder') || deepDecoderBlocks <= blocks) continue;
    refuse(
      `The decoder has ${blocks} blocks, so its deepest ${deepDecoderBlocks} cannot be taken over. Choose ${blocks} or fewer.`,
      'deepDecoderBlocks',
    );
  }
}

export function checkTaskNeeds(
  config: StudyConfig,
  source: Dataset,
  images: readonly ImageRecord[],
) {
  const facts = sourceFacts(source.name, images);
  for (const { task, transfers } of config.pretrainings.filter(isTaskPretraining)) {
    const { inputChannels } = config.network;
    const missing = taskObstacle(task, { source: facts, inputChannels });
    if (missing !== null) refuse(missing, source.name);
    for (const transfer of transfers) {
      const obstacle = transferObstacle(task, transfer, config.network.skips);
      if (obstacle !== null) refuse(`${task} → ${transfer}: ${obstacle} Leave that arm out.`);
    }
  }
}
