/** Models as lists show them, with what their runs say. */
import type { ListedModel } from '../../shared/api.ts';
import type { Model } from '../../shared/entities.ts';
import type { Project } from '../db/project.ts';
import { mean } from '../study/statistics/statistics.ts';
import { objectsOfModel } from './object-scores.ts';
import { meanInterval } from './score.ts';

/** The model that a run's weights started from. */
export function parentOf(db: Project, model: Model, all: readonly Model[]): Model | undefined {
  const config = db.runs.get(model.runId)?.config;
  const runId = config?.kind === 'finetune' ? config.pretrainRunId : null;
  return all.find((other) => other.runId === runId);
}

function listed(db: Project, model: Model, all: readonly Model[]): ListedModel {
  const run = db.runs.get(model.runId);
  const images = { train: 0, val: 0, test: 0 };
  for (const { part } of db.snapshots.items(run?.config.snapshotId ?? 0)) images[part]++;
  const best = db.runs.results(model.runId).filter(({ checkpoint }) => checkpoint === 'best');
  const dice = best.flatMap((result) => result.dice ?? []);
  const isScored = model.status === 'done' && dice.length > 0;
  return {
    ...model,
    datasetName: db.datasets.get(model.datasetId)?.name ?? '',
    images,
    dice: isScored ? mean(dice) : null,
    ci95: isScored ? meanInterval(dice) : null,
    scored: isScored ? dice.length : 0,
    objects: model.status === 'done' ? objectsOfModel(best) : [],
    step: run?.step ?? 0,
    steps: run?.steps ?? 0,
    seconds: run?.trainedSeconds ?? 0,
    error: run?.error ?? null,
    startedFromModelId: parentOf(db, model, all)?.id ?? null,
  };
}

/** Newest first. */
export function listModels(db: Project): ListedModel[] {
  const all = db.models.list();
  return all.map((model) => listed(db, model, all)).reverse();
}
