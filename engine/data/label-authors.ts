/** Labels of people and labels that a network or a classifier proposed: the second never take the place of the first. */
import type { ImageRecord } from '../../shared/entities.ts';
import type { NewLabels } from '../../shared/events.ts';
import type { Helper } from '../../shared/helpers.ts';
import { takesPart } from '../../shared/task-sources.ts';
import type { Project } from '../db/project.ts';

type Labels = Pick<Project, 'datasets' | 'labelMaps'>;

/** Whether somebody drew, imported or looked at its labels: a prediction that nobody has looked at is no label. */
export const isLabelledByPerson = (
  { labelMaps }: Pick<Project, 'labelMaps'>,
  { labelMapId }: Pick<ImageRecord, 'labelMapId'>,
): boolean => labelMapId !== null && labelMaps.get(labelMapId)?.author !== 'model';

/** The helpers whose proposals the labels of an image were made from. */
export const helpersOf = (
  { labelMaps }: Pick<Project, 'labelMaps'>,
  { labelMapId }: Pick<ImageRecord, 'labelMapId'>,
): readonly Helper[] => (labelMapId === null ? [] : (labelMaps.get(labelMapId)?.helpers ?? []));

/** Images as they are where labels that some helpers made do not count: those have none. */
export const withoutLabelsOf = (
  db: Pick<Project, 'labelMaps'>,
  images: readonly ImageRecord[],
  without: readonly Helper[],
): readonly ImageRecord[] =>
  without.length === 0
    ? images
    : images.map((image) => {
        const isLeftOut = helpersOf(db, image).some((helper) => without.includes(helper));
        return isLeftOut ? { ...image, labelMapId: null } : image;
      });

/** Images of a dataset that labels can be proposed for: none that a person labelled or excluded. */
export const openToProposals = (db: Labels, datasetId: number): ImageRecord[] =>
  db.datasets
    .images(datasetId)
    .filter(takesPart)
    .filter((image) => !isLabelledByPerson(db, image));

/** Makes a proposal the labels of its image, unless a person has labelled that meanwhile: null then. */
export function addProposal(
  db: Labels,
  proposal: Omit<Parameters<Project['labelMaps']['add']>[0], 'author'>,
): NewLabels | null {
  const { imageId } = proposal;
  const before = db.datasets.image(imageId);
  if (before === undefined || isLabelledByPerson(db, before)) return null;
  const labelMapId = db.labelMaps.add({ ...proposal, author: 'model' });
  return { imageId, labelMapId, isFirst: before.labelMapId === null };
}
