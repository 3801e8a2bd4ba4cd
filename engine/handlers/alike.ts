/** Calls on images that are nearly the same view. */
import type { AlikeFound } from '../../shared/api.ts';
import { takesPart } from '../../shared/task-sources.ts';
import type { Project } from '../db/project.ts';
import { findAlike } from '../labelling/alike/find-alike.ts';
import { SIGNATURE_VERSION } from '../labelling/alike/signature.ts';
import { type Handlers, requireDataset } from './context.ts';

const found = ({ alike }: Project, datasetId: number): AlikeFound => ({
  pairs: alike.pairs(datasetId),
  unseen: alike.unseen(datasetId, SIGNATURE_VERSION).length,
});

export const alikeHandlers: Handlers<'images.findAlike' | 'images.alike'> = {
  async 'images.findAlike'({ project, datasetId }, context) {
    const { db } = context.project(project);
    requireDataset(db, datasetId);
    const { signal, progress } = context;
    const unreadable = await findAlike(db, datasetId, { signal, onProgress: progress });
    const nothingIn = new Set(
      db.alike
        .signatures(SIGNATURE_VERSION)
        .flatMap(({ imageId, bytes }) => (bytes.length === 0 ? [imageId] : [])),
    );
    const empty = db.datasets
      .images(datasetId)
      .filter((image) => takesPart(image) && nothingIn.has(image.id));
    return { ...found(db, datasetId), unreadable, empty: empty.map(({ name }) => name) };
  },
  'images.alike'({ project, datasetId }, context) {
    const { db } = context.project(project);
    requireDataset(db, datasetId);
    return found(db, datasetId);
  },
};
