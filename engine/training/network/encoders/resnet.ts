/**
 * ResNet-18 and ResNet-34 (He et al. 2016, arXiv 1512.03385, table 1) up to their last features: a 7×7 stem of stride 2,
 * max-pooling, four stages of basic blocks. A block is two 3×3 convolutions beside a shortcut, which is a 1×1
 * convolution where the shape changes (option B). Strides are in the first convolution, as in torchvision.
 */
import type { NetworkConfig } from '../../../../shared/entities.ts';
import { joinSpecs, type NetworkSpec, normalisedConvolution } from '../parameters.ts';
import type { EncoderDescription } from './encoder.ts';

const STEM_CHANNELS = 64;

interface Block {
  /** 'encoder/stage2/block1' */
  readonly name: string;
  readonly input: number;
  readonly output: number;
  readonly stride: 1 | 2;
}

const scaled = (channels: number, { encoderWidth }: NetworkConfig) =>
  Math.max(1, Math.round(channels * encoderWidth));

const stageChannels = (config: NetworkConfig) =>
  [1, 2, 4, 8].map((factor) => scaled(STEM_CHANNELS * factor, config));

const hasShortcut = ({ input, output, stride }: Block) => stride === 2 || input !== output;

/** Stages 1 … 4, each a list of blocks. */
function resnetStages(blocksPerStage: readonly number[], config: NetworkConfig): Block[][] {
  let input = scaled(STEM_CHANNELS, config);
  return stageChannels(config).map((output, s) =>
    Array.from({ length: blocksPerStage[s] ?? 0 }, (_, b) => {
      const name = `encoder/stage${s + 1}/block${b + 1}`;
      const block: Block = { name, input, output, stride: s > 0 && b === 0 ? 2 : 1 };
      input = output;
      return block;
    }),
  );
}

/** Blocks of each stage. */
export const RESNET_BLOCKS = {
  resnet18: [2, 2, 2, 2],
  resnet34: [3, 4, 6, 3],
} as const;

export function resnetEncoder(blocksPerStage: readonly number[]): EncoderDescription {
  return {
    skipChannels(config) {
      const [stage1 = 0, stage2 = 0, stage3 = 0] = stageChannels(config);
      return [null, scaled(STEM_CHANNELS, config), stage1, stage2, stage3];
    },

    bottleneckChannels: (config) => stageChannels(config).at(-1) ?? 0,

    spec(config): NetworkSpec {
      const convolution = (layer: string, side: number, input: number, output: number) =>
        normalisedConvolution({
          layer,
          group: 'encoder',
          side,
          input,
          output,
          norm: config.norm,
          epsilon: config.encoderEpsilon,
        });
      const blocks = resnetStages(blocksPerStage, config).flat();
      return joinSpecs(
        convolution('encoder/stem', 7, config.inputChannels, scaled(STEM_CHANNELS, config)),
        ...blocks.flatMap((block) => {
          const { name, input, output } = block;
          return [
            convolution(`${name}/conv1`, 3, input, output),
            convolution(`${name}/conv2`, 3, output, output),
            ...(hasShortcut(block) ? [convolution(`${name}/shortcut`, 1, input, output)] : []),
          ];
        }),
      );
    },

    features(ops, config, input) {
      const { padding } = config;
      const stem = ops.block('encoder/stem', input, { stride: 2, padding });
      let x = ops.maxPool3(stem, padding);
      const stages = resnetStages(blocksPerStage, config).map((blocks) => {
        for (const block of blocks) {
          const { name, stride } = block;
          const shortcut = hasShortcut(block)
            ? ops.block(`${name}/shortcut`, x, { stride, padding, activation: 'none' })
            : x;
          const inner = ops.block(`${name}/conv1`, x, { stride, padding });
          const residual = ops.block(`${name}/conv2`, inner, { activation: 'none' });
          x = ops.relu(ops.add(residual, shortcut));
        }
        return x;
      });
      return { skips: [null, stem, ...stages.slice(0, -1)], bottleneck: x };
    },
  };
}
