/** Whether a study's networks would be tested on what they were trained on: the same content, or the same group. */
import type { ImageRecord, SnapshotItem } from '../../../shared/entities.ts';
import { findLeaks, type Leak, type Placed } from '../../../shared/leaks.ts';
import { counted, countedWith, verbFor } from '../../../shared/number-format.ts';
import { refuse } from './refuse.ts';

/** The target's images as the study splits them, and their records. */
export interface TargetPart {
  readonly items: readonly SnapshotItem[];
  readonly images: ReadonlyMap<number, ImageRecord>;
}

/**
 * Pretraining on what is tested would make any transfer look good, and so would training on it. `pretrained`: what one
 * network of the study has seen or will see. Errors: invalid-input, with what lies where and the remedy.
 */
export function checkLeaks(pretrained: readonly ImageRecord[], target: TargetPart): void {
  const placed: Placed<ImageRecord>[] = pretrained.map((image) => ({ image, side: 'pretraining' }));
  for (const { imageId, part } of target.items) {
    const image = target.images.get(imageId);
    if (image !== undefined) placed.push({ image, side: part });
  }
  const leaks = findLeaks(placed);
  const groups = leaks.filter(({ kind }) => kind === 'group');
  const copies = leaks.filter(({ kind }) => kind === 'copy');
  refuseCopies(copies, target);
  const [group] = groups;
  if (group !== undefined) refuseGroup(group);
}

function refuseCopies(copies: readonly Leak<ImageRecord>[], { items }: TargetPart): void {
  const seen = copies.filter(({ sides }) => sides.includes('pretraining'));
  const tested = new Set(items.filter(({ part }) => part !== 'train').map((i) => i.imageId));
  const [first] = copies;
  if (first === undefined) return;
  if (seen.length > 0) {
    const leaked = new Set(seen.flatMap(({ images }) => images.filter(({ id }) => tested.has(id))));
    refuse(
      `${counted(leaked.size, 'validation or test image')} of the target ${verbFor(leaked.size, 'are')} also among those to pretrain on (same content; the first: ${first.name}). Remove them from one of the two: a network may not be pretrained on what it is tested on.`,
      first.name,
    );
  }
  refuse(
    `${countedWith(copies.length, 'image', 'lie')} in more than one part of the split (same content; the first: ${first.name}, in ${first.sides.join(' and ')}). Make a new split, which keeps copies together.`,
    first.name,
  );
}

/** Images of one group (patient, slide) are nearly copies of each other. */
function refuseGroup({ name, sides }: Leak<ImageRecord>): void {
  const [one, other] = sides;
  if (one === 'pretraining') {
    const part = sides.find((side) => side === 'val' || side === 'test') ?? '';
    refuse(
      `The group "${name}" has images both among those to pretrain on and in the ${part} part of the target: a network may not be pretrained on what it is tested on. Take the group out of one of them; if it is another patient or slide by the same name, rename it in one dataset.`,
      name,
    );
  }
  refuse(
    `Images of the group "${name}" lie both in the ${one ?? ''} and in the ${other ?? ''} part of the split. Make a new split, which keeps groups together.`,
    name,
  );
}
