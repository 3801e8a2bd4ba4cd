/** Calls on datasets, their images, label maps and splits. */
import type { Split } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { labelValues } from '../../shared/label-map.ts';
import { exportCoco } from '../data/export/coco.ts';
import { exportFolder } from '../data/export/folder.ts';
import { assertLasting } from '../data/files.ts';
import { generateDataset } from '../data/generators/generate-dataset.ts';
import { previewImport, runImport } from '../data/import/import.ts';
import { makeSplit } from '../data/split.ts';
import type { Project } from '../db/project.ts';
import { type CallContext, type Handlers, requireDataset } from './context.ts';

type DatasetCalls =
  | 'datasets.list'
  | 'datasets.generate'
  | 'datasets.preview'
  | 'datasets.import'
  | 'datasets.export'
  | 'datasets.rename'
  | 'datasets.delete'
  | 'datasets.setClasses'
  | 'images.list'
  | 'images.labels'
  | 'images.setGroup'
  | 'labelMaps.history'
  | 'labelMaps.restore'
  | 'splits.list'
  | 'splits.create'
  | 'splits.save'
  | 'splits.items'
  | 'splits.delete';

function changed(context: CallContext, project: string, datasetId: number): void {
  context.emit({ type: 'dataset.changed', project, datasetId });
}

function requireSplit(db: Project, id: number): Split {
  const split = db.splits.get(id);
  if (split === undefined) throw new AppError('not-found', `There is no split ${id}.`);
  return split;
}

export const datasetHandlers: Handlers<DatasetCalls> = {
  'datasets.list': ({ project }, context) => context.project(project).db.datasets.list(),

  async 'datasets.generate'({ project, name, generator, count, sizePx, seed }, context) {
    const { db } = context.project(project);
    const datasetId = await generateDataset(db, {
      generator,
      name,
      count,
      sizePx,
      seed,
      signal: context.signal,
      onProgress: (done) => context.progress({ done, total: count, message: `Drawing "${name}"` }),
    });
    changed(context, db.path, datasetId);
    return requireDataset(db, datasetId);
  },

  'datasets.preview': (source, context) =>
    previewImport(source, { signal: context.signal, onProgress: context.progress }),

  async 'datasets.import'({ project, name, link, ...source }, context) {
    const { db } = context.project(project);
    if (link) assertLasting(source.imagesDir ?? source.path);
    const report = await runImport(db, source, {
      datasetName: name,
      link,
      signal: context.signal,
      onProgress: context.progress,
    });
    changed(context, db.path, report.datasetId);
    return report;
  },

  'datasets.export'({ project, datasetId, format, dir }, context) {
    const { db } = context.project(project);
    requireDataset(db, datasetId);
    const write = format === 'coco' ? exportCoco : exportFolder;
    return write(db, datasetId, dir, { signal: context.signal, onProgress: context.progress });
  },

  'datasets.rename'({ project, datasetId, name }, context) {
    const { db } = context.project(project);
    requireDataset(db, datasetId);
    const taken = db.datasets.getByName(name);
    if (taken !== undefined && taken.id !== datasetId) {
      throw new AppError('conflict', `There is a dataset "${name}" already. Choose another name.`);
    }
    db.datasets.rename(datasetId, name);
    changed(context, db.path, datasetId);
    return requireDataset(db, datasetId);
  },

  'datasets.delete'({ project, datasetId }, context) {
    const { db } = context.project(project);
    const { name } = requireDataset(db, datasetId);
    const used = db.snapshots.countOf(datasetId);
    if (used > 0) {
      throw new AppError(
        'conflict',
        `"${name}" is what runs were trained or tested on, so deleting it would make them unrepeatable. Delete their studies first.`,
        { subject: name },
      );
    }
    db.datasets.delete(datasetId);
    changed(context, db.path, datasetId);
    return null;
  },

  'datasets.setClasses'({ project, datasetId, classes }, context) {
    const { db } = context.project(project);
    const dataset = requireDataset(db, datasetId);
    const kept = new Set(classes.map((c) => c.index));
    if (kept.size !== classes.length) {
      throw new AppError('invalid-input', 'Two classes have the same number.');
    }
    const dropped = dataset.classes.filter((c) => !kept.has(c.index));
    if (dropped.length > 0) {
      const names = dropped.map((c) => c.name).join(', ');
      throw new AppError(
        'invalid-input',
        `Classes can be renamed and added, but not removed, since label maps may hold them: ${names}.`,
      );
    }
    db.datasets.setClasses(datasetId, classes);
    changed(context, db.path, datasetId);
    return requireDataset(db, datasetId);
  },

  'images.list'({ project, datasetId, offset, limit }, context) {
    const { db } = context.project(project);
    const { imageCount } = requireDataset(db, datasetId);
    return { images: db.datasets.imagesPage(datasetId, limit, offset), total: imageCount };
  },

  'images.labels': ({ project, datasetId }, context) =>
    Array.from(
      context.project(project).db.labelMaps.latestOf(datasetId),
      ({ imageId, author, uncertainty, bytes }) => ({
        imageId,
        author,
        uncertainty,
        classes: labelValues(bytes),
      }),
    ),

  'images.setGroup'({ project, imageIds, group }, context) {
    const { db } = context.project(project);
    db.transaction(() => {
      for (const id of imageIds) db.datasets.setGroup(id, group);
    });
    const [first = 0] = imageIds;
    changed(context, db.path, db.datasets.image(first)?.datasetId ?? 0);
    return null;
  },

  'labelMaps.history': ({ project, imageId }, context) =>
    context.project(project).db.labelMaps.history(imageId),

  'labelMaps.restore'({ project, imageId, labelMapId }, context) {
    const { db } = context.project(project);
    const old = db.labelMaps.get(labelMapId);
    const bytes = db.labelMaps.bytes(labelMapId);
    if (old?.imageId !== imageId || bytes === undefined) {
      throw new AppError('not-found', `Image ${imageId} has no label map ${labelMapId}.`);
    }
    const id = db.labelMaps.add({
      imageId,
      author: old.author,
      bytes,
      runId: old.runId,
      note: `restored from ${old.createdAt}`,
    });
    changed(context, db.path, db.datasets.image(imageId)?.datasetId ?? 0);
    return { ...old, id, createdAt: db.labelMaps.get(id)?.createdAt ?? old.createdAt };
  },

  'splits.list': ({ project, datasetId }, context) =>
    context.project(project).db.splits.list(datasetId),

  'splits.create'({ project, datasetId, name, val, test, seed }, context) {
    const { db } = context.project(project);
    const { name: datasetName } = requireDataset(db, datasetId);
    if (db.splits.list(datasetId).some((s) => s.name === name)) {
      throw new AppError('conflict', `"${datasetName}" has a split "${name}" already.`);
    }
    const items = makeSplit(db.datasets.images(datasetId), { val, test, seed });
    const id = db.splits.create(datasetId, name, items);
    changed(context, db.path, datasetId);
    return requireSplit(db, id);
  },

  'splits.save'({ project, datasetId, name, items }, context) {
    const { db } = context.project(project);
    const { name: datasetName } = requireDataset(db, datasetId);
    const own = new Set(db.datasets.images(datasetId).map((image) => image.id));
    if (items.some(({ imageId }) => !own.has(imageId))) {
      throw new AppError('invalid-input', `The split holds images that "${datasetName}" has not.`);
    }
    const existing = db.splits.list(datasetId).find((split) => split.name === name);
    if (existing !== undefined) db.splits.setItems(existing.id, items);
    const id = existing?.id ?? db.splits.create(datasetId, name, items);
    changed(context, db.path, datasetId);
    return requireSplit(db, id);
  },

  'splits.items': ({ project, splitId }, context) =>
    context.project(project).db.splits.items(splitId),

  'splits.delete'({ project, splitId }, context) {
    const { db } = context.project(project);
    const { datasetId } = requireSplit(db, splitId);
    db.splits.delete(splitId);
    changed(context, db.path, datasetId);
    return null;
  },
};
