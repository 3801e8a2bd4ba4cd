/** What migration 008 asks of label maps, to score anew what older versions had scored by another rule. */
import type Database from 'better-sqlite3';
import { BACKGROUND, type ClassOverlap, IGNORE } from '../../shared/entities.ts';
import { forEachRun, readLabelMapRuns } from '../../shared/label-map.ts';
import { pooledOverlaps } from '../../shared/overlap.ts';

const bytesOf = (value: unknown): Uint8Array =>
  value instanceof Uint8Array ? value : new Uint8Array();

/**
 * What classOverlaps counts, run by run: the file may be a stranger's, whose few bytes unpack to a gigabyte.
 * A prediction that is shorter than the truth counts as far as it goes.
 */
function overlapsOf(prediction: Uint8Array, truth: Uint8Array): ClassOverlap[] {
  const runs: { readonly label: number; readonly end: number }[] = [];
  readLabelMapRuns(prediction, (label, _, end) => void runs.push({ label, end }));
  const pieces: ClassOverlap[] = [];
  let at = 0;
  readLabelMapRuns(truth, (label, start, end) => {
    for (let from = start; from < end && at < runs.length;) {
      const run = runs[at];
      if (run === undefined) break;
      const px = Math.min(end, run.end) - from;
      from += px;
      if (run.end <= from) at++;
      if (label === IGNORE) continue;
      const same = run.label === label;
      pieces.push({
        classIndex: label,
        predictedPx: same ? px : 0,
        truePx: px,
        bothPx: same ? px : 0,
      });
      if (!same) pieces.push({ classIndex: run.label, predictedPx: px, truePx: 0, bothPx: 0 });
    }
  });
  return pooledOverlaps(pieces);
}

/** Both take codes of label maps, of a time when class 0 was the background of every dataset. */
export function registerScoring(db: Database.Database): void {
  /** JSON of the ClassOverlaps above the background. */
  db.function('foreground_overlaps', { deterministic: true }, (prediction, truth) =>
    JSON.stringify(
      overlapsOf(bytesOf(prediction), bytesOf(truth)).filter(
        ({ classIndex }) => classIndex !== BACKGROUND,
      ),
    ),
  );
  /** How many classes above the background a label map holds. */
  db.function('foreground_count', { deterministic: true }, (truth) => {
    const held = new Set<number>();
    forEachRun(bytesOf(truth), (label) => held.add(label));
    held.delete(BACKGROUND);
    held.delete(IGNORE);
    return held.size;
  });
}
