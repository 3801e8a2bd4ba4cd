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
import {
  type Prediction,
  type PredictionInput,
  predictionInput,
  predictLabelMaps,
} from './scoring/predict.ts';
import type { TrainerEvent, TrainerRequest } from './protocol.ts';
import { createSegmenter, disposeWeights, inputsAPass, toTensors } from './scoring/segmenter.ts';
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

interface Seen {
  readonly index: number;
  readonly input: PredictionInput;
  readonly channels: number;
  /** Known once the input was read. */
  readonly isTransparent: () => boolean;
}

interface Unreadable {
  readonly index: number;
  readonly error: string;
}

function predictionEvent(
  { index, channels, isTransparent }: Seen,
  map: Prediction | undefined,
): TrainerEvent {
  if (map === undefined) throw new Error('an image gave no label map');
  return {
    ...{ type: 'prediction', index, channels, error: null },
    labelMap: encodeLabelMap(map),
    uncertainty: map.uncertainty,
    isTransparent: isTransparent(),
  };
}

function unreadableEvent({ index, error }: Unreadable): TrainerEvent {
  const nothing = { labelMap: null, uncertainty: null, channels: null, isTransparent: false };
  return { type: 'prediction', index, ...nothing, error };
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
  // Images that are made smaller share a pass through the network; of others windows are read while it runs.
  const atOnce = sampling.mode === 'resize' ? inputsAPass(sampling.sizePx) : 1;
  let waiting: (Seen | Unreadable)[] = [];
  const predictWaiting = async () => {
    const taken = waiting;
    waiting = [];
    const inputs = taken.flatMap((one) => ('input' in one ? [one.input] : []));
    const maps = await predictLabelMaps(segmenter, weights, inputs);
    for (const one of taken) {
      emit('input' in one ? predictionEvent(one, maps.shift()) : unreadableEvent(one));
    }
  };
  for (const [index, input] of request.inputs.entries()) {
    try {
      await withRows(project, { input, seen }, async (rows, about) => {
        waiting.push({ index, input: await predictionInput(rows, sampling), ...about });
        if (atOnce === 1) await predictWaiting();
      });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      waiting.push({ index, error: toWireError(error).message });
    }
    if (waiting.length >= atOnce) await predictWaiting();
  }
  await predictWaiting();
  disposeWeights(weights);
  segmenter.dispose();
}
