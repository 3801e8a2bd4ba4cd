/**
 * Which images of a source are the target's own: the same image, or a copy of it in another dataset. What pretraining
 * learns from the labels of such images, it knows of the target; so these labels count (docs/method.md §5).
 */
import type {
  ImageRecord,
  PretrainingTask,
  PretrainRunConfig,
  SnapshotItem,
} from '../../shared/entities.ts';
import { contentsOf } from '../../shared/image-content.ts';
import { learnsFromLabels, PRETRAINING_TASK_FACTS } from '../../shared/pretraining-tasks.ts';
import type { Project } from '../db/project.ts';

/** By image of the source, the images of the target that it is or copies. Images that are none of them are left out. */
export type OwnImages = ReadonlyMap<number, readonly number[]>;

export function ownImages(
  source: readonly ImageRecord[],
  target: readonly ImageRecord[],
): OwnImages {
  const byContent = new Map<string, number[]>();
  for (const image of target) {
    for (const content of contentsOf(image)) {
      byContent.set(content, [...(byContent.get(content) ?? []), image.id]);
    }
  }
  return new Map(
    source.flatMap((image) => {
      const same = new Set(contentsOf(image).flatMap((content) => byContent.get(content) ?? []));
      return same.size === 0 ? [] : [[image.id, [...same]] as const];
    }),
  );
}

type Labelled = Pick<SnapshotItem, 'imageId' | 'labelMapId' | 'imageClass'>;

/** Images of the target that a task would learn the labels of, if it saw all of these; none of a task without labels. */
export function ownLabelled<Item extends Labelled>(
  task: PretrainingTask,
  items: readonly Item[],
  own: OwnImages,
): Item[] {
  if (!learnsFromLabels(task)) return [];
  const { needs } = PRETRAINING_TASK_FACTS[task];
  return items.filter(
    ({ imageId, labelMapId, imageClass }) =>
      own.has(imageId) && (needs === 'label maps' ? labelMapId : imageClass) !== null,
  );
}

/** What a task may see whose arms learn from `chosen` images of the target: the others' own images are kept from it. */
export function withoutOtherLabels<Item extends Labelled>(
  items: readonly Item[],
  own: OwnImages,
  chosen: ReadonlySet<number>,
): Item[] {
  return items.filter(({ imageId }) => {
    const same = own.get(imageId);
    return same === undefined || same.some((id) => chosen.has(id));
  });
}

/**
 * For runs that have pretrained or will: the labels of a target's own images that each learns from. One entry an image
 * that it sees, with the images of the target that it is or copies.
 * @param then images that were the target's when a study was planned: the bin or another dataset may hold them now
 */
export function labelsSeen(
  project: Pick<Project, 'snapshots' | 'datasets'>,
  targetDatasetId: number,
  then: Iterable<ImageRecord> = [],
): (run: PretrainRunConfig) => readonly (readonly number[])[] {
  const now = project.datasets.images(targetDatasetId);
  const target = [...new Map([...now, ...then].map((image) => [image.id, image])).values()];
  const sources = new Map<number, { items: readonly SnapshotItem[]; own: OwnImages }>();
  const sourceOf = (snapshotId: number) => {
    const known = sources.get(snapshotId);
    if (known !== undefined) return known;
    const items = project.snapshots.items(snapshotId).filter(({ part }) => part === 'train');
    const images = items.flatMap(({ imageId }) => project.datasets.image(imageId) ?? []);
    const found = { items, own: ownImages(images, target) };
    sources.set(snapshotId, found);
    return found;
  };
  return ({ task, snapshotId, trainImageIds }) => {
    if (!learnsFromLabels(task)) return [];
    const { items, own } = sourceOf(snapshotId);
    const allowed = trainImageIds === undefined ? null : new Set(trainImageIds);
    return ownLabelled(task, items, own)
      .filter(({ imageId }) => allowed === null || allowed.has(imageId))
      .map(({ imageId }) => own.get(imageId) ?? []);
  };
}
