/** Calls on a project file in the long run: what takes room, compacting, revisions that are to stay. */
import { basename } from 'node:path';
import type { CompactReport, Droppable, Stored } from '../../shared/api.ts';
import { AppError } from '../../shared/errors.ts';
import { shareOf } from '../../shared/progress-share.ts';
import { backupPlace } from '../care/backup-place.ts';
import { rewriteProject } from '../care/rewrite.ts';
import { dropLoose, storageReport } from '../care/storage.ts';
import { backupPath } from '../db/backup.ts';
import { assertRoom } from '../db/compact.ts';
import type { Project } from '../db/project.ts';
import type { CallContext, Handlers } from './context.ts';

/** What is dropped is nowhere else: a copy of the project as it was. Errors: no-space, cancelled. */
async function backUpBefore(db: Project, context: CallContext): Promise<string> {
  const place = backupPlace(db.path, context.settings.read().backups.folder);
  const { fileBytes } = db.storage.pages();
  assertRoom(place, fileBytes, 'The backup before anything is dropped');
  const to = backupPath(place, 'before-compact');
  const onProgress = (share: number) =>
    context.progress(shareOf(share, `backing up to ${basename(to)}`));
  await db.backup(to, { signal: context.signal, onProgress });
  return to;
}

async function giveBack(db: Project, context: CallContext): Promise<void> {
  const { signal } = context;
  const onProgress = (share: number) =>
    context.progress(shareOf(share, 'giving free pages back to the disk'));
  if (db.shrinksInPlace()) {
    await db.shrink({ signal, onProgress });
    return;
  }
  const { fileBytes, freeBytes } = db.storage.pages();
  if (freeBytes === 0) return;
  assertRoom(db.path, fileBytes - freeBytes, 'Rewriting the project file, which is done once,');
  await context.projects.replace(db.path, () =>
    rewriteProject(db.path, { bytes: fileBytes - freeBytes, signal, onProgress }),
  );
}

export const careHandlers: Handlers<'project.storage' | 'project.compact' | 'labelMaps.keep'> = {
  'project.storage': ({ project }, context) => storageReport(context.project(project).db),

  async 'project.compact'({ project, drop, backup }, context): Promise<CompactReport> {
    const { db } = context.project(project);
    const bytesBefore = db.storage.pages().fileBytes;
    const before = storageReport(db);
    const wanted = new Set(drop.filter((kind) => before.droppable[kind].count > 0));
    const backedUp = backup && wanted.size > 0 ? await backUpBefore(db, context) : null;
    const dropped: Partial<Record<Droppable, Stored>> = {};
    for (const kind of wanted) {
      dropped[kind] = await dropLoose(db, kind, {
        signal: context.signal,
        onProgress: context.progress,
      });
    }
    await giveBack(db, context);
    const bytesAfter = context.project(project).db.storage.pages().fileBytes;
    return { bytesBefore, bytesAfter, dropped, backup: backedUp };
  },

  'labelMaps.keep'({ project, labelMapId, kept }, context) {
    const { db } = context.project(project);
    const revision = db.labelMaps.get(labelMapId);
    const image = revision && db.datasets.image(revision.imageId);
    if (image === undefined) {
      throw new AppError(
        'not-found',
        `There is no label map ${labelMapId} any more. Load the history anew.`,
      );
    }
    db.labelMaps.setKept(labelMapId, kept);
    return {
      output: null,
      changes: { images: { datasetId: image.datasetId, updated: [image.id] } },
    };
  },
};
