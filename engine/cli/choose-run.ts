/** Which finished run `graft predict` takes where none is named. */
import type { Dataset, Run, Study } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { counted, score } from '../../shared/number-format.ts';
import { pretrainingInText } from '../../shared/pretrainings.ts';
import { transferName } from '../../shared/charts/arm-style.ts';
import type { Caller } from './host.ts';
import { findDataset } from './lookup.ts';

/** A finished fine-tuning run whose weights are kept. */
interface Candidate {
  readonly run: Run;
  readonly study: Study;
  readonly dataset: Dataset;
  /** Best validation Dice. */
  readonly dice: number;
}

async function candidates(caller: Caller, project: string): Promise<Candidate[]> {
  const datasets = await caller.call('datasets.list', { project });
  const runs = new Map((await caller.call('runs.list', { project })).map((run) => [run.id, run]));
  const found: Candidate[] = [];
  for (const study of await caller.call('studies.list', { project })) {
    const dataset = datasets.find(({ id }) => id === study.config.targetDatasetId);
    if (dataset === undefined) continue;
    const results = await caller.call('studies.results', { project, studyId: study.id });
    for (const { runId } of results.runs.filter(({ predicts }) => predicts)) {
      const run = runs.get(runId);
      if (run === undefined) continue;
      const { metrics } = await caller.call('runs.get', { project, runId });
      const dice = metrics.filter(({ name }) => name === 'valDice').map(({ value }) => value);
      found.push({ run, study, dataset, dice: Math.max(0, ...dice) });
    }
  }
  return found;
}

/** The first of those of the best validation Dice; those of today's rule before those of the older one. */
function best(some: readonly Candidate[]): Candidate | undefined {
  const isOlder = ({ run }: Candidate) =>
    run.config.kind === 'finetune' && run.config.validationScore === 'classes' ? 0 : 1;
  return some.toSorted((a, b) => isOlder(a) - isOlder(b) || b.dice - a.dice)[0];
}

const classesInText = ({ classes }: Dataset) => classes.map(({ name }) => name).join(', ');

function inText({ run, study, dice }: Candidate): string {
  const start =
    run.pretraining === null
      ? transferName(run.transfer ?? 'random')
      : `${pretrainingInText(run.pretraining)} ${transferName(run.transfer ?? 'random')}`;
  return `run ${run.id} (${start}, ${counted(run.labels ?? 0, 'label')}, seed ${run.seed}, of the study "${study.name}"), validation Dice ${score(dice)}`;
}

/** Validation Dice of different datasets cannot be compared: their best runs are named instead. */
function severalDatasets(
  groups: readonly (readonly Candidate[])[],
  asked: Dataset | null,
): AppError {
  const lines = groups.flatMap((some) => {
    const first = best(some);
    if (first === undefined) return [];
    const { dataset } = first;
    return [`  "${dataset.name}" (${classesInText(dataset)}): ${inText(first)}`];
  });
  const where =
    asked === null
      ? `There are finished runs on ${groups.length} datasets`
      : `No finished run was trained on "${asked.name}"; ${groups.length} datasets with its classes have some`;
  const which = asked === null ? 'whose images these are like' : 'which of these';
  return new AppError(
    'invalid-input',
    `${where}, and their scores cannot be compared. Say ${which} (--dataset NAME), or which run (--run ID). The best of each:\n${lines.join('\n')}`,
  );
}

/**
 * The run of the best validation Dice on the dataset asked for, or on those with the same classes where it has none; on
 * the only dataset that has runs, where none is asked for; with words that say which and why. Errors: not-found; invalid-input, with
 * the best of each dataset, where there are several.
 */
export async function chooseRun(
  caller: Caller,
  project: string,
  datasetName: string | undefined,
): Promise<{ readonly runId: number; readonly words: string }> {
  const all = await candidates(caller, project);
  if (all.length === 0) {
    throw new AppError(
      'not-found',
      'No finished fine-tuning run has its weights in this project. Run a study first.',
    );
  }
  const asked = datasetName === undefined ? null : await findDataset(caller, project, datasetName);
  const alike = (one: Candidate) =>
    asked === null || classesInText(one.dataset) === classesInText(asked);
  const own = all.filter(({ dataset }) => dataset.id === asked?.id);
  const some = own.length > 0 ? own : all.filter(alike);
  if (asked !== null && some.length === 0) {
    throw new AppError(
      'not-found',
      `No finished run was trained on "${asked.name}", nor on another dataset with its classes (${classesInText(asked)}). Name a run with --run ID.`,
    );
  }
  const groups = [...Map.groupBy(some, ({ dataset }) => dataset.id).values()];
  if (groups.length > 1) throw severalDatasets(groups, asked);
  const chosen = best(some);
  if (chosen === undefined) throw new Error('a group of runs has a best one');
  const why = `the best of ${counted(some.length, 'finished run')} on "${chosen.dataset.name}"${
    asked === null || own.length > 0 ? '' : `, which has the classes of "${asked.name}"`
  }`;
  return { runId: chosen.run.id, words: `${inText(chosen)}: ${why}` };
}
