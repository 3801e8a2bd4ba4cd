/**
 * Means over the pixels of each image, all alike or weighed by an attention map, and their gradients. One workgroup an
 * image and 16 channels: what is pooled are the few pixels of a bottleneck.
 */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { dispatchInfos, type Kernel } from '../dispatch.ts';
import { halvesInName, isHalf, storedAs } from '../half.ts';
import { entryPoint } from '../workgroups.ts';
import { EACH, each } from './each.ts';

const LANES = 256;
const COLUMNS = 16;
const ROWS = LANES / COLUMNS;

const SHAPE = 'struct Shape { images: i32, pixels: i32, channels: i32 }';

const forward = (weighted: boolean, half: boolean): Kernel => ({
  name: `graft means of images${weighted ? ', weighted' : ''}${halvesInName(half)}`,
  code: `${SHAPE}
@group(0) @binding(0) var<storage, read> input: array<${storedAs('f32', half)}>;
${weighted ? '@group(0) @binding(1) var<storage, read> weights: array<f32>;' : ''}
@group(0) @binding(${weighted ? 2 : 1}) var<storage, read_write> means: array<f32>;
@group(0) @binding(${weighted ? 3 : 2}) var<storage, read_write> totals: array<f32>;
@group(0) @binding(${weighted ? 4 : 3}) var<uniform> s: Shape;
var<workgroup> sums: array<vec2<f32>, ${LANES}>;
${entryPoint(LANES)}
  let own = i32(lane);
  let image = i32(group.y);
  let channel = i32(group.x) * ${COLUMNS} + own % ${COLUMNS};
  var found = vec2<f32>();
  if (channel < s.channels) {
    for (var pixel = image * s.pixels + own / ${COLUMNS}; pixel < (image + 1) * s.pixels; pixel += ${ROWS}) {
      let weight = ${weighted ? 'weights[pixel]' : '1.0'};
      found += vec2(weight * f32(input[pixel * s.channels + channel]), weight);
    }
  }
  sums[own] = found;
  workgroupBarrier();
  for (var step = ${LANES / 2}; step >= ${COLUMNS}; step /= 2) {
    if (own < step) { sums[own] += sums[own + step]; }
    workgroupBarrier();
  }
  if (own < ${COLUMNS} && channel < s.channels) {
    means[image * s.channels + channel] = sums[own].x / sums[own].y;
    if (channel == 0) { totals[image] = sums[own].y; }
  }
}`,
});

/** Back to what is pooled. */
const back = (weighted: boolean): Kernel => ({
  name: `graft means of images back${weighted ? ', weighted' : ''}`,
  code: `${SHAPE}
@group(0) @binding(0) var<storage, read> gradient: array<f32>;
@group(0) @binding(1) var<storage, read> totals: array<f32>;
${weighted ? '@group(0) @binding(2) var<storage, read> weights: array<f32>;' : ''}
@group(0) @binding(${weighted ? 3 : 2}) var<storage, read_write> written: array<f32>;
@group(0) @binding(${weighted ? 4 : 3}) var<uniform> s: Shape;
${EACH}
  if (at >= s.images * s.pixels * s.channels) { return; }
  let pixel = at / s.channels;
  let channel = at - pixel * s.channels;
  let image = pixel / s.pixels;
  written[at] = gradient[image * s.channels + channel] * ${weighted ? 'weights[pixel]' : '1.0'} / totals[image];
}`,
});

/** Back to the weights: what a pixel has more than the mean. One invocation a pixel. */
const weightsBack = (half: boolean): Kernel => ({
  name: `graft means of images back to weights${halvesInName(half)}`,
  code: `${SHAPE}
@group(0) @binding(0) var<storage, read> input: array<${storedAs('f32', half)}>;
@group(0) @binding(1) var<storage, read> means: array<f32>;
@group(0) @binding(2) var<storage, read> totals: array<f32>;
@group(0) @binding(3) var<storage, read> gradient: array<f32>;
@group(0) @binding(4) var<storage, read_write> written: array<f32>;
@group(0) @binding(5) var<uniform> s: Shape;
${EACH}
  if (at >= s.images * s.pixels) { return; }
  let image = at / s.pixels;
  var sum = 0.0;
  for (var c = 0; c < s.channels; c++) {
    let of_image = image * s.channels + c;
    sum += (f32(input[at * s.channels + c]) - means[of_image]) * gradient[of_image];
  }
  written[at] = sum / totals[image];
}`,
});

interface Pooled {
  /** [b, c] */
  readonly means: TensorInfo;
  /** Of the weights of each image, [b]. */
  readonly totals: TensorInfo;
}

const uniformOf = ([images = 1, height = 1, width = 1, channels = 1]: readonly number[]) => [
  images,
  height * width,
  channels,
];

/** input [b, h, w, c]; weights [b, h, w, 1], or null: all 1. */
export function pooledMeans(
  backend: WebGPUBackend,
  input: TensorInfo,
  weights: TensorInfo | null,
): Pooled {
  const uniform = uniformOf(input.shape);
  const [images = 1, , channels = 1] = uniform;
  const [means, totals] = dispatchInfos(backend, {
    kernel: forward(weights !== null, isHalf(input)),
    inputs: weights === null ? [input] : [input, weights],
    outputs: [{ shape: [images, channels] }, { shape: [images] }],
    uniform,
    workgroups: [Math.ceil(channels / COLUMNS), images, 1],
  }) as [TensorInfo, TensorInfo];
  return { means, totals };
}

/** dMeans [b, c] → the gradient of what was pooled, of `shape` [b, h, w, c]. */
export const pooledMeansBack = (
  backend: WebGPUBackend,
  shape: readonly number[],
  {
    totals,
    weights,
    dMeans,
  }: Pick<Pooled, 'totals'> & {
    readonly weights: TensorInfo | null;
    readonly dMeans: TensorInfo;
  },
): TensorInfo =>
  each(backend, {
    kernel: back(weights !== null),
    inputs: [dMeans, totals, ...(weights === null ? [] : [weights])],
    shape,
    uniform: uniformOf(shape),
  });

/** The gradient of the weights, [b, h, w, 1]. */
export function pooledWeightsBack(
  backend: WebGPUBackend,
  input: TensorInfo,
  { means, totals, dMeans }: Pooled & { readonly dMeans: TensorInfo },
): TensorInfo {
  const [images = 1, height = 1, width = 1] = input.shape;
  return each(backend, {
    kernel: weightsBack(isHalf(input)),
    inputs: [input, means, totals, dMeans],
    shape: [images, height, width, 1],
    uniform: uniformOf(input.shape),
  });
}
