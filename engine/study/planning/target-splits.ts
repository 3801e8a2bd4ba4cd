/** How a study divides its target: by one split, or by those of a cross-validation; and what the plan says of these. */
import { AppError } from '../../../shared/errors.ts';
import type { ImageRecord, StudyConfig } from '../../../shared/entities.ts';
import { counted, verbFor } from '../../../shared/number-format.ts';
import { splitCount, splitsInText } from '../../../shared/study-splits.ts';
import { makeFolds } from '../../data/folds.ts';
import { makeSplit } from '../../data/split.ts';
import type { Project } from '../../db/project.ts';
import type { SplitItem } from '../../db/splits.ts';
import type { StudyData } from './study-data.ts';

/** Shares of a target that comes without a split. */
const DEFAULT_VAL = 0.2;
const DEFAULT_TEST = 0.3;

/** The dataset's split that a study asks for, else its first; null where it has none. Errors: not-found. */
function storedSplit(project: Project, config: StudyConfig): readonly SplitItem[] | null {
  const splits = project.splits.list(config.targetDatasetId);
  const chosen = config.splitId === null ? splits[0] : splits.find((s) => s.id === config.splitId);
  if (chosen !== undefined) return project.splits.items(chosen.id);
  if (config.splitId === null) return null;
  throw new AppError('not-found', `The target dataset has no split ${config.splitId}.`);
}

/** What a stored split validates with, of the labelled images that it does not test on. */
function validationShare(split: readonly SplitItem[] | null, labelled: ReadonlySet<number>) {
  const count = (part: SplitItem['part']) =>
    split?.filter((item) => item.part === part && labelled.has(item.imageId)).length ?? 0;
  const [train, val] = [count('train'), count('val')];
  return train > 0 && val > 0 ? val / (train + val) : DEFAULT_VAL / (1 - DEFAULT_TEST);
}

/**
 * The one split of a study: that asked for, else the dataset's first, else a new one, to be stored with the study. Or
 * all splits of its cross-validation, over every labelled image, which are not stored as splits of the dataset.
 * Errors: not-found, invalid-input.
 */
export function targetSplits(
  project: Project,
  config: StudyConfig,
  images: readonly ImageRecord[],
): { splits: readonly (readonly SplitItem[])[]; isNew: boolean } {
  const labelled = images.filter((image) => image.labelMapId !== null);
  const stored = storedSplit(project, config);
  if (config.splits === null) {
    if (stored !== null) return { splits: [stored], isNew: false };
    const items = makeSplit(labelled, { val: DEFAULT_VAL, test: DEFAULT_TEST, seed: 0 });
    return { splits: [items], isNew: true };
  }
  const splits = makeFolds(labelled, {
    ...config.splits,
    validation: validationShare(stored, new Set(labelled.map(({ id }) => id))),
    seed: config.firstSeed,
  });
  return { splits, isNew: false };
}

/** "47", "46 to 48" */
function range(counts: readonly number[]): string {
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return least === most ? String(least) : `${least} to ${most}`;
}

/** What several splits cost, and what they are for. */
export function splitNotes(
  config: StudyConfig,
  { splits, testedCount, labelCounts }: Omit<StudyData, 'notes'>,
): string[] {
  if (config.splits === null) return [];
  const train = splits.map(({ trainImageIds }) => trainImageIds.length);
  const val = splits.map(({ valCount }) => valCount);
  const test = splits.map(({ testCount }) => testCount);
  const count = splitCount(config);
  const all = Math.max(...labelCounts);
  const fewest = Math.min(...train);
  return [
    `${splitsInText(config.splits)}: ${count} splits of all labelled images, each with ${counted(config.seeds, 'seed')} of its own, so every arm is trained ${count * config.seeds} times at each label count. A split trains on ${range(train)}, validates with ${range(val)} and tests on ${range(test)} images; ${testedCount} ${verbFor(testedCount, 'are')} tested on in all.`,
    'Intervals speak of other training images and of other test images like these, not of this one division.',
    ...(all === fewest && fewest < Math.max(...train)
      ? [`"All" labels are ${fewest} in every split, as many as its smallest train part has.`]
      : []),
    ...(count < 5
      ? [`${count} splits: intervals are indicative and wide; use 5 folds or more.`]
      : []),
    'Numbers of images below are those of the first split.',
  ];
}
