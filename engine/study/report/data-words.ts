/** What a report says of a study's images and labels: what pretraining saw of them, and what intervals speak about. */
import type { Part, PretrainingKey, Study } from '../../../shared/entities.ts';
import { extraLabelsInText } from '../../../shared/charts/study-words.ts';
import { helpersInText } from '../../../shared/helpers.ts';
import { pretrainingInText, pretrainingKey } from '../../../shared/pretrainings.ts';
import { capitalised, inWords } from '../../../shared/sentences.ts';
import { sharedTraining, splitCount, splitsInText } from '../../../shared/study-splits.ts';
import type { Project } from '../../db/project.ts';
import { extraLabelsOf } from '../analysis/extra-labels.ts';
import { counted } from '../../../shared/number-format.ts';

export const datasetName = (db: Project, id: number) =>
  db.datasets.get(id)?.name ?? `dataset ${id}`;

const hashOf = (db: Project, snapshotId: number) =>
  (db.snapshots.get(snapshotId)?.hash ?? '').slice(0, 12);

/** Labelled training images of the target. */
const allLabels = (db: Project, { targetSnapshotId }: Study): number =>
  db.snapshots.items(targetSnapshotId).filter(({ part }) => part === 'train').length;

/** Pretrainings that have a network for each label count, which has seen the labels of its arms alone. */
export function pretrainedByLabels(db: Project, { id }: Study): PretrainingKey[] {
  const runs = db.runs.ofStudy(id).filter((run) => run.kind === 'pretrain' && run.labels !== null);
  return [...new Set(runs.flatMap(({ pretraining }) => pretraining ?? []))];
}

/** Paragraph on the images of source and target. */
export function dataWords(db: Project, study: Study): string {
  const { sourceDatasetId, targetDatasetId, splits, withoutHelpers } = study.config;
  const items = db.snapshots.items(study.targetSnapshotId);
  const counts: Record<Part, number> = { train: 0, val: 0, test: 0 };
  for (const { part } of items) counts[part]++;
  const { train, val, test } = counts;
  const source = db.snapshots.items(study.sourceSnapshotId);
  const isOneDataset = sourceDatasetId === targetDatasetId;
  const bare = source.filter(({ labelMapId }) => labelMapId === null).length;
  const validated = new Set(items.filter(({ part }) => part === 'val').map((i) => i.imageId));
  const onValidation = source.filter(({ imageId }) => validated.has(imageId)).length;
  const parts = [
    isOneDataset && ', the target itself',
    isOneDataset && bare > 0 && `, ${bare} of them without labels`,
    onValidation > 0 && ` (${onValidation} of its validation part)`,
    splits !== null && isOneDataset && ', in the first split',
  ].filter((words) => words !== false);
  return [
    study.config.pretrainings.length === 0
      ? 'Data:'
      : `Data: pretraining on ${counted(source.length, 'image')} of "${datasetName(db, sourceDatasetId)}"${parts.join('')} (snapshot ${hashOf(db, study.sourceSnapshotId)});`,
    `target "${datasetName(db, targetDatasetId)}" with ${train} training, ${val} validation and ${counted(test, 'test image')} (snapshot ${hashOf(db, study.targetSnapshotId)})${splits === null ? '' : ' in the first split'}.`,
    ...(withoutHelpers.length === 0
      ? []
      : [`Labels that were made with ${helpersInText(withoutHelpers)} count nowhere.`]),
    ...(splits === null
      ? []
      : [
          `Cross-validation in ${splitsInText(splits)}: every labelled image is tested on ${splits.repeats === 1 ? 'once' : `${splits.repeats} times`}, groups and copies kept together, image classes in equal proportion as far as groups allow; labelled images and pretrainings are drawn within the train part of each split, so that no network has seen what it is tested on.`,
        ]),
    `The ${val} validation labels choose the checkpoint and are not counted in the label counts.`,
    onValidation > 0
      ? 'No test image occurs in the pretraining or training data, and of validation images pretraining saw no labels (checked by content).'
      : `No image of the validation or test part${splits === null ? '' : ' of a split'} occurs in ${splits === null ? 'the' : 'its'} pretraining or training data (checked by content).`,
  ].join(' ');
}

/** Whose labels pretraining has seen; empty where the source is of other images. Begins with a space. */
export function ownLabelWords(db: Project, study: Study): string {
  const nested = pretrainedByLabels(db, study).map(pretrainingInText);
  const extra = extraLabelsOf(db, study);
  const counted = extraLabelsInText(
    study.config.pretrainings.map((plan) => ({
      key: pretrainingKey(plan),
      task: null,
      trains: [],
      extraLabels: extra.get(pretrainingKey(plan)),
    })),
  );
  return [
    nested.length > 0 &&
      ` ${capitalised(inWords(nested))} pretraining learns from labels of the target itself; it was done for each label count and seed, on the labelled images of its arms alone, so that a label count counts every label that a network has seen.`,
    counted !== null && ` ${counted}`,
  ]
    .filter((words) => words !== false)
    .join('');
}

/** Where label counts are all there are, or most, seeds do not differ by their training images, or little. */
export function sameTrainingImages(db: Project, study: Study): string[] {
  if (study.config.splits !== null) return [];
  const all = allLabels(db, study);
  const asked = study.config.labelCounts.map((count) => (count === 'all' ? all : count));
  return sharedTraining(
    [...new Set(asked)].toSorted((a, b) => a - b),
    all,
  );
}

/** What the intervals speak about, and what they do not. */
export function scopeWords(db: Project, study: Study): string {
  const { splits } = study.config;
  if (splits !== null) {
    return `Intervals speak of other seeds, of other training and validation images and of other test images like these, over ${splitCount(study.config)} splits; not of other images to pretrain on, and not of images of another origin.`;
  }
  return [
    'All seeds share one split: intervals speak of other seeds and of other test images like these, not of another division into training, validation and test.',
    ...sameTrainingImages(db, study),
  ].join(' ');
}
