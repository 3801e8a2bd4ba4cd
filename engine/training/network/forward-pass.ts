/**
 * One evaluation of a network: hands out parameters, normalises with batch or running statistics, and collects the
 * statistics of the batch. What is computed is unet.ts's and the objectives' business.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import type { ConvolutionInput, Layers } from './layers.ts';
import type { BlockOptions, NetworkOperations } from './network-operations.ts';
import { concatFlat, splitParameters, splitStatistics } from './parameter-tensors.ts';
import type { NetworkSpec } from './parameters.ts';

/** Running statistics keep this share of themselves at every step (docs/method.md §2). */
export const STATISTICS_MOMENTUM = 0.9;

export interface ForwardPass extends NetworkOperations<Tensor4D> {
  readonly layers: Layers;
  /** Tensor of a parameter by its full name. */
  parameter(name: string): Tensor;
}

/** Weights as tensors: `theta` [parameters], `statistics` [2 · channels of all layers]. */
export interface TensorWeights {
  readonly spec: NetworkSpec;
  readonly parameters: readonly Tensor[];
  readonly statistics: Tensor1D;
}

export const tensorWeights = (
  spec: NetworkSpec,
  theta: Tensor1D,
  statistics: Tensor1D,
): TensorWeights => ({ spec, parameters: splitParameters(spec, theta), statistics });

export interface TrainingPass extends ForwardPass {
  /** Running statistics after this pass, [2 · channels]; disposes of the batch statistics collected. */
  updatedStatistics(): Tensor1D;
}

/**
 * `trained` layers normalise with the statistics of the batch and are differentiable;
 * `fixed` layers use their running statistics and have no gradient.
 */
export function createForwardPass(
  layers: Layers,
  weights: { readonly trained: TensorWeights | null; readonly fixed: readonly TensorWeights[] },
): TrainingPass {
  const { trained, fixed } = weights;
  const parameters = new Map<string, Tensor>();
  for (const part of trained === null ? fixed : [trained, ...fixed]) {
    part.spec.parameters.forEach(({ name }, i) => {
      const tensor = part.parameters[i];
      if (tensor !== undefined) parameters.set(name, tensor);
    });
  }
  const running = new Map(
    fixed.flatMap((part) => [...splitStatistics(part.spec, part.statistics)]),
  );
  /** Of each trained layer, one entry for each time that it was passed. */
  const collected = new Map<string, { mean: Tensor1D; variance: Tensor1D }[]>();

  function parameter(name: string): Tensor {
    const tensor = parameters.get(name);
    if (tensor === undefined) throw new Error(`the network has no parameter ${name}`);
    return tensor;
  }

  /** Layers that normalise by batch, with their specification; the others normalise by groups. */
  const byBatch = new Map(trained?.spec.statistics.map((one) => [one.layer, one]));

  function block(layer: string, input: ConvolutionInput, options: BlockOptions = {}): Tensor4D {
    const { activation = 'relu', depthwise = false } = options;
    // Ranks are fixed by the specification in parameters.ts.
    const kernel = parameter(`${layer}/kernel`) as Tensor4D;
    const gamma = parameter(`${layer}/gamma`) as Tensor1D;
    const beta = parameter(`${layer}/beta`) as Tensor1D;
    const statistics = running.get(layer);
    if (statistics !== undefined) {
      return layers.foldedConvolution(input, kernel, { gamma, beta, ...statistics }, options);
    }
    const convolved =
      depthwise && !('below' in input)
        ? layers.depthwiseConvolution(input, kernel, options)
        : layers.convolution(input, kernel, options);
    const batch = byBatch.get(layer);
    if (batch === undefined) {
      return layers.activate(layers.groupNorm(convolved, gamma, beta), activation);
    }
    const fused = activation === 'relu';
    const { output, mean, variance } = fused
      ? layers.batchNormRelu(convolved, gamma, beta, batch.epsilon)
      : layers.batchNorm(convolved, gamma, beta, batch.epsilon);
    const passes = collected.get(layer) ?? [];
    passes.push({ mean, variance });
    collected.set(layer, passes);
    return fused ? output : layers.activate(output, activation);
  }

  return {
    layers,
    parameter,
    block,
    upsampledBlock: (layer, skip, below) => block(layer, { skip, below }),
    head(layer, input) {
      const kernel = parameter(`${layer}/kernel`) as Tensor4D;
      const bias = parameter(`${layer}/bias`) as Tensor1D;
      return layers.addBias(layers.convolution(input, kernel), bias);
    },
    preprocess: (input, { mean, deviation }) =>
      tf.div(tf.sub(input, tf.tensor1d(mean)), tf.tensor1d(deviation)),
    add: (a, b) => tf.add(a, b),
    relu: (input) => layers.relu(input),
    maxPool2: (input) => layers.maxPool2(input),
    maxPool3: (input, padding) => layers.maxPool3(input, padding),
    updatedStatistics() {
      if (trained === null) throw new Error('a pass without trained layers updates nothing');
      const passes = Math.max(0, ...[...collected.values()].map((list) => list.length));
      let statistics: Tensor1D = trained.statistics;
      for (let pass = 0; pass < passes; pass++) {
        const batch = trained.spec.statistics.flatMap(({ layer }) => {
          const found = collected.get(layer)?.[pass];
          if (found === undefined)
            throw new Error(`layer ${layer} was passed less often than others`);
          return [found.mean, found.variance];
        });
        statistics =
          layers.carriedStatistics?.(statistics, batch, STATISTICS_MOMENTUM) ??
          tf.add(
            tf.mul(statistics, STATISTICS_MOMENTUM),
            tf.mul(concatFlat(batch), 1 - STATISTICS_MOMENTUM),
          );
      }
      for (const list of collected.values()) tf.dispose(list);
      return statistics;
    },
  };
}
