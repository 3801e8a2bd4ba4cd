/** ReLU, its bounded form, and their gradients in one pass each; and sums over all but the channels, for biases. */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { dispatchInfos, type Kernel } from '../dispatch.ts';
import { halvesInName, isHalf, storedAs } from '../half.ts';
import { sizeOf } from './each.ts';
import { orderedSum } from './ordered-sum.ts';
import { splitOver } from './split.ts';
import { entryPoint, GROUP_NUMBER, inRows } from '../workgroups.ts';

export type Rectifier = 'relu' | 'relu6';

const LANES = 256;

/** A value that is no number stays none. */
const rectified = (kind: Rectifier, type: string) =>
  kind === 'relu'
    ? `select(x, ${type}(), x <= ${type}())`
    : `select(select(x, ${type}(), x <= ${type}()), ${type}(6.0), x >= ${type}(6.0))`;

const passed = (kind: Rectifier, type: string) =>
  kind === 'relu'
    ? `select(d, ${type}(), x <= ${type}())`
    : `select(select(d, ${type}(), x <= ${type}()), ${type}(), x >= ${type}(6.0))`;

/** `halves`: whether the input, and the gradient where there is one, lies in float16. */
function kernelOf(
  kind: Rectifier,
  vectors: boolean,
  halves: readonly [input: boolean, gradient?: boolean],
): Kernel {
  const [half, halfGradient = false] = halves;
  const isGradient = halves.length === 2;
  const type = vectors ? 'vec4<f32>' : 'f32';
  const stored = storedAs(type, half);
  return {
    name: `graft ${kind}${isGradient ? ' back' : ''}${vectors ? ' 4' : ''}${halvesInName(half, halfGradient)}`,
    code: `
struct Shape { size: i32 }
@group(0) @binding(0) var<storage, read> input: array<${stored}>;
${isGradient ? `@group(0) @binding(1) var<storage, read> gradient: array<${storedAs(type, halfGradient)}>;` : ''}
@group(0) @binding(${isGradient ? 2 : 1}) var<storage, read_write> written: array<${stored}>;
@group(0) @binding(${isGradient ? 3 : 2}) var<uniform> s: Shape;
${entryPoint(LANES)}
  let at = ${GROUP_NUMBER} * ${LANES} + i32(lane);
  if (at >= s.size) { return; }
  let x = ${type}(input[at]);
  ${isGradient ? `let d = ${type}(gradient[at]);` : ''}
  written[at] = ${stored}(${isGradient ? passed(kind, type) : rectified(kind, type)});
}`,
  };
}

function run(
  backend: WebGPUBackend,
  kind: Rectifier,
  inputs: readonly [TensorInfo] | readonly [TensorInfo, TensorInfo],
): TensorInfo {
  const [input, gradient] = inputs;
  const size = sizeOf(input);
  const vectors = size % 4 === 0;
  const elements = vectors ? size / 4 : size;
  const [output] = dispatchInfos(backend, {
    kernel: kernelOf(
      kind,
      vectors,
      gradient === undefined ? [isHalf(input)] : [isHalf(input), isHalf(gradient)],
    ),
    inputs,
    outputs: [{ shape: input.shape, half: isHalf(input) }],
    uniform: [elements],
    workgroups: inRows(Math.ceil(elements / LANES)),
  }) as [TensorInfo];
  return output;
}

export const rectify = (backend: WebGPUBackend, kind: Rectifier, input: TensorInfo): TensorInfo =>
  run(backend, kind, [input]);

/** The gradient is none where the value is at a corner, as in TensorFlow. */
export const rectifyBack = (
  backend: WebGPUBackend,
  kind: Rectifier,
  inputs: readonly [input: TensorInfo, dOutput: TensorInfo],
): TensorInfo => run(backend, kind, inputs);

const sums = (half: boolean): Kernel => ({
  name: `graft sums of channels${halvesInName(half)}`,
  code: `
struct Shape { pixels: i32, channels: i32, partPixels: i32 }
@group(0) @binding(0) var<storage, read> input: array<${storedAs('f32', half)}>;
@group(0) @binding(1) var<storage, read_write> sums: array<f32>;
@group(0) @binding(2) var<uniform> s: Shape;
var<workgroup> own_sums: array<f32, ${LANES}>;
${entryPoint(LANES)}
  let own = i32(lane);
  let channel = i32(group.x) * 16 + own % 16;
  let part = i32(group.y);
  let last = min(s.pixels, (part + 1) * s.partPixels);
  var sum = 0.0;
  if (channel < s.channels) {
    for (var pixel = part * s.partPixels + own / 16; pixel < last; pixel += ${LANES / 16}) {
      sum += f32(input[pixel * s.channels + channel]);
    }
  }
  own_sums[own] = sum;
  workgroupBarrier();
  for (var step = ${LANES / 2}; step >= 16; step /= 2) {
    if (own < step) { own_sums[own] += own_sums[own + step]; }
    workgroupBarrier();
  }
  if (own < 16 && channel < s.channels) { sums[part * s.channels + channel] = own_sums[own]; }
}`,
});

const ENOUGH_GROUPS = 192;
const LEAST_PIXELS = 128;

/** How sums of channels are split; also what the figures of docs/graphics-card.md count. */
export function channelSumsPlan(shape: readonly number[]) {
  const channels = shape.at(-1) ?? 1;
  const pixels = shape.reduce((product, side) => product * side, 1) / channels;
  const blocks = Math.ceil(channels / 16);
  const split = splitOver(pixels, { groups: blocks, enough: ENOUGH_GROUPS, least: LEAST_PIXELS });
  return { channels, pixels, blocks, ...split };
}

/** [..., channels] → [channels] */
export function channelSums(backend: WebGPUBackend, input: TensorInfo): TensorInfo {
  const { channels, pixels, blocks, partPixels, parts } = channelSumsPlan(input.shape);
  const [found] = dispatchInfos(backend, {
    kernel: sums(isHalf(input)),
    inputs: [input],
    outputs: [{ shape: [parts, channels] }],
    uniform: [pixels, channels, partPixels],
    workgroups: [blocks, parts, 1],
  }) as [TensorInfo];
  return orderedSum(backend, found, [channels]);
}
