/** Calls on single runs. */
import { AppError } from '../../shared/errors.ts';
import { pretrainingExamples } from '../study/report/pretraining-examples.ts';
import { checkpointWeights, decodeCheckpoint } from '../training/checkpoint.ts';
import { exportModel } from '../training/weights/export-model.ts';
import { type Handlers, requireDataset, requireRun, startQueue } from './context.ts';

export const runHandlers: Handlers<
  'runs.list' | 'runs.get' | 'runs.examples' | 'runs.retry' | 'runs.cancel' | 'runs.export'
> = {
  'runs.list': ({ project }, context) => context.project(project).db.runs.list(),

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
    db.transaction(() => {
      db.runs.requeue(runId);
      if (run.studyId === null) return;
      for (const other of db.runs.ofStudy(run.studyId)) {
        if (other.dependsOn === runId && other.status === 'failed') db.runs.requeue(other.id);
      }
      db.studies.setStatus(run.studyId, 'running');
    });
    startQueue(queue);
    return requireRun(db, runId);
  },

  async 'runs.cancel'({ project, runId }, context) {
    const { db, queue } = context.project(project);
    const run = requireRun(db, runId);
    if (run.status !== 'queued' && run.status !== 'running') {
      throw new AppError('conflict', `Run ${runId} is ${run.status}: there is nothing to cancel.`);
    }
    await queue.cancelRun(runId);
    return requireRun(db, runId);
  },

  'runs.export'({ project, runId, checkpoint, format, path }, context) {
    const { db } = context.project(project);
    const run = requireRun(db, runId);
    const stored = db.runs.checkpoint(runId, checkpoint) ?? db.runs.checkpoint(runId, 'last');
    if (run.kind !== 'finetune' || run.status !== 'done' || stored === undefined) {
      throw new AppError(
        'invalid-input',
        `Run ${run.id} is a ${run.kind} run that is ${run.status}; only finished fine-tuning runs are exported. For a pretrained network export its encoder.`,
      );
    }
    const decoded = decodeCheckpoint(stored.bytes);
    const snapshot = db.snapshots.get(run.config.snapshotId);
    const { classes } = requireDataset(db, snapshot?.datasetId ?? 0);
    const names = Array.from(
      { length: decoded.header.classes ?? 0 },
      (_, index) => classes.find((c) => c.index === index)?.name ?? `class ${index}`,
    );
    const { network, sampling } = decoded.header;
    return exportModel({
      network,
      sampling,
      ...checkpointWeights(decoded),
      part: 'segmentation',
      classes: names,
      format,
      path,
    });
  },
};
