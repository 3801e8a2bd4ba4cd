/** Whether a study's networks would be tested on what they were trained on: the same content, or the same group. */
import type { ImageRecord, SnapshotItem } from '../../../shared/entities.ts';
import { refuse } from './refuse.ts';

/** The target's images as the study splits them, and their records. */
export interface TargetPart {
  readonly items: readonly SnapshotItem[];
  readonly images: ReadonlyMap<number, ImageRecord>;
}

/** Pretraining on what is tested would make any transfer look good. */
export function checkLeaks(
  sourceItems: readonly SnapshotItem[],
  targetItems: readonly SnapshotItem[],
): void {
  const seen = new Set(sourceItems.map((item) => item.imageHash));
  const leaked = targetItems.filter((i) => i.part !== 'train' && seen.has(i.imageHash));
  if (leaked.length > 0) {
    refuse(
      `${leaked.length} validation or test images of the target are also among those to pretrain on (same content). Remove them from one of the two: a network may not be pretrained on what it is tested on.`,
    );
  }
  const trainHashes = new Set(
    targetItems.filter((i) => i.part === 'train').map((i) => i.imageHash),
  );
  const straddling = targetItems.filter((i) => i.part !== 'train' && trainHashes.has(i.imageHash));
  if (straddling.length > 0) {
    refuse(
      `${straddling.length} images occur both in the train part and in the validation or test part of the split (same content). Remove the copies, or give them one group and make a new split.`,
    );
  }
}

/** Images of one group (patient, slide) are nearly copies of each other: they may not stand on both sides either. */
export function checkGroups(sourceImages: readonly ImageRecord[], target: TargetPart): void {
  const sourceGroups = new Set(sourceImages.map((image) => image.groupName));
  const partOf = new Map<string, SnapshotItem['part']>();
  for (const { imageId, part } of target.items) {
    const group = target.images.get(imageId)?.groupName ?? null;
    if (group === null) continue;
    const other = partOf.get(group) ?? part;
    if (other !== part) {
      refuse(
        `Images of the group "${group}" lie both in the ${other} and in the ${part} part of the split. Make a new split, which keeps groups together.`,
        group,
      );
    }
    partOf.set(group, part);
    if (part !== 'train' && sourceGroups.has(group)) {
      refuse(
        `The group "${group}" has images both among those to pretrain on and in the ${part} part of the target: a network may not be pretrained on what it is tested on. Take the group out of one of them; if it is another patient or slide by the same name, rename it in one dataset.`,
        group,
      );
    }
  }
}
