/** Calls on models: networks trained from the labels of now. */
import type { Model } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import type { ParsedInput } from '../../shared/api.ts';
import type { Project } from '../db/project.ts';
import { compareModels } from '../models/compare.ts';
import { listModels } from '../models/listed.ts';
import { removeModel } from '../models/remove.ts';
import { modelScore } from '../models/score.ts';
import { offeredStarts } from '../models/starts.ts';
import { assertFree, planModel, trainModel } from '../models/train.ts';
import {
  type CallContext,
  type Handlers,
  requireDataset,
  requireRun,
  startQueue,
} from './context.ts';

function requireModel(db: Project, id: number): Model {
  const model = db.models.get(id);
  if (model === undefined) throw new AppError('not-found', `There is no model ${id}.`);
  return model;
}

const requestOf = (db: Project, input: ParsedInput<'models.plan' | 'models.train'>) => ({
  dataset: requireDataset(db, input.datasetId),
  minutes: input.minutes,
  steps: input.steps,
  from: input.from,
  splitId: input.splitId,
  settings: input.settings,
});

const hostOf = ({ wish, signal }: CallContext) => ({ ...wish, signal });

export const modelHandlers: Handlers<
  | 'models.list'
  | 'models.starts'
  | 'models.plan'
  | 'models.train'
  | 'models.pending'
  | 'models.dropPending'
  | 'models.stop'
  | 'models.score'
  | 'models.compare'
  | 'models.rename'
  | 'models.setNotes'
  | 'models.remove'
> = {
  'models.list': ({ project }, context) => listModels(context.project(project).db),

  'models.starts'({ project, datasetId }, context) {
    const { db } = context.project(project);
    return offeredStarts(db, requireDataset(db, datasetId));
  },

  'models.plan'(input, context) {
    const { db } = context.project(input.project);
    return planModel(db, requestOf(db, input), input.time ? hostOf(context) : null);
  },

  async 'models.train'(input, context) {
    const { db, queue, pendingTrainings } = context.project(input.project);
    const { name, seed, datasetId } = input;
    const request = { ...requestOf(db, input), name, seed };
    const { modelId, runId, replaced, plan } = await pendingTrainings.keep(
      { datasetId, name },
      context.signal,
      (signal) =>
        trainModel(db, request, { ...hostOf(context), signal, progress: context.progress }),
    );
    const removed = <T>(ids: readonly T[]) => (ids.length === 0 ? {} : { removed: ids });
    const changes = {
      models: { added: [modelId], ...removed(replaced.map((one) => one.id)) },
      runs: { added: [runId], ...removed(replaced.map((one) => one.runId)) },
    };
    startQueue(queue, { changed: context.changed, changes });
    return {
      output: { model: requireModel(db, modelId), run: requireRun(db, runId), plan },
      changes,
    };
  },

  'models.pending': ({ project }, context) => context.project(project).pendingTrainings.list(),

  'models.dropPending'({ project, pendingId }, context) {
    context.project(project).pendingTrainings.drop(pendingId);
    return null;
  },

  async 'models.stop'({ project, modelId, keep }, context) {
    const { db, queue } = context.project(project);
    const { name, runId, status } = requireModel(db, modelId);
    if (status !== 'queued' && status !== 'running') {
      throw new AppError('conflict', `"${name}" is ${status}: there is nothing to stop.`);
    }
    if (!keep) await queue.cancelRun(runId);
    else if (!queue.finishRun(runId)) {
      throw new AppError(
        'conflict',
        `The training of "${name}" waits for its turn, so there is nothing to keep yet. Wait until it has begun, or cancel it.`,
      );
    }
    const changes = { models: { updated: [modelId] }, runs: { updated: [runId] } };
    return { output: requireModel(db, modelId), changes };
  },

  'models.score'({ project, modelId }, context) {
    const { db } = context.project(project);
    return modelScore(db, requireModel(db, modelId));
  },

  'models.compare'({ project, modelIds: [first, second], delta }, context) {
    const { db } = context.project(project);
    if (first === second) {
      throw new AppError(
        'invalid-input',
        'A model is not compared with itself: choose two models.',
      );
    }
    const models = [requireModel(db, first), requireModel(db, second)] as const;
    const open = models.find(({ status }) => status !== 'done');
    if (open !== undefined) {
      throw new AppError(
        'conflict',
        `"${open.name}" is ${open.status}, so it has no scores to compare. Choose two finished models.`,
      );
    }
    return compareModels(db, models, delta);
  },

  'models.rename'({ project, modelId, name }, context) {
    const { db } = context.project(project);
    requireModel(db, modelId);
    const given = name.trim();
    assertFree(db, given, modelId);
    db.transaction(() => db.models.rename(modelId, given));
    return { output: requireModel(db, modelId), changes: { models: { updated: [modelId] } } };
  },

  'models.setNotes'({ project, modelId, notes }, context) {
    const { db } = context.project(project);
    requireModel(db, modelId);
    db.transaction(() => db.models.setNotes(modelId, notes));
    return { output: requireModel(db, modelId), changes: { models: { updated: [modelId] } } };
  },

  'models.remove'({ project, modelId }, context) {
    const { db } = context.project(project);
    const model = requireModel(db, modelId);
    const kept = removeModel(db, model);
    return {
      output: { kept },
      changes: { models: { removed: [modelId] }, runs: { removed: [model.runId] } },
    };
  },
};
