/** Calls on single runs and encoders. */
import { AppError } from '../../shared/errors.ts';
import { PRETRAINING_TASK_FACTS } from '../../shared/pretraining-tasks.ts';
import { type Handlers, requireDataset, requireRun } from './context.ts';

export const runHandlers: Handlers<
  | 'runs.list'
  | 'runs.get'
  | 'runs.retry'
  | 'runs.cancel'
  | 'encoders.list'
  | 'encoders.update'
  | 'encoders.pretrain'
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
    queue.start();
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

  'encoders.list': ({ project }, context) => context.project(project).db.encoders.list(),

  'encoders.update'({ project, encoderId, notes }, context) {
    const { db } = context.project(project);
    db.encoders.setNotes(encoderId, notes);
    const encoder = db.encoders.get(encoderId);
    if (encoder === undefined) throw new AppError('not-found', `There is no encoder ${encoderId}.`);
    return encoder;
  },

  'encoders.pretrain'(input, context) {
    const { db, queue } = context.project(input.project);
    const dataset = requireDataset(db, input.datasetId);
    const images = db.datasets.images(dataset.id);
    const { needs, title } = PRETRAINING_TASK_FACTS[input.task];
    const usable = images.filter(
      (image) =>
        needs === 'images' ||
        (needs === 'label maps' ? image.labelMapId !== null : image.imageClass !== null),
    );
    if (usable.length === 0) {
      throw new AppError(
        'invalid-input',
        `${title} pretraining needs ${needs}, and "${dataset.name}" has none. Choose another dataset or task.`,
        { subject: dataset.name },
      );
    }
    const runId = db.transaction(() =>
      db.runs.create({
        studyId: null,
        config: {
          kind: 'pretrain',
          task: input.task,
          network: input.network,
          sampling: input.sampling,
          optimisation: input.optimisation,
          seed: input.seed,
          snapshotId: db.snapshots.take(
            dataset.id,
            usable.map((image) => ({
              imageId: image.id,
              imageHash: image.hash,
              labelMapId: image.labelMapId,
              imageClass: image.imageClass,
              part: 'train',
            })),
          ),
        },
        pretraining: input.task,
        labels: null,
        dependsOn: null,
      }),
    );
    queue.start();
    return requireRun(db, runId);
  },
};
