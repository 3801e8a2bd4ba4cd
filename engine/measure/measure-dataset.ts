/** Measurements of all objects of a dataset, image by image. Changes nothing. */
import { totalmem } from 'node:os';
import type { MeasuredImage, MeasureSummary, Progress } from '../../shared/api.ts';
import type { Dataset, ImageRecord } from '../../shared/entities.ts';
import { AppError } from '../../shared/errors.ts';
import { scoredClasses } from '../../shared/foreground.ts';
import { labelValues } from '../../shared/label-map.ts';
import { counted } from '../../shared/number-format.ts';
import { intensityColumns, SHAPE_COLUMNS } from '../../shared/objects/measure/columns.ts';
import type { MeasuredObjects } from '../../shared/objects/measure/measure-objects.ts';
import { takesPart } from '../../shared/task-sources.ts';
import { shownDecoders } from '../data/decoders.ts';
import { assertAsLarge, withOriginalRows } from '../data/image-source.ts';
import { type FoundValues, valuesWithoutClass } from '../data/label-values.ts';
import { pageName } from '../data/page-names.ts';
import { scaleOf } from '../data/pixel-size-of.ts';
import type { Project } from '../db/project.ts';
import type { MeasuredMap } from './measure-thread.ts';
import { type Measurer, withMeasurer } from './measuring.ts';
import { measuredOf } from './what-is-measured.ts';

/** Samples that are on their way to the thread at once. */
const BAND_SAMPLES = 2 ** 22;

export interface MeasureRequest {
  readonly dataset: Dataset;
  /** Run whose stored predictions are measured; null: the labels are. */
  readonly runId: number | null;
}

export interface MeasureHost {
  readonly signal: AbortSignal;
  readonly progress: (progress: Progress) => void;
}

export interface MeasuredDataset extends MeasureSummary {
  /** Of each of `images`. */
  readonly measured: readonly MeasuredObjects[];
  /** Channels that any image has. */
  readonly channels: number;
}

/** Of any computer: those of one image are looked up in a table that holds no more than 2^24. */
const MOST_OBJECTS = 10_000_000;
/** Of the memory, for the columns of all objects: as they were measured, and as they are told or written. */
const MEMORY_SHARE = 0.25;

/** Objects that are measured at once, by what a column of each takes. */
function mostObjects(channels: number): number {
  const columns = SHAPE_COLUMNS.length + intensityColumns(channels).length;
  const bytes = 2 * Float64Array.BYTES_PER_ELEMENT * columns;
  return Math.min(MOST_OBJECTS, Math.floor((totalmem() * MEMORY_SHARE) / bytes));
}

/** Files that cannot be read leave their intensities empty; any other failure is one. */
const isOfFile = (error: unknown): error is AppError =>
  error instanceof AppError && ['unreadable', 'corrupt', 'unsupported'].includes(error.code);

async function measureOne(
  db: Project,
  {
    image,
    measurer,
    most,
    signal,
  }: { image: ImageRecord; measurer: Measurer; most: number; signal: AbortSignal },
  of: { readonly what: NonNullable<ReturnType<typeof measuredOf>>; readonly classes: number[] },
): Promise<{ readonly measured: MeasuredMap; readonly trouble: string | null }> {
  const { codes } = of.what;
  const begin = (channels: number) => measurer.ask({ what: 'begin', codes, channels, most });
  let trouble: string | null = null;
  try {
    await withOriginalRows(db, image, {
      by: shownDecoders,
      signal,
      async use({ width, height, channels, rows }) {
        await begin(channels);
        const most = Math.max(1, Math.floor(BAND_SAMPLES / (width * channels)));
        for (let top = 0; top < height; top += most) {
          const samples = await rows(top, Math.min(most, height - top));
          await measurer.ask({ what: 'rows', samples, top });
        }
      },
    });
  } catch (error) {
    if (!isOfFile(error)) throw error;
    trouble = `Without intensities: ${error.message}`;
    await begin(0);
  }
  const measured = await measurer.ask({ what: 'end', classes: of.classes });
  if (measured === null) throw new Error('an end has measurements');
  return { measured, trouble };
}

const nothing = ({ dataset, runId }: MeasureRequest) =>
  new AppError(
    'invalid-input',
    runId === null
      ? `No image of "${dataset.name}" that takes part has labels, so there is nothing to measure. Label some, or measure predictions.`
      : `Run ${runId} kept no prediction of an image of "${dataset.name}", so there is nothing to measure. Predict the dataset first: in the library, or with graft predict.`,
    { subject: dataset.name },
  );

/** What is to be said of pixel sizes that stand in files and were not taken, once for each reason. */
function scaleNotes(images: readonly MeasuredImage[]): string[] {
  const unused = images.filter((one) => one.pixelSize === null && one.pixelSizeFrom !== null);
  return [...Map.groupBy(unused, (one) => one.pixelSizeFrom ?? '')].map(
    ([why, own]) =>
      `Measured in pixels: of ${own.length === 1 ? (own[0]?.name ?? '') : counted(own.length, 'image')}, ${why}. If it is known, type the pixel size.`,
  );
}

/** Errors: invalid-input (nothing to measure, too many objects), cancelled, internal. */
export async function measureDataset(
  db: Project,
  request: MeasureRequest,
  { signal, progress }: MeasureHost,
): Promise<MeasuredDataset> {
  const { dataset, runId } = request;
  const all = db.datasets.images(dataset.id);
  const chosen = all.filter(takesPart);
  const typed = db.pixelSizes.ofDataset(dataset.id);
  const classes = scoredClasses(dataset);
  const images: MeasuredImage[] = [];
  const measured: MeasuredObjects[] = [];
  const notes: string[] = [];
  const found: FoundValues[] = [];
  let unmeasured = 0;
  /** Objects that may still be measured. */
  const left = ({ channels }: ImageRecord) =>
    mostObjects(channels) - measured.reduce((sum, { labels }) => sum + labels.length, 0);
  await withMeasurer(signal, async (measurer) => {
    for (const [done, image] of chosen.entries()) {
      const name = pageName(image);
      progress({ done, total: chosen.length, message: `Measuring ${name}` });
      try {
        const what = measuredOf(db, image, runId);
        if (what === null) {
          unmeasured++;
          continue;
        }
        await assertAsLarge(db, image);
        found.push({ name, values: labelValues(what.codes.classes) });
        const one = await measureOne(
          db,
          { image, measurer, most: left(image), signal },
          { what, classes },
        );
        if (one.trouble !== null) notes.push(`${name}: ${one.trouble}`);
        const { counts, from, ...objects } = one.measured;
        measured.push(objects);
        images.push({
          ...{ imageId: image.id, name, widthPx: image.widthPx, heightPx: image.heightPx },
          ...{ labelMapId: what.labelMapId, from, objects: objects.labels.length },
          classes: counts.map((own) => ({
            ...own,
            share: Number.isFinite(own.share) ? own.share : null,
          })),
          ...(await scaleOf(db, image, typed)),
        });
      } catch (error) {
        if (!isOfFile(error)) throw error;
        notes.push(`${name} was not measured: ${error.message}`);
      }
    }
  });
  progress({ done: chosen.length, total: chosen.length, message: 'Measured' });
  if (images.length === 0 && notes.length === 0) throw nothing(request);
  const excluded = all.length - chosen.length;
  const withoutClass = valuesWithoutClass(dataset, found);
  return {
    ...{ images, measured, unmeasured },
    objects: images.reduce((sum, one) => sum + one.objects, 0),
    channels: Math.max(0, ...chosen.map(({ channels }) => channels)),
    notes: [
      ...(excluded === 0 ? [] : [`${counted(excluded, 'excluded image')} left out.`]),
      ...(withoutClass === null ? [] : [withoutClass.words]),
      ...notes,
      ...scaleNotes(images),
    ],
  };
}
