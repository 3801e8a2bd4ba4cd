/** The pretraining tasks in words and facts (method.md §3); how each is computed is in engine/training/pretrain. */
import type { PretrainingTask, Transfer } from './entities.ts';

/** What a task learns from: what claim 3 of the paper tells apart (method.md §1). */
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
  readonly needs: 'label maps' | 'image classes' | 'images';
  /** Trained without skips, whatever the target network has: its decoder then has other shapes. */
  readonly withoutSkips: boolean;
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
    source: 'Dippel et al. 2022, arXiv 2207.14508 (as the ImageNet-style baseline)',
  },
  segmentation: {
    title: 'Segmentation',
    family: 'segmentation',
    description: 'Names the class of every pixel: cross-entropy + (1 − mean soft Dice).',
    trains: ['encoder', 'decoder'],
    needs: 'label maps',
    withoutSkips: false,
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
    source: 'Hinton & Salakhutdinov 2006, doi 10.1126/science.1127647',
  },
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
  const takesDecoder = transfer === 'decoder' || transfer === 'encoder+decoder';
  if (!takesDecoder) return null;
  if (!facts.trains.includes('decoder')) {
    return `${facts.title} trains no decoder, so there is none to transfer.`;
  }
  if (facts.withoutSkips && skips !== 'none') {
    return `The ${facts.title.toLowerCase()} is trained without skips, so its decoder does not fit a network with skips.`;
  }
  return null;
}
