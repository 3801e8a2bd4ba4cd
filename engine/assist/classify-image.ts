/** A label map of a whole image by a forest. */
import type { Forest } from '../../shared/assist/forest.ts';
import { ImageClassifier } from '../../shared/assist/image-classifier.ts';
import type { TileWorker } from '../../shared/assist/tile-work.ts';
import type { ImagePixels } from '../../shared/display.ts';
import type { LabelMap } from '../../shared/label-map.ts';

export interface ClassifiedImage {
  readonly map: LabelMap;
  /** Uncertainty, over all pixels. */
  readonly uncertainty: number;
}

/** `values`: class number of each index of the forest. Errors: cancelled; internal, where a thread ended. */
export async function classifyImage(
  pixels: ImagePixels,
  options: {
    readonly forest: Forest;
    readonly values: readonly number[];
    readonly workers: readonly TileWorker[];
    readonly signal: AbortSignal;
  },
): Promise<ClassifiedImage> {
  const { forest, values, workers, signal } = options;
  const { width, height } = pixels;
  const classifier = new ImageClassifier({ pixels, workers, keepBytes: 0 });
  const data = new Uint8Array(width * height);
  let uncertainty = 0;
  await classifier.classify(forest, {
    tiles: Array.from({ length: classifier.tileCount }, (_, tile) => tile),
    signal,
    onTile(tile, found) {
      const { x0, y0, x1, y1 } = classifier.areaOf(tile);
      for (let y = y0, from = 0; y < y1; y++) {
        for (let x = x0; x < x1; x++) {
          data[y * width + x] = values[found.classes[from++] ?? 0] ?? 0;
        }
      }
      uncertainty += found.uncertainty;
    },
  });
  return { map: { width, height, data }, uncertainty: uncertainty / (width * height) };
}
