/** SQL of what predictions of a run are made with. */
import type { PostProcessing } from '../../shared/post-processing.ts';
import type { Sqlite } from './open.ts';

export function postProcessingTable(db: Sqlite) {
  const byRun = db.prepare<[number], PostProcessing>(
    `SELECT threshold, min_object_px AS minObjectPx, fill_holes_px AS fillHolesPx FROM post_processing WHERE run_id = ?`,
  );
  const put = db.prepare<[number, number | null, number, number]>(
    `INSERT OR REPLACE INTO post_processing (run_id, threshold, min_object_px, fill_holes_px) VALUES (?, ?, ?, ?)`,
  );
  const drop = db.prepare<[number]>('DELETE FROM post_processing WHERE run_id = ?');
  return {
    of: (runId: number): PostProcessing | undefined => byRun.get(runId),
    keep(runId: number, { threshold, minObjectPx, fillHolesPx }: PostProcessing): void {
      put.run(runId, threshold, minObjectPx, fillHolesPx);
    },
    drop: (runId: number) => void drop.run(runId),
  };
}
