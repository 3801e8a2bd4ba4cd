/** The labelled images of a dataset that a training learns from and is tested on. */
import type { ModelPlan } from '../../shared/api.ts';
import type { Dataset, ImageRecord } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { HELPERS, type Helper, helpersInText } from '../../shared/helpers.ts';
import { nothingLabelled, takesPart } from '../../shared/task-sources.ts';
import { helpersOf, isLabelledByPerson } from '../data/label-authors.ts';
import type { Project } from '../db/project.ts';

export const labelledByPeople = (db: Project, datasetId: number): ImageRecord[] =>
  db.datasets
    .images(datasetId)
    .filter(takesPart)
    .filter((image) => isLabelledByPerson(db, image));

/** Images to be trained with, and those whose labels do not count. Errors: invalid-input, where none is left. */
export function labelledFor(
  db: Project,
  dataset: Dataset,
  without: readonly Helper[],
): {
  readonly labelled: readonly ImageRecord[];
  readonly helped: ModelPlan['helped'];
  readonly without: ModelPlan['leftOut'];
} {
  const all = labelledByPeople(db, dataset.id).map((image) => ({
    image,
    helpers: helpersOf(db, image),
  }));
  if (all.length === 0) {
    throw new AppError('invalid-input', nothingLabelled(dataset), { subject: dataset.name });
  }
  const isLeftOut = ({ helpers }: (typeof all)[number]) =>
    helpers.some((helper) => without.includes(helper));
  const labelled = all.filter((one) => !isLeftOut(one)).map(({ image }) => image);
  if (labelled.length === 0) {
    throw new AppError(
      'invalid-input',
      `All labels of "${dataset.name}" were made with ${helpersInText(without)}, and none is left to learn from. Train with them as well, or label an image by hand.`,
      { subject: dataset.name },
    );
  }
  const why = `labelled with ${helpersInText(without)}, which this training does without`;
  return {
    labelled,
    helped: HELPERS.map((helper) => ({
      helper,
      images: all.filter((one) => one.helpers.includes(helper)).length,
    })).filter(({ images }) => images > 0),
    without: all.filter(isLeftOut).map(({ image: { name } }) => ({ name, why })),
  };
}
