/** Calls on project files. */
import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { ProjectInfo } from '../../shared/api.ts';
import { trueProjectPath } from '../db/project.ts';
import { ensureSample } from '../sample.ts';
import type { CallContext, Changed, Handlers, OpenProject } from './context.ts';

function describe({ db, queue }: OpenProject): ProjectInfo {
  const datasets = db.datasets.list();
  const studies = db.studies.list();
  return {
    path: db.path,
    name: basename(db.path, '.graft'),
    about: db.about.read(),
    datasets: datasets.length,
    images: datasets.reduce((sum, d) => sum + d.imageCount, 0),
    studies: studies.length,
    runningStudies: studies.filter((s) => s.status === 'running').length,
    held: queue.held,
  };
}

function opened(project: OpenProject, { settings }: CallContext): Changed<'project.open'> {
  const { path } = project.db;
  settings.opened(path);
  return { output: describe(project), changes: { projects: { opened: [path] } } };
}

export const projectHandlers: Handlers<
  | 'project.create'
  | 'project.open'
  | 'project.openSample'
  | 'project.close'
  | 'project.list'
  | 'project.check'
  | 'project.recent'
  | 'project.forget'
> = {
  'project.create': ({ path }, context) => opened(context.projects.create(path), context),
  'project.open': ({ path }, context) => opened(context.projects.open(path), context),
  'project.openSample': (_input, context) => opened(context.projects.open(ensureSample()), context),
  async 'project.close'({ project }, { projects }) {
    await projects.close(project);
    return { output: null, changes: { projects: { closed: [trueProjectPath(project)] } } };
  },
  'project.list': (_input, { projects }) => projects.list().map(describe),
  'project.check'({ project }, context) {
    context.project(project).db.check();
    return { ok: true };
  },
  'project.recent': (_input, { settings }) =>
    settings.read().recentProjects.map(({ path, openedAt }) => ({
      path,
      name: basename(path, '.graft'),
      openedAt,
      exists: existsSync(path),
    })),
  'project.forget'({ path }, { settings }) {
    settings.forget(resolve(path));
    return { output: null, changes: { projects: { forgotten: [resolve(path)] } } };
  },
};
