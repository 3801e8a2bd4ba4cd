/** Calls that predict label maps with a finished run. */
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
import type { NewLabels } from '../../shared/events.ts';
import { blankLabel } from '../../shared/foreground.ts';
import { decodeLabelMap, encodeLabelMap, labelValues } from '../../shared/label-map.ts';
import { decodeObjectMap } from '../../shared/objects/object-map.ts';
import { carriedOver, withoutGround } from '../../shared/objects/rules.ts';
import type { PostProcessing } from '../../shared/post-processing.ts';
import { addProposal, openToProposals } from '../data/label-authors.ts';
import { pinnedDataset } from '../data/pinned-dataset.ts';
import type { Project } from '../db/project.ts';
import type { TrainerRequest } from '../training/protocol.ts';
import {
  type CallContext,
  type Handlers,
  type OpenProject,
  requireDataset,
  requireRun,
} from './context.ts';
import {
  ensembleOf,
  postProcessingFor,
  requestFor,
  requirePredictor,
  saidBeside,
} from './predicting-run.ts';
import { openMaskFolder } from './mask-folder.ts';
import { imageFiles, imagesOfFiles } from './prediction-files.ts';

type PredictInput = Extract<TrainerRequest, { type: 'predict' }>['inputs'][number];

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

interface PredictedLabels {
  /** shared/label-map.ts code */
  readonly bytes: Uint8Array;
  /** shared/objects/object-map.ts code; null: the network tells none apart, or there is none. */
  readonly objects: Uint8Array | null;
  readonly uncertainty: number;
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
    onLabels: (index: number, labels: PredictedLabels) => void;
  },
): Promise<PredictReport> {
  const { run, looks, postProcessing, inputs } = options;
  const failed: { input: string; message: string }[] = [];
  const masks: PredictReport['masks'][number][] = [];
  const looked: { channels: number }[] = [];
  const said: string[] = [];
  let transparent = 0;
  await predictor.run(
    { type: 'predict', inputs, postProcessing, ...requestFor(run, { db, context, looks }) },
    {
      signal: context.signal,
      onEvent(event) {
        said.push(...saidBeside(event));
        if (event.type !== 'prediction') return;
        const { index, labelMap, objects, uncertainty, channels, isTransparent, error } = event;
        if (channels !== null) looked.push({ channels });
        if (isTransparent) transparent++;
        const input = options.nameOf(index);
        if (labelMap === null || uncertainty === null) {
          failed.push({ input, message: error ?? '' });
        } else {
          options.onLabels(index, { bytes: labelMap, objects, uncertainty });
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
    ...said,
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
    const { files, notes } = await imageFiles(paths, dir);
    const run = requirePredictor(db, runId);
    const classes = classesOf(db, run);
    const { inputs, issues } = await imagesOfFiles(files, pages ?? pagesSeenBy(db, run));
    const objects = run.config.kind === 'finetune' && run.config.objects !== undefined;
    const folder = openMaskFolder(dir, { inputs, classes, replace, objects });
    const report = await predict(opened, context, {
      ...{ run, looks: asked, postProcessing: postProcessingFor(db, run, asked) },
      inputs: inputs.map(({ path, page, channelPages }) => ({
        path,
        page,
        channelPages: channelPages === null ? null : [...channelPages],
      })),
      nameOf: (index) => inputs[index]?.shown ?? '',
      imageIdOf: () => null,
      onLabels(index, { bytes, objects: told, uncertainty }) {
        const input = inputs[index];
        if (input === undefined) return;
        const map = decodeLabelMap(bytes);
        folder.add(input, { map, uncertainty, objects: told && decodeObjectMap(told) });
      },
    });
    folder.finish();
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
    const images = openToProposals(db, dataset.id);
    const labelled: NewLabels[] = [];
    const changes = { images: { datasetId, labelled } };
    const report = await predict(opened, context, {
      ...{ run, looks: asked, postProcessing: postProcessingFor(db, run, asked) },
      inputs: images.map((image) => ({ imageId: image.id })),
      nameOf: (index) => images[index]?.name ?? '',
      imageIdOf: (index) => images[index]?.id ?? null,
      onLabels(index, { bytes: drawn, objects: told, uncertainty }) {
        const imageId = images[index]?.id;
        if (imageId === undefined) return;
        const bytes = known(drawn);
        const kept = told && carriedOver({ objects: told, before: drawn, after: bytes });
        const objects = kept && withoutGround({ objects: kept, classes: bytes }, dataset);
        const added = db.transaction(() =>
          addProposal(db, { imageId, runId, uncertainty, bytes, objects }),
        );
        if (added !== null) labelled.push(added);
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
