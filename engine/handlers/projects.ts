/** Calls on project files. */
import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { ProjectInfo } from '../../shared/api.ts';
import { AppError, toWireError } from '../../shared/errors.ts';
import type { Changes } from '../../shared/events.ts';
import { backupPlace, backupPlaces } from '../care/backup-place.ts';
import { shareOf } from '../../shared/progress-share.ts';
import { checkFile } from '../care/check.ts';
import { repairFile } from '../care/repair.ts';
import { backupPath } from '../db/backup.ts';
import { assertProjectFile, type Project, projectError, trueProjectPath } from '../db/project.ts';
import { ensureNuclei } from '../nuclei-example.ts';
import { ensureSample } from '../sample.ts';
import type { CallContext, Changed, Handlers, OpenProject } from './context.ts';

/** What there is to say of a project; one that is damaged hides neither itself nor the others. */
function describe(project: OpenProject): ProjectInfo {
  try {
    return summary(project);
  } catch (error) {
    const known = projectError(error, project.db.path);
    if (!(known instanceof AppError)) throw error;
    const { path } = project.db;
    return {
      path,
      name: basename(path, '.graft'),
      about: null,
      datasets: 0,
      images: 0,
      studies: 0,
      runningStudies: 0,
      held: project.queue.held,
      damaged: toWireError(known),
    };
  }
}

function summary({ db, queue }: OpenProject): ProjectInfo {
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
    damaged: null,
  };
}

function opened(project: OpenProject, { settings }: CallContext): Changed<'project.open'> {
  const { path } = project.db;
  settings.opened(path);
  const recent = settings.read().recentProjects.find((one) => one.path === path);
  return {
    output: { ...describe(project), place: recent?.place ?? null },
    changes: { projects: { opened: [path] } },
  };
}

/** Of images of any datasets: a piece of news is of one. Their pictures can be tried again. */
function changesOfImages(db: Project, imageIds: ReadonlySet<number>): Changes[] {
  const images = [...imageIds].flatMap((id) => db.datasets.image(id) ?? []);
  return [...Map.groupBy(images, ({ datasetId }) => datasetId)].map(([datasetId, own]) => ({
    datasets: { updated: [datasetId] },
    images: { datasetId, updated: own.map(({ id }) => id) },
  }));
}

export const projectHandlers: Handlers<
  | 'project.create'
  | 'project.open'
  | 'project.openSample'
  | 'project.close'
  | 'project.list'
  | 'project.rememberPlace'
  | 'project.check'
  | 'project.backup'
  | 'project.repair'
  | 'project.recent'
  | 'project.forget'
> = {
  'project.create': ({ path }, context) => opened(context.projects.create(path), context),
  'project.open': ({ path }, context) => opened(context.projects.open(path), context),
  async 'project.openSample'({ sample }, context) {
    const { signal, progress: onProgress } = context;
    const path = sample === 'study' ? ensureSample() : await ensureNuclei({ signal, onProgress });
    return opened(context.projects.open(path), context);
  },
  async 'project.close'({ project }, { projects }) {
    await projects.close(project);
    return { output: null, changes: { projects: { closed: [trueProjectPath(project)] } } };
  },
  'project.list': (_input, { projects }) => projects.list().map(describe),
  'project.rememberPlace'({ project, place }, { settings }) {
    settings.rememberPlace(trueProjectPath(project), place);
    return null;
  },
  async 'project.check'({ project }, { signal, progress }) {
    assertProjectFile(project);
    const damages = await checkFile(trueProjectPath(project), { signal, onProgress: progress });
    return { ok: damages.length === 0, damaged: damages.map(({ what }) => what) };
  },
  async 'project.backup'({ project, to }, context) {
    const { signal, progress } = context;
    const { db } = context.project(project);
    const { folder } = context.settings.read().backups;
    const path = to === undefined ? backupPath(backupPlace(db.path, folder), null) : resolve(to);
    const onProgress = (share: number) => progress(shareOf(share, `writing ${basename(path)}`));
    return { path, bytes: await db.backup(path, { signal, onProgress }) };
  },
  async 'project.repair'({ project, from }, { projects, settings, signal, progress, changed }) {
    assertProjectFile(project);
    const path = trueProjectPath(project);
    const isOpen = () => projects.list().some(({ db }) => db.path === path);
    const wasOpen = isOpen();
    const mended = new Set<number>();
    const tell = () => {
      if (!wasOpen || !isOpen()) return;
      for (const changes of changesOfImages(projects.open(path).db, mended)) changed(changes);
    };
    const output = await repairFile(
      path,
      { open: () => projects.open(path).db, close: () => projects.close(path) },
      {
        from: from.map((one) => resolve(one)),
        places: backupPlaces(path, settings.read().backups.folder),
        signal,
        onProgress: progress,
        onImage: (imageId) => mended.add(imageId),
      },
    ).finally(tell);
    if (!wasOpen && isOpen()) await projects.close(path);
    const closed = wasOpen && !isOpen();
    return { output, changes: { projects: closed ? { closed: [path] } : {} } };
  },
  'project.recent': (_input, { settings }) =>
    settings.read().recentProjects.map(({ path, openedAt, place }) => ({
      path,
      name: basename(path, '.graft'),
      openedAt,
      place,
      exists: existsSync(path),
    })),
  'project.forget'({ path }, { settings }) {
    settings.forget(resolve(path));
    return { output: null, changes: { projects: { forgotten: [resolve(path)] } } };
  },
};
