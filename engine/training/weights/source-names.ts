/**
 * What our layers are called in the files of torchvision, timm and Keras, and how to tell from a file's tensors which
 * network it holds. No values here.
 */
import type { NetworkConfig, WeightNaming } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';

/** Names of the two layers of theirs that are one of ours. */
export interface SourceLayers {
  readonly convolution: string;
  readonly norm: string;
}

export interface RecognisedNetwork {
  readonly naming: Exclude<WeightNaming, 'graft'>;
  readonly encoder: Exclude<NetworkConfig['encoder'], 'plain'>;
  /** Before every name of the encoder in the file: 'encoder.', 'module.' … */
  readonly prefix: string;
  readonly padding: NetworkConfig['padding'];
  /** What files of this family were trained to see. */
  readonly preprocessing: 'imagenet' | 'tf' | 'caffe';
  /** ε of batch normalisation where the file does not tell. */
  readonly epsilon: number;
}

const TORCH = { padding: 'symmetric', preprocessing: 'imagenet', epsilon: 1e-5 } as const;

interface Signature {
  /** Ends of the names of tensors that only this network has, first the one that tells the prefix. */
  readonly has: readonly string[];
  /** Ends of names that a relative of it has. */
  readonly lacks: readonly string[];
  readonly is: Omit<RecognisedNetwork, 'prefix'>;
}

const SIGNATURES: readonly Signature[] = [
  {
    has: ['conv1.weight', 'layer1.0.conv1.weight', 'layer4.1.conv2.weight'],
    lacks: ['layer1.0.conv3.weight', 'layer1.2.conv1.weight'],
    is: { naming: 'torchvision', encoder: 'resnet18', ...TORCH },
  },
  {
    has: ['conv1.weight', 'layer1.2.conv1.weight', 'layer3.5.conv2.weight'],
    lacks: ['layer1.0.conv3.weight', 'layer3.6.conv1.weight'],
    is: { naming: 'torchvision', encoder: 'resnet34', ...TORCH },
  },
  {
    has: ['features.0.0.weight', 'features.1.conv.0.0.weight', 'features.17.conv.3.weight'],
    lacks: ['features.1.block.0.0.weight'],
    is: { naming: 'torchvision', encoder: 'mobilenetv2', ...TORCH },
  },
  {
    has: ['conv_stem.weight', 'blocks.0.0.conv_dw.weight', 'blocks.6.0.conv_pwl.weight'],
    lacks: ['blocks.0.0.se.conv_reduce.weight', 'blocks.1.0.se.conv_reduce.weight'],
    is: { naming: 'timm', encoder: 'mobilenetv2', ...TORCH },
  },
  {
    has: ['Conv1/kernel', 'expanded_conv_depthwise/kernel', 'block_16_project/kernel'],
    lacks: [],
    is: {
      naming: 'keras',
      encoder: 'mobilenetv2',
      padding: 'same',
      preprocessing: 'tf',
      epsilon: 1e-3,
    },
  },
  ...(
    [
      ['resnet18', 'conv4_block2_2_conv/kernel', 'conv2_block3_1_conv/kernel'],
      ['resnet34', 'conv4_block6_2_conv/kernel', 'conv4_block7_1_conv/kernel'],
    ] as const
  ).map(([encoder, has, lacks]): Signature => ({
    has: ['conv1_conv/kernel', 'conv2_block1_1_conv/kernel', has],
    lacks: ['conv2_block1_3_conv/kernel', lacks],
    is: {
      naming: 'keras',
      encoder,
      padding: 'symmetric',
      preprocessing: 'caffe',
      epsilon: 1.001e-5,
    },
  })),
];

/** What a relative gives itself away by, and what it is called. */
const RELATIVES: readonly (readonly [end: string, name: string])[] = [
  ['layer1.0.conv3.weight', 'a ResNet with bottleneck blocks (ResNet-50 and deeper)'],
  ['conv2_block1_3_conv/kernel', 'a ResNet with bottleneck blocks (ResNet-50 and deeper)'],
  ['blocks.0.0.se.conv_reduce.weight', 'an EfficientNet'],
  ['features.1.block.0.0.weight', 'a MobileNetV3 or EfficientNet'],
  ['block1a_se_reduce/kernel', 'an EfficientNet'],
  ['block1_conv1/kernel', 'a VGG'],
  ['features.denseblock1.denselayer1.conv1.weight', 'a DenseNet'],
  ['bn_data/gamma', 'a pre-activation ResNet'],
  [
    'encoder_level1_conv1/kernel',
    'an export of Graft that was saved anew by Keras, which drops what Graft wrote of it',
  ],
  [
    'encoder_stem/kernel',
    'an export of Graft that was saved anew by Keras, which drops what Graft wrote of it',
  ],
];

/** Errors: unsupported, naming what the file holds instead. */
export function recogniseNetwork(names: ReadonlySet<string>, subject: string): RecognisedNetwork {
  for (const { has, lacks, is } of SIGNATURES) {
    const [first = ''] = has;
    for (const name of names) {
      if (!name.endsWith(first)) continue;
      const prefix = name.slice(0, name.length - first.length);
      const holds = (end: string) => names.has(prefix + end);
      if (has.every(holds) && !lacks.some(holds)) return { ...is, prefix };
    }
  }
  const relative = RELATIVES.find(([end]) => [...names].some((name) => name.endsWith(end)));
  const found =
    relative === undefined
      ? `with layers such as ${[...names].slice(0, 3).join(', ')}`
      : `namely ${relative[1]}`;
  throw new AppError(
    'unsupported',
    `${subject} holds another network, ${found}. Graft takes ResNet-18, ResNet-34 and MobileNetV2 (torchvision, timm or Keras names), and its own exports.`,
    { subject },
  );
}

/** Number of MobileNetV2's block (1 … 17) → timm's stage and index within it. */
function timmPlace(block: number): readonly [stage: number, index: number] {
  let first = 1;
  for (const [stage, repeats] of [1, 2, 3, 4, 3, 3, 1].entries()) {
    if (block < first + repeats) return [stage, block - first];
    first += repeats;
  }
  throw new Error(`MobileNetV2 has no block ${block}`);
}

const TIMM_PARTS = {
  expand: ['conv_pw', 'bn1'],
  depthwise: ['conv_dw', 'bn2'],
  project: ['conv_pwl', 'bn3'],
} as const;
/** The first block expands nothing. */
const TIMM_FIRST_PARTS = { depthwise: ['conv_dw', 'bn1'], project: ['conv_pw', 'bn2'] } as const;

type MobileNetPart = keyof typeof TIMM_PARTS;

function mobilenetLayer(
  naming: RecognisedNetwork['naming'],
  block: number,
  part: MobileNetPart,
): readonly [string, string] {
  if (naming === 'keras') {
    const name = `${block === 1 ? 'expanded_conv' : `block_${block - 1}`}_${part}`;
    return [name, `${name}_BN`];
  }
  if (naming === 'timm') {
    const [stage, index] = timmPlace(block);
    const [convolution, norm] =
      block === 1 && part !== 'expand' ? TIMM_FIRST_PARTS[part] : TIMM_PARTS[part];
    return [`blocks.${stage}.${index}.${convolution}`, `blocks.${stage}.${index}.${norm}`];
  }
  const conv = `features.${block}.conv`;
  const expands = block > 1 ? 1 : 0;
  if (part === 'expand') return [`${conv}.0.0`, `${conv}.0.1`];
  if (part === 'depthwise') return [`${conv}.${expands}.0`, `${conv}.${expands}.1`];
  return [`${conv}.${expands + 1}`, `${conv}.${expands + 2}`];
}

function stemLayers({ naming, encoder }: RecognisedNetwork): readonly [string, string] {
  if (encoder === 'mobilenetv2') {
    if (naming === 'keras') return ['Conv1', 'bn_Conv1'];
    return naming === 'timm' ? ['conv_stem', 'bn1'] : ['features.0.0', 'features.0.1'];
  }
  return naming === 'keras' ? ['conv1_conv', 'conv1_bn'] : ['conv1', 'bn1'];
}

function resnetLayer(
  naming: RecognisedNetwork['naming'],
  stage: number,
  block: number,
  part: string,
): readonly [string, string] {
  const number = part === 'shortcut' ? 0 : Number(part.slice('conv'.length));
  if (naming === 'keras') {
    const name = `conv${stage + 1}_block${block}_${number}`;
    return [`${name}_conv`, `${name}_bn`];
  }
  const name = `layer${stage}.${block - 1}`;
  return number === 0
    ? [`${name}.downsample.0`, `${name}.downsample.1`]
    : [`${name}.conv${number}`, `${name}.bn${number}`];
}

/** Where a layer of our encoder comes from in a file of that family. */
export function sourceLayers(network: RecognisedNetwork, layer: string): SourceLayers {
  const { naming, prefix } = network;
  const stage = /^encoder\/stage(\d+)\/block(\d+)\/(\w+)$/.exec(layer);
  const block = /^encoder\/block(\d+)\/(expand|depthwise|project)$/.exec(layer);
  const [convolution, norm] =
    stage !== null
      ? resnetLayer(naming, Number(stage[1]), Number(stage[2]), stage[3] ?? '')
      : block !== null
        ? mobilenetLayer(naming, Number(block[1]), block[2] as MobileNetPart)
        : stemLayers(network);
  return { convolution: prefix + convolution, norm: prefix + norm };
}
