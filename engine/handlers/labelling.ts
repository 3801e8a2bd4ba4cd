/** Calls that help to label: what to label next, the time that it takes, whether it is enough yet. */
import type { CallName } from '../../shared/api.ts';
import { isLabelled, nextToLabel } from '../labelling/next.ts';
import { labellingProgress } from '../labelling/progress.ts';
import { timeOfDataset } from '../labelling/time.ts';
import { type Handlers, requireDataset } from './context.ts';
import { imagesOfOne } from './images-of-one.ts';

type LabellingCall = Extract<CallName, `labelling.${string}`>;

const suggestionsOf = (datasetId: number) =>
  ({ labelling: { datasetId, what: 'suggestions' } }) as const;
const timeOf = (datasetId: number) => ({ labelling: { datasetId, what: 'time' } }) as const;

export const labellingHandlers: Handlers<LabellingCall> = {
  'labelling.next'({ project, datasetId, count, features, mayCompute }, context) {
    const { db } = context.project(project);
    return nextToLabel(db, requireDataset(db, datasetId), {
      ...{ count, features, mayCompute },
      engine: context.wish.engine,
      ...(context.wish.adapter == null ? {} : { adapter: context.wish.adapter }),
      signal: context.signal,
      onProgress: context.progress,
    });
  },
  'labelling.skip'({ project, imageId }, context) {
    const { db } = context.project(project);
    const datasetId = imagesOfOne(db, [imageId]).datasetId;
    const labelled = db.labelling.states(datasetId).filter(isLabelled).length;
    db.labelling.choose(imageId, 'later', labelled);
    return { output: null, changes: suggestionsOf(datasetId) };
  },
  'labelling.never'({ project, imageIds, never }, context) {
    const { db } = context.project(project);
    const datasetId = imagesOfOne(db, imageIds).datasetId;
    db.transaction(() => {
      for (const id of imageIds) db.labelling.choose(id, never ? 'never' : null);
    });
    return { output: null, changes: suggestionsOf(datasetId) };
  },
  'labelling.addTime'({ project, datasetId, spent }, context) {
    const { db } = context.project(project);
    requireDataset(db, datasetId);
    if (context.settings.read().measureTime) {
      const minute = Math.floor(Date.now() / 60_000);
      db.transaction(() => {
        for (const { imageId, seconds } of spent) {
          // It may have been moved or deleted since.
          if (db.datasets.image(imageId)?.datasetId === datasetId) {
            db.labelling.addTime({ imageId, minute, seconds });
          }
        }
      });
    }
    return { output: null, changes: timeOf(datasetId) };
  },
  'labelling.time'({ project, datasetId }, context) {
    const { db } = context.project(project);
    requireDataset(db, datasetId);
    return timeOfDataset(db, datasetId, { isMeasured: context.settings.read().measureTime });
  },
  'labelling.eraseTime'({ project, datasetId }, context) {
    const { db } = context.project(project);
    requireDataset(db, datasetId);
    db.labelling.eraseTime(datasetId);
    return { output: null, changes: timeOf(datasetId) };
  },
  'labelling.progress'({ project, datasetId }, context) {
    const { db } = context.project(project);
    const { measureTime } = context.settings.read();
    return labellingProgress(db, requireDataset(db, datasetId), { isMeasured: measureTime });
  },
};
