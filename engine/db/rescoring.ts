/** What migration 008 asks of label maps, to score anew what older versions had scored by another rule. */
import type Database from 'better-sqlite3';
import { BACKGROUND, IGNORE } from '../../shared/entities.ts';
import { forEachRun } from '../../shared/label-map.ts';
import { codeOverlaps } from '../../shared/overlap.ts';

const bytesOf = (value: unknown): Uint8Array =>
  value instanceof Uint8Array ? value : new Uint8Array();

/** Both take codes of label maps, of a time when class 0 was the background of every dataset. */
export function registerScoring(db: Database.Database): void {
  /** JSON of the ClassOverlaps above the background. */
  db.function('foreground_overlaps', { deterministic: true }, (prediction, truth) =>
    JSON.stringify(
      codeOverlaps(bytesOf(prediction), bytesOf(truth)).filter(
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
