/** Calls on the training that goes on while one labels. */
import { keepLive } from '../models/keep-live.ts';
import { type Handlers, requireDataset, startQueue } from './context.ts';

export const liveHandlers: Handlers<
  | 'live.state'
  | 'live.curve'
  | 'live.start'
  | 'live.pause'
  | 'live.stop'
  | 'live.keep'
  | 'live.look'
  | 'live.hand'
  | 'live.predict'
> = {
  'live.state': ({ project }, context) => context.project(project).live.state,
  'live.curve'({ project, datasetId }, context) {
    const { db, live } = context.project(project);
    requireDataset(db, datasetId);
    return live.points(datasetId);
  },
  'live.start'({ project, datasetId }, context) {
    const { db, live } = context.project(project);
    requireDataset(db, datasetId);
    return live.start(datasetId);
  },
  'live.pause': ({ project }, context) => context.project(project).live.pause(),
  'live.stop'({ project, datasetId }, context) {
    const { db, live } = context.project(project);
    requireDataset(db, datasetId);
    return live.forget(datasetId);
  },
  'live.keep'({ project, datasetId }, context) {
    const { db, queue } = context.project(project);
    const { modelId, runId } = keepLive(db, requireDataset(db, datasetId));
    const changes = { models: { added: [modelId] }, runs: { added: [runId] } };
    startQueue(queue, { changed: context.changed, changes });
    const output = db.models.get(modelId);
    if (output === undefined) throw new Error(`model ${modelId} was made and is not there`);
    return { output, changes };
  },
  'live.look'({ project, imageId }, context) {
    context.project(project).live.look(imageId);
    return null;
  },
  'live.hand'({ project }, context) {
    context.project(project).live.hand();
    return null;
  },
  'live.predict': ({ project, imageId, region: area = null }, context) =>
    context.project(project).live.predict({ imageId, area }, context.signal),
};
