/** Trained networks of a project that can predict. */
import type { Run, Study } from '../../shared/entities.ts';
import type { Api } from '../api.ts';
import type { ProjectState } from './project.svelte.ts';
import { runName } from './run-names.ts';

export interface Predictor {
  readonly run: Run;
  /** null: a model, which belongs to none. */
  readonly study: Study | null;
  readonly name: string;
  /** Mean over the test images of its study, or over the held-out images of a model; null: it was not tested. */
  readonly dice: number | null;
}

/** Models, the newest first, then runs of all studies, the best first; scores of different studies are of different images. */
export async function findPredictors(
  api: Pick<Api, 'call'>,
  project: Pick<ProjectState, 'path' | 'studies' | 'runs' | 'models' | 'run'>,
): Promise<Predictor[]> {
  return [...modelPredictors(project), ...(await studyPredictors(api, project))];
}

function modelPredictors(project: Pick<ProjectState, 'models' | 'run'>): Predictor[] {
  return (project.models ?? []).flatMap(({ name, runId, dice }) => {
    const run = project.run(runId);
    return run?.status === 'done' ? [{ run, study: null, name, dice }] : [];
  });
}

async function studyPredictors(
  api: Pick<Api, 'call'>,
  project: Pick<ProjectState, 'path' | 'studies' | 'runs'>,
): Promise<Predictor[]> {
  const found = await Promise.all(
    (project.studies ?? []).map(async (study) => {
      const query = { project: project.path, studyId: study.id };
      const { runs } = await api.call('studies.results', query);
      return runs.flatMap(({ runId, predicts, dice }) => {
        const run = (project.runs ?? []).find((one) => one.id === runId);
        const known = dice.filter((value) => value !== null);
        if (!predicts || run === undefined || known.length === 0) return [];
        const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
        return [{ run, study, name: runName(run), dice: mean }];
      });
    }),
  );
  return found.flat().sort((a, b) => b.dice - a.dice);
}
