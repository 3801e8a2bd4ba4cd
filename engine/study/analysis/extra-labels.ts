/**
 * Labels of the target that pretraining has seen beyond those of its arms (docs/method.md §5): read off the runs, so that
 * a study of any age says what its networks saw.
 */
import type { StudiedPretraining } from '../../../shared/analysis.ts';
import type { PretrainingKey, PretrainRunConfig, Run, Study } from '../../../shared/entities.ts';
import { labelsSeen } from '../../data/own-labels.ts';
import type { Project } from '../../db/project.ts';

export type ExtraLabels = StudiedPretraining['extraLabels'];

/** How the network that a run starts from was pretrained; null where nobody of this project did it. */
function pretrainedBy(
  db: Project,
  { config }: Run,
): { id: number; config: PretrainRunConfig } | null {
  if (config.kind !== 'finetune') return null;
  const { pretrainRunId, encoderId } = config;
  const encoder = encoderId === undefined ? undefined : db.encoders.get(encoderId);
  const id = encoder === undefined ? pretrainRunId : encoder.runId;
  const run = id === null ? undefined : db.runs.get(id);
  return run?.config.kind === 'pretrain' ? { id: run.id, config: run.config } : null;
}

/** By pretraining and label count, the most over all seeds; counts without any are left out. */
export function extraLabelsOf(db: Project, study: Study): Map<PretrainingKey, ExtraLabels> {
  const { sourceDatasetId, targetDatasetId } = study.config;
  const pinned = [
    study.targetSnapshotId,
    ...(sourceDatasetId === targetDatasetId ? [study.sourceSnapshotId] : []),
  ].flatMap((id) =>
    db.snapshots.items(id).flatMap((item) => db.datasets.image(item.imageId) ?? []),
  );
  const seenBy = labelsSeen(db, targetDatasetId, pinned);
  const seen = new Map<number, readonly (readonly number[])[]>();
  const found = new Map<PretrainingKey, Record<number, number>>();
  for (const run of db.runs.ofStudy(study.id)) {
    const { config, pretraining, labels } = run;
    const network = pretrainedBy(db, run);
    if (config.kind !== 'finetune' || pretraining === null || labels === null) continue;
    if (network === null) continue;
    const all = seen.get(network.id) ?? seenBy(network.config);
    seen.set(network.id, all);
    const own = new Set(config.trainImageIds);
    const extra = all.filter((same) => !same.some((id) => own.has(id))).length;
    if (extra === 0) continue;
    const counts = found.get(pretraining) ?? {};
    counts[labels] = Math.max(counts[labels] ?? 0, extra);
    found.set(pretraining, counts);
  }
  return found;
}
