/** Predicts label maps of images of the project, or of files, with the best checkpoint of a run, or of several. */
import { AppError, toWireError } from '../../shared/errors.ts';
import { encodeClassScores } from '../../shared/exchange.ts';
import { blankLabel } from '../../shared/foreground.ts';
import { encodeLabelMap, type LabelMap } from '../../shared/label-map.ts';
import { objectsByDepth } from '../../shared/objects/depths.ts';
import { encodeObjectMap, NO_OBJECT } from '../../shared/objects/object-map.ts';
import type { Ground } from '../../shared/objects/rules.ts';
import { AS_DRAWN, isAsDrawn, postProcess } from '../../shared/post-processing.ts';
import { withForeignImage } from '../data/foreign-images.ts';
import { openFile } from '../data/image-file.ts';
import type { Project } from '../db/project.ts';
import type { Engine } from './tensorflow/backend.ts';
import { assertSeenAlike, type SeenInTraining } from './images/channels.ts';
import { type ImageRows, networkRows } from './images/image-rows.ts';
import { loadNetwork } from './loaded-network.ts';
import {
  assertInside,
  type Prediction,
  type PredictionInput,
  predictionInput,
  type PredictionOptions,
} from './scoring/predict.ts';
import type { TrainerEvent, TrainerRequest } from './protocol.ts';
import { inputsAPass } from './scoring/segmenter.ts';
import { withInput } from './images/tiles.ts';

type PredictRequest = Extract<TrainerRequest, { type: 'predict' }>;
type Input = PredictRequest['inputs'][number];

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
    return withInput(project, { image, channels: seen.inputChannels }, (rows) =>
      use(rows, { channels: image.channels, isTransparent: () => false }),
    );
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
  map: Prediction,
  also: { readonly scores: Uint8Array | null; readonly objects: Uint8Array | null },
): TrainerEvent {
  return {
    ...{ type: 'prediction', index, channels, error: null },
    labelMap: encodeLabelMap(map),
    ...also,
    uncertainty: map.uncertainty,
    isTransparent: isTransparent(),
  };
}

function unreadableEvent({ index, error }: Unreadable): TrainerEvent {
  const nothing = {
    labelMap: null,
    objects: null,
    scores: null,
    uncertainty: null,
    channels: null,
    isTransparent: false,
  };
  return { type: 'prediction', index, ...nothing, error };
}

/** Of what is drawn in the end. */
function objectsOf(map: LabelMap, depths: Uint8Array | null, ground: Ground): Uint8Array | null {
  if (depths === null) return null;
  const objects = objectsByDepth(map, depths, ground);
  return objects.data.some((object) => object !== NO_OBJECT) ? encodeObjectMap(objects) : null;
}

/** One `prediction` event an input, in order; an unreadable input gives one with its error, and the rest goes on. */
export async function predictInputs(
  project: Project,
  request: PredictRequest,
  engine: Engine,
  emit: (event: TrainerEvent) => void,
): Promise<void> {
  const { runId, flips = false, area, postProcessing = AS_DRAWN, withScores = false } = request;
  const loaded = loadNetwork(project, engine, request);
  const { sampling, network, hasBackground } = loaded;
  if (loaded.note !== null) emit({ type: 'note', message: loaded.note });
  const seen = seenBy(project, runId, network.inputChannels);
  const isPlain = isAsDrawn(postProcessing);
  const options: PredictionOptions = {
    ...(area === undefined ? {} : { area }),
    ...(withScores || !isPlain ? { scores: { hasBackground } } : {}),
    ...(request.inputs.length > 1
      ? {}
      : { onProgress: (done, total) => emit({ type: 'predicting', done, total }) }),
  };
  const drawn = (map: Prediction): LabelMap =>
    isPlain || map.scores === null
      ? map
      : postProcess(map.scores, postProcessing, {
          blank: blankLabel({ hasBackground }),
          isPart: area !== undefined,
        });
  // Images that are made smaller share a pass through the network; of others windows are read while it runs, and of
  // flipped ones the symmetries depend on the shape.
  const alone = sampling.mode === 'patches' || flips || area !== undefined;
  const atOnce = alone ? 1 : inputsAPass(sampling.sizePx);
  let waiting: (Seen | Unreadable)[] = [];
  const predictWaiting = async () => {
    const taken = waiting;
    waiting = [];
    const inputs = taken.flatMap((one) => ('input' in one ? [one.input] : []));
    const [first] = inputs;
    const maps = first === undefined ? [] : await loaded.predict(inputs, { ...options, flips });
    for (const one of taken) {
      if (!('input' in one)) {
        emit(unreadableEvent(one));
        continue;
      }
      const map = maps.shift();
      if (map === undefined) throw new Error('an image gave no label map');
      const scores =
        withScores && map.scores !== null
          ? encodeClassScores({ ...map.scores, depths: map.depths })
          : null;
      const label = drawn(map);
      const objects = objectsOf(label, map.depths, { hasBackground });
      emit(predictionEvent(one, { ...map, ...label }, { scores, objects }));
    }
  };
  for (const [index, input] of request.inputs.entries()) {
    try {
      await withRows(project, { input, seen }, async (rows, about) => {
        if (area !== undefined) assertInside(area, rows);
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
}
