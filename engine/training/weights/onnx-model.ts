/**
 * A network as an ONNX model for inference, channels first: what unet.ts and encoders/ describe, written as nodes.
 * Batch normalisation is folded into the convolutions; group normalisation stays, as an instance normalisation of groups.
 */
import type { NetworkConfig } from '../../../shared/entities.ts';
import { GRAFT_VERSION } from '../../version.ts';
import { BATCH_NORM_EPSILON } from '../network/engine-layers.ts';
import { groupCount } from '../network/group-norm.ts';
import {
  type BlockOptions,
  centredPadding,
  type NetworkOperations,
} from '../network/network-operations.ts';
import { epsilonOf, type NetworkSpec, type Weights } from '../network/parameters.ts';
import { tellsObjects, withWrittenHead, writtenDepth } from '../objectives/object-depths.ts';
import { classLogits } from '../objectives/segmentation.ts';
import { decode, encode } from '../network/unet.ts';
import { attribute, type AttributeValue, encodeModel, FLOAT, INT64 } from './onnx-schema.ts';

/** Both as old as group normalisation's pieces need, for old runtimes' sake. */
export const OPSET = 13;
const IR_VERSION = 7;
const INPUT = 'image';

const bytesOf = (values: Float32Array) =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength);

/** [h, w, in, out] → [out, in, h, w]; of a depthwise kernel [h, w, c, 1] → [c, 1, h, w]. */
function toTorchKernel(values: Float32Array, shape: readonly number[], depthwise: boolean) {
  const [height = 1, width = 1, third = 1, fourth = 1] = shape;
  const [inputs, outputs] = depthwise ? [1, third] : [third, fourth];
  const pixels = height * width;
  const out = new Float32Array(values.length);
  for (let p = 0; p < pixels; p++) {
    for (let i = 0; i < inputs; i++) {
      for (let o = 0; o < outputs; o++) {
        out[(o * inputs + i) * pixels + p] = values[(p * inputs + i) * outputs + o] ?? 0;
      }
    }
  }
  return { values: out, dims: [outputs, inputs, height, width] };
}

/** [top, left, bottom, right] around a window of this side. */
function pads(side: number, { stride = 1, padding = 'symmetric' }: BlockOptions): number[] {
  const [before, after] =
    stride === 1
      ? [(side - 1) / 2, (side - 1) / 2]
      : padding === 'symmetric'
        ? centredPadding(side)
        : // TensorFlow's `same` for an even input: side − 2 in all, the smaller half before.
          [Math.floor(Math.max(0, side - 2) / 2), Math.ceil(Math.max(0, side - 2) / 2)];
  return [before, before, after, after];
}

class OnnxGraph implements NetworkOperations<string> {
  readonly nodes: object[] = [];
  readonly initializers: object[] = [];
  readonly #spec: NetworkSpec;
  readonly #weights: Weights;

  constructor(spec: NetworkSpec, weights: Weights) {
    this.#spec = spec;
    this.#weights = weights;
  }

  node(
    opType: string,
    input: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
    output = `n${this.nodes.length}`,
  ): string {
    const list = Object.entries(attributes).map(([name, value]) => attribute(name, value));
    this.nodes.push({ name: output, opType, input, output: [output], attribute: list });
    return output;
  }

  #floats(values: Float32Array, dims: readonly number[]): string {
    const name = `w${this.initializers.length}`;
    this.initializers.push({ name, dataType: FLOAT, dims, rawData: bytesOf(values) });
    return name;
  }

  #integers(values: readonly number[]): string {
    const name = `w${this.initializers.length}`;
    const rawData = Buffer.alloc(8 * values.length);
    values.forEach((value, i) => rawData.writeBigInt64LE(BigInt(value), 8 * i));
    this.initializers.push({ name, dataType: INT64, dims: [values.length], rawData });
    return name;
  }

  #parameter(name: string): { values: Float32Array; shape: readonly number[] } {
    const values = this.#weights.parameters.get(name);
    const shape = this.#spec.parameters.find((p) => p.name === name)?.shape;
    if (values === undefined || shape === undefined) {
      throw new Error(`the network has no parameter ${name}`);
    }
    return { values, shape };
  }

  #convolution(
    input: string,
    kernel: { values: Float32Array; shape: readonly number[] },
    bias: Float32Array | null,
    options: BlockOptions,
  ): string {
    const { stride = 1, depthwise = false } = options;
    const [side = 1] = kernel.shape;
    const { values, dims } = toTorchKernel(kernel.values, kernel.shape, depthwise);
    const inputs = [input, this.#floats(values, dims)];
    if (bias !== null) inputs.push(this.#floats(bias, [bias.length]));
    return this.node('Conv', inputs, {
      kernel_shape: { ints: [side, side] },
      strides: { ints: [stride, stride] },
      pads: { ints: pads(side, options) },
      group: { i: depthwise ? (dims[0] ?? 1) : 1 },
    });
  }

  #groupNorm(input: string, gamma: Float32Array, beta: Float32Array): string {
    const groups = groupCount(gamma.length);
    const grouped = this.node('Reshape', [input, this.#integers([0, groups, -1])]);
    const normal = this.node(
      'InstanceNormalization',
      [
        grouped,
        this.#floats(new Float32Array(groups).fill(1), [groups]),
        this.#floats(new Float32Array(groups), [groups]),
      ],
      { epsilon: { f: BATCH_NORM_EPSILON } },
    );
    const back = this.node('Reshape', [normal, this.node('Shape', [input])]);
    const scaled = this.node('Mul', [back, this.#floats(gamma, [1, gamma.length, 1, 1])]);
    return this.node('Add', [scaled, this.#floats(beta, [1, beta.length, 1, 1])]);
  }

  block(layer: string, input: string, options: BlockOptions = {}): string {
    const { activation = 'relu', depthwise = false } = options;
    const kernel = this.#parameter(`${layer}/kernel`);
    const gamma = this.#parameter(`${layer}/gamma`).values;
    const beta = this.#parameter(`${layer}/beta`).values;
    const statistics = this.#weights.statistics.get(layer);
    let output: string;
    if (statistics === undefined) {
      output = this.#groupNorm(this.#convolution(input, kernel, null, options), gamma, beta);
    } else {
      const channels = gamma.length;
      const epsilon = epsilonOf(this.#spec, layer);
      const scale = gamma.map((g, c) => g / Math.sqrt((statistics[channels + c] ?? 0) + epsilon));
      const bias = beta.map((b, c) => b - (statistics[c] ?? 0) * (scale[c] ?? 0));
      // The last axis that counts is the output's: channels of a depthwise kernel, too.
      const values = kernel.values.map((k, i) => k * (scale[i % channels] ?? 0));
      output = this.#convolution(input, { ...kernel, values }, bias, { ...options, depthwise });
    }
    if (activation === 'none') return output;
    if (activation === 'relu') return this.node('Relu', [output]);
    const bounds = [0, 6].map((v) => this.#floats(Float32Array.of(v), []));
    return this.node('Clip', [output, ...bounds]);
  }

  head(layer: string, input: string): string {
    const bias = this.#parameter(`${layer}/bias`).values;
    return this.#convolution(input, this.#parameter(`${layer}/kernel`), bias, {});
  }

  preprocess(input: string, { mean, deviation }: NonNullable<NetworkConfig['preprocessing']>) {
    const [m, d] = [mean, deviation].map((values) =>
      this.#floats(Float32Array.from(values), [1, values.length, 1, 1]),
    );
    return this.node('Div', [this.node('Sub', [input, m ?? '']), d ?? '']);
  }

  add(a: string, b: string): string {
    return this.node('Add', [a, b]);
  }
  relu(input: string): string {
    return this.node('Relu', [input]);
  }
  #maxPool(input: string, side: number, padding: number[]): string {
    return this.node('MaxPool', [input], {
      kernel_shape: { ints: [side, side] },
      strides: { ints: [2, 2] },
      pads: { ints: padding },
    });
  }
  maxPool2(input: string): string {
    return this.#maxPool(input, 2, [0, 0, 0, 0]);
  }
  maxPool3(input: string, padding: NetworkConfig['padding']): string {
    return this.#maxPool(input, 3, pads(3, { stride: 2, padding }));
  }
  upsampledBlock(layer: string, skip: string | null, below: string): string {
    const scales = this.#floats(Float32Array.of(1, 1, 2, 2), [4]);
    const large = this.node('Resize', [below, '', scales], {
      mode: { s: 'nearest' },
      coordinate_transformation_mode: { s: 'asymmetric' },
      nearest_mode: { s: 'floor' },
    });
    const input = skip === null ? large : this.node('Concat', [skip, large], { axis: { i: 1 } });
    return this.block(layer, input);
  }
}

/** float32; a number is a fixed size, a word one that may vary. */
const valueInfo = (name: string, dimensions: readonly (number | string)[]) => ({
  name,
  type: {
    tensorType: {
      elemType: FLOAT,
      shape: {
        dim: dimensions.map((d) => (typeof d === 'number' ? { dimValue: d } : { dimParam: d })),
      },
    },
  },
});

/**
 * Input `image` [n, channels, height, width] in [0, 1]. Outputs: `probabilities` [n, classes, height, width] of a
 * segmentation network, and `depths` [n, 1, height, width] of one that tells objects apart (object-depths.ts), else `features` and `skip_2` … of an encoder.
 */
export function onnxModel(options: {
  readonly network: NetworkConfig;
  readonly spec: NetworkSpec;
  readonly weights: Weights;
  readonly part: 'encoder' | 'segmentation';
  readonly metadata: Readonly<Record<string, string>>;
}): { readonly bytes: Uint8Array; readonly outputs: readonly string[] } {
  const { network, spec, weights, part, metadata } = options;
  const hasDepths = part === 'segmentation' && tellsObjects([spec]);
  const written = hasDepths ? withWrittenHead({ spec, weights }) : { spec, weights };
  const graph = new OnnxGraph(written.spec, written.weights);
  const outputs: string[] = [];
  const emit = (value: string, name: string) => {
    graph.node('Identity', [value], {}, name);
    outputs.push(name);
  };
  if (part === 'segmentation') {
    const features = decode(graph, network, encode(graph, network, INPUT));
    const logits = classLogits(graph, features);
    emit(graph.node('Softmax', [logits], { axis: { i: 1 } }), 'probabilities');
    if (hasDepths) emit(graph.node('Sigmoid', [writtenDepth(graph, features)]), 'depths');
  } else {
    const { skips, bottleneck } = encode(graph, network, INPUT);
    emit(bottleneck, 'features');
    skips.forEach((skip, i) => {
      if (skip !== null) emit(skip, `skip_${i + 1}`);
    });
  }
  const bytes = encodeModel({
    irVersion: IR_VERSION,
    producerName: 'Graft',
    producerVersion: GRAFT_VERSION,
    opsetImport: [{ domain: '', version: OPSET }],
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    graph: {
      name: part,
      node: graph.nodes,
      initializer: graph.initializers,
      input: [valueInfo(INPUT, ['n', network.inputChannels, 'height', 'width'])],
      output: outputs.map((name) =>
        valueInfo(name, ['n', `${name}_channels`, `${name}_height`, `${name}_width`]),
      ),
    },
  });
  return { bytes, outputs };
}
