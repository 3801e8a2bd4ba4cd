/** Calls on datasets, their images, label maps and splits. */
import type { Split } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { labelValues } from '../../shared/label-map.ts';
import { takesPart } from '../../shared/task-sources.ts';
import { exportDataset } from '../data/export/export.ts';
import { colourClassZero } from '../data/class-colors.ts';
import { assertLasting } from '../data/files.ts';
import { generateDataset } from '../data/generators/generate-dataset.ts';
import { previewImport, runImport } from '../data/import/import.ts';
import { soundCodeOf } from '../data/objects-of.ts';
import { relinkImages } from '../data/relink.ts';
import { saveLabelMap } from '../data/save-label-map.ts';
import { makeSplit } from '../data/split.ts';
import type { Project } from '../db/project.ts';
import { type Handlers, requireDataset } from './context.ts';
import { datasetUsers } from './dataset-users.ts';
import { imagesOfOne } from './images-of-one.ts';

type DatasetCalls =
  | 'datasets.list'
  | 'datasets.generate'
  | 'datasets.preview'
  | 'datasets.import'
  | 'datasets.export'
  | 'datasets.relink'
  | 'datasets.rename'
  | 'datasets.delete'
  | 'datasets.setBackground'
  | 'datasets.setClasses'
  | 'images.list'
  | 'images.get'
  | 'images.labels'
  | 'images.setGroup'
  | 'labelMaps.save'
  | 'labelMaps.history'
  | 'labelMaps.restore'
  | 'splits.list'
  | 'splits.create'
  | 'splits.save'
  | 'splits.items'
  | 'splits.delete';

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
    return {
      output: requireDataset(db, datasetId),
      changes: { datasets: { added: [datasetId] } },
    };
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
    return { output: report, changes: { datasets: { added: [report.datasetId] } } };
  },

  'datasets.export'({ project, datasetId, format, dir, predictions, ...selection }, context) {
    const { db } = context.project(project);
    requireDataset(db, datasetId);
    return exportDataset(db, datasetId, {
      ...{ format, dir },
      selection: { ...selection, imageIds: selection.imageIds ?? null },
      predictions,
      signal: context.signal,
      onProgress: context.progress,
    });
  },

  async 'datasets.relink'({ project, datasetId, dir }, context) {
    const { db } = context.project(project);
    requireDataset(db, datasetId);
    assertLasting(dir);
    const { report, movedIds } = await relinkImages(db, {
      images: db.datasets.images(datasetId),
      dir,
      signal: context.signal,
      onProgress: context.progress,
    });
    if (movedIds.length === 0) return { output: report, changes: {} };
    // Their pictures can be tried again, and their records say where they are.
    const changes = {
      datasets: { updated: [datasetId] },
      images: { datasetId, updated: movedIds },
    };
    return { output: report, changes };
  },

  'datasets.rename'({ project, datasetId, name }, context) {
    const { db } = context.project(project);
    const dataset = requireDataset(db, datasetId);
    if (name !== dataset.name && db.datasets.isNameTaken(name)) {
      throw new AppError('conflict', `There is a dataset "${name}" already. Choose another name.`);
    }
    db.datasets.rename(datasetId, name);
    return {
      output: requireDataset(db, datasetId),
      changes: { datasets: { updated: [datasetId] } },
    };
  },

  'datasets.delete'({ project, datasetId }, context) {
    const { db } = context.project(project);
    const { name } = requireDataset(db, datasetId);
    db.snapshots.dropUnused();
    const { obstacle, fruitless: removed } = datasetUsers(db, { datasetId, name });
    if (obstacle !== null) throw new AppError('conflict', obstacle, { subject: name });
    db.transaction(() => {
      for (const id of removed) db.runs.deleteSingle(id);
      db.snapshots.dropUnused();
      db.datasets.delete(datasetId);
    });
    const runs = removed.length === 0 ? {} : { runs: { removed } };
    return { output: null, changes: { datasets: { removed: [datasetId] }, ...runs } };
  },

  'datasets.setBackground'({ project, datasetId, hasBackground }, context) {
    const { db } = context.project(project);
    const { classes } = requireDataset(db, datasetId);
    db.transaction(() => {
      db.datasets.setBackground(datasetId, hasBackground);
      if (!hasBackground) db.datasets.setClasses(datasetId, colourClassZero(classes));
    });
    return {
      output: requireDataset(db, datasetId),
      changes: { datasets: { updated: [datasetId] } },
    };
  },

  'datasets.setClasses'({ project, datasetId, classes }, context) {
    const { db } = context.project(project);
    const dataset = requireDataset(db, datasetId);
    const kept = new Set(classes.map((c) => c.index));
    if (kept.size !== classes.length) {
      throw new AppError('invalid-input', 'Two classes have the same number. Give each its own.');
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
    return {
      output: requireDataset(db, datasetId),
      changes: { datasets: { updated: [datasetId] } },
    };
  },

  'images.list'({ project, datasetId, offset, limit }, context) {
    const { db } = context.project(project);
    const { imageCount } = requireDataset(db, datasetId);
    return { images: db.datasets.imagesPage(datasetId, limit, offset), total: imageCount };
  },

  'images.get'({ project, imageIds }, context) {
    const { db } = context.project(project);
    return imageIds.flatMap((id) => db.datasets.image(id) ?? []);
  },

  'images.labels'({ project, datasetId, imageIds }, context) {
    const { labelMaps } = context.project(project).db;
    const latest =
      imageIds === undefined
        ? labelMaps.latestOf(datasetId)
        : imageIds.flatMap((id) => labelMaps.latest(id) ?? []);
    return Array.from(latest, ({ imageId, author, uncertainty, bytes }) => ({
      imageId,
      author,
      uncertainty,
      classes: bytes === null ? [] : labelValues(bytes),
    }));
  },

  'images.setGroup'({ project, imageIds, group }, context) {
    const { db } = context.project(project);
    const { datasetId } = imagesOfOne(db, imageIds);
    db.transaction(() => {
      for (const id of imageIds) db.datasets.setGroup(id, group);
    });
    return { output: null, changes: { images: { datasetId, updated: imageIds } } };
  },

  'labelMaps.save'({ project, imageId, ...labels }, context) {
    const { db } = context.project(project);
    const image = db.datasets.image(imageId);
    if (image === undefined) throw new AppError('not-found', `There is no image ${imageId}.`);
    const { datasetId, labelMapId } = image;
    const id = saveLabelMap(db, { image, ...labels });
    return {
      output: { id },
      changes: {
        images: {
          datasetId,
          labelled: [{ imageId, labelMapId: id, isFirst: labelMapId === null }],
        },
      },
    };
  },

  'labelMaps.history': ({ project, imageId }, context) =>
    context.project(project).db.labelMaps.history(imageId),

  'labelMaps.restore'({ project, imageId, labelMapId }, context) {
    const { db } = context.project(project);
    const image = db.datasets.image(imageId);
    const old = db.labelMaps.get(labelMapId);
    const bytes = db.labelMaps.bytes(labelMapId);
    if (image === undefined || old?.imageId !== imageId || bytes === undefined) {
      throw new AppError('not-found', `Image ${imageId} has no label map ${labelMapId}.`);
    }
    const objects = soundCodeOf(db, labelMapId);
    const isDamaged = typeof objects === 'string';
    const id = db.transaction(() =>
      db.labelMaps.add({
        imageId,
        author: old.author,
        bytes,
        objects: isDamaged ? null : objects,
        runId: old.runId,
        helpers: old.helpers,
        note: `restored from ${old.createdAt}${isDamaged ? ', without its objects, which are damaged' : ''}`,
      }),
    );
    return {
      output: { ...old, id, createdAt: db.labelMaps.get(id)?.createdAt ?? old.createdAt },
      changes: {
        images: {
          datasetId: image.datasetId,
          labelled: [{ imageId, labelMapId: id, isFirst: false }],
        },
      },
    };
  },

  'splits.list': ({ project, datasetId }, context) =>
    context.project(project).db.splits.list(datasetId),

  'splits.create'({ project, datasetId, name, val, test, seed }, context) {
    const { db } = context.project(project);
    const { name: datasetName } = requireDataset(db, datasetId);
    if (db.splits.list(datasetId).some((s) => s.name === name)) {
      throw new AppError('conflict', `"${datasetName}" has a split "${name}" already.`);
    }
    const items = makeSplit(db.datasets.images(datasetId).filter(takesPart), { val, test, seed });
    const id = db.splits.create(datasetId, name, items);
    return { output: requireSplit(db, id), changes: { splits: { datasetId, added: [id] } } };
  },

  'splits.save'({ project, datasetId, name, items }, context) {
    const { db } = context.project(project);
    const { name: datasetName } = requireDataset(db, datasetId);
    const own = new Set(db.datasets.images(datasetId).map((image) => image.id));
    if (items.some(({ imageId }) => !own.has(imageId))) {
      throw new AppError(
        'invalid-input',
        `The split holds images that "${datasetName}" does not have. Make it anew.`,
      );
    }
    if (new Set(items.map(({ imageId }) => imageId)).size !== items.length) {
      throw new AppError('invalid-input', 'The split names an image twice. Name each in one part.');
    }
    const existing = db.splits.list(datasetId).find((split) => split.name === name);
    if (existing !== undefined) db.splits.setItems(existing.id, items);
    const id = existing?.id ?? db.splits.create(datasetId, name, items);
    const ids = existing === undefined ? { added: [id] } : { updated: [id] };
    return { output: requireSplit(db, id), changes: { splits: { datasetId, ...ids } } };
  },

  'splits.items': ({ project, splitId }, context) =>
    context.project(project).db.splits.items(splitId),

  'splits.delete'({ project, splitId }, context) {
    const { db } = context.project(project);
    const { datasetId } = requireSplit(db, splitId);
    db.splits.delete(splitId);
    return { output: null, changes: { splits: { datasetId, removed: [splitId] } } };
  },
};
