/**
 * How good a segmentation network is: validation Dice at the network's resolution while it trains, and every score of
 * the test images at their own resolution afterwards.
 */
import {
  type CheckpointKind,
  IGNORE,
  type ImageResult,
  type ObjectCounts,
  type SamplingConfig,
} from '../../../shared/entities.ts';
import { encodeLabelMap, type LabelMap } from '../../../shared/label-map.ts';
import { componentsOf } from '../../../shared/objects/components.ts';
import { objectsByDepth } from '../../../shared/objects/depths.ts';
import { objectCounts } from '../../../shared/objects/object-scores.ts';
import { readLabelMap } from '../../data/image-source.ts';
import { soundObjectsOf } from '../../data/objects-of.ts';
import type { Project } from '../../db/project.ts';
import { diceOf, pooledOverlaps } from '../../../shared/overlap.ts';
import { scoredOverlaps, type ScoredClasses, scoreImage } from './metrics.ts';
import {
  mostProbable,
  type Prediction,
  type PredictionInput,
  predictionInput,
  predictLabelMaps,
  windowStarts,
} from './predict.ts';
import { type Segmenter, valuesOf, type WeightTensors } from './segmenter.ts';
import { type AnyTile, cutTile, type TileRequest, withInput } from '../images/tiles.ts';

/** Validation in patches mode looks at this many crops of an image at most, evenly spread over it. */
const MAX_CROPS = 4;
/** Test images whose small inputs are predicted at once; at full resolution it is one. */
const TEST_IMAGES_AT_ONCE = 16;

export interface ValidationView {
  readonly imageId: number;
  readonly pixels: Float32Array;
  readonly truth: LabelMap;
}

function crop(tile: AnyTile, left: number, top: number, sizePx: number) {
  const { channels } = tile;
  const pixels = new Float32Array(sizePx * sizePx * channels);
  const truth = new Uint8Array(sizePx * sizePx).fill(IGNORE);
  const width = Math.min(sizePx, tile.width - left);
  const height = Math.min(sizePx, tile.height - top);
  const { data, labels } = cutTile(tile, { left, top, width, height });
  for (let y = 0; y < height; y++) {
    if (labels !== null) truth.set(labels.subarray(y * width, (y + 1) * width), y * sizePx);
    const row = data.subarray(y * width * channels, (y + 1) * width * channels);
    pixels.set(row, y * sizePx * channels);
  }
  return {
    imageId: tile.imageId,
    pixels,
    truth: { width: sizePx, height: sizePx, data: truth },
  };
}

/** Fixed squares of a validation image: the whole image (resize mode), or crops spread over it (patches mode). */
export function validationViews(tile: AnyTile, sizePx: number): ValidationView[] {
  if (tile.labels === null) return [];
  const places = windowStarts(tile.height, sizePx).flatMap((top) =>
    windowStarts(tile.width, sizePx).map((left) => ({ left, top })),
  );
  const every = Math.ceil(places.length / MAX_CROPS);
  return places
    .filter((_, i) => i % every === 0)
    .map(({ left, top }) => crop(tile, left, top, sizePx));
}

const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;

/**
 * Dice of each scored class over the pixels of all views together, mean over the classes that their truth holds: as
 * nnU-Net chooses its checkpoints (Isensee et al. 2021). A class counts alike at every step, whatever is predicted, and
 * a network that predicts background alone has 0, the least there is. In [0, 1]; null where no truth holds any class.
 */
export function pooledDice(
  predictions: readonly LabelMap[],
  truths: readonly LabelMap[],
  classes: ScoredClasses,
): number | null {
  const overlaps = truths.flatMap((truth, i) => {
    const prediction = predictions[i];
    return prediction === undefined ? [] : scoredOverlaps(prediction, truth, classes);
  });
  const held = pooledOverlaps(overlaps).filter(({ truePx }) => truePx > 0);
  return held.length === 0 ? null : mean(held.map(diceOf));
}

/** The older rule: mean over images of the mean Dice of their views, in which a class that neither map holds counts as 1. */
export function meanDiceOfImages(
  predictions: readonly LabelMap[],
  views: readonly Pick<ValidationView, 'imageId' | 'truth'>[],
  { count }: ScoredClasses,
): number {
  // It scored every number below the highest, whether it was a class or not.
  const scored = Array.from({ length: count - 1 }, (_, i) => i + 1);
  const ofImage = new Map<number, number[]>();
  views.forEach(({ imageId, truth }, i) => {
    const prediction = predictions[i];
    if (prediction === undefined) return;
    const held = scoredOverlaps(prediction, truth, { count, scored });
    let dice = scored.length - held.length;
    for (const overlap of held) dice += diceOf(overlap);
    ofImage.set(imageId, [...(ofImage.get(imageId) ?? []), dice / scored.length]);
  });
  return mean([...ofImage.values()].map(mean));
}

/** Validation Dice by the rule of the run; null where nothing can be scored. */
export async function validationDice(
  segmenter: Segmenter,
  weights: readonly WeightTensors[],
  views: readonly ValidationView[],
  { classes, rule }: { readonly classes: ScoredClasses; readonly rule: 'classes' | 'images' },
): Promise<number | null> {
  const { sizePx } = segmenter;
  const probabilities = await segmenter.probabilities(
    weights,
    views.map((view) => view.pixels),
  );
  const predictions = views.map((_, i) => ({
    width: sizePx,
    height: sizePx,
    data: mostProbable(
      probabilities[i] ?? new Float32Array(),
      segmenter.classes,
      valuesOf(segmenter),
    ),
  }));
  if (rule === 'images') return meanDiceOfImages(predictions, views, classes);
  return pooledDice(
    predictions,
    views.map(({ truth }) => truth),
    classes,
  );
}

/**
 * Of an image whose objects somebody told apart; null: nobody did, and its connected regions say no more than Dice; or they
 * are damaged, which costs no run its Dice.
 */
function scoredObjects(
  project: Pick<Project, 'datasets' | 'labelMaps'>,
  image: {
    readonly prediction: Prediction;
    readonly truth: LabelMap;
    readonly labelMapId: number;
  },
  scored: readonly number[],
): ObjectCounts[] | null {
  const { prediction, truth, labelMapId } = image;
  if (!project.labelMaps.hasObjects(labelMapId)) return null;
  const found = soundObjectsOf(project, labelMapId);
  if (typeof found === 'string') return null;
  const { objects } = found;
  // What is not scored is ground here, whatever it is called.
  const ground = { hasBackground: !scored.includes(0) };
  const { depths } = prediction;
  const own =
    depths === null ? componentsOf(prediction, ground) : objectsByDepth(prediction, depths, ground);
  const predicted = { objects: own, classes: prediction };
  return objectCounts(predicted, { objects, classes: truth }, scored);
}

export interface TestCheckpoint {
  /** Several where their weights are the same: these are tested once. */
  readonly kinds: readonly CheckpointKind[];
  readonly weights: readonly WeightTensors[];
}

/**
 * Scores test images against their label maps at full resolution, image by image, for each checkpoint.
 * `onResult` gets the prediction of the best checkpoint run-length coded, else null.
 */
export async function testImages(options: {
  readonly project: Pick<Project, 'datasets' | 'labelMaps'>;
  readonly requests: readonly (TileRequest & { readonly labelMapId: number })[];
  readonly segmenter: Segmenter;
  readonly classes: ScoredClasses;
  readonly channels: number;
  readonly sampling: SamplingConfig;
  readonly checkpoints: readonly TestCheckpoint[];
  readonly onResult: (result: ImageResult, prediction: Uint8Array | null) => void;
}): Promise<void> {
  const { project, requests, segmenter, classes, channels, sampling, checkpoints, onResult } =
    options;
  type Requests = typeof requests;
  const readOne = <T>(
    { image }: Requests[number],
    use: (input: PredictionInput) => Promise<T>,
  ): Promise<T> =>
    withInput(project, { image, channels }, async (rows) =>
      use(await predictionInput(rows, sampling)),
    );
  const testSome = async (some: Requests, images: readonly PredictionInput[]) => {
    for (const { kinds, weights } of checkpoints) {
      const predictions = await predictLabelMaps(segmenter, weights, images);
      predictions.forEach((prediction, i) => {
        const request = some[i];
        if (request === undefined) return;
        const { labelMapId } = request;
        const truth = readLabelMap(project, labelMapId);
        const { uncertainty } = prediction;
        const scores = scoreImage(prediction, truth, classes);
        const objects = scoredObjects(project, { prediction, truth, labelMapId }, classes.scored);
        for (const checkpoint of kinds) {
          onResult(
            {
              ...scores,
              imageId: request.image.id,
              checkpoint,
              classes: [...scores.classes],
              ...(objects === null ? {} : { objects }),
              uncertainty,
            },
            checkpoint === 'best' ? encodeLabelMap(prediction) : null,
          );
        }
      });
    }
  };
  if (sampling.mode === 'patches') {
    // Read as its windows are.
    for (const request of requests) await readOne(request, (image) => testSome([request], [image]));
    return;
  }
  for (let start = 0; start < requests.length; start += TEST_IMAGES_AT_ONCE) {
    const some = requests.slice(start, start + TEST_IMAGES_AT_ONCE);
    const images: PredictionInput[] = [];
    for (const request of some)
      images.push(await readOne(request, (image) => Promise.resolve(image)));
    await testSome(some, images);
  }
}
