/** Stores a planned study: snapshots (one a split), split and queue of runs, in one transaction. */
import { AppError } from '../../../shared/errors.ts';
import type { Study, StudyConfig } from '../../../shared/entities.ts';
import type { Project } from '../../db/project.ts';
import { planData } from './plan-data.ts';
import { planRuns } from './plan-runs.ts';

/** Errors: conflict (name taken), and those of planData. */
export function createStudy(project: Project, config: StudyConfig): Study {
  if (project.studies.getByName(config.name) !== undefined) {
    throw new AppError(
      'conflict',
      `There is a study named "${config.name}" already. Choose another name.`,
    );
  }
  const data = planData(project, config);
  const planned = planRuns(config, data);
  return project.transaction(() => {
    if (data.newSplit !== null) {
      project.splits.create(config.targetDatasetId, 'default', data.newSplit);
    }
    const snapshots = data.splits.map(({ sourceItems, targetItems }) => ({
      source: project.snapshots.take(config.sourceDatasetId, sourceItems),
      target: project.snapshots.take(config.targetDatasetId, targetItems),
    }));
    const ofSplit = (split: number) => {
      const own = snapshots[split];
      if (own === undefined) throw new AppError('internal', `There is no split ${split}.`);
      return own;
    };
    const { source: sourceSnapshotId, target: targetSnapshotId } = ofSplit(0);
    const studyId = project.studies.create({ config, sourceSnapshotId, targetSnapshotId });
    const pretrainIds = new Map<string, number>();
    for (const run of planned) {
      if (run.kind === 'pretrain') {
        const id = project.runs.create({
          studyId,
          config: { ...run.config, snapshotId: ofSplit(run.split).source },
          pretraining: run.pretraining,
          labels: run.labels,
          dependsOn: null,
        });
        pretrainIds.set(run.key, id);
        continue;
      }
      const pretrainRunId = run.pretrainKey === null ? null : pretrainIds.get(run.pretrainKey);
      if (pretrainRunId === undefined) {
        throw new AppError('internal', `Run ${run.key} was planned before its pretraining.`);
      }
      project.runs.create({
        studyId,
        config: { ...run.config, snapshotId: ofSplit(run.split).target, pretrainRunId },
        pretraining: run.pretraining,
        labels: run.labels,
        dependsOn: pretrainRunId,
      });
    }
    const study = project.studies.get(studyId);
    if (study === undefined) throw new AppError('internal', 'The study was not stored.');
    return study;
  });
}
