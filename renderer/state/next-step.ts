/** The tour: which step comes next for a dataset, in a sentence. docs/first-steps.md tells the same in order. */
import { counted, countedWith } from '../../shared/number-format.ts';

/** What is known of a dataset. */
export interface Situation {
  readonly images: number;
  /** With labels, predictions that nobody has looked at included. */
  readonly labelled: number;
  /** Networks that were trained on it and are done. */
  readonly models: number;
  /** Trainings of it that wait or run. */
  readonly trainings: number;
  /** Studies of the project, finished or not. */
  readonly studies: number;
}

export interface NextStep {
  readonly id: 'label' | 'train' | 'predict' | 'study';
  readonly text: string;
  /** On the button. */
  readonly verb: string;
}

/** So many labels are needed for a first training: one to learn from, one to hold out. */
const FEWEST_LABELS = 2;

/** null: whoever has come so far needs no hint, or waits for what runs. */
export function nextStep(situation: Situation): NextStep | null {
  const { images, labelled, models, trainings, studies } = situation;
  if (images === 0 || trainings > 0) return null;
  if (labelled < Math.min(FEWEST_LABELS, images)) {
    return {
      id: 'label',
      text: 'Label a few images by hand. Two are enough for a first network; every stroke is saved by itself.',
      verb: 'Label images',
    };
  }
  if (models === 0) {
    return {
      id: 'train',
      text: `${countedWith(labelled, 'image', 'are')} labelled. Train a network on them: it takes minutes, and says how good it is.`,
      verb: 'Train a network',
    };
  }
  if (labelled < images) {
    return {
      id: 'predict',
      text: `Let the network predict the ${counted(images - labelled, 'image')} without labels, then correct what is wrong and train on.`,
      verb: 'Predict the rest',
    };
  }
  if (studies > 0) return null;
  return {
    id: 'study',
    text: 'Every image has labels. A study finds out whether pretraining helps here, and which half of the network to keep.',
    verb: 'Design a study',
  };
}
