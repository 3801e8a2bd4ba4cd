/** What rests on a dataset and so keeps it from being deleted: studies, models, and pretrainings of no study. */
import { inWords } from '../../shared/sentences.ts';
import type { Project } from '../db/project.ts';
import { pronounFor, verbFor } from '../../shared/number-format.ts';

export interface DatasetUsers {
  /** What keeps it, with what to do; null: nothing. */
  readonly obstacle: string | null;
  /** Runs of no study that came to nothing: they keep nothing, and go with the dataset. */
  readonly fruitless: readonly number[];
}

/** A run of no study, in words. */
export function runWords(db: Project): (runId: number) => string {
  const encoders = new Map(db.encoders.list().map((encoder) => [encoder.runId, encoder.name]));
  const models = new Map(db.models.list().map((model) => [model.runId, model.name]));
  return (id) => {
    const model = models.get(id);
    if (model !== undefined) return `the model "${model}"`;
    const encoder = encoders.get(id);
    return encoder === undefined ? `the pretraining run ${id}` : `the encoder "${encoder}"`;
  };
}

export function datasetUsers(
  db: Project,
  { datasetId, name }: { readonly datasetId: number; readonly name: string },
): DatasetUsers {
  const { studies, singleRuns } = db.snapshots.usersOf(datasetId);
  const isFruitless = (id: number) =>
    ['failed', 'cancelled'].includes(db.runs.get(id)?.status ?? '');
  const users = [
    ...studies.map((study) => `the study "${study}"`),
    ...singleRuns.filter((id) => !isFruitless(id)).map(runWords(db)),
  ];
  const fruitless = singleRuns.filter(isFruitless);
  if (users.length === 0) return { obstacle: null, fruitless };
  const [was, them] = [verbFor(users.length, 'were'), pronounFor(users.length, 'them')];
  return {
    obstacle: `"${name}" is what ${inWords(users)} ${was} trained or tested on, so deleting it would make ${them} unrepeatable. Delete ${them} first, or cancel what still runs.`,
    fruitless,
  };
}
