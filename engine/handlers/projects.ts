/** Calls on project files. */
import { basename } from 'node:path';
import type { ProjectInfo } from '../../shared/api.ts';
import type { Handlers, OpenProject } from './context.ts';

function describe({ db }: OpenProject): ProjectInfo {
  const datasets = db.datasets.list();
  const studies = db.studies.list();
  return {
    path: db.path,
    name: basename(db.path, '.graft'),
    datasets: datasets.length,
    images: datasets.reduce((sum, d) => sum + d.imageCount, 0),
    studies: studies.length,
    runningStudies: studies.filter((s) => s.status === 'running').length,
  };
}

export const projectHandlers: Handlers<
  'project.create' | 'project.open' | 'project.close' | 'project.list' | 'project.check'
> = {
  'project.create': ({ path }, { projects }) => describe(projects.create(path)),
  'project.open': ({ path }, { projects }) => describe(projects.open(path)),
  async 'project.close'({ project }, { projects }) {
    await projects.close(project);
    return null;
  },
  'project.list': (_input, { projects }) => projects.list().map(describe),
  'project.check'({ project }, context) {
    context.project(project).db.check();
    return { ok: true };
  },
};
