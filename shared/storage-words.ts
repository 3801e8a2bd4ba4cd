/** What a project file holds, and what it can do without, in words: for the window and the command line. */
import type { Droppable, StoredKind } from './api.ts';

export const STORED_WORDS: Readonly<Record<StoredKind, string>> = {
  originals: 'images',
  labels: 'label maps, current',
  history: 'label maps, older versions',
  checkpoints: 'weights and checkpoints of runs',
  predictions: 'predictions of test images',
  pictures: 'pictures of pretraining',
  encoders: 'imported encoders',
};

export const DROPPABLE_WORDS: Readonly<
  Record<Droppable, { readonly title: string; readonly what: string }>
> = {
  history: {
    title: 'old versions of label maps',
    what: 'old versions of label maps, by the rule below',
  },
  checkpoints: {
    title: 'checkpoints to go on from',
    what: 'checkpoints of ended studies that only going on with a run would need',
  },
  weights: {
    title: 'weights of ended studies',
    what: 'weights of fine-tuned networks of ended studies: they can predict no more; models and encoders stay',
  },
  predictions: {
    title: 'predictions of test images',
    what: 'predictions that ended studies made of their test images; scores stay, Compare shows no predictions',
  },
};
