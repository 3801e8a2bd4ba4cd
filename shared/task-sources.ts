/**
 * Which images take part in trainings and scores at all, and whether images and a network serve a pretraining task. Told here
 * alone: for plans, single pretrainings, trainers, the forms of the window and the command line.
 */
import type { Dataset, ImageRecord, NetworkConfig, PretrainingTask } from './entities.ts';
import { counted, countedWith, verbFor } from './number-format.ts';
import { channelObstacle, PRETRAINING_TASK_FACTS } from './pretraining-tasks.ts';

/** What a project knows of an image. */
interface ImageFacts {
  readonly channels: number;
  readonly labelMapId: number | null;
  readonly imageClass: number | null;
}

/** How many images of a source have what tasks learn from. */
export interface SourceFacts {
  /** Of the dataset. */
  readonly name: string;
  readonly images: number;
  readonly labelled: number;
  /** With three channels or more. */
  readonly colour: number;
  /** Different classes among those that have one. */
  readonly imageClasses: number;
  /** That take no part, and are not counted above; left out: not known. */
  readonly excluded?: number;
}

/** Of images that have colour. */
const COLOUR_CHANNELS = 3;

/**
 * Whether an image is for new snapshots, and so for trainings, splits, predictions and scores: an excluded one is kept, but
 * is in none of them. What was planned before it was excluded keeps it. Those in the bin are listed nowhere.
 */
export const takesPart = ({
  excluded,
  deletedAt,
}: Pick<ImageRecord, 'excluded' | 'deletedAt'>): boolean => excluded === null && deletedAt === null;

/** Whether an image that takes part has what a task learns from. */
export function imageServes(task: PretrainingTask, image: ImageFacts): boolean {
  switch (PRETRAINING_TASK_FACTS[task].needs) {
    case 'images':
      return true;
    case 'colour images':
      return image.channels >= COLOUR_CHANNELS;
    case 'label maps':
      return image.labelMapId !== null;
    case 'image classes':
      return image.imageClass !== null;
  }
}

export function sourceFacts(name: string, images: readonly ImageFacts[]): SourceFacts {
  const classes = images.flatMap(({ imageClass }) => (imageClass === null ? [] : [imageClass]));
  return {
    name,
    images: images.length,
    labelled: images.filter(({ labelMapId }) => labelMapId !== null).length,
    colour: images.filter(({ channels }) => channels >= COLOUR_CHANNELS).length,
    imageClasses: new Set(classes).size,
  };
}

/** Of a whole dataset, as lists of datasets tell it. */
export const datasetFacts = (dataset: Dataset): SourceFacts => ({
  name: dataset.name,
  images: dataset.imageCount - dataset.excludedCount,
  labelled: dataset.labelledCount,
  colour: dataset.channels
    .filter(({ channels }) => channels >= COLOUR_CHANNELS)
    .reduce((sum, { images }) => sum + images, 0),
  imageClasses: dataset.usedImageClasses,
  excluded: dataset.excludedCount,
});

/** "8 of 20 images labelled; 2 more excluded." */
export function labelledWords({
  labelledCount,
  imageCount,
  excludedCount,
}: Pick<Dataset, 'labelledCount' | 'imageCount' | 'excludedCount'>): string {
  const taking = imageCount - excludedCount;
  if (taking === 0 && excludedCount > 0)
    return imageCount === 1
      ? 'Its only image is excluded.'
      : `All ${imageCount} images are excluded.`;
  const apart = excludedCount === 0 ? '' : `; ${excludedCount} more excluded`;
  return `${labelledCount} of ${counted(taking, 'image')} labelled${apart}.`;
}

/** Said where no image of a dataset can be learned from, with the remedy. */
export const nothingLabelled = ({
  name,
  excludedCount,
}: Pick<Dataset, 'name' | 'excludedCount'>): string =>
  excludedCount === 0
    ? `No image of "${name}" is labelled yet. Label one or more in Annotate, or import masks.`
    : `No image of "${name}" that takes part is labelled: ${excludedCount} of its images ${verbFor(excludedCount, 'are')} excluded. Include some again, or label others in Annotate.`;

/** Why a task cannot be pretrained, and what to do; null where it can. */
export function taskObstacle(
  task: PretrainingTask,
  {
    source,
    inputChannels,
  }: {
    /** null: not chosen yet. */
    readonly source: SourceFacts | null;
    readonly inputChannels: NetworkConfig['inputChannels'];
  },
): string | null {
  const channels = channelObstacle(task, inputChannels);
  if (channels !== null || source === null) return channels;
  const { needs, title } = PRETRAINING_TASK_FACTS[task];
  const { images, labelled, colour, imageClasses, excluded = 0 } = source;
  const serving = {
    images,
    'colour images': colour,
    'label maps': labelled,
    'image classes': imageClasses,
  }[needs];
  if (serving === 0 && excluded > 0) {
    return `${title} pretraining needs ${needs}, and "${source.name}" has none that take part: ${countedWith(excluded, 'image', 'are')} excluded. Include some again, or choose another task.`;
  }
  if (serving === 0) {
    return `${title} pretraining needs ${needs}, and "${source.name}" has none. Add some, or choose another task.`;
  }
  if (needs === 'image classes' && imageClasses < 2) {
    return `${title} pretraining needs images of at least two classes, and "${source.name}" has ${imageClasses}. Import class folders, or choose another task.`;
  }
  return null;
}
