/** What the names of folders and files say: which part of a split, and whether images or masks lie there. */
import type { Part } from '../../../shared/entities.ts';

const PARTS: Readonly<Record<string, Part>> = {
  train: 'train',
  training: 'train',
  val: 'val',
  valid: 'val',
  validation: 'val',
  test: 'test',
  testing: 'test',
};

/** The part that a path runs through, if any. */
export function partOfPath(file: string): Part | undefined {
  for (const folder of file.split('/').slice(0, -1)) {
    const part = PARTS[folder.toLowerCase()];
    if (part !== undefined) return part;
  }
  return undefined;
}

/** Words of a name: labelsTr, train_masks and gtFine2 are labels tr, train masks and gt fine. */
function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .filter((word) => word !== '');
}

/** The part that a name says among other words: instances_train2017. */
export function partOfName(name: string): Part | undefined {
  const parts = wordsOf(name).flatMap((word) => PARTS[word] ?? []);
  return parts.length === 1 ? parts[0] : undefined;
}
