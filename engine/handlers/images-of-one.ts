/** Images that a call names: they are there, and of one dataset. */
import type { ImageRecord } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import type { Project } from '../db/project.ts';

export interface ImagesOfOne {
  readonly datasetId: number;
  readonly images: readonly ImageRecord[];
}

/** Errors: not-found; invalid-input, where they are of several datasets. */
export function imagesOfOne(db: Project, imageIds: readonly number[]): ImagesOfOne {
  const images = [...new Set(imageIds)].map((id) => {
    const image = db.datasets.image(id);
    if (image === undefined) throw new AppError('not-found', `There is no image ${id}.`);
    return image;
  });
  const [datasetId, ...others] = new Set(images.map((image) => image.datasetId));
  if (datasetId === undefined || others.length > 0) {
    throw new AppError('invalid-input', 'These images are of several datasets. Name those of one.');
  }
  return { datasetId, images };
}
