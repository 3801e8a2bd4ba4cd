/**
 * A forest from all scribbles of a dataset, and from its labels where these are wanted: of scribbles alone the one that the
 * window grows from the same strokes.
 */
import { tellsApart } from '../../shared/assist/forest.ts';
import { encodeForest } from '../../shared/assist/forest-code.ts';
import { growTogether, ImageClassifier } from '../../shared/assist/image-classifier.ts';
import {
  FOREST_SEED,
  labelledPixels,
  labelledTiles,
  MOST_LABELLED,
  scribbledPixels,
  scribbledSet,
  type TileSamples,
} from '../../shared/assist/scribbled.ts';
import type { TileWorker } from '../../shared/assist/tile-work.ts';
import { featureCount } from '../../shared/assist/features.ts';
import type { Progress } from '../../shared/api.ts';
import type { Dataset, ImageRecord, PixelClassifier } from '../../shared/entities.ts';
import { AppError, messageOf } from '../../shared/errors.ts';
import { counted } from '../../shared/number-format.ts';
import { decodeLabelMap } from '../../shared/label-map.ts';
import { takesPart } from '../../shared/task-sources.ts';
import { readImage } from '../data/image-source.ts';
import { isLabelledByPerson } from '../data/label-authors.ts';
import type { Project } from '../db/project.ts';

export interface Learned extends Pick<
  PixelClassifier,
  'channels' | 'classes' | 'images' | 'pixels'
> {
  readonly bytes: Uint8Array;
  /** What it did not learn from, and why, in words. */
  readonly notes: readonly string[];
}

/** Who teaches: an image by its strokes, or by its labels, which say all that its strokes say. */
interface Teacher {
  readonly image: ImageRecord;
  readonly by: 'strokes' | 'labels';
}

/** In the order of their import. `labels`: those of the images that a person labelled last teach as well. */
function teachersOf(db: Project, dataset: Dataset, labels: boolean): Teacher[] {
  const labelled = labels
    ? db.datasets
        .images(dataset.id)
        .filter((image) => takesPart(image) && isLabelledByPerson(db, image))
        .toSorted((a, b) => (b.labelMapId ?? 0) - (a.labelMapId ?? 0))
        .slice(0, MOST_LABELLED)
    : [];
  const labelledIds = new Set(labelled.map(({ id }) => id));
  const scribbled = db.assist
    .scribbledImages(dataset.id)
    .filter((id) => !labelledIds.has(id))
    .flatMap((id) => db.datasets.image(id) ?? []);
  return [
    ...labelled.map((image) => ({ image, by: 'labels' as const })),
    ...scribbled.map((image) => ({ image, by: 'strokes' as const })),
  ].toSorted((a, b) => a.image.id - b.image.id);
}

/** Which pixels of a tile to learn from, by its index; null: none of it. */
type Choose = (tile: number) => ReturnType<typeof scribbledPixels> | null;

function chooserOf(
  { by }: Teacher,
  classifier: ImageClassifier,
  { data, width }: ReturnType<typeof decodeLabelMap>,
): Choose {
  const tileOf = (tile: number) => {
    const { x0, y0, x1, y1 } = classifier.areaOf(tile);
    const pixels = data.subarray(y0 * width + x0);
    return [pixels, { width: x1 - x0, height: y1 - y0, stride: width }] as const;
  };
  if (by === 'strokes') return (tile) => scribbledPixels(...tileOf(tile));
  const isUniform = (tile: number) => {
    const [pixels, size] = tileOf(tile);
    for (let y = 0; y < size.height; y++) {
      const row = pixels.subarray(y * width, y * width + size.width);
      if (row.some((value) => value !== pixels[0])) return false;
    }
    return true;
  };
  const { tiles, most } = labelledTiles(classifier.tileCount, isUniform);
  return (tile) => (tiles.includes(tile) ? labelledPixels(...tileOf(tile), most) : null);
}

/** Samples of one image, tile by tile. Errors: those of readImage; corrupt; internal. */
async function samplesOf(
  db: Project,
  teacher: Teacher,
  workers: readonly TileWorker[],
): Promise<TileSamples[]> {
  const { image, by } = teacher;
  const bytes =
    by === 'strokes' ? db.assist.scribbles(image.id) : db.labelMaps.bytes(image.labelMapId ?? 0);
  if (bytes === undefined) return [];
  // First, since only the file says how large an image is.
  const pixels = await readImage(db, image);
  const classifier = new ImageClassifier({ pixels, workers, keepBytes: 0 });
  const choose = chooserOf(teacher, classifier, decodeLabelMap(bytes));
  const parts: TileSamples[] = [];
  for (let tile = 0; tile < classifier.tileCount; tile++) {
    const found = choose(tile);
    if (found === null || found.pixels.length === 0) continue;
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

/** `labels`: these teach as well. Errors: invalid-input, where there are not two classes, or these look the same; cancelled; internal. */
export async function learnFromScribbles(
  db: Project,
  dataset: Dataset,
  options: {
    readonly labels: boolean;
    readonly workers: readonly TileWorker[];
    readonly signal: AbortSignal;
    readonly onProgress: (progress: Progress) => void;
  },
): Promise<Learned> {
  const { labels, workers, signal, onProgress } = options;
  const teachers = teachersOf(db, dataset, labels);
  const channels = commonestChannels(teachers.map(({ image }) => image));
  const notes: string[] = [];
  const parts: Record<Teacher['by'], TileSamples[]> = { strokes: [], labels: [] };
  let used = 0;
  for (const [done, teacher] of teachers.entries()) {
    const { image, by } = teacher;
    if (signal.aborted) throw new AppError('cancelled', 'Stopped. Nothing was kept.');
    onProgress({ done, total: teachers.length, message: `Learning from ${image.name}` });
    if (image.channels !== channels) {
      notes.push(
        `${image.name}: it has ${counted(image.channels, 'channel')}, most of those ${labels ? 'that teach' : 'scribbled on'} ${channels}`,
      );
      continue;
    }
    try {
      const found = await samplesOf(db, teacher, workers);
      if (found.length === 0) continue;
      parts[by].push(...found);
      used++;
    } catch (error) {
      if (!(error instanceof AppError) || error.code === 'internal') throw error;
      notes.push(`${image.name}: ${messageOf(error)}`);
    }
  }
  const count = featureCount(channels);
  const set = scribbledSet(parts.strokes, count, parts.labels);
  const learnedFrom = (some: readonly TileSamples[]) => scribbledSet(some, count).classes.length;
  if (set.classCount < 2) {
    throw new AppError(
      'invalid-input',
      `"${dataset.name}" has ${labels ? 'scribbles and labels' : 'scribbles'} of ${set.classCount === 0 ? 'no class' : 'one class only'}. Scribble on two classes or more in Annotate (S), the background among them.${notes.length === 0 ? '' : ` Left out: ${notes.join('; ')}`}`,
      { subject: dataset.name },
    );
  }
  const forest = await growTogether(workers, set, { seed: FOREST_SEED });
  if (!tellsApart(forest)) {
    throw new AppError(
      'invalid-input',
      `What is ${labels ? 'scribbled on or labelled' : 'scribbled on'} in "${dataset.name}" looks the same in all classes, so that none can be told from another. Scribble in Annotate (S) where they differ.`,
      { subject: dataset.name },
    );
  }
  return {
    ...{ channels, classes: [...set.values], images: used, notes },
    pixels: learnedFrom(parts.strokes) + learnedFrom(parts.labels),
    bytes: encodeForest(forest),
  };
}
