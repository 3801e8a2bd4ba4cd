/**
 * Goes on with label counts whose random start was still improving when its budget ended (docs/method.md §5): all arms of
 * such a label count get the same longer budget, once. Their runs resume from their last checkpoints. Of several learning
 * rates only the one that validation has chosen goes on, of every arm alike: the others would not be reported, and
 * the choice stands, because the best validation Dice of a run that goes on cannot fall.
 */
import type { OptimisationConfig } from '../../../shared/entities.ts';
import type { Project } from '../../db/project.ts';
import { analysedRuns, chosenRuns } from '../analysis/analysed-runs.ts';
import { armsOf } from '../analysis/arms.ts';
import { unconvergedBaselines } from '../analysis/convergence.ts';
import { counted } from '../../../shared/number-format.ts';

/**
 * A longer budget that a run can resume into: after the warm-up, which keeps its steps, the learning rate is constant,
 * so that the run goes on as if it had had this budget from the start.
 */
export function extendedBudget(config: OptimisationConfig, factor: number): OptimisationConfig {
  const steps = Math.round(config.steps * factor);
  return { ...config, steps, warmup: Math.round(config.warmup * config.steps) / steps };
}

/**
 * To be called when nothing of a study is left to run. Queues again what goes on.
 * @returns label counts that go on; none where the study does not allow it, or they all have plateaued or gone on before
 */
export function extendUnconverged(project: Project, studyId: number): number[] {
  const study = project.studies.get(studyId);
  const factor = study?.config.extension ?? null;
  if (study === undefined || factor === null) return [];
  const { delta, finetuning, extendedLabelCounts } = study.config;
  const counts = unconvergedBaselines(armsOf(analysedRuns(project, studyId)), {
    budgetSteps: finetuning.steps,
    delta,
  }).filter((labels) => !extendedLabelCounts.includes(labels));
  if (counts.length === 0) return [];
  const chosen = new Set(chosenRuns(project, studyId).map(({ id }) => id));
  project.transaction(() => {
    for (const run of project.runs.ofStudy(studyId)) {
      if (run.kind !== 'finetune') continue;
      // Failed ones too: a retry has the same budget.
      if (!chosen.has(run.id) && run.status !== 'failed') continue;
      if (run.labels === null || !counts.includes(run.labels)) continue;
      const optimisation = extendedBudget(run.config.optimisation, factor);
      project.runs.extend(run.id, { ...run.config, optimisation });
      project.runs.log(
        run.id,
        `The random start has not plateaued with ${counted(run.labels, 'label')}: every arm goes on to ${optimisation.steps} steps.`,
      );
    }
    project.studies.setConfig(studyId, {
      ...study.config,
      extendedLabelCounts: [...extendedLabelCounts, ...counts],
    });
  });
  return counts;
}
