/**
 * Which revisions of label maps a project can do without: the rule of docs/project-file.md. A pure function of what is
 * known of the revisions of one image.
 */

const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;

/** From the youngest on: up to that age, one revision stays of each such time; 0: all stay. */
const STAYS: readonly { readonly youngerThanMs: number; readonly oneAMs: number }[] = [
  { youngerThanMs: DAY_MS, oneAMs: 0 },
  { youngerThanMs: 7 * DAY_MS, oneAMs: HOUR_MS },
  { youngerThanMs: 30 * DAY_MS, oneAMs: DAY_MS },
  { youngerThanMs: Infinity, oneAMs: 7 * DAY_MS },
];

export interface OldRevision {
  readonly id: number;
  readonly author: string;
  /** In milliseconds since 1970. */
  readonly at: number;
  /** A person marked it to stay. */
  readonly kept: boolean;
  /** A snapshot holds it: a study or model was trained or tested on it. */
  readonly pinned: boolean;
}

/** The hour, day or week that a revision is of, counted from 1970; null: of such an age all stay. */
function slotOf(at: number, now: number): string | null {
  const age = now - at;
  const stays = STAYS.find(({ youngerThanMs }) => age < youngerThanMs);
  if (stays === undefined || stays.oneAMs === 0) return null;
  return `${stays.oneAMs} ${Math.floor(at / stays.oneAMs)}`;
}

/**
 * Ids of the revisions that may go. `revisions`: all of one image, in any order; the highest id is the current one. What
 * stays: the current one, what is kept or pinned, the last of each author, all of the last 24 hours, and beyond that the
 * last of each hour for a week, of each day for a month, of each week after.
 */
export function thinnable(revisions: readonly OldRevision[], now: number): number[] {
  const newestFirst = revisions.toSorted((a, b) => b.id - a.id);
  const authors = new Set<string>();
  const slots = new Set<string>();
  return newestFirst.flatMap((revision) => {
    const slot = slotOf(revision.at, now);
    const isLastOfAuthor = !authors.has(revision.author);
    const isLastOfSlot = slot === null || !slots.has(slot);
    authors.add(revision.author);
    if (slot !== null) slots.add(slot);
    const stays = revision.kept || revision.pinned || isLastOfAuthor || isLastOfSlot;
    return stays ? [] : [revision.id];
  });
}
