/** What the names of folders and files say: which part of a split, and whether images or masks lie there. */
import { posix } from 'node:path';
import type { Part } from '../../../shared/entities.ts';
import { oneName, sameName } from '../../../shared/names.ts';

const PARTS: Readonly<Record<string, Part>> = {
  train: 'train',
  training: 'train',
  tr: 'train',
  val: 'val',
  valid: 'val',
  validation: 'val',
  test: 'test',
  testing: 'test',
  ts: 'test',
};
/** Too short to mean a part by themselves. */
const ONLY_IN_COMPANY = new Set(['tr', 'ts']);

const words = (list: string): ReadonlySet<string> => new Set(list.split(' '));
const IMAGE_WORDS = words(
  'image images img imgs input inputs photo photos picture pictures frame frames rgb',
);
const MASK_WORDS = words(
  'mask masks label labels annotation annotations annot annots ann anns gt truth truths groundtruth groundtruths target targets segmentation segmentations seg segs',
);
/** Beside these a name like "without_mask" tells what an image shows. */
const NEGATIONS = words('with without no non has wearing');
/** Say nothing beside a word for images or masks: ann_dir, gtFine, SegmentationClass. */
const FILLERS = words('dir folder fine class png ground and of');

/** Behind the names of single files, beside the words above: what somebody labelled, and what it was labelled on. */
const BEHIND_MASKS = 'labelled|labeled';
const BEHIND_IMAGES = 'sat|orig|original|raw';
/** What tools write before the word for masks: cp_masks (Cellpose), Simple Segmentation (ilastik). */
const BEFORE_MASKS = '(?:(?:cp|simple|object)[ _.-]+)?';
const anyOf = (...sets: ReadonlySet<string>[]) => sets.flatMap((set) => [...set]).join('|');
const PREFIX = new RegExp(`^(?:${anyOf(IMAGE_WORDS, MASK_WORDS)})[ _.-]+(?=.)`, 'iu');
const IMAGE_SUFFIX = new RegExp(`(?<=.)[ _.-]+(?:${anyOf(IMAGE_WORDS)}|${BEHIND_IMAGES})$`, 'iu');
const MASK_SUFFIX = new RegExp(
  `(?<=.)[ _.-]+${BEFORE_MASKS}(?:${anyOf(MASK_WORDS)}|${BEHIND_MASKS}|l)$`,
  'iu',
);

/** Words of a name: labelsTr, train_masks and gtFine2 are labels tr, train masks and gt fine. */
function wordsOf(name: string): string[] {
  return name
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .filter((word) => word !== '');
}

/** Whether a name says mask and nothing else: mask, GT, ground_truth. */
export const isMaskWord = (name: string): boolean => {
  const [word, ...more] = wordsOf(name).filter((one) => !FILLERS.has(one));
  return word !== undefined && more.length === 0 && MASK_WORDS.has(word) && !/\d/.test(name);
};

/** What a folder is called after; `sure` where its name begins with that. */
export function kindOfFolder(name: string): { kind: 'image' | 'mask'; sure: boolean } | null {
  const all = wordsOf(name);
  if (all.some((word) => NEGATIONS.has(word))) return null;
  if (all.some((word) => MASK_WORDS.has(word))) {
    const [first, ...rest] = all.filter((word) => !FILLERS.has(word));
    // "seg" begins the names of many things.
    const isName =
      MASK_WORDS.has(first ?? '') &&
      (first?.startsWith('seg') !== true || rest.length === 0 || first.length > 4);
    return { kind: 'mask', sure: isName };
  }
  const image = all.find((word) => IMAGE_WORDS.has(word));
  return image === undefined ? null : { kind: 'image', sure: image === all[0] };
}

function partOfFolder(name: string): Part | undefined {
  const part = PARTS[name.toLowerCase()];
  if (part !== undefined && !ONLY_IN_COMPANY.has(name.toLowerCase())) return part;
  return kindOfFolder(name) === null ? undefined : partOfName(name);
}

/** The part that a path runs through, if any. */
export function partOfPath(file: string): Part | undefined {
  for (const folder of file.split('/').slice(0, -1)) {
    const part = partOfFolder(folder);
    if (part !== undefined) return part;
  }
  return undefined;
}

/** The part that a name says among other words: instances_train2017. */
export function partOfName(name: string): Part | undefined {
  const parts = wordsOf(name).flatMap((word) => PARTS[word] ?? []);
  return parts.length === 1 ? parts[0] : undefined;
}

/** Path without what only says image or mask: equal for an image and its mask. */
export function neutralPath(file: string): string {
  const kept = posix
    .dirname(file)
    .split('/')
    .flatMap((folder) => {
      if (folder === '.') return [];
      if (kindOfFolder(folder) === null) return [folder];
      const rest = wordsOf(folder).filter(
        (word) => !IMAGE_WORDS.has(word) && !MASK_WORDS.has(word) && !FILLERS.has(word),
      );
      return rest.length === 0 ? [] : [rest.map((word) => PARTS[word] ?? word).join(' ')];
    });
  return oneName([...kept, posix.basename(file)].join('/'));
}

/** 'img_001', 'mask_001', '001-label' → '001': what image and mask have in common, whichever word stands around it. */
export function bareStem(stem: string): string {
  const bare = stem.replace(PREFIX, '').replace(MASK_SUFFIX, '').replace(IMAGE_SUFFIX, '');
  return sameName(bare);
}
