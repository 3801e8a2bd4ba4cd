/** What a plan says of images that are nearly the same view and lie on both sides: it warns, where copies are refused. */
import { type AlikeLeak, alikeLeaks } from '../../../shared/alike.ts';
import type { Dataset, ImageRecord } from '../../../shared/entities.ts';
import { counted, verbFor } from '../../../shared/number-format.ts';
import type { Project } from '../../db/project.ts';
import type { TargetPart } from './check-leaks.ts';

/** Pairs that are named. */
const NAMED = 3;

const pairInWords = ({ images: [one, other], sides: [here, there] }: AlikeLeak<ImageRecord>) =>
  `${one.name} (${here}) and ${other.name} (${there})`;

export interface AlikeSides {
  readonly dataset: Dataset;
  readonly pretrained: readonly ImageRecord[];
  readonly target: TargetPart;
  /** Validation images may be pretrained on: that was asked for. */
  readonly onValidation: boolean;
}

/** Of what was found when somebody looked (engine/labelling/alike/); nothing is looked for here. */
export function alikeNotes(
  project: Project,
  { dataset, pretrained, target, onValidation }: AlikeSides,
): string[] {
  const pairs = project.alike.pairs(dataset.id);
  if (pairs.length === 0) return [];
  const placed = target.items.flatMap(({ imageId, part }) => {
    const image = target.images.get(imageId);
    return image === undefined ? [] : [{ image, side: part }];
  });
  // First, so that an image that is trained on, too, is said to be in the split.
  const leaks = alikeLeaks(
    [...placed, ...pretrained.map((image) => ({ image, side: 'pretraining' }))],
    pairs,
  ).filter(
    ({ sides }) => !(onValidation && sides.includes('pretraining') && sides.includes('val')),
  );
  if (leaks.length === 0) return [];
  const named = leaks.slice(0, NAMED).map(pairInWords);
  const more = leaks.length - named.length;
  return [
    `${counted(leaks.length, 'pair')} of images that are nearly the same view ${verbFor(leaks.length, 'lie')} on both sides: ${named.join('; ')}${more > 0 ? `; and ${more} more` : ''}. Results look better than they are there. Make groups of them (graft alike --dataset "${dataset.name}" --group) and a new split.`,
  ];
}
