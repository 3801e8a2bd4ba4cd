/** Calls that add images and masks to a dataset. */
import { planAddition } from '../data/addition/plan.ts';
import { addToDataset } from '../data/addition/carry-out.ts';
import { takeBack } from '../data/addition/take-back.ts';
import { assertLasting } from '../data/files.ts';
import { AppError } from '../../shared/errors.ts';
import { type Handlers, requireDataset } from './context.ts';
import { holderWords } from './held-images.ts';

type AdditionCalls = `additions.${'preview' | 'add' | 'list' | 'undo'}`;

export const additionHandlers: Handlers<AdditionCalls> = {
  async 'additions.preview'({ project, datasetId, ...request }, context) {
    const { db } = context.project(project);
    const { signal, progress: onProgress } = context;
    const dataset = requireDataset(db, datasetId);
    return (await planAddition(db, dataset, { ...request, signal, onProgress })).preview;
  },

  async 'additions.add'({ project, datasetId, ...options }, context) {
    const { db } = context.project(project);
    const { signal, progress: onProgress } = context;
    requireDataset(db, datasetId);
    if (options.link) assertLasting(options.imagesDir ?? options.path);
    const before = new Map(db.datasets.images(datasetId).map((one) => [one.id, one.labelMapId]));
    const splits = new Set(db.splits.list(datasetId).map(({ id }) => id));
    const { report, items, splitId } = await addToDataset(db, datasetId, {
      ...options,
      ...{ signal, onProgress },
    });
    const isNew = splitId !== null && !splits.has(splitId);
    return {
      output: report,
      changes:
        items.length === 0
          ? {}
          : {
              datasets: { updated: [datasetId] },
              images: {
                datasetId,
                added: items.flatMap(({ imageId, labelMapId }) =>
                  labelMapId === null ? [imageId] : [],
                ),
                labelled: items.flatMap(({ imageId, labelMapId }) =>
                  labelMapId === null
                    ? []
                    : [{ imageId, labelMapId, isFirst: before.get(imageId) === null }],
                ),
              },
              ...(splitId === null
                ? {}
                : {
                    splits: {
                      datasetId,
                      ...(isNew ? { added: [splitId] } : { updated: [splitId] }),
                    },
                  }),
            },
    };
  },

  'additions.list': ({ project, datasetId }, context) => {
    const { db } = context.project(project);
    requireDataset(db, datasetId);
    return db.additions.list(datasetId);
  },

  'additions.undo'({ project, additionId }, context) {
    const { db } = context.project(project);
    const addition = db.additions.get(additionId);
    if (addition === undefined) {
      throw new AppError('not-found', 'This addition was taken back already.');
    }
    const { datasetId } = addition;
    const { undone, removed, updated, labelled } = takeBack(
      db,
      additionId,
      holderWords(db, datasetId),
    );
    const splits = db.splits.list(datasetId).map(({ id }) => id);
    return {
      output: undone,
      changes: {
        datasets: { counted: [datasetId] },
        images: { datasetId, removed, updated, labelled },
        ...(splits.length === 0 ? {} : { splits: { datasetId, updated: splits } }),
      },
    };
  },
};
