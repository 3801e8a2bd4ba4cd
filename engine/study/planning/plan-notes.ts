/** What is worth knowing of a study before it runs, and stops nothing. */
import { transparencyInText, unseenInText } from '../../../shared/channels.ts';
import type { Dataset, ImageRecord, StudyConfig } from '../../../shared/entities.ts';
import { helpersInText } from '../../../shared/helpers.ts';
import {
  counted,
  countedWith,
  nounFor,
  pronounFor,
  verbFor,
} from '../../../shared/number-format.ts';
import { imageMemoryBytes, keptBytes } from '../../training/images/image-store.ts';
import { learningRatesOf } from './plan-runs.ts';

/** What of the images that are trained on by patches goes to disk, because a run keeps no more of them in memory. */
function keptOnDisk(
  { sampling }: StudyConfig,
  datasets: readonly (readonly ImageRecord[])[],
): string | null {
  if (sampling.mode === 'resize') return null;
  const decoded = datasets.map((images) =>
    images.reduce((sum, image) => sum + keptBytes(image, image.labelMapId !== null), 0),
  );
  const beyond = Math.max(...decoded) - imageMemoryBytes();
  if (beyond <= 0) return null;
  const size = `${(beyond / 1e9).toPrecision(2)} GB`;
  return `The images do not all fit into the memory at full resolution: each run that trains on them takes up to ${size} of disk beside the project while it runs.`;
}

/** Notes in the order in which they are shown; empty where there is nothing to say. */
export function planNotes(
  config: StudyConfig,
  data: {
    /** Images of the split without a label map. */
    readonly unlabelled: number;
    /** Images of the target whose labels do not count, since a helper proposed them. */
    readonly helped: number;
    readonly testCount: number;
    /** Classes that label maps lack, in words. */
    readonly absent: readonly string[];
    /** Label counts and seeds whose training images hold no foreground. */
    readonly withoutForeground: readonly { readonly labels: number; readonly seeds: number[] }[];
    /** Source and target. */
    readonly datasets: readonly Dataset[];
    /** All images of the study, each once. */
    readonly seen: readonly ImageRecord[];
    /** Images of each kind of run: those to pretrain on, those to learn from. */
    readonly trainedOn: readonly (readonly ImageRecord[])[];
    /** What the primary questions need. */
    readonly aboutPrimary: readonly string[];
    /** What pretraining sees of the target. */
    readonly aboutSource: readonly string[];
  },
): string[] {
  const { seeds, splits, extension } = config;
  const rates = learningRatesOf(config);
  const several = rates.length > 1;
  const notes = [
    ...data.aboutPrimary,
    ...unseenInText(data.seen, config.network.inputChannels),
    ...transparencyInText(data.datasets),
    ...data.absent,
    ...data.withoutForeground.map(
      ({ labels, seeds: without }) =>
        `With ${counted(labels, 'label')}, the training images of ${nounFor(without.length, 'seed')} ${without.join(', ')} hold no foreground: nothing is learned there. More labels, or a split with fewer empty training images, avoid that.`,
    ),
    data.helped > 0 &&
      `${countedWith(data.helped, 'image', 'are')} left out: ${pronounFor(data.helped, 'their')} labels were made with ${helpersInText(config.withoutHelpers)}.`,
    data.unlabelled > 0 &&
      `${counted(data.unlabelled, 'image')} of the split ${verbFor(data.unlabelled, 'have')} no label map: left out of fine-tuning and testing.`,
    ...data.aboutSource,
    splits === null &&
      seeds < 5 &&
      `${counted(seeds, 'seed')}: intervals are indicative; use 5 for an estimate, 8 to test.`,
    several &&
      `Every arm is trained with the learning rates ${rates.join(', ')}: ${rates.length} times the fine-tuning runs. Validation Dice chooses.`,
    extension !== null &&
      `Where the random start has not plateaued, all arms of that label count go on to ${extension} times their steps${several ? ' with the learning rate that validation chose' : ''}. The estimate reaches from none going on to all.`,
    keptOnDisk(config, data.trainedOn),
    data.testCount < 20 && `Only ${counted(data.testCount, 'test image')}: intervals will be wide.`,
  ];
  return notes.filter((note) => typeof note === 'string');
}
