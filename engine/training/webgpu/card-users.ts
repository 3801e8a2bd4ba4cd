/**
 * Which processes of Graft compute on a card at this moment: each leaves a file while it does, so that the next one can
 * say that it shares the card. Nothing depends on it: where it cannot be written, nobody is told.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFolder } from '../../data/write-file.ts';
import { isRunning } from '../../process-alive.ts';

/** Of this user. */
const folderOfAll = () => join(tmpdir(), `graft-cards-${process.getuid?.() ?? 'user'}`);

export interface CardUse {
  /** Processes that compute on the same card, or did so a moment ago. */
  readonly others: readonly number[];
  /** This one does no longer. */
  end(): void;
}

const NOBODY: CardUse = { others: [], end: () => undefined };

/** Numbers of living processes whose files name that card; files of others that have ended are taken away. */
function othersOn(adapter: string, folder: string): number[] {
  return readdirSync(folder).flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) return [];
    if (!isRunning(pid)) {
      rmSync(join(folder, name), { force: true });
      return [];
    }
    return readFileSync(join(folder, name), 'utf8') === adapter ? [pid] : [];
  });
}

/** This process computes on the card of that name from now on. `folder`: in place of the real one, for tests. */
export function useCard(adapter: string, folder = folderOfAll()): CardUse {
  const own = join(folder, String(process.pid));
  try {
    makeFolder(folder);
    const others = othersOn(adapter, folder);
    writeFileSync(own, adapter);
    const end = () => rmSync(own, { force: true });
    process.once('exit', end);
    return { others, end };
  } catch {
    return NOBODY;
  }
}

/** What is said to whoever shares a card; null: nobody does. */
export const sharedInWords = (adapter: string, others: readonly number[]): string | null =>
  others.length === 0
    ? null
    : `Another process of Graft computes on "${adapter}" too (${others.join(', ')}): both are slower, and its memory has to hold both. Where it does not, one of them ends with words and keeps its checkpoint: retry it when the other is done.`;
