/** Calls that measure objects. */
import { intensityColumns, SHAPE_COLUMNS } from '../../shared/objects/measure/columns.ts';
import { AppError } from '../../shared/errors.ts';
import { assertLasting } from '../data/files.ts';
import { writeMeasures } from '../measure/csv-files.ts';
import { type MeasuredDataset, measureDataset } from '../measure/measure-dataset.ts';
import { type CallContext, type Handlers, requireDataset, requireRun } from './context.ts';

/** What is to be measured, and how. Errors: not-found. */
function measuringOf(
  input: { readonly project: string; readonly datasetId: number; readonly runId: number | null },
  context: CallContext,
) {
  const { db } = context.project(input.project);
  const dataset = requireDataset(db, input.datasetId);
  const { runId } = input;
  if (runId !== null) requireRun(db, runId);
  return { dataset, measure: () => measureDataset(db, { dataset, runId }, context) };
}

const summary = ({ images, objects, unmeasured, notes }: MeasuredDataset) => ({
  ...{ images, objects, unmeasured, notes },
});

export const measureHandlers: Handlers<
  'measures.table' | 'measures.write' | 'measures.setPixelSize'
> = {
  async 'measures.table'(input, context) {
    const found = await measuringOf(input, context).measure();
    const tableId = context.project(input.project).measures.keep(found);
    const columns = [...SHAPE_COLUMNS, ...intensityColumns(found.channels)].map(
      ({ name, title, kind }) => ({ name, title, kind }),
    );
    return { ...summary(found), tableId, columns };
  },

  async 'measures.write'(input, context) {
    assertLasting(input.dir);
    const { dataset, measure } = measuringOf(input, context);
    const { found, files, dir } = await writeMeasures(input.dir, dataset, measure);
    return { ...summary(found), files, dir };
  },

  'measures.setPixelSize'({ project, datasetId, imageIds, pixelSize }, context) {
    const { db } = context.project(project);
    requireDataset(db, datasetId);
    const all = db.datasets.images(datasetId).map(({ id }) => id);
    const own = new Set(all);
    const foreign = imageIds?.find((id) => !own.has(id));
    if (foreign !== undefined) {
      throw new AppError('not-found', `Image ${foreign} is not in this dataset, or in its bin.`);
    }
    const updated = imageIds ?? all;
    db.transaction(() => {
      for (const id of updated) {
        if (pixelSize === null) db.pixelSizes.drop(id);
        else db.pixelSizes.keep(id, pixelSize);
      }
    });
    return { output: null, changes: { images: { datasetId, updated } } };
  },
};
