/** The fingerprint of a run as it was planned: what it computes, on which data, starting from which run. */
import type { Run } from '../../shared/entities.ts';
import type { Project } from '../db/project.ts';
import { sha256 } from '../sha256.ts';

export function planHash(project: Pick<Project, 'snapshots'>, run: Run): string {
  const { id, kind, config, dependsOn } = run;
  const data = project.snapshots.get(config.snapshotId)?.hash ?? '';
  return sha256(Buffer.from(JSON.stringify([id, kind, config, dependsOn, data])));
}
