/**
 * What a study may pretrain on: all of the source; of a dataset that is the target as well, what is neither tested on
 * nor, unless that is asked for, validated on. Images count whether or not they are labelled.
 */
import type { Dataset, ImageRecord, Part, SnapshotItem } from '../../../shared/entities.ts';
import { contentsOf } from '../../../shared/image-content.ts';
import { snapshotItem, type SplitItem } from '../../db/splits.ts';
import { refuse } from './refuse.ts';

export interface SourceImages {
  readonly images: readonly ImageRecord[];
  /** With the labels that pretraining may learn from: none of those that choose checkpoints. */
  readonly items: readonly SnapshotItem[];
  /** Of the images, those of the validation part. */
  readonly validation: number;
  /** Images in no part of the split that were left out: copies or of a group of what is tested or validated on. */
  readonly tooClose: readonly ImageRecord[];
}

/** Equal for images that must not be told apart by a split. */
const tiesOf = (image: ImageRecord): string[] => [
  ...contentsOf(image).map((content) => `content ${content}`),
  ...(image.groupName === null ? [] : [`group ${image.groupName}`]),
];

/**
 * @param images all that take part: what no task learns from may be tested on all the same
 * @param split where each image of the target lies; null: the source is another dataset
 * @throws AppError invalid-input, where nothing is left
 */
export function resolveSource(
  source: Dataset,
  images: readonly ImageRecord[],
  options: {
    readonly split: readonly SplitItem[] | null;
    readonly onValidation: boolean;
    /** Whether any task learns from the image. */
    readonly serves: (image: ImageRecord) => boolean;
  },
): SourceImages {
  const { split, onValidation, serves } = options;
  if (split === null) {
    if (images.length === 0) {
      refuse(
        `"${source.name}" has no images to pretrain on. Import or generate some.`,
        source.name,
      );
    }
    const items = images.map((image) => snapshotItem(image, 'train'));
    return { images, items, validation: 0, tooClose: [] };
  }
  const partOf = new Map(split.map(({ imageId, part }) => [imageId, part]));
  const tied = (part: Part) =>
    new Set(images.filter(({ id }) => partOf.get(id) === part).flatMap(tiesOf));
  const [tested, validated] = [tied('test'), tied('val')];
  const kept: ImageRecord[] = [];
  const items: SnapshotItem[] = [];
  const tooClose: ImageRecord[] = [];
  let validation = 0;
  for (const image of images) {
    const part = partOf.get(image.id);
    if (part === 'test' || (part === 'val' && !onValidation) || !serves(image)) continue;
    const ties = tiesOf(image);
    // What a part holds is judged with the split; what lies in none goes with its kin.
    if (part === undefined && ties.some((tie) => tested.has(tie) || validated.has(tie))) {
      tooClose.push(image);
      continue;
    }
    kept.push(image);
    const item = snapshotItem(image, 'train');
    if (part === 'val') validation++;
    items.push(part === 'val' ? { ...item, labelMapId: null, imageClass: null } : item);
  }
  return { images: kept, items, validation, tooClose };
}
