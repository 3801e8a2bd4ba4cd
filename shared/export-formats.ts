/**
 * The formats that a dataset can be exported in, and what each has no place for: the one table that the call, the command
 * line and the window read. How each is written is engine/data/export/.
 */
import { inWords } from './sentences.ts';

export const EXPORT_FORMATS = ['folder', 'coco'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** What labels may have and a format may have no place for. */
const LABEL_TRAITS = [
  'objects',
  'holes',
  'ignored',
  'empty',
  'no background',
  'colours',
  'groups',
  'pages',
] as const;
export type LabelTrait = (typeof LABEL_TRAITS)[number];

export const TRAIT_WORDS: Readonly<Record<LabelTrait, string>> = {
  objects: 'objects',
  holes: 'holes',
  ignored: 'ignored pixels',
  empty: 'labels that are all background',
  'no background': 'a class 0 that is no background',
  colours: 'colours of classes',
  groups: 'groups, splits, image classes and exclusions',
  pages: 'pages of a file',
};

export interface ExportFormatFacts {
  /** In a list. */
  readonly title: string;
  /** What lies in the folder afterwards. */
  readonly writes: string;
  /** What it has no place for, and what becomes of that. */
  readonly losses: Readonly<Partial<Record<LabelTrait, string>>>;
}

const UNGROUPED = 'not written';

export const EXPORT_FORMAT_FACTS: Readonly<Record<ExportFormat, ExportFormatFacts>> = {
  folder: {
    title: 'Folder of images and index masks',
    writes:
      'images/ and masks/: index PNGs whose pixel values are the class numbers, 255 for ignored; classes.json and splits.json',
    losses: { objects: 'objects of one class that touch become one region' },
  },
  coco: {
    title: 'COCO',
    writes: 'images/ and instances.json with run-length masks, in which holes survive',
    losses: { colours: 'not written', groups: UNGROUPED },
  },
};

/** "colours of classes (not written)", one for each thing that a format has no place for. */
const lossesOf = ({ losses }: ExportFormatFacts): string[] =>
  LABEL_TRAITS.flatMap((trait) => {
    const becomes = losses[trait];
    return becomes === undefined ? [] : [`${TRAIT_WORDS[trait]} (${becomes})`];
  });

/** What a format has no place for, as a sentence. */
export function lossWords(format: ExportFormat): string {
  const losses = lossesOf(EXPORT_FORMAT_FACTS[format]);
  return losses.length === 0
    ? 'It has a place for all that Graft knows of labels.'
    : `It has no place for ${inWords(losses)}.`;
}
