/** The pretraining tasks in words and facts (docs/method.md §3); how each is computed is in engine/training/pretrain. */
import type { NetworkConfig, PretrainingTask, Transfer } from './entities.ts';

/** What a task learns from: what claim 3 of the paper tells apart (docs/method.md §1). */
export const TASK_FAMILIES = [
  'classification',
  'segmentation',
  'reconstruction',
  'contrastive',
  'contrastive reconstruction',
] as const;
export type TaskFamily = (typeof TASK_FAMILIES)[number];

export interface PretrainingTaskFacts {
  readonly title: string;
  readonly family: TaskFamily;
  readonly description: string;
  readonly trains: readonly ('encoder' | 'decoder')[];
  readonly needs: 'label maps' | 'image classes' | 'images' | 'colour images';
  /** Trained without skips, whatever the target network has: its decoder then has other shapes. */
  readonly withoutSkips: boolean;
  /** Why the decoder is trained with the target's skips, or without; null where no decoder is trained. */
  readonly skipsBecause: string | null;
  readonly source: string;
}

export const PRETRAINING_TASK_FACTS: Readonly<Record<PretrainingTask, PretrainingTaskFacts>> = {
  classification: {
    title: 'Classification',
    family: 'classification',
    description:
      'Names the class of the whole image: global average pooling, one dense layer, cross-entropy.',
    trains: ['encoder'],
    needs: 'image classes',
    withoutSkips: false,
    skipsBecause: null,
    source: 'Dippel et al. 2022, arXiv 2207.14508 (as the ImageNet-style baseline)',
  },
  segmentation: {
    title: 'Segmentation',
    family: 'segmentation',
    description: 'Names the class of every pixel: cross-entropy + (1 − mean soft Dice).',
    trains: ['encoder', 'decoder'],
    needs: 'label maps',
    withoutSkips: false,
    skipsBecause: 'With the skips of the target: it is the same task.',
    source: 'Dippel et al. 2022, arXiv 2207.14508',
  },
  autoencoder: {
    title: 'Autoencoder',
    family: 'reconstruction',
    description:
      'Repaints the image from the bottleneck alone (no skips, which would copy it through): mean squared error.',
    trains: ['encoder', 'decoder'],
    needs: 'images',
    withoutSkips: true,
    skipsBecause: 'Without skips: they would carry the image past the bottleneck.',
    source: 'Hinton & Salakhutdinov 2006, doi 10.1126/science.1127647',
  },
  denoising: {
    title: 'Denoising',
    family: 'reconstruction',
    description:
      'Finds the noise that was added to the image (deviation .22 of its range): mean squared error.',
    trains: ['encoder', 'decoder'],
    needs: 'images',
    withoutSkips: false,
    skipsBecause:
      'With skips, as in its source: they carry the noisy image, and the noise has still to be told from it.',
    source: 'Brempong et al. 2022, arXiv 2205.11423 (decoder-denoising pretraining)',
  },
  'in-painting': {
    title: 'In-painting',
    family: 'reconstruction',
    description:
      'Repaints what is behind up to five blocks of random colour: mean squared error over the whole image.',
    trains: ['encoder', 'decoder'],
    needs: 'images',
    withoutSkips: false,
    skipsBecause:
      'With skips, as in its sources: they can only copy what is around the blocks, and the error is behind them.',
    source:
      'Pathak et al. 2016, arXiv 1604.07379; Zhou et al. 2019, arXiv 1908.06912; blocks of Dippel et al. 2021, arXiv 2104.04323',
  },
  'out-painting': {
    title: 'Out-painting',
    family: 'reconstruction',
    description:
      'Repaints what is around up to five kept windows of the image: mean squared error over the whole image.',
    trains: ['encoder', 'decoder'],
    needs: 'images',
    withoutSkips: false,
    skipsBecause:
      'With skips, as in its sources: they can only copy the kept windows, and the error is around them.',
    source: 'Zhou et al. 2019, arXiv 1908.06912; windows of Dippel et al. 2021, arXiv 2104.04323',
  },
  'local-shuffle': {
    title: 'Local shuffle',
    family: 'reconstruction',
    description:
      'Puts the pixels of up to fifteen small blocks back into their order: mean squared error over the whole image.',
    trains: ['encoder', 'decoder'],
    needs: 'images',
    withoutSkips: false,
    skipsBecause:
      'With skips, as in its sources: inside the blocks they carry pixels in the wrong order.',
    source: 'Zhou et al. 2019, arXiv 1908.06912; blocks of Dippel et al. 2021, arXiv 2104.04323',
  },
  'non-linear-intensity': {
    title: 'Non-linear intensity',
    family: 'reconstruction',
    description:
      'Gives back the intensities that a random curve has changed, in each channel by another: mean squared error.',
    trains: ['encoder', 'decoder'],
    needs: 'images',
    withoutSkips: false,
    skipsBecause: 'With skips, as in its sources: no pixel keeps the value that is asked for.',
    source: 'Zhou et al. 2019, arXiv 1908.06912; Dippel et al. 2021, arXiv 2104.04323',
  },
  colourisation: {
    title: 'Colourisation',
    family: 'reconstruction',
    description: 'Finds the colours of an RGB image from its grey values: mean squared error.',
    trains: ['encoder', 'decoder'],
    needs: 'colour images',
    withoutSkips: false,
    skipsBecause: 'With skips: what they carry has no colour.',
    source: 'Zhang et al. 2016, arXiv 1603.08511; Larsson et al. 2017, arXiv 1703.04044',
  },
  'context-restoration': {
    title: 'Context restoration',
    family: 'reconstruction',
    description:
      'Puts ten pairs of swapped patches back in their places: mean squared error over the whole image.',
    trains: ['encoder', 'decoder'],
    needs: 'images',
    withoutSkips: false,
    skipsBecause: 'With skips: what they carry of a swapped patch is in the wrong place.',
    source: 'Chen et al. 2019, doi 10.1016/j.media.2019.101539',
  },
  'masked-autoencoding': {
    title: 'Masked autoencoding',
    family: 'reconstruction',
    description:
      'Repaints 60 % of the image’s 8 px patches from the others: mean squared error behind the mask only.',
    trains: ['encoder', 'decoder'],
    needs: 'images',
    withoutSkips: false,
    skipsBecause: 'With skips: they carry nothing of what is masked, and nothing else counts.',
    source: 'He et al. 2022, arXiv 2111.06377; Xie et al. 2022, arXiv 2111.09886',
  },
  simclr: {
    title: 'SimCLR',
    family: 'contrastive',
    description:
      'Finds the other view of its image among all views of the batch: two augmented views an image, NT-Xent at temperature .5.',
    trains: ['encoder'],
    needs: 'images',
    withoutSkips: false,
    skipsBecause: null,
    source: 'Chen et al. 2020, arXiv 2002.05709',
  },
  conrec: {
    title: 'ConRec',
    family: 'contrastive reconstruction',
    description:
      'Finds the other view, as SimCLR does but by attention pooling, and repaints each view from a corrupted one: 100 · mean squared error + NT-Xent.',
    trains: ['encoder', 'decoder'],
    needs: 'images',
    withoutSkips: false,
    skipsBecause: 'With skips, as in its source: what they carry is corrupted.',
    source: 'Dippel et al. 2021, arXiv 2104.04323',
  },
  'multi-conrec': {
    title: 'Multi-reconstruction ConRec',
    family: 'contrastive reconstruction',
    description:
      'ConRec whose views each draw one of several reconstruction tasks: shuffle, in-painting, out-painting, denoising and, for RGB images, colourisation. Our reading of the proposal in its source.',
    trains: ['encoder', 'decoder'],
    needs: 'images',
    withoutSkips: false,
    skipsBecause: 'With skips, as in ConRec: what they carry is corrupted.',
    source:
      'Dippel et al. 2022, arXiv 2207.14508 (several self-reconstruction tasks), as we read it',
  },
};

/** Whether a task learns from what somebody has said of the images: of their pixels, or of each as a whole. */
export const learnsFromLabels = (task: PretrainingTask): boolean => {
  const { needs } = PRETRAINING_TASK_FACTS[task];
  return needs === 'label maps' || needs === 'image classes';
};

/**
 * Why a transfer cannot be made from a task, in words; null where it can.
 * `skips` of the network that is to be fine-tuned.
 */
export function transferObstacle(
  task: PretrainingTask,
  transfer: Transfer,
  skips: 'conv' | 'concat' | 'none',
): string | null {
  const facts = PRETRAINING_TASK_FACTS[task];
  const takesDecoder =
    transfer === 'decoder' || transfer === 'encoder+decoder' || transfer === 'encoder+deep-decoder';
  if (!takesDecoder) return null;
  if (!facts.trains.includes('decoder')) {
    return `${facts.title} trains no decoder, so there is none to transfer.`;
  }
  if (facts.withoutSkips && skips !== 'none') {
    return `The ${facts.title.toLowerCase()} is trained without skips, so its decoder does not fit a network with skips.`;
  }
  return null;
}

/** Why a network of so many input channels cannot be pretrained by a task; null where it can. */
export function channelObstacle(
  task: PretrainingTask,
  inputChannels: NetworkConfig['inputChannels'],
): string | null {
  const { needs, title } = PRETRAINING_TASK_FACTS[task];
  if (needs !== 'colour images' || inputChannels === 3) return null;
  return `${title} needs RGB images and a network with 3 input channels; this one has ${inputChannels}. Choose 3 channels, or another task for images without colour.`;
}
