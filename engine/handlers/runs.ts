/** Calls on single runs. */
import { AppError } from '../../shared/errors.ts';
import { pinnedDataset } from '../data/pinned-dataset.ts';
import { pretrainingExamples } from '../study/report/pretraining-examples.ts';
import { checkpointWeights, decodeCheckpoint } from '../training/checkpoint.ts';
import { type Handlers, requireRun, startQueue, studyUpdated } from './context.ts';

export const runHandlers: Handlers<
  'runs.list' | 'runs.get' | 'runs.examples' | 'runs.retry' | 'runs.cancel' | 'runs.export'
> = {
  'runs.list'({ project, runIds }, context) {
    const { runs } = context.project(project).db;
    return runIds === undefined ? runs.list() : runIds.flatMap((id) => runs.get(id) ?? []);
  },

  'runs.get'({ project, runId }, context) {
    const { db } = context.project(project);
    return {
      run: requireRun(db, runId),
      metrics: db.runs.metrics(runId),
      results: db.runs.results(runId),
      log: db.runs.logLines(runId),
    };
  },

  'runs.examples'({ project, runId }, context) {
    const { db } = context.project(project);
    requireRun(db, runId);
    return pretrainingExamples(db, runId);
  },

  'runs.retry'({ project, runId }, context) {
    const { db, queue } = context.project(project);
    const run = requireRun(db, runId);
    if (run.status !== 'failed' && run.status !== 'cancelled') {
      throw new AppError('conflict', `Run ${runId} is ${run.status}: there is nothing to retry.`);
    }
    const { studyId } = run;
    const dependents = (studyId === null ? [] : db.runs.ofStudy(studyId)).filter(
      ({ dependsOn, status }) => dependsOn === runId && status === 'failed',
    );
    const requeued = [runId, ...dependents.map(({ id }) => id)];
    db.transaction(() => {
      for (const id of requeued) db.runs.requeue(id);
      if (studyId !== null) db.studies.setStatus(studyId, 'running');
    });
    const changes = { runs: { updated: requeued }, ...studyUpdated(studyId) };
    startQueue(queue, { changed: context.changed, changes });
    return { output: requireRun(db, runId), changes };
  },

  async 'runs.cancel'({ project, runId }, context) {
    const { db, queue } = context.project(project);
    const run = requireRun(db, runId);
    if (run.status !== 'queued' && run.status !== 'running') {
      throw new AppError('conflict', `Run ${runId} is ${run.status}: there is nothing to cancel.`);
    }
    await queue.cancelRun(runId);
    return {
      output: requireRun(db, runId),
      changes: { runs: { updated: [runId] }, ...studyUpdated(run.studyId) },
    };
  },

  async 'runs.export'({ project, runId, checkpoint, format, path, about }, context) {
    const { db } = context.project(project);
    const run = requireRun(db, runId);
    if (run.kind !== 'finetune' || run.status !== 'done') {
      throw new AppError(
        'invalid-input',
        `Run ${run.id} is a ${run.kind} run that is ${run.status}; only finished fine-tuning runs are exported. For a pretrained network export its encoder.`,
      );
    }
    const stored = db.runs.checkpoint(runId, checkpoint) ?? db.runs.checkpoint(runId, 'last');
    if (stored === undefined) {
      throw new AppError(
        'not-found',
        `Run ${run.id} is finished, but its weights are not kept in this project: there is nothing to export. Repeat the study to train it again.`,
      );
    }
    const decoded = decodeCheckpoint(stored.bytes);
    const classes = pinnedDataset(db, run.config.snapshotId)?.classes ?? [];
    const names = Array.from(
      { length: decoded.header.classes ?? 0 },
      (_, index) => classes.find((c) => c.index === index)?.name ?? `class ${index}`,
    );
    const { network, sampling } = decoded.header;
    const { exportModel } = await import('../training/weights/export-model.ts');
    return exportModel({
      network,
      sampling,
      ...checkpointWeights(decoded),
      part: 'segmentation',
      classes: names,
      format,
      path,
      about: { ...about, name: about.name ?? `run ${runId}` },
    });
  },
};
