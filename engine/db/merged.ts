/** SQL of results that were computed elsewhere and merged in. */
import { z } from 'zod';
import { Attempt } from '../../shared/entities.ts';
import type { Sqlite } from './open.ts';
import { readStored, storedJson } from './stored.ts';

export interface MergedResult {
  readonly runId: number;
  /** Of the file that it came in. */
  readonly sha256: string;
  /** In the order in which they ran. */
  readonly attempts: readonly Attempt[];
}

export function mergedTable(db: Sqlite) {
  const put = db.prepare<[number, string, string, string]>(
    'INSERT OR REPLACE INTO merged_results (run_id, sha256, merged_at, attempts) VALUES (?, ?, ?, ?)',
  );
  const ofStudy = db.prepare<[number], { runId: number; sha256: string; attempts: string }>(
    `SELECT m.run_id AS runId, m.sha256, m.attempts FROM merged_results m JOIN runs r ON r.id = m.run_id
       WHERE r.study_id = ? ORDER BY m.run_id, m.merged_at`,
  );
  return {
    add: ({ runId, sha256, attempts }: MergedResult) =>
      void put.run(runId, sha256, new Date().toISOString(), JSON.stringify(attempts)),
    /** In the order of the runs; of a run that was merged more than once, the latest last. */
    ofStudy: (studyId: number): MergedResult[] =>
      ofStudy.all(studyId).map((row) =>
        readStored(db, `what was merged of run ${row.runId}`, () => ({
          ...row,
          attempts: z.array(Attempt).parse(storedJson(row.attempts)),
        })),
      ),
  };
}
