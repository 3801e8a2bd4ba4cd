/**
 * How good a segmentation network is: validation Dice at the network's resolution while it trains, and every score of
 * the test images at their own resolution afterwards.
 */
import {
  type CheckpointKind,
  IGNORE,
  type ImageResult,
  type SamplingConfig,
} from '../../shared/entities.ts';
import { encodeLabelMap, type LabelMap } from '../../shared/label-map.ts';
import { readLabelMap } from '../data/image-source.ts';
import type { Project } from '../db/project.ts';
import { scoreImage, scoreOverlap } from './metrics.ts';
import { mostProbable, predictLabelMaps, windowStarts } from './predict.ts';
import type { Raster } from './resample.ts';
import type { Segmenter, WeightTensors } from './segmenter.ts';
import { readInput, type Tile, type TileRequest } from './tiles.ts';

/** Validation in patches mode looks at this many crops of an image at most, evenly spread over it. */
const MAX_CROPS = 4;
/** Test images that are decoded at once. */
const TEST_IMAGES_AT_ONCE = 16;

export interface ValidationView {
  readonly imageId: number;
  readonly pixels: Float32Array;
  readonly truth: LabelMap;
}

function crop(tile: Tile, labels: Uint8Array, left: number, top: number, sizePx: number) {
  const { width, height, channels, data } = tile;
  const pixels = new Float32Array(sizePx * sizePx * channels);
  const truth = new Uint8Array(sizePx * sizePx).fill(IGNORE);
  for (let y = 0; y < Math.min(sizePx, height - top); y++) {
    const from = (top + y) * width + left;
    const count = Math.min(sizePx, width - left);
    truth.set(labels.subarray(from, from + count), y * sizePx);
    pixels.set(data.subarray(from * channels, (from + count) * channels), y * sizePx * channels);
  }
  return {
    imageId: tile.imageId,
    pixels,
    truth: { width: sizePx, height: sizePx, data: truth },
  };
}

/** Fixed squares of a validation image: the whole image (resize mode), or crops spread over it (patches mode). */
export function validationViews(tile: Tile, sizePx: number): ValidationView[] {
  const { labels } = tile;
  if (labels === null) return [];
  const places = windowStarts(tile.height, sizePx).flatMap((top) =>
    windowStarts(tile.width, sizePx).map((left) => ({ left, top })),
  );
  const every = Math.ceil(places.length / MAX_CROPS);
  return places
    .filter((_, i) => i % every === 0)
    .map(({ left, top }) => crop(tile, labels, left, top, sizePx));
}

/** Mean over images of the mean Dice of their views, in [0, 1]. */
export function validationDice(
  segmenter: Segmenter,
  weights: readonly WeightTensors[],
  views: readonly ValidationView[],
): number {
  const { classes, sizePx } = segmenter;
  const probabilities = segmenter.probabilities(
    weights,
    views.map((view) => view.pixels),
  );
  const ofImage = new Map<number, number[]>();
  views.forEach(({ imageId, truth }, i) => {
    const data = mostProbable(probabilities[i] ?? new Float32Array(), classes);
    const { dice } = scoreOverlap({ width: sizePx, height: sizePx, data }, truth, classes);
    ofImage.set(imageId, [...(ofImage.get(imageId) ?? []), dice]);
  });
  const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;
  return mean([...ofImage.values()].map(mean));
}

export interface TestCheckpoint {
  readonly kind: CheckpointKind;
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
  readonly channels: number;
  readonly mode: SamplingConfig['mode'];
  readonly checkpoints: readonly TestCheckpoint[];
  readonly onResult: (result: ImageResult, prediction: Uint8Array | null) => void;
}): Promise<void> {
  const { project, requests, segmenter, channels, mode, checkpoints, onResult } = options;
  for (let start = 0; start < requests.length; start += TEST_IMAGES_AT_ONCE) {
    const some = requests.slice(start, start + TEST_IMAGES_AT_ONCE);
    const images: Raster[] = [];
    for (const { image } of some) images.push(await readInput(project, image, channels));
    for (const { kind, weights } of checkpoints) {
      predictLabelMaps(segmenter, weights, images, mode).forEach((prediction, i) => {
        const request = some[i];
        if (request === undefined) return;
        const truth = readLabelMap(project, request.labelMapId);
        const { uncertainty } = prediction;
        const { dice, iou, hd95, boundaryF1 } = scoreImage(prediction, truth, segmenter.classes);
        onResult(
          { imageId: request.image.id, checkpoint: kind, dice, iou, hd95, boundaryF1, uncertainty },
          kind === 'best' ? encodeLabelMap(prediction) : null,
        );
      });
    }
  }
}
