/** Predicts label maps of images of the project, or of files, with a run's best checkpoint. */
import { AppError, toWireError } from '../../shared/errors.ts';
import { inWords } from '../../shared/sentences.ts';
import { encodeLabelMap } from '../../shared/label-map.ts';
import { withForeignImage } from '../data/foreign-images.ts';
import { openFile } from '../data/image-file.ts';
import type { Project } from '../db/project.ts';
import type { Engine } from './tensorflow/backend.ts';
import { decodeCheckpoint } from './checkpoint.ts';
import { assertSeenAlike, type SeenInTraining } from './images/channels.ts';
import { type ImageRows, networkRows } from './images/image-rows.ts';
import { predictionInput, predictLabelMaps } from './scoring/predict.ts';
import type { TrainerEvent, TrainerRequest } from './protocol.ts';
import { createSegmenter, disposeWeights, toTensors } from './scoring/segmenter.ts';
import { openInput } from './images/tiles.ts';

type PredictRequest = Extract<TrainerRequest, { type: 'predict' }>;
type Input = PredictRequest['inputs'][number];

/** Which runs can predict instead. */
function withWeights(project: Project): string {
  const ids = project.runs
    .list()
    .filter((run) => run.kind === 'finetune' && project.runs.hasCheckpoint(run.id))
    .map((run) => String(run.id));
  return ids.length === 0
    ? 'No fine-tuned run has its weights here: repeat the study to train them again.'
    : `Predict with a run whose weights are: ${inWords(ids)} (--run ID).`;
}

function checkpointFor(project: Project, runId: number) {
  const stored = project.runs.checkpoint(runId, 'best') ?? project.runs.checkpoint(runId, 'last');
  if (stored === undefined) {
    const why =
      project.runs.get(runId)?.status === 'done'
        ? `Run ${runId} is finished, but its weights are not kept in this project. ${withWeights(project)}`
        : `Run ${runId} has no checkpoint to predict with. Let it train first.`;
    throw new AppError('not-found', why);
  }
  const checkpoint = decodeCheckpoint(stored.bytes);
  const { classes, objective } = checkpoint.header;
  if (classes === null) {
    throw new AppError(
      'unsupported',
      `Run ${runId} was trained by ${objective} and draws no label maps. Predict with a fine-tuned run.`,
    );
  }
  return { ...checkpoint, classes };
}

function seenBy(project: Project, runId: number, inputChannels: number): SeenInTraining {
  const snapshotId = project.runs.get(runId)?.config.snapshotId;
  const items = snapshotId === undefined ? [] : project.snapshots.items(snapshotId);
  const images = items.map(({ imageId }) => project.datasets.image(imageId)?.channels);
  return {
    runId,
    inputChannels,
    imageChannels: new Set(images.filter((channels) => channels !== undefined)),
  };
}

interface SeenOfInput {
  readonly channels: number;
  /** Of a file, once it was read; what an image of the project has was said at its import. */
  readonly isTransparent: () => boolean;
}

/** An image of the project, or of a file from outside, for as long as `use` takes. */
async function withRows<T>(
  project: Project,
  { input, seen }: { readonly input: Input; readonly seen: SeenInTraining },
  use: (rows: ImageRows, seen: SeenOfInput) => Promise<T>,
): Promise<T> {
  if ('imageId' in input) {
    const image = project.datasets.image(input.imageId);
    if (image === undefined) {
      throw new AppError('not-found', `There is no image ${input.imageId} in this project.`);
    }
    assertSeenAlike(image.name, image.channels, seen);
    const rows = await openInput(project, image, seen.inputChannels);
    return use(rows, { channels: image.channels, isTransparent: () => false });
  }
  const { path, page, channelPages } = input;
  const of = { subject: path, page, channelPages };
  return withForeignImage(await openFile(path), of, async (image) => {
    assertSeenAlike(path, image.channels, seen);
    const rows = await networkRows(image, seen.inputChannels, path);
    const isTransparent = () => (image.transparentPx() ?? 0) > 0;
    return use(rows, { channels: image.channels, isTransparent });
  });
}

/** One `prediction` event an input, in order; an unreadable input gives one with its error, and the rest goes on. */
export async function predictInputs(
  project: Project,
  request: PredictRequest,
  engine: Engine,
  emit: (event: TrainerEvent) => void,
): Promise<void> {
  const { header, trained, frozen, classes } = checkpointFor(project, request.runId);
  const { network, sampling } = header;
  const hasFrozen = header.frozen.parameters.length > 0;
  const segmenter = createSegmenter({
    engine,
    network,
    sizePx: sampling.sizePx,
    classes,
    specs: hasFrozen ? [header.trained, header.frozen] : [header.trained],
  });
  const weights = toTensors(hasFrozen ? [trained, frozen] : [trained]);
  const seen = seenBy(project, request.runId, network.inputChannels);
  for (const [index, input] of request.inputs.entries()) {
    try {
      await withRows(project, { input, seen }, async (rows, { channels, isTransparent }) => {
        const small = await predictionInput(rows, sampling);
        const [map] = await predictLabelMaps(segmenter, weights, [small]);
        if (map === undefined) throw new AppError('internal', 'An image gave no label map.');
        const labelMap = encodeLabelMap(map);
        const { uncertainty } = map;
        emit({
          ...{ type: 'prediction', index, labelMap, uncertainty, channels, error: null },
          isTransparent: isTransparent(),
        });
      });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const { message } = toWireError(error);
      const nothing = { labelMap: null, uncertainty: null, channels: null, isTransparent: false };
      emit({ type: 'prediction', index, ...nothing, error: message });
    }
  }
  disposeWeights(weights);
  segmenter.dispose();
}
