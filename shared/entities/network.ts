/** Networks, and how an image of any size becomes their input. */
import { z } from 'zod';

export const WEIGHT_GROUPS = ['encoder', 'decoder', 'head'] as const;
export type WeightGroup = (typeof WEIGHT_GROUPS)[number];

/** A network sees (value − mean) / deviation of each channel; values before are in [0, 1]. One entry a channel. */
const Preprocessing = z.object({
  mean: z.array(z.number()).min(1),
  deviation: z.array(z.number().positive()).min(1),
});
export type Preprocessing = z.infer<typeof Preprocessing>;

/** plain: the U-Net of docs/method.md §2; the others: published networks for which people have pretrained weights. */
const ENCODER_ARCHITECTURES = ['plain', 'resnet18', 'resnet34', 'mobilenetv2'] as const;
const EncoderArchitecture = z.enum(ENCODER_ARCHITECTURES);
export type EncoderArchitecture = z.infer<typeof EncoderArchitecture>;

/** A U-Net (docs/method.md §2). Widths are base·(1, 2, 4, …), of the decoder and of a plain encoder. */
export const NetworkConfig = z.object({
  encoder: EncoderArchitecture.default('plain'),
  /** Channels of an encoder that is not plain, relative to the published network (MobileNetV2's α). */
  encoderWidth: z.number().min(0.05).max(2).default(1),
  /** Halvings of a plain encoder; the others halve five times. */
  depth: z.number().int().min(1).max(6).default(4),
  base: z.number().int().min(2).max(128).default(8),
  /** Channels of a plain encoder's bottleneck, in multiples of the base. */
  bottleneck: z.number().int().min(1).max(64).default(16),
  /** What normalises behind every convolution: statistics of the batch, or of groups of channels of each image. */
  norm: z.enum(['batch', 'group']).default('batch'),
  /** Added to the variance by the encoder's batch normalisation: imported weights keep their own. 1e-5 elsewhere. */
  encoderEpsilon: z.number().positive().max(1).default(1e-5),
  /** Zeros around strided convolutions: symmetric as in PyTorch, or TensorFlow's `same` (right and below first). */
  padding: z.enum(['symmetric', 'same']).default('symmetric'),
  /** Applied inside the network; null: values in [0, 1] as they are. */
  preprocessing: Preprocessing.nullable().default(null),
  /** conv: skips pass a 1×1 conv, BatchNorm, ReLU; concat: as they are; none: an autoencoder's. */
  skips: z.enum(['conv', 'concat', 'none']).default('conv'),
  /** Channels the network sees: as many as the images have; grey and RGB are converted into each other. */
  inputChannels: z.number().int().min(1).max(64).default(1),
});
export type NetworkConfig = z.infer<typeof NetworkConfig>;

/** How an image of any size becomes the network's square input. */
export const SamplingConfig = z.object({
  sizePx: z.number().int().min(16).max(1024).default(64),
  /** resize: the whole image, squeezed to the square; patches: random crops at full resolution. */
  mode: z.enum(['resize', 'patches']).default('resize'),
});
export type SamplingConfig = z.infer<typeof SamplingConfig>;
