/** Which images of a dataset the library shows, and in which order. */
import type { ImageLabels } from '../../shared/api.ts';
import type { Author, ImageRecord, Part } from '../../shared/entities.ts';

export interface Filters {
  readonly text: string;
  readonly labelled: 'all' | 'labelled' | 'unlabelled';
  /** Those that take part in trainings and scores, or those that are excluded. */
  readonly taking: 'all' | 'taking' | 'excluded';
  readonly part: Part | 'none' | 'all';
  readonly author: Author | 'all';
  /** Label value that must occur. */
  readonly classIndex: number | 'all';
  /** Only images on which the chosen run scored less; null: all. */
  readonly diceBelow: number | null;
  /** worst, best: by the Dice of the chosen run; uncertain: predicted labels, least sure first. */
  readonly sort: 'import' | 'name' | 'worst' | 'best' | 'uncertain';
}

export const NO_FILTERS: Filters = {
  text: '',
  labelled: 'all',
  taking: 'all',
  part: 'all',
  author: 'all',
  classIndex: 'all',
  diceBelow: null,
  sort: 'import',
};

/** What filters need to know of images, by image id. */
export interface KnownOfImages {
  /** In the split that is shown. */
  readonly parts: ReadonlyMap<number, Part>;
  /** Test Dice of the chosen run. */
  readonly dice: ReadonlyMap<number, number>;
  readonly labels: ReadonlyMap<number, ImageLabels>;
}

const byName = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/** Without an order of their own, images stay in the order of their import. */
export function filterImages(
  images: readonly ImageRecord[],
  filters: Filters,
  { parts, dice, labels }: KnownOfImages,
): readonly ImageRecord[] {
  const { text, labelled, taking, part, author, classIndex, diceBelow, sort } = filters;
  const words = text.toLowerCase().trim();
  const uncertainty = (image: ImageRecord) => labels.get(image.id)?.uncertainty ?? null;
  const found = images.filter((image) => {
    const own = labels.get(image.id);
    const score = dice.get(image.id);
    return (
      (words === '' || image.name.toLowerCase().includes(words)) &&
      (labelled === 'all' || (image.labelMapId !== null) === (labelled === 'labelled')) &&
      (taking === 'all' || (image.excluded !== null) === (taking === 'excluded')) &&
      (part === 'all' || (parts.get(image.id) ?? 'none') === part) &&
      (author === 'all' || own?.author === author) &&
      (classIndex === 'all' || own?.classes.includes(classIndex) === true) &&
      (diceBelow === null || (score !== undefined && score < diceBelow)) &&
      (sort !== 'uncertain' || uncertainty(image) !== null) &&
      ((sort !== 'worst' && sort !== 'best') || score !== undefined)
    );
  });
  const scoreOf = (image: ImageRecord) => dice.get(image.id) ?? 0;
  switch (sort) {
    case 'import':
      return found;
    case 'name':
      return found.sort((a, b) => byName.compare(a.name, b.name));
    case 'worst':
      return found.sort((a, b) => scoreOf(a) - scoreOf(b));
    case 'best':
      return found.sort((a, b) => scoreOf(b) - scoreOf(a));
    case 'uncertain':
      return found.sort((a, b) => (uncertainty(b) ?? 0) - (uncertainty(a) ?? 0));
  }
}
