/**
 * What importing, predicting and studies can be asked for, by the names that it has in the window and by its flags. Messages of the
 * engine name the flags; the window names its controls in their place.
 */
import type { OneMask, PagesAs, RestoreChoice } from './api.ts';

export const CONTROLS = {
  pages: 'Pages of a file',
  oneMask: 'One mask for several pages',
  imagesDir: 'Images of the annotations',
  becomes: 'Becomes',
  asProposed: 'Read them as proposed',
  masksByName: 'Find masks by their names',
  channels: 'Sees',
  network: 'Network',
  pretrainingLabels: 'Labels that pretraining sees',
  firstSeed: 'First seed',
  splits: 'Several splits',
  pilot: 'Taking as a pilot',
  alike: 'Alike images …',
  layout: 'Layout',
  holds: 'The folder holds',
  clash: 'Images whose names are taken',
  same: 'Images that were added again',
  newClasses: 'Add the classes that the dataset has not',
  replaceMasks: 'Replace masks that are in the folder',
} as const;

export const PAGES_WORDS: Readonly<Record<PagesAs, string>> = {
  auto: 'What the file says',
  images: 'Images of their own',
  channels: 'Channels of one image',
};

export const ONE_MASK_WORDS: Readonly<Record<OneMask, string>> = {
  first: 'Belongs to the first page',
  every: 'Belongs to every page',
};

/** What a path holds that is added to a dataset. */
export const HOLDS_WORDS = {
  images: 'Images, with or without masks',
  masks: 'Masks of images that are there',
} as const;

/** What becomes of an image in the bin that was added again meanwhile. */
export const RESTORE_WORDS: Readonly<Record<Exclude<RestoreChoice, 'refuse'>, string>> = {
  leave: 'Stay in the bin',
  replace: 'Take the place of what was added',
  both: 'Come back beside what was added',
};

/** What pretraining may see of the target's labels. */
export const PRETRAINING_LABELS_WORDS = {
  own: 'those of each label count alone',
  all: 'all but those of validation and test images',
} as const;

const named = (control: keyof typeof CONTROLS) => `“${CONTROLS[control]}”`;
const chosen = (control: keyof typeof CONTROLS, choice: string) =>
  `“${choice}” under ${named(control)}`;

/** The longer before the shorter. */
const IN_WINDOW: readonly (readonly [RegExp, string])[] = [
  [/--pages images/g, chosen('pages', PAGES_WORDS.images)],
  [/--pages channels/g, chosen('pages', PAGES_WORDS.channels)],
  [/--one-mask every/g, chosen('oneMask', ONE_MASK_WORDS.every)],
  [/--images DIR/g, named('imagesDir')],
  [/--format ([\w-]+)/g, `${named('layout')}: $1`],
  [/--map(?: \S+=\w+(?: or \S+=\w+)?)?/g, `${named('becomes')} beside the value`],
  [/--holds masks/g, chosen('holds', HOLDS_WORDS.masks)],
  [/--same leave/g, chosen('same', RESTORE_WORDS.leave)],
  [/--same replace/g, chosen('same', RESTORE_WORDS.replace)],
  [/--same both/g, chosen('same', RESTORE_WORDS.both)],
  [/--clash (?:rename|skip)/g, named('clash')],
  [/--new-classes/g, named('newClasses')],
  [/--read/g, named('asProposed')],
  [/--masks/g, named('masksByName')],
  [/--channels (\d+)/g, `${named('channels')}: $1`],
  [/--pretraining-labels all/g, chosen('pretrainingLabels', PRETRAINING_LABELS_WORDS.all)],
  [/--first-seed (\d+)/g, `${named('firstSeed')}: $1`],
  [/About Graft, or --(?:engine tensorflow|adapter)/g, 'About Graft'],
  [/--run ID/g, named('network')],
  [/--replace\b/g, named('replaceMasks')],
  [/graft alike --dataset "[^"]*" --group/g, `${named('alike')} in the library`],
  [/graft study power --name NAME/g, named('pilot')],
  [/graft import … --preview shows/g, 'the import dialog shows'],
];

/** A message of the engine as the window says it. */
export const inWindow = (message: string): string =>
  IN_WINDOW.reduce((text, [flag, words]) => text.replace(flag, words), message);
