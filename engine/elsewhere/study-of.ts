/**
 * Which study of a project a bundle was made of: by the runs and what they were planned to compute, whatever the study is
 * called by now, and whatever else is called so.
 */
import type { Run, Study } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { counted, verbFor } from '../../shared/number-format.ts';
import type { Project } from '../db/project.ts';
import { GRAFT_VERSION } from '../version.ts';
import type { Bundle } from './bundle.ts';
import { planHash } from './plan-hash.ts';

/** Its budget grew after the bundle was made: results of before were merged before. */
const isExtended = ({ config }: Study, { labels, kind }: Run) =>
  kind === 'finetune' && labels !== null && config.extendedLabelCounts.includes(labels);

/** Runs of the bundle that this study has not, or plans otherwise. */
function strangersIn(project: Project, { manifest }: Bundle, study: Study): number {
  const runs = new Map(project.runs.ofStudy(study.id).map((run) => [run.id, run]));
  return manifest.runs.filter(({ id, planned }) => {
    const run = runs.get(id);
    return run === undefined || (planHash(project, run) !== planned && !isExtended(study, run));
  }).length;
}

/** Said where versions differ: a plan is compared in the words in which a version wrote it. */
function versionsInWords({ manifest }: Bundle): string {
  if (manifest.graft === GRAFT_VERSION) return '';
  return ` (It was made by Graft ${manifest.graft}, and this is ${GRAFT_VERSION}: where only that has changed, merge with Graft ${manifest.graft}.)`;
}

/** Errors: not-found; conflict, where it is a study of the same name with another plan. */
export function studyOf(project: Project, bundle: Bundle): Study {
  const { manifest, dir } = bundle;
  const { name } = manifest.study;
  const subject = { subject: dir };
  const owner = manifest.runs
    .map(({ id }) => project.runs.get(id)?.studyId)
    .find((id) => id != null);
  const study = owner == null ? undefined : project.studies.get(owner);
  const strangers = study === undefined ? 0 : strangersIn(project, bundle, study);
  if (study !== undefined && strangers === 0) return study;
  const called = project.studies.getByName(name);
  if (called === undefined) {
    const there = project.studies.list().map((one) => `"${one.name}"`);
    throw new AppError(
      'not-found',
      `${project.path} has no study "${name}", which ${dir} was made of (it has: ${there.join(', ') || 'none'}). Merge into the project that the bundle was made from; nothing was changed.${versionsInWords(bundle)}`,
      subject,
    );
  }
  const wrong = strangersIn(project, bundle, called);
  throw new AppError(
    'conflict',
    `"${name}" in ${project.path} is not the study that ${dir} was made of: ${wrong} of ${counted(manifest.runs.length, 'run')} ${verbFor(wrong, 'are')} planned otherwise. Merge into the project that the bundle was made from, or make the bundle again; nothing was changed.${versionsInWords(bundle)}`,
    subject,
  );
}

/** Errors: those of studyOf; conflict, where it is the bundle of another study of the project. */
export function assertOfStudy(project: Project, bundle: Bundle, studyId: number): void {
  const study = studyOf(project, bundle);
  if (study.id === studyId) return;
  throw new AppError(
    'conflict',
    `${bundle.dir} holds another study, "${study.name}". Choose the folder of this one.`,
    { subject: bundle.dir },
  );
}
