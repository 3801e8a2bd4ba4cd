/**
 * Which images of a dataset are exported, and the prediction of a run that goes with each: what every format shares. What
 * is left out is counted, so that it can be named.
 */
import type { ExportLeftOut } from '../../../shared/api.ts';
import type { ImageRecord, Part } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';
import { leftOutWords } from '../../../shared/export-words.ts';
import { decodeLabelMap, type LabelMap } from '../../../shared/label-map.ts';
import { takesPart } from '../../../shared/task-sources.ts';
import type { Project } from '../../db/project.ts';
import { assertAsLarge } from '../image-source.ts';
import { isLabelledByPerson } from '../label-authors.ts';

export interface Selection {
  /** Those alone, whether they take part or not; null: all of the dataset. */
  readonly imageIds: readonly number[] | null;
  /** Of a split; `none`: in no part of it. */
  readonly parts: {
    readonly splitId: number;
    readonly parts: readonly (Part | 'none')[];
  } | null;
  /** Only what a person or an import labelled. */
  readonly labelledOnly: boolean;
  /** Also those that are excluded; images that are named by id are taken all the same. */
  readonly excluded: boolean;
}

export const EVERYTHING: Selection = {
  imageIds: null,
  parts: null,
  labelledOnly: false,
  excluded: true,
};

/** Errors: not-found (image, split), invalid-input (nothing is left). */
export function selectImages(
  project: Project,
  datasetId: number,
  { imageIds, parts, labelledOnly, excluded }: Selection,
): { readonly images: readonly ImageRecord[]; readonly leftOut: ExportLeftOut } {
  const all = project.datasets.images(datasetId);
  const own = new Set(all.map(({ id }) => id));
  const foreign = imageIds?.find((id) => !own.has(id));
  if (foreign !== undefined) {
    throw new AppError('not-found', `Image ${foreign} is not in this dataset, or in its bin.`);
  }
  if (parts !== null && project.splits.get(parts.splitId)?.datasetId !== datasetId) {
    throw new AppError('not-found', `This dataset has no split ${parts.splitId}.`);
  }
  const named = imageIds === null ? null : new Set(imageIds);
  const items = parts === null ? [] : project.splits.items(parts.splitId);
  const partOf = new Map<number, Part>(items.map(({ imageId, part }) => [imageId, part]));
  const leftOut = { excluded: 0, otherParts: 0, unlabelled: 0 };
  const images = all.filter((image) => {
    if (named !== null && !named.has(image.id)) return false;
    if (named === null && !excluded && !takesPart(image)) leftOut.excluded++;
    else if (parts !== null && !parts.parts.includes(partOf.get(image.id) ?? 'none'))
      leftOut.otherParts++;
    else if (labelledOnly && !isLabelledByPerson(project, image)) leftOut.unlabelled++;
    else return true;
    return false;
  });
  if (images.length > 0 || all.length === 0) return { images, leftOut };
  const remedies = [
    ...(leftOut.excluded > 0 ? ['also excluded images'] : []),
    ...(leftOut.otherParts > 0 ? ['more parts'] : []),
    ...(leftOut.unlabelled > 0 ? ['also images without labels'] : []),
  ];
  throw new AppError(
    'invalid-input',
    `Nothing is left to export: ${leftOutWords(leftOut).join(', ') || 'no image was chosen'}. Choose ${remedies.join(', or ') || 'some images'}.`,
  );
}

/**
 * What a run predicted of images and the project keeps: of its test images, and where its prediction became a label map,
 * the newest of these. Errors: not-found (run).
 */
export function storedPredictions(
  project: Project,
  runId: number,
): (image: ImageRecord) => Promise<LabelMap | null> {
  if (project.runs.get(runId) === undefined) {
    throw new AppError('not-found', `There is no run ${runId}.`);
  }
  return async (image) => {
    const { id } = image;
    const revision = project.labelMaps
      .history(id)
      .find((one) => one.author === 'model' && one.runId === runId);
    const code =
      revision === undefined
        ? project.runs.prediction(runId, id)
        : project.labelMaps.bytes(revision.id);
    if (code === undefined) return null;
    await assertAsLarge(project, image);
    return decodeLabelMap(code);
  };
}
