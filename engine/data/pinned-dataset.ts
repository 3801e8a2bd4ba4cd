/** The dataset of a snapshot, with its classes as they were when the snapshot was taken; names and colours are of now. */
import type { Dataset } from '../../shared/entities.ts';
import type { Project } from '../db/project.ts';

/** undefined: no such snapshot. */
export function pinnedDataset(
  project: Pick<Project, 'snapshots' | 'datasets'>,
  snapshotId: number,
): Dataset | undefined {
  const snapshot = project.snapshots.get(snapshotId);
  const dataset = snapshot && project.datasets.get(snapshot.datasetId);
  if (snapshot === undefined || dataset === undefined) return undefined;
  const { hasBackground, pixelClasses } = snapshot;
  const classes = dataset.classes.filter(({ index }) => index < pixelClasses);
  return { ...dataset, classes, hasBackground };
}
