/**
 * What would leak from training into testing: groups (patient, slide) and copies that lie on both sides. One rule for the
 * plan of a study, which refuses them, and for the window, which shows them.
 */
import { type ImageRecord, PARTS, type Part } from './entities.ts';
import { contentsOf } from './image-content.ts';

/** A part of a split, or what a network was pretrained on. */
export type Side = Part | 'pretraining';

/** An image on a side; one that is pretrained on and trained on is listed twice. */
export interface Placed<Image> {
  readonly image: Image;
  readonly side: Side;
}

type LeakFacts = Pick<ImageRecord, 'name' | 'groupName'> & Parameters<typeof contentsOf>[0];

export interface Leak<Image> {
  readonly kind: 'group' | 'copy';
  /** Name of the group, or of the first image. */
  readonly name: string;
  /** Where they lie: pretraining first, then as PARTS. */
  readonly sides: readonly Side[];
  /** Each once. */
  readonly images: readonly Image[];
}

const SIDES: readonly Side[] = ['pretraining', ...PARTS];

/** Pretraining is training: what is pretrained on may be trained on, and neither validated with nor tested on. */
const divides = (sides: readonly Side[]): boolean =>
  new Set(sides.map((side) => (side === 'pretraining' ? 'train' : side))).size > 1;

/** Groups first, then copies, each in the order of their first image. */
export function findLeaks<Image extends LeakFacts>(placed: Iterable<Placed<Image>>): Leak<Image>[] {
  const groups = new Map<string, Placed<Image>[]>();
  const copies = new Map<string, Placed<Image>[]>();
  const add = (to: Map<string, Placed<Image>[]>, key: string, one: Placed<Image>) => {
    const others = to.get(key);
    if (others === undefined) to.set(key, [one]);
    else others.push(one);
  };
  for (const one of placed) {
    const { groupName } = one.image;
    if (groupName !== null) add(groups, groupName, one);
    for (const content of contentsOf(one.image)) add(copies, content, one);
  }
  const leaksOf = (kind: Leak<Image>['kind'], sets: Iterable<readonly Placed<Image>[]>) =>
    [...sets].flatMap((some): Leak<Image>[] => {
      const sides = SIDES.filter((side) => some.some((one) => one.side === side));
      const [first] = some;
      if (first === undefined || !divides(sides)) return [];
      const { groupName, name } = first.image;
      const images = [...new Set(some.map(({ image }) => image))];
      return [{ kind, name: kind === 'group' ? (groupName ?? '') : name, sides, images }];
    });
  return [...leaksOf('group', groups.values()), ...leaksOf('copy', copies.values())];
}
