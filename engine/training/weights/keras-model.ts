/**
 * A network as a Keras model in HDF5 (`.h5`): what unet.ts and encoders/ describe, written as a functional model with
 * its weights. Keras 2.11 and newer load it with keras.models.load_model, and can train it on. Says in an attribute which
 * network it is, so that Graft reads it back.
 */
import type { NetworkConfig, SamplingConfig } from '../../../shared/entities.ts';
import { BATCH_NORM_EPSILON } from '../network/engine-layers.ts';
import { groupCount } from '../network/group-norm.ts';
import {
  type BlockOptions,
  centredPadding,
  type NetworkOperations,
} from '../network/network-operations.ts';
import { epsilonOf, type NetworkSpec, type Weights } from '../network/parameters.ts';
import { segmentationLogits } from '../objectives/segmentation.ts';
import { encode } from '../network/unet.ts';
import { type Hdf5Group, OWN_ATTRIBUTE, writeHdf5 } from './keras-file.ts';
import { describeNetwork } from './network-file.ts';
import type { StoredTensor } from './stored-tensor.ts';

const INPUT = 'image';
/** Share of themselves that running statistics keep a step, as in forward-pass.ts. */
const MOMENTUM = 0.9;

interface Variable {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Layer names cannot hold slashes. */
const kerasName = (layer: string) => layer.replaceAll('/', '_');
const normName = (layer: string) => `${kerasName(layer)}_norm`;

/** Tensors of a model of ours, named as Keras names them, by our own names. */
export function fromKerasNames(
  spec: NetworkSpec,
  tensors: ReadonlyMap<string, StoredTensor>,
): Map<string, StoredTensor> {
  const own = new Map<string, string>();
  for (const { name, layer, kind } of spec.parameters) {
    const part = kind === 'depthwise' ? 'kernel' : kind;
    const isNorm = kind === 'gamma' || kind === 'beta';
    own.set(`${isNorm ? normName(layer) : kerasName(layer)}/${part}`, name);
  }
  for (const { layer } of spec.statistics) {
    own.set(`${normName(layer)}/moving_mean`, `${layer}/mean`);
    own.set(`${normName(layer)}/moving_variance`, `${layer}/variance`);
  }
  return new Map(
    [...tensors].map(([name, tensor]) => [
      own.get(name) ?? name.replace(/^head_/, 'head/'),
      tensor,
    ]),
  );
}

class KerasGraph implements NetworkOperations<string> {
  readonly layers: object[] = [];
  readonly #inputsOf = new Map<string, readonly string[]>();
  readonly variables = new Map<string, readonly Variable[]>();
  readonly #spec: NetworkSpec;
  readonly #weights: Weights;

  constructor(spec: NetworkSpec, weights: Weights) {
    this.#spec = spec;
    this.#weights = weights;
  }

  layer(
    className: string,
    inputs: readonly string[],
    config: Readonly<Record<string, unknown>> = {},
    name = `${className.toLowerCase()}_${this.layers.length}`,
  ): string {
    const inbound = inputs.map((input) => [input, 0, 0, {}]);
    this.layers.push({
      class_name: className,
      name,
      config: { name, ...config },
      inbound_nodes: inputs.length === 0 ? [] : [inbound],
    });
    this.#inputsOf.set(name, inputs);
    return name;
  }

  /**
   * Layers in the order in which Keras will number them, and so expects their weights: by their distance from the
   * outputs, the farthest first, and equal ones as a search from the outputs comes upon them (keras/src/ops/function.py,
   * map_graph).
   */
  inKerasOrder(outputs: readonly string[]): string[] {
    const found = new Map<string, number>();
    const visit = (name: string) => {
      if (found.has(name)) return;
      found.set(name, found.size);
      this.#inputsOf.get(name)?.forEach(visit);
    };
    outputs.forEach(visit);
    const depths = new Map<string, number>(outputs.map((name) => [name, 0]));
    // Every layer comes after its inputs, so backwards all consumers are seen first.
    for (const [name, inputs] of [...this.#inputsOf].toReversed()) {
      const depth = depths.get(name) ?? 0;
      for (const input of inputs) depths.set(input, Math.max(depths.get(input) ?? 0, depth + 1));
    }
    const by = (map: ReadonlyMap<string, number>, name: string) => map.get(name) ?? 0;
    return [...found.keys()].sort(
      (a, b) => by(depths, b) - by(depths, a) || by(found, a) - by(found, b),
    );
  }

  #variable(parameter: string, name: string): Variable {
    const values = this.#weights.parameters.get(parameter);
    const shape = this.#spec.parameters.find((p) => p.name === parameter)?.shape;
    if (values === undefined || shape === undefined) {
      throw new Error(`the network has no parameter ${parameter}`);
    }
    return { name, shape, values };
  }

  #convolution(layer: string, input: string, bias: boolean, options: BlockOptions): string {
    const { stride = 1, padding = 'symmetric', depthwise = false } = options;
    const kernel = this.#variable(`${layer}/kernel`, 'kernel');
    const [side = 1, , , filters = 1] = kernel.shape;
    const centred = stride === 2 && padding === 'symmetric';
    const margins = [...centredPadding(side)];
    const padded =
      centred && side > 1
        ? this.layer('ZeroPadding2D', [input], { padding: [margins, margins] })
        : input;
    const name = kerasName(layer);
    this.variables.set(name, bias ? [kernel, this.#variable(`${layer}/bias`, 'bias')] : [kernel]);
    const config = {
      kernel_size: [side, side],
      strides: [stride, stride],
      padding: centred ? 'valid' : 'same',
      use_bias: bias,
    };
    return depthwise
      ? this.layer('DepthwiseConv2D', [padded], { ...config, depth_multiplier: 1 }, name)
      : this.layer('Conv2D', [padded], { ...config, filters }, name);
  }

  block(layer: string, input: string, options: BlockOptions = {}): string {
    const { activation = 'relu' } = options;
    const convolved = this.#convolution(layer, input, false, options);
    const name = normName(layer);
    const gamma = this.#variable(`${layer}/gamma`, 'gamma');
    const beta = this.#variable(`${layer}/beta`, 'beta');
    const statistics = this.#weights.statistics.get(layer);
    const channels = gamma.values.length;
    let normal: string;
    if (statistics === undefined) {
      this.variables.set(name, [gamma, beta]);
      const groups = groupCount(channels);
      const config = { axis: -1, epsilon: BATCH_NORM_EPSILON, groups };
      normal = this.layer('GroupNormalization', [convolved], config, name);
    } else {
      const shape = [channels];
      this.variables.set(name, [
        gamma,
        beta,
        { name: 'moving_mean', shape, values: statistics.slice(0, channels) },
        { name: 'moving_variance', shape, values: statistics.slice(channels) },
      ]);
      const epsilon = epsilonOf(this.#spec, layer);
      const config = { axis: -1, epsilon, momentum: MOMENTUM };
      normal = this.layer('BatchNormalization', [convolved], config, name);
    }
    if (activation === 'none') return normal;
    return this.layer('ReLU', [normal], activation === 'relu6' ? { max_value: 6 } : {});
  }

  head(layer: string, input: string): string {
    return this.#convolution(layer, input, true, {});
  }

  preprocess(input: string, { mean, deviation }: NonNullable<NetworkConfig['preprocessing']>) {
    return this.layer('Rescaling', [input], {
      scale: deviation.map((d) => 1 / d),
      offset: mean.map((m, c) => -m / (deviation[c] ?? 1)),
    });
  }

  add(a: string, b: string): string {
    return this.layer('Add', [a, b]);
  }
  relu(input: string): string {
    return this.layer('ReLU', [input]);
  }
  maxPool2(input: string): string {
    return this.layer('MaxPooling2D', [input], { pool_size: [2, 2], strides: [2, 2] });
  }
  maxPool3(input: string, padding: NetworkConfig['padding']): string {
    const margins = [...centredPadding(3)];
    const [from, rest] =
      padding === 'same'
        ? [input, 'same']
        : [this.layer('ZeroPadding2D', [input], { padding: [margins, margins] }), 'valid'];
    return this.layer('MaxPooling2D', [from], {
      pool_size: [3, 3],
      strides: [2, 2],
      padding: rest,
    });
  }
  upsampledBlock(layer: string, skip: string | null, below: string): string {
    const options = { size: [2, 2], interpolation: 'nearest' };
    const large = this.layer('UpSampling2D', [below], options);
    const input = skip === null ? large : this.layer('Concatenate', [skip, large], { axis: -1 });
    return this.block(layer, input);
  }
}

function writeWeights(file: Hdf5Group, graph: KerasGraph, names: readonly string[]): void {
  const all = file.create_group('model_weights');
  all.create_attribute('layer_names', names);
  all.create_attribute('backend', 'tensorflow');
  all.create_attribute('keras_version', '3.0.0');
  for (const name of names) {
    const group = all.create_group(name);
    const variables = graph.variables.get(name) ?? [];
    group.create_attribute(
      'weight_names',
      variables.map((v) => `${name}/${v.name}`),
    );
    const inner = group.create_group(name);
    for (const { name: variable, shape, values } of variables) {
      inner.create_dataset({ name: variable, data: values, shape: [...shape], dtype: '<f' });
    }
  }
}

/**
 * Input `image` [n, height, width, channels] in [0, 1]. Outputs: class probabilities of a segmentation network, else
 * the features of an encoder and after them its skips, the highest resolution first.
 */
export async function kerasModel(options: {
  readonly network: NetworkConfig;
  readonly spec: NetworkSpec;
  readonly weights: Weights;
  readonly part: 'encoder' | 'segmentation';
  readonly classes: readonly string[] | null;
  readonly sampling: SamplingConfig | null;
}): Promise<Uint8Array> {
  const { network, spec, weights, part, classes, sampling } = options;
  const graph = new KerasGraph(spec, weights);
  const batchShape = [null, null, null, network.inputChannels];
  graph.layer('InputLayer', [], { batch_shape: batchShape, dtype: 'float32' }, INPUT);
  let outputs: string[];
  if (part === 'segmentation') {
    const logits = segmentationLogits(graph, network, INPUT);
    outputs = [graph.layer('Softmax', [logits], { axis: -1 }, 'probabilities')];
  } else {
    const { skips, bottleneck } = encode(graph, network, INPUT);
    outputs = [bottleneck, ...skips.filter((skip) => skip !== null)];
  }
  const config = {
    class_name: 'Functional',
    config: {
      name: part,
      trainable: true,
      layers: graph.layers,
      input_layers: [[INPUT, 0, 0]],
      output_layers: outputs.map((name) => [name, 0, 0]),
    },
  };
  return writeHdf5((file) => {
    // Of variable length: fixed strings in attributes end at 64 KB.
    file.create_attribute('model_config', JSON.stringify(config), null, 'S');
    file.create_attribute('backend', 'tensorflow');
    file.create_attribute('keras_version', '3.0.0');
    const described = describeNetwork({ network, classes, sampling });
    file.create_attribute(OWN_ATTRIBUTE, described, null, 'S');
    writeWeights(file, graph, graph.inKerasOrder(outputs));
  });
}
