/**
 * Network and sampling worked out from the images of a dataset, as nnU-Net does from its fingerprint (Isensee et al. 2021,
 * doi 10.1038/s41592-020-01008-z), within what a processor can pay. Pure.
 */
import {
  type LossConfig,
  LossConfig as Loss,
  NetworkConfig,
  type SamplingConfig,
} from '../../shared/entities.ts';
import { inputChannelsFor } from '../../shared/channels.ts';
import { upperMedian } from '../../shared/median.ts';

/** Larger images are seen in patches of this side: shrunk further, what is small in them would be gone. */
const PATCH_PX = 256;
/** Whole images are shrunk to a half at most. */
const SHRINK = 2;
const MIN_PX = 64;
/** Sides that four halvings divide. */
const MULTIPLE = 16;
/** A foreground class with fewer of the labelled pixels is rare: plain cross-entropy hardly sees it. */
const RARE_SHARE = 0.02;
const BATCH_PIXELS = 8 * 128 * 128;

export interface Fingerprint {
  readonly images: readonly {
    readonly widthPx: number;
    readonly heightPx: number;
    readonly channels: number;
  }[];
  /** Of each scored class that occurs, its share of the labelled pixels, in (0, 1]. */
  readonly classShares: readonly number[];
}

export interface WorkedOut {
  readonly network: NetworkConfig;
  readonly sampling: SamplingConfig;
  /** Images a step, by the side of the input. */
  readonly batchAt: (sizePx: number) => number;
  readonly loss: LossConfig;
  /** Each choice with its reason, in words. */
  readonly why: { readonly sampling: string; readonly loss: string };
}

const batchAt = (sizePx: number) =>
  Math.max(2, Math.min(16, Math.round(BATCH_PIXELS / sizePx ** 2)));

/** @param fingerprint of at least one image */
export function workedOut({ images, classShares }: Fingerprint): WorkedOut {
  const sides = images.map(({ widthPx, heightPx }) => Math.max(widthPx, heightPx));
  const side = upperMedian(sides) ?? MIN_PX;
  const isWhole = side <= PATCH_PX * SHRINK;
  const fitting = Math.ceil(Math.min(side, PATCH_PX) / MULTIPLE) * MULTIPLE;
  const sizePx = isWhole ? Math.max(MIN_PX, fitting) : PATCH_PX;
  const rarest = Math.min(1, ...classShares);
  const isRare = rarest < RARE_SHARE;
  return {
    network: NetworkConfig.parse({ inputChannels: inputChannelsFor(images) }),
    sampling: { sizePx, mode: isWhole ? 'resize' : 'patches' },
    batchAt,
    loss: Loss.parse(isRare ? { kind: 'cross-entropy+tversky' } : {}),
    why: {
      sampling: isWhole
        ? `Whole images at ${sizePx} px, since the middle one of their longer sides is ${side} px.`
        : `Patches of ${sizePx} px at full resolution, since the middle one of the images' longer sides is ${side} px.`,
      loss: isRare
        ? `A loss for rare classes (Tversky), since one of them has ${(100 * rarest).toFixed(1)} % of the labelled pixels.`
        : 'Cross-entropy and Dice, since no class is rare.',
    },
  };
}

/** Without a gain for this share of the steps, none is expected any more. */
const PATIENCE = 0.3;
const LEAST_PATIENCE = 100;

export interface ModelSchedule {
  readonly steps: number;
  readonly evaluateEvery: number;
  /** Steps without a higher validation Dice after which it ends. */
  readonly patience: number;
}

export const modelSchedule = (steps: number): ModelSchedule => ({
  steps,
  evaluateEvery: Math.max(1, Math.min(steps, Math.max(10, Math.round(steps / 40)))),
  patience: Math.max(LEAST_PATIENCE, Math.round(PATIENCE * steps)),
});
