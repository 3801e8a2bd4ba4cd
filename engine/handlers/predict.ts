/** Calls that predict label maps with a finished run. */
import { join } from 'node:path';
import { PagesAs, type PredictReport } from '../../shared/api.ts';
import {
  BACKGROUND,
  type Dataset,
  type Run,
  type SegmentationClass,
} from '../../shared/entities.ts';
import { transparencyOf, unseenInText } from '../../shared/channels.ts';
import { AppError } from '../../shared/errors.ts';
import { inWords } from '../../shared/sentences.ts';
import { counted } from '../../shared/number-format.ts';
import type { NewLabels } from '../../shared/events.ts';
import { blankLabel } from '../../shared/foreground.ts';
import { decodeLabelMap, encodeLabelMap, labelValues } from '../../shared/label-map.ts';
import type { PostProcessing } from '../../shared/post-processing.ts';
import { takesPart } from '../../shared/task-sources.ts';
import { encodeIndexPng } from '../data/encode.ts';
import { placeInside } from '../data/export/inside-folder.ts';
import { inputFiles } from '../data/input-files.ts';
import { isThere, makeFolder, writeWholeSync } from '../data/write-file.ts';
import { pinnedDataset } from '../data/pinned-dataset.ts';
import type { Project } from '../db/project.ts';
import { type CsvValue, toCsv } from '../study/report/csv.ts';
import type { TrainerRequest } from '../training/protocol.ts';
import {
  type CallContext,
  type Handlers,
  type OpenProject,
  requireDataset,
  requireRun,
} from './context.ts';
import { ensembleOf, postProcessingFor, requestFor, requirePredictor } from './predicting-run.ts';
import { imagesOfFiles } from './prediction-files.ts';

type PredictInput = Extract<TrainerRequest, { type: 'predict' }>['inputs'][number];

/** Written beside the masks of files: which image each is of, and how sure the network was. */
const LIST_NAME = 'predictions.csv';

/** Those that a run draws. */
const classesOf = (db: Project, run: Run): readonly SegmentationClass[] =>
  pinnedDataset(db, run.config.snapshotId)?.classes ?? [];

/** What pages of a file were when the images were imported that a run was trained on. */
function pagesSeenBy(db: Project, run: Run): PagesAs {
  const asked = PagesAs.safeParse(pinnedDataset(db, run.config.snapshotId)?.origin['pages']);
  return asked.success ? asked.data : 'auto';
}

/** Label maps with values that are no class could neither be shown nor trained on. Errors: invalid-input. */
function assertDrawsItsClasses(db: Project, run: Run, dataset: Dataset): void {
  const known = new Set(dataset.classes.map(({ index }) => index));
  const foreign = classesOf(db, run).find(({ index }) => index !== BACKGROUND && !known.has(index));
  if (foreign === undefined) return;
  throw new AppError(
    'invalid-input',
    `Run ${run.id} draws the class ${foreign.index} (${foreign.name}), which "${dataset.name}" does not have. Add a class with that number in the library, or predict the files into a folder.`,
    { subject: dataset.name },
  );
}

/** Before anything is computed. Errors: conflict, where some of these files are there. */
function assertNew(dir: string, names: readonly string[]): void {
  const there = names.filter((name) => isThere(join(dir, name)));
  const [first] = there;
  if (first === undefined) return;
  throw new AppError(
    'conflict',
    `${dir} holds ${counted(there.length, 'file')} that would be written, such as ${first}. Choose another folder, or have them replaced (--replace).`,
    { subject: dir },
  );
}

const ALONE =
  'Averaged over nothing: no other seed of this network is kept, so it predicted alone.';

async function predict(
  { db, predictor }: OpenProject,
  context: CallContext,
  options: {
    run: Run;
    looks: Parameters<typeof requestFor>[1]['looks'];
    postProcessing: PostProcessing;
    inputs: PredictInput[];
    nameOf: (index: number) => string;
    imageIdOf: (index: number) => number | null;
    onLabelMap: (index: number, bytes: Uint8Array, uncertainty: number) => void;
  },
): Promise<PredictReport> {
  const { run, looks, postProcessing, inputs } = options;
  const failed: { input: string; message: string }[] = [];
  const masks: PredictReport['masks'][number][] = [];
  const looked: { channels: number }[] = [];
  let transparent = 0;
  await predictor.run(
    { type: 'predict', inputs, postProcessing, ...requestFor(run, { db, context, looks }) },
    {
      signal: context.signal,
      onEvent(event) {
        if (event.type !== 'prediction') return;
        const { index, labelMap, uncertainty, channels, isTransparent, error } = event;
        if (channels !== null) looked.push({ channels });
        if (isTransparent) transparent++;
        const input = options.nameOf(index);
        if (labelMap === null || uncertainty === null) {
          failed.push({ input, message: error ?? '' });
        } else {
          options.onLabelMap(index, labelMap, uncertainty);
          masks.push({ imageId: options.imageIdOf(index), input, uncertainty });
        }
        context.progress({
          done: masks.length + failed.length,
          total: options.inputs.length,
          message: 'Predicting',
        });
      },
    },
  );
  masks.sort((a, b) => b.uncertainty - a.uncertainty);
  const notes = [
    ...unseenInText(looked, run.config.network.inputChannels),
    ...(transparent === 0 ? [] : [transparencyOf(transparent)]),
    ...(looks.ensemble === true && ensembleOf(db, run).length === 1 ? [ALONE] : []),
  ];
  return { predicted: masks.length, masks, failed, notes };
}

export const predictHandlers: Handlers<'predict.files' | 'predict.dataset'> = {
  async 'predict.files'({ project, runId, paths, dir, pages, replace = false, ...asked }, context) {
    const opened = context.project(project);
    const { db } = opened;
    const { files, notes } = await inputFiles(paths, dir);
    if (files.length === 0) {
      const also = notes.length === 0 ? '' : ` (${notes.join('; ')})`;
      throw new AppError(
        'invalid-input',
        `There are no images in what was given${also}. Name image files, or folders that hold some.`,
      );
    }
    const run = requirePredictor(db, runId);
    const classes = classesOf(db, run);
    const { inputs, issues } = await imagesOfFiles(files, pages ?? pagesSeenBy(db, run));
    if (!replace) assertNew(dir, [LIST_NAME, ...inputs.map(({ mask }) => mask)]);
    makeFolder(dir);
    const write = (name: string, content: Uint8Array | string) =>
      writeWholeSync(placeInside(dir, name), content, { replace });
    const rows: CsvValue[][] = [];
    const report = await predict(opened, context, {
      ...{ run, looks: asked, postProcessing: postProcessingFor(db, run, asked) },
      inputs: inputs.map(({ path, page, channelPages }) => ({
        path,
        page,
        channelPages: channelPages === null ? null : [...channelPages],
      })),
      nameOf: (index) => inputs[index]?.shown ?? '',
      imageIdOf: () => null,
      onLabelMap(index, bytes, uncertainty) {
        const input = inputs[index];
        if (input === undefined) return;
        const { name, pageNumber, mask } = input;
        write(mask, encodeIndexPng(decodeLabelMap(bytes), classes));
        rows.push([name, pageNumber, mask, uncertainty]);
      },
    });
    write(LIST_NAME, toCsv(['image', 'page', 'mask', 'uncertainty'], rows));
    return { ...report, dir, files: files.length, notes: [...notes, ...report.notes], issues };
  },

  async 'predict.dataset'({ project, runId, datasetId, ...asked }, context) {
    const opened = context.project(project);
    const { db } = opened;
    const dataset = requireDataset(db, datasetId);
    const run = requireRun(db, runId);
    assertDrawsItsClasses(db, run, dataset);
    requirePredictor(db, runId);
    const values = new Set([blankLabel(dataset), ...dataset.classes.map(({ index }) => index)]);
    const unknown = new Set<number>();
    /** Classes that were deleted since the run was trained are nothing here. */
    const known = (bytes: Uint8Array): Uint8Array => {
      const foreign = labelValues(bytes).filter((value) => !values.has(value));
      if (foreign.length === 0) return bytes;
      for (const value of foreign) unknown.add(value);
      const map = decodeLabelMap(bytes);
      const data = map.data.map((value) => (values.has(value) ? value : blankLabel(dataset)));
      return encodeLabelMap({ ...map, data });
    };
    // A prediction never takes the place of what a person drew or imported.
    const images = db.datasets
      .images(dataset.id)
      .filter(takesPart)
      .filter(
        ({ labelMapId }) => labelMapId === null || db.labelMaps.get(labelMapId)?.author === 'model',
      );
    const labelled: NewLabels[] = [];
    const changes = { images: { datasetId, labelled } };
    const report = await predict(opened, context, {
      ...{ run, looks: asked, postProcessing: postProcessingFor(db, run, asked) },
      inputs: images.map((image) => ({ imageId: image.id })),
      nameOf: (index) => images[index]?.name ?? '',
      imageIdOf: (index) => images[index]?.id ?? null,
      onLabelMap(index, bytes, uncertainty) {
        const image = images[index];
        if (image === undefined) return;
        const imageId = image.id;
        const added = { imageId, author: 'model', runId, uncertainty } as const;
        const isFirst = image.labelMapId === null;
        labelled.push({
          imageId,
          labelMapId: db.labelMaps.add({ ...added, bytes: known(bytes) }),
          isFirst,
        });
      },
    }).catch((error: unknown) => {
      // What was predicted before it was stopped stays.
      if (labelled.length > 0) context.changed(changes);
      throw error;
    });
    const gone =
      unknown.size === 0
        ? []
        : [
            `The network draws ${inWords([...unknown].map((value) => `class ${value}`))}, which "${dataset.name}" does not have: there it left the pixels unlabelled.`,
          ];
    return { output: { ...report, notes: [...report.notes, ...gone] }, changes };
  },
};
