/**
 * Questions that are chosen after another study has answered them, among others, with the same seeds: the same runs
 * again, and the winners chosen after the race. Nothing is refused, since a study may be repeated for many reasons.
 */
import type { Study, StudyConfig } from '../../../shared/entities.ts';
import { pretrainingKey } from '../../../shared/pretrainings.ts';
import { isAsked } from '../../../shared/primary-questions.ts';
import { seedsOfStudy } from '../../../shared/study-splits.ts';
import type { Project } from '../../db/project.ts';
import { primaryIn } from './primary.ts';

function hasAnswered(project: Project, { id, config: other }: Study, config: StudyConfig): boolean {
  const keys = new Set(other.pretrainings.map(pretrainingKey));
  const seeds = new Set(seedsOfStudy(other));
  return (
    other.targetDatasetId === config.targetDatasetId &&
    other.sourceDatasetId === config.sourceDatasetId &&
    config.pretrainings.some((plan) => keys.has(pretrainingKey(plan))) &&
    seedsOfStudy(config).some((seed) => seeds.has(seed)) &&
    project.runs.ofStudy(id).some(({ kind, status }) => kind === 'finetune' && status === 'done')
  );
}

/**
 * Empty where no study that has run asked these questions among more of them, or one asked just these. Questions are
 * chosen by marking them, or by leaving out the arms of the others.
 */
export function askedBeforeNotes(
  project: Project,
  config: StudyConfig,
  labelCounts: readonly number[],
): string[] {
  const asked = primaryIn(config, labelCounts);
  const before = project.studies.list().flatMap((study) => {
    if (!hasAnswered(project, study, config)) return [];
    const all = primaryIn(study.config, labelCounts);
    return asked.every((one) => isAsked(one, all)) ? [{ study, questions: all.length }] : [];
  });
  const [first] = before;
  if (first === undefined || before.some(({ questions }) => questions === asked.length)) return [];
  const next = Math.max(...before.flatMap(({ study }) => seedsOfStudy(study.config))) + 1;
  return [
    `"${first.study.name}" has answered these questions and others with the same seeds already: those that are chosen once results are known are chosen after the race, and their intervals promise too much. Begin with another seed (--first-seed ${next}) to ask them anew.`,
  ];
}
