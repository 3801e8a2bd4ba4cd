/** Trained networks of a project that can predict, the best first. */
import type { Run, Study } from '../../shared/entities.ts';
import type { Api } from '../api.ts';
import type { ProjectState } from './project.svelte.ts';

export interface Predictor {
  readonly run: Run;
  readonly study: Study;
  /** Mean over the test images of its study. */
  readonly dice: number;
}

/** Of all studies that have finished runs; scores of different studies are of different images. */
export async function findPredictors(
  api: Pick<Api, 'call'>,
  project: Pick<ProjectState, 'path' | 'studies' | 'runs'>,
): Promise<Predictor[]> {
  const found = await Promise.all(
    (project.studies ?? []).map(async (study) => {
      const query = { project: project.path, studyId: study.id };
      const { runs } = await api.call('studies.results', query);
      return runs.flatMap(({ runId, predicts, dice }): Predictor[] => {
        const run = (project.runs ?? []).find((one) => one.id === runId);
        const known = dice.filter((value) => value !== null);
        if (!predicts || run === undefined || known.length === 0) return [];
        const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
        return [{ run, study, dice: mean }];
      });
    }),
  );
  return found.flat().sort((a, b) => b.dice - a.dice);
}
