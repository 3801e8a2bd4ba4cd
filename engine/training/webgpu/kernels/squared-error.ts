/** The mean squared error of a reconstruction, split and added in order, and its gradient; and the sigmoid before it. */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { dispatchInfos, type Kernel } from '../dispatch.ts';
import { EACH, each, IS_NUMBER, sizeOf } from './each.ts';
import { orderedSum } from './ordered-sum.ts';
import { splitOver } from './split.ts';
import { entryPoint } from '../workgroups.ts';

const LANES = 256;
/** Workgroups that keep a card busy, and numbers that are worth one. */
const ENOUGH_GROUPS = 64;
const LEAST_NUMBERS = 4 * LANES;

const PARTS: Kernel = {
  name: 'graft squared error, parts',
  code: `
struct Shape { size: i32, partSize: i32, share: f32 }
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> parts: array<f32>;
@group(0) @binding(3) var<uniform> s: Shape;
var<workgroup> sums: array<f32, ${LANES}>;
${entryPoint(LANES)}
  let own = i32(lane);
  let part = i32(group.x);
  let last = min(s.size, (part + 1) * s.partSize);
  var sum = 0.0;
  for (var at = part * s.partSize + own; at < last; at += ${LANES}) {
    let apart = a[at] - b[at];
    sum += apart * apart;
  }
  sums[own] = sum;
  workgroupBarrier();
  for (var step = ${LANES / 2}; step > 0; step /= 2) {
    if (own < step) { sums[own] += sums[own + step]; }
    workgroupBarrier();
  }
  if (own == 0) { parts[part] = sums[0] * s.share; }
}`,
};

const BACK: Kernel = {
  name: 'graft squared error back',
  code: `
struct Shape { size: i32, share: f32 }
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read> outer: array<f32>;
@group(0) @binding(3) var<storage, read_write> written: array<f32>;
@group(0) @binding(4) var<uniform> s: Shape;
${EACH}
  if (at < s.size) { written[at] = (a[at] - b[at]) * (s.share * outer[0]); }
}`,
};

/** What is no number stays none: the exponential of some drivers makes one of it. */
const SIGMOID: Kernel = {
  name: 'graft sigmoid',
  code: `
struct Shape { size: i32 }
@group(0) @binding(0) var<storage, read> input: array<f32>;
@group(0) @binding(1) var<storage, read_write> written: array<f32>;
@group(0) @binding(2) var<uniform> s: Shape;
${IS_NUMBER}
${EACH}
  if (at >= s.size) { return; }
  let x = input[at];
  if (is_number(x)) { written[at] = 1.0 / (1.0 + exp(-x)); } else { written[at] = x; }
}`,
};

const SIGMOID_BACK: Kernel = {
  name: 'graft sigmoid back',
  code: `
struct Shape { size: i32 }
@group(0) @binding(0) var<storage, read> output: array<f32>;
@group(0) @binding(1) var<storage, read> gradient: array<f32>;
@group(0) @binding(2) var<storage, read_write> written: array<f32>;
@group(0) @binding(3) var<uniform> s: Shape;
${EACH}
  if (at < s.size) { written[at] = gradient[at] * output[at] * (1.0 - output[at]); }
}`,
};

/** How the numbers are split; also what the figures of docs/graphics-card.md count. */
export const errorPlan = (size: number) =>
  splitOver(size, { groups: 1, enough: ENOUGH_GROUPS, least: LEAST_NUMBERS });

/** Two tensors of one shape → []. */
export function meanSquaredError(
  backend: WebGPUBackend,
  inputs: readonly [TensorInfo, TensorInfo],
): TensorInfo {
  const size = sizeOf(inputs[0]);
  const { partPixels: partSize, parts: count } = errorPlan(size);
  const [parts] = dispatchInfos(backend, {
    kernel: PARTS,
    inputs,
    outputs: [{ shape: [count] }],
    uniform: [size, partSize, { float: 1 / size }],
    workgroups: [count, 1, 1],
  }) as [TensorInfo];
  return orderedSum(backend, parts, []);
}

/** The gradient in the first of the two, times dLoss []. */
export const meanSquaredErrorBack = (
  backend: WebGPUBackend,
  inputs: readonly [a: TensorInfo, b: TensorInfo, dLoss: TensorInfo],
): TensorInfo =>
  each(backend, {
    kernel: BACK,
    inputs,
    shape: inputs[0].shape,
    uniform: [sizeOf(inputs[0]), { float: 2 / sizeOf(inputs[0]) }],
  });

export const sigmoid = (backend: WebGPUBackend, input: TensorInfo): TensorInfo =>
  each(backend, {
    kernel: SIGMOID,
    inputs: [input],
    shape: input.shape,
    uniform: [sizeOf(input)],
  });

/** What a sigmoid gave, and the gradient of that → the gradient of what it was given. */
export const sigmoidBack = (
  backend: WebGPUBackend,
  inputs: readonly [output: TensorInfo, dOutput: TensorInfo],
): TensorInfo =>
  each(backend, {
    kernel: SIGMOID_BACK,
    inputs,
    shape: inputs[0].shape,
    uniform: [sizeOf(inputs[0])],
  });
