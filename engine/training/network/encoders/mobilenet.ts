/**
 * MobileNetV2 (Sandler et al. 2018, arXiv 1801.04381, table 2) up to its last inverted residual; the 1×1 convolution to
 * 1280 channels behind it serves classification only and is left out. Skips leave where the resolution is about to
 * halve, after the narrow linear bottlenecks.
 */
import type { NetworkConfig } from '../../../../shared/entities.ts';
import { joinSpecs, normalisedConvolution } from '../parameters.ts';
import type { EncoderDescription } from './encoder.ts';

/** Expansion, channels, repeats and stride of each stage: table 2. */
const STAGES = [
  { expansion: 1, channels: 16, repeats: 1, stride: 1 },
  { expansion: 6, channels: 24, repeats: 2, stride: 2 },
  { expansion: 6, channels: 32, repeats: 3, stride: 2 },
  { expansion: 6, channels: 64, repeats: 4, stride: 2 },
  { expansion: 6, channels: 96, repeats: 3, stride: 1 },
  { expansion: 6, channels: 160, repeats: 3, stride: 2 },
  { expansion: 6, channels: 320, repeats: 1, stride: 1 },
] as const;
const STEM_CHANNELS = 32;

interface InvertedResidual {
  /** 'encoder/block3' */
  readonly name: string;
  /** 1 … 17 */
  readonly number: number;
  readonly input: number;
  /** Equal to `input` where nothing is expanded. */
  readonly expanded: number;
  readonly output: number;
  readonly stride: 1 | 2;
}

/** A multiple of 8 near the scaled width, and not more than a tenth below it: the authors' rounding. */
function scaled(channels: number, { encoderWidth }: NetworkConfig): number {
  const wanted = channels * encoderWidth;
  const rounded = Math.max(8, Math.floor((wanted + 4) / 8) * 8);
  return rounded < 0.9 * wanted ? rounded + 8 : rounded;
}

function invertedResiduals(config: NetworkConfig): InvertedResidual[] {
  let input = scaled(STEM_CHANNELS, config);
  let number = 0;
  return STAGES.flatMap(({ expansion, channels, repeats, stride }) =>
    Array.from({ length: repeats }, (_, i): InvertedResidual => {
      number++;
      const output = scaled(channels, config);
      const block = {
        name: `encoder/block${number}`,
        number,
        input,
        expanded: input * expansion,
        output,
        stride: i === 0 ? stride : 1,
      } as const;
      input = output;
      return block;
    }),
  );
}

/** Whether the resolution halves in the block behind the i-th, so that its output is a skip. */
const isBeforeHalving = (blocks: readonly InvertedResidual[], i: number) =>
  blocks[i + 1]?.stride === 2;

export const mobilenetEncoder: EncoderDescription = {
  skipChannels(config) {
    const blocks = invertedResiduals(config);
    return [
      null,
      ...blocks.filter((_, i) => isBeforeHalving(blocks, i)).map(({ output }) => output),
    ];
  },

  bottleneckChannels: (config) => invertedResiduals(config).at(-1)?.output ?? 0,

  spec(config) {
    const { norm, encoderEpsilon: epsilon } = config;
    const common = { group: 'encoder', norm, epsilon } as const;
    const stem = scaled(STEM_CHANNELS, config);
    return joinSpecs(
      normalisedConvolution({
        ...common,
        layer: 'encoder/stem',
        side: 3,
        input: config.inputChannels,
        output: stem,
      }),
      ...invertedResiduals(config).flatMap(({ name, input, expanded, output }) => [
        ...(expanded === input
          ? []
          : [
              normalisedConvolution({
                ...common,
                layer: `${name}/expand`,
                side: 1,
                input,
                output: expanded,
              }),
            ]),
        normalisedConvolution({
          ...common,
          layer: `${name}/depthwise`,
          side: 3,
          input: expanded,
          output: expanded,
          depthwise: true,
        }),
        normalisedConvolution({
          ...common,
          layer: `${name}/project`,
          side: 1,
          input: expanded,
          output,
        }),
      ]),
    );
  },

  features(ops, config, input) {
    const { padding } = config;
    const blocks = invertedResiduals(config);
    const skips = [];
    let x = ops.block('encoder/stem', input, { stride: 2, padding, activation: 'relu6' });
    for (const [i, { name, input: from, expanded, output, stride }] of blocks.entries()) {
      const wide = expanded === from ? x : ops.block(`${name}/expand`, x, { activation: 'relu6' });
      const filtered = ops.block(`${name}/depthwise`, wide, {
        stride,
        padding,
        activation: 'relu6',
        depthwise: true,
      });
      const narrow = ops.block(`${name}/project`, filtered, { activation: 'none' });
      x = stride === 1 && from === output ? ops.add(narrow, x) : narrow;
      if (isBeforeHalving(blocks, i)) skips.push(x);
    }
    return { skips: [null, ...skips], bottleneck: x };
  },
};
