/**
 * The runs of a study that its analysis compares: one for each arm, label count and seed. Where several learning rates
 * were tried, the one of the best validation Dice counts, and none before all of them have ended: test images take no
 * part in the choice, and no arm has more tries than another.
 */
import type { AnalysedRun } from '../../../shared/analysis.ts';
import type { Run } from '../../../shared/entities.ts';
import type { Project } from '../../db/project.ts';

const isOpen = ({ status }: Run) => status === 'queued' || status === 'running';

function bestValidation(db: Project, run: Run): number {
  const dice = db.runs.metrics(run.id).filter((point) => point.name === 'valDice');
  return Math.max(-Infinity, ...dice.map((point) => point.value));
}

/** The first of the best; a failed one only where none is done; null where that is not decided yet. */
function chosenOf(db: Project, tries: readonly Run[]): Run | null {
  if (tries.some(isOpen)) return null;
  const done = tries.filter((run) => run.status === 'done');
  if (tries.length === 1) return tries[0] ?? null;
  const scored = done.map((run) => ({ run, dice: bestValidation(db, run) }));
  const [first] = scored.toSorted((a, b) => b.dice - a.dice);
  return first?.run ?? tries.find((run) => run.status === 'failed') ?? null;
}

/** Finished and failed fine-tunings that count, in the order of the study. */
export function chosenRuns(db: Project, studyId: number): Run[] {
  const finetunings = db.runs.ofStudy(studyId).filter((run) => run.kind === 'finetune');
  const cells = Map.groupBy(finetunings, ({ pretraining, transfer, labels, seed }) =>
    JSON.stringify([pretraining, transfer, labels, seed]),
  );
  return [...cells.values()].flatMap((tries) => {
    const chosen = chosenOf(db, tries);
    return chosen?.status === 'done' || chosen?.status === 'failed' ? [chosen] : [];
  });
}

function analysedRun(db: Project, run: Run): AnalysedRun | null {
  const { transfer, labels, status } = run;
  if (transfer === null || labels === null) return null;
  const results = db.runs.results(run.id);
  const last = results.filter((r) => r.checkpoint === 'last');
  return {
    runId: run.id,
    pretraining: run.pretraining,
    transfer,
    labels,
    seed: run.seed,
    status: status === 'done' ? 'done' : 'failed',
    steps: run.steps,
    learningRate: run.config.optimisation.learningRate,
    validation: db.runs
      .metrics(run.id)
      .filter((point) => point.name === 'valDice')
      .map(({ step, value }) => ({ step, dice: value })),
    images: results.filter((r) => r.checkpoint === 'best'),
    diceLast: last.length === 0 ? null : last.reduce((sum, r) => sum + r.dice, 0) / last.length,
  };
}

export function analysedRuns(db: Project, studyId: number): AnalysedRun[] {
  return chosenRuns(db, studyId)
    .map((run) => analysedRun(db, run))
    .filter((run) => run !== null);
}
