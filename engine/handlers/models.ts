/** Calls on models: networks trained from the labels of now. */
import type { Model } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import type { Project } from '../db/project.ts';
import { modelScore } from '../models/score.ts';
import { trainModel } from '../models/train.ts';
import { type Handlers, requireDataset, requireRun, startQueue } from './context.ts';

function requireModel(db: Project, id: number): Model {
  const model = db.models.get(id);
  if (model === undefined) throw new AppError('not-found', `There is no model ${id}.`);
  return model;
}

export const modelHandlers: Handlers<'models.list' | 'models.train' | 'models.score'> = {
  'models.list': ({ project }, context) => context.project(project).db.models.list(),

  async 'models.train'({ project, datasetId, steps, minutes, from, name, seed }, context) {
    const { db, queue } = context.project(project);
    const dataset = requireDataset(db, datasetId);
    const request = { dataset, steps, minutes, from, name, seed };
    const { engineChoice: engine, signal } = context;
    const { modelId, runId, why } = await trainModel(db, request, { engine, signal });
    const changes = { models: { added: [modelId] }, runs: { added: [runId] } };
    startQueue(queue, { changed: context.changed, changes });
    return {
      output: { model: requireModel(db, modelId), run: requireRun(db, runId), why },
      changes,
    };
  },

  'models.score'({ project, modelId }, context) {
    const { db } = context.project(project);
    return modelScore(db, requireModel(db, modelId));
  },
};
