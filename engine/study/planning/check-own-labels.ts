/** Whether a pretraining that sees no labels but those of its arms still has something to learn from. */
import type { ImageRecord, StudyConfig } from '../../../shared/entities.ts';
import { counted } from '../../../shared/number-format.ts';
import { isTaskPretraining } from '../../../shared/pretrainings.ts';
import { sourceFacts, taskObstacle } from '../../../shared/task-sources.ts';
import type { StudyData } from './study-data.ts';
import { seedsOfStudy, splitOfSeed } from '../../../shared/study-splits.ts';
import { isByLabelCount, seenByPretraining } from './plan-runs.ts';
import { refuse } from './refuse.ts';

/** Errors: invalid-input, with the first label count and seed that a task can learn nothing from. */
export function checkOwnLabels(
  config: StudyConfig,
  data: Omit<StudyData, 'notes'>,
  sourceImages: readonly ImageRecord[],
): void {
  const imageOf = new Map(sourceImages.map((image) => [image.id, image]));
  const { inputChannels } = config.network;
  for (const plan of config.pretrainings.filter(isTaskPretraining)) {
    if (!isByLabelCount(config, plan, data)) continue;
    for (const labels of data.labelCounts) {
      for (const seed of seedsOfStudy(config)) {
        const ofSplit = data.splits[splitOfSeed(config, seed)] ?? data;
        const seen = seenByPretraining(ofSplit, { labels, seed });
        const images = seen.flatMap(({ imageId }) => imageOf.get(imageId) ?? []);
        const source = sourceFacts(data.source.name, images);
        if (taskObstacle(plan.task, { source, inputChannels }) === null) continue;
        refuse(
          `With ${counted(labels, 'label')}, ${plan.task} pretraining of seed ${seed} would see ${
            source.imageClasses < 2 && plan.task === 'classification'
              ? 'images of one class alone'
              : 'nothing to learn from'
          }, because it may see the labels of its own arms only. Ask for more labels, pretrain on another dataset, or let it see all labels but those of validation and test images, and count them (--pretraining-labels all).`,
          plan.task,
        );
      }
    }
  }
}
