/** Calls on the training that goes on while one labels. */
import { type Handlers, requireDataset } from './context.ts';

export const liveHandlers: Handlers<
  | 'live.state'
  | 'live.curve'
  | 'live.start'
  | 'live.pause'
  | 'live.stop'
  | 'live.look'
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
  'live.look'({ project, imageId }, context) {
    context.project(project).live.look(imageId);
    return null;
  },
  'live.predict': ({ project, imageId }, context) => context.project(project).live.predict(imageId),
};
