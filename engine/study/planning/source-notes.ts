/** What a plan says of the target's own images and labels: those that pretraining sees, and those that seeds share. */
import type { ImageRecord, PretrainingPlan, StudyConfig } from '../../../shared/entities.ts';
import { counted, verbFor } from '../../../shared/number-format.ts';
import { learnsFromLabels } from '../../../shared/pretraining-tasks.ts';
import {
  isTaskPretraining,
  pretrainingInText,
  pretrainingKey,
} from '../../../shared/pretrainings.ts';
import { capitalised, inWords } from '../../../shared/sentences.ts';
import { seedsOfStudy, sharedTraining } from '../../../shared/study-splits.ts';
import { labelsSeen, ownLabelled } from '../../data/own-labels.ts';
import type { Project } from '../../db/project.ts';
import { isByLabelCount } from './plan-runs.ts';
import type { SourceImages } from './resolve-source.ts';
import type { StudyData } from './study-data.ts';

type SourceData = Omit<StudyData, 'notes'> &
  SourceImages & {
    /** Labelled training images of the target. */
    readonly trained: number;
  };

const namesOf = (plans: readonly PretrainingPlan[]) =>
  capitalised(inWords(plans.map((plan) => pretrainingInText(pretrainingKey(plan)))));

const blindTasks = ({ pretrainings }: StudyConfig) =>
  pretrainings.filter(isTaskPretraining).filter(({ task }) => !learnsFromLabels(task));

/** What tasks without labels see of the dataset that is source and target. */
function imageNotes(config: StudyConfig, data: SourceData): string[] {
  const { source, target, images, items, validation } = data;
  const blind = blindTasks(config);
  if (source.id !== target.id || blind.length === 0) return [];
  const bare = images.filter(({ labelMapId }) => labelMapId === null).length;
  return [
    `${namesOf(blind)} pretraining sees ${counted(items.length, 'image')} of "${source.name}", labelled or not${bare > 0 ? ` (${bare} ${verbFor(bare, 'are')} not)` : ''}: ${
      validation > 0
        ? `all but its test images; of the ${validation} of its validation part no labels`
        : 'all but its validation and test images'
    }.`,
  ];
}

/** What would be seen but for its kin: arms' own labels are in the split, and pretraining from them sees nothing beside it. */
function tooCloseNotes(config: StudyConfig, tooClose: readonly ImageRecord[]): string[] {
  const [first] = tooClose;
  const seesAll = config.pretrainingLabels === 'all' || blindTasks(config).length > 0;
  if (first === undefined || !seesAll) return [];
  return [
    `${counted(tooClose.length, 'image')} in no part of the split ${verbFor(tooClose.length, 'are')} not pretrained on, as copies or of the group of a validation or test image (the first: ${first.name}).`,
  ];
}

/** Labels of the target that an encoder of the project was pretrained with; of one from a file nobody knows. */
function labelsOfEncoder(project: Project, encoderId: number, targetId: number): number {
  const runId = project.encoders.get(encoderId)?.runId ?? null;
  const config = runId === null ? undefined : project.runs.get(runId)?.config;
  return config?.kind === 'pretrain' ? labelsSeen(project, targetId)(config).length : 0;
}

/** Whose labels pretraining sees, and what that costs or means. */
function labelNotes(project: Project, config: StudyConfig, data: SourceData): string[] {
  const tasks = config.pretrainings.filter(isTaskPretraining);
  const nested = tasks.filter((plan) => isByLabelCount(config, plan, data));
  const counts = data.labelCounts.length;
  const seeds = seedsOfStudy(config).length;
  const seen = config.pretrainings.flatMap((plan) => {
    if (nested.some((one) => one === plan)) return [];
    const labels = isTaskPretraining(plan)
      ? ownLabelled(plan.task, data.sourceItems, data.own).length
      : labelsOfEncoder(project, plan.encoderId, data.target.id);
    return labels === 0 ? [] : [{ plan, labels }];
  });
  return [
    ...(nested.length === 0
      ? []
      : [
          `${namesOf(nested)} pretraining learns from labels of the target itself, so it sees those of its own arms alone, by label count and seed${counts === 1 ? '' : `: ${counted(counts * seeds, 'pretraining')} for each in place of ${seeds}`}. (--pretraining-labels all shows it all labels but those of validation and test images, and counts them.)`,
        ]),
    ...seen.map(
      ({ plan, labels }) =>
        `${namesOf([plan])} pretraining sees ${counted(labels, 'label')} of the target itself. They count as labels: at every label count its arms have seen them beside their own, so what it does with few labels is not told.`,
    ),
  ];
}

/** In the order in which they are shown. */
export function sourceNotes(project: Project, config: StudyConfig, data: SourceData): string[] {
  const same = config.splits === null ? sharedTraining(data.labelCounts, data.trained) : [];
  if (config.pretrainings.length === 0) {
    return [
      'No pretraining is compared: the study tells how good the random start is by number of labels, and how many are enough.',
      ...same,
    ];
  }
  return [
    ...imageNotes(config, data),
    ...tooCloseNotes(config, data.tooClose),
    ...labelNotes(project, config, data),
    ...same,
  ];
}
