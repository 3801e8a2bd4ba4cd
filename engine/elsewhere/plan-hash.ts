/**
 * The fingerprint of a run as it was planned: what it computes, on which data, starting from which run. Of the words in
 * which the project keeps it, and not of what this version reads in them: what a later Graft takes for left out would
 * make another plan of the same one.
 */
import type { Run } from '../../shared/entities.ts';
import type { Project } from '../db/project.ts';
import { sha256 } from '../sha256.ts';

export function planHash(project: Pick<Project, 'snapshots' | 'runs'>, run: Run): string {
  const { id, kind, config, dependsOn } = run;
  const data = project.snapshots.get(config.snapshotId)?.hash ?? '';
  const planned = [id, kind, project.runs.configAsStored(id), dependsOn, data];
  return sha256(Buffer.from(JSON.stringify(planned)));
}
