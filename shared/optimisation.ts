/** How a network is trained, in words: what an optimisation and a loss are, for facts and reports. */
import type { LossConfig, OptimisationConfig } from './entities.ts';
import { counted } from './number-format.ts';

/** "400 steps of 16, learning rate 0.002, bfloat16"; with the rates of a grid where there are several. */
export function optimisationInText(
  { steps, batch, learningRate, precision }: OptimisationConfig,
  grid: readonly number[] = [],
): string {
  const rates =
    grid.length > 1
      ? `learning rates ${grid.join(', ')} by validation`
      : `learning rate ${grid[0] ?? learningRate}`;
  return `${counted(steps, 'step')} of ${batch}, ${rates}${precision === 'float32' ? '' : `, ${precision}`}`;
}

/** Within a sentence, with the settings that its kind has. */
export function lossInText(loss: LossConfig): string {
  const { kind, maxClassWeight, focalGamma, tverskyAlpha, tverskyBeta } = loss;
  switch (kind) {
    case 'cross-entropy+dice':
      return 'cross-entropy + (1 − mean soft Dice)';
    case 'weighted-cross-entropy+dice':
      return `cross-entropy weighted by median class frequency over class frequency in the labelled training images (at most ${maxClassWeight}; Eigen & Fergus 2015) + (1 − mean soft Dice)`;
    case 'focal+dice':
      return `focal loss with γ = ${focalGamma} (Lin et al. 2017) + (1 − mean soft Dice)`;
    case 'cross-entropy+tversky':
      return `cross-entropy + (1 − mean soft Tversky index with α = ${tverskyAlpha}, β = ${tverskyBeta}; Salehi et al. 2017)`;
  }
}
