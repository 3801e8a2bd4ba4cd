/** A forest from all scribbles of a dataset: the one that the window grows from the same strokes. */
import { tellsApart } from '../../shared/assist/forest.ts';
import { encodeForest } from '../../shared/assist/forest-code.ts';
import { growTogether, ImageClassifier } from '../../shared/assist/image-classifier.ts';
import {
  FOREST_SEED,
  scribbledPixels,
  scribbledSet,
  type TileSamples,
} from '../../shared/assist/scribbled.ts';
import type { TileWorker } from '../../shared/assist/tile-work.ts';
import { featureCount } from '../../shared/assist/features.ts';
import type { Progress } from '../../shared/api.ts';
import type { Dataset, PixelClassifier } from '../../shared/entities.ts';
import { AppError, messageOf } from '../../shared/errors.ts';
import { counted } from '../../shared/number-format.ts';
import { decodeLabelMap } from '../../shared/label-map.ts';
import { readImage } from '../data/image-source.ts';
import type { Project } from '../db/project.ts';

export interface Learned extends Pick<
  PixelClassifier,
  'channels' | 'classes' | 'images' | 'pixels'
> {
  readonly bytes: Uint8Array;
  /** What it did not learn from, and why, in words. */
  readonly notes: readonly string[];
}

/** Samples of one image, tile by tile. Errors: those of readImage; internal. */
async function samplesOf(
  db: Project,
  imageId: number,
  { strokes, workers }: { readonly strokes: Uint8Array; readonly workers: readonly TileWorker[] },
): Promise<TileSamples[]> {
  const image = db.datasets.image(imageId);
  if (image === undefined) return [];
  // First, since only the file says how large an image is.
  const pixels = await readImage(db, image);
  const { data, width } = decodeLabelMap(strokes);
  const classifier = new ImageClassifier({ pixels, workers, keepBytes: 0 });
  const parts: TileSamples[] = [];
  for (let tile = 0; tile < classifier.tileCount; tile++) {
    const { x0, y0, x1, y1 } = classifier.areaOf(tile);
    const size = { width: x1 - x0, height: y1 - y0, stride: width };
    const found = scribbledPixels(data.subarray(y0 * width + x0), size);
    if (found.pixels.length === 0) continue;
    const features = await classifier.sample(tile, found.pixels);
    parts.push({ features, values: found.values });
  }
  return parts;
}

/** Of most images, the first ones among as many; 0: there are none. */
function commonestChannels(images: readonly { readonly channels: number }[]): number {
  const groups = [...Map.groupBy(images, ({ channels }) => channels)];
  const [most] = groups.toSorted(([, a], [, b]) => b.length - a.length);
  return most?.[0] ?? 0;
}

/** Errors: invalid-input, where there are no scribbles of two classes, or these look the same; cancelled; internal. */
export async function learnFromScribbles(
  db: Project,
  dataset: Dataset,
  options: {
    readonly workers: readonly TileWorker[];
    readonly signal: AbortSignal;
    readonly onProgress: (progress: Progress) => void;
  },
): Promise<Learned> {
  const { workers, signal, onProgress } = options;
  const images = db.assist.scribbledImages(dataset.id).flatMap((id) => db.datasets.image(id) ?? []);
  const channels = commonestChannels(images);
  const notes: string[] = [];
  const parts: TileSamples[] = [];
  let used = 0;
  for (const [done, image] of images.entries()) {
    if (signal.aborted) throw new AppError('cancelled', 'Stopped. Nothing was kept.');
    onProgress({ done, total: images.length, message: `Learning from ${image.name}` });
    if (image.channels !== channels) {
      notes.push(
        `${image.name}: it has ${counted(image.channels, 'channel')}, most of those scribbled on ${channels}`,
      );
      continue;
    }
    try {
      const strokes = db.assist.scribbles(image.id);
      if (strokes === undefined) continue;
      parts.push(...(await samplesOf(db, image.id, { strokes, workers })));
      used++;
    } catch (error) {
      if (!(error instanceof AppError) || error.code === 'internal') throw error;
      notes.push(`${image.name}: ${messageOf(error)}`);
    }
  }
  const set = scribbledSet(parts, featureCount(channels));
  if (set.classCount < 2) {
    throw new AppError(
      'invalid-input',
      `"${dataset.name}" has scribbles of ${set.classCount === 0 ? 'no class' : 'one class only'}. Scribble on two classes or more in Annotate (S), the background among them.${notes.length === 0 ? '' : ` Left out: ${notes.join('; ')}`}`,
      { subject: dataset.name },
    );
  }
  const forest = await growTogether(workers, set, { seed: FOREST_SEED });
  if (!tellsApart(forest)) {
    throw new AppError(
      'invalid-input',
      `What is scribbled on in "${dataset.name}" looks the same in all classes, so that none can be told from another. Scribble in Annotate (S) where they differ.`,
      { subject: dataset.name },
    );
  }
  return {
    ...{ channels, classes: [...set.values], images: used, pixels: set.classes.length, notes },
    bytes: encodeForest(forest),
  };
}
