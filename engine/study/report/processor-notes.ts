/** Where runs that are compared with each other came from different kinds of processors: bits differ between kinds. */
import type { Run, Study } from '../../../shared/entities.ts';
import { counted, pronounFor } from '../../../shared/number-format.ts';
import { inWords } from '../../../shared/sentences.ts';
import type { Project } from '../../db/project.ts';

const processorOf = ({ engine }: Run): string | undefined => engine?.processor;

/** "12 runs on Intel …" */
const onEach = (runs: readonly Run[]): string =>
  inWords(
    [...Map.groupBy(runs, processorOf)].map(
      ([processor, own]) => `${counted(own.length, 'run')} on ${processor ?? 'an unknown one'}`,
    ),
  );

export function processorNotes(
  db: Pick<Project, 'merged'>,
  { id }: Study,
  runs: readonly Run[],
): string[] {
  const notes: string[] = [];
  const done = runs.filter(
    (run) => run.kind === 'finetune' && run.status === 'done' && processorOf(run) !== undefined,
  );
  const pairs = [
    ...Map.groupBy(done, ({ seed, labels }) => JSON.stringify([seed, labels])).values(),
  ].filter((arms) => arms.length > 1);
  const mixed = pairs.filter((arms) => new Set(arms.map(processorOf)).size > 1);
  if (mixed.length > 0) {
    notes.push(
      `In ${mixed.length} of ${counted(pairs.length, 'set')} of arms that share seed and labels, runs came from different kinds of processors (${onEach(mixed.flat())}). Bits differ between kinds, as if the seed were slightly another; a scheduler can be told to keep to one kind (docs/cluster.md).`,
    );
  }
  const moved = db.merged
    .ofStudy(id)
    .filter(({ attempts }) => new Set(attempts.map(({ processor }) => processor)).size > 1);
  const runsMoved = new Set(moved.map(({ runId }) => runId)).size;
  if (runsMoved > 0) {
    notes.push(
      `${counted(runsMoved, 'run')} went on on another kind of processor than ${pronounFor(runsMoved, 'they')} began on.`,
    );
  }
  return notes;
}
