/** Calls on the objects of images. */
import type { CallName } from '../../shared/api.ts';
import { AppError } from '../../shared/errors.ts';
import { tellApart } from '../data/tell-apart.ts';
import { type Handlers, requireDataset } from './context.ts';
import { imagesOfOne } from './images-of-one.ts';

export const objectHandlers: Handlers<Extract<CallName, 'objects.tellApart'>> = {
  async 'objects.tellApart'({ project, datasetId, imageIds, ...options }, context) {
    const { db } = context.project(project);
    const { name } = requireDataset(db, datasetId);
    const images =
      imageIds === undefined ? db.datasets.images(datasetId) : imagesOfOne(db, imageIds).images;
    if (!images.some(({ labelMapId }) => labelMapId !== null)) {
      throw new AppError(
        'invalid-input',
        `No image of "${name}" that was named has labels: label some first.`,
        { subject: name },
      );
    }
    const { signal, progress: onProgress } = context;
    const { report, labelled } = await tellApart(db, images, { ...options, signal, onProgress });
    return {
      output: report,
      changes: labelled.length === 0 ? {} : { images: { datasetId, labelled } },
    };
  },
};
