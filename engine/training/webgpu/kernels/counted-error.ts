/** The mean squared error over the pixels that count, split and added in order, and its gradient. */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { dispatchInfos, type Kernel } from '../dispatch.ts';
import { entryPoint } from '../workgroups.ts';
import { EACH, each, sizeOf } from './each.ts';
import { errorPlan } from './squared-error.ts';

const LANES = 256;

const SHAPE = 'struct Shape { size: i32, partSize: i32, parts: i32, channels: i32 }';

/** Of each part: the squares, and how many numbers count. */
const PARTS: Kernel = {
  name: 'graft counted error, parts',
  code: `${SHAPE}
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read> counted: array<f32>;
@group(0) @binding(3) var<storage, read_write> parts: array<vec2<f32>>;
@group(0) @binding(4) var<uniform> s: Shape;
var<workgroup> sums: array<vec2<f32>, ${LANES}>;
${entryPoint(LANES)}
  let own = i32(lane);
  let part = i32(group.x);
  let last = min(s.size, (part + 1) * s.partSize);
  var sum = vec2<f32>();
  for (var at = part * s.partSize + own; at < last; at += ${LANES}) {
    let apart = a[at] - b[at];
    let counts = counted[at / s.channels];
    sum += vec2(apart * apart * counts, counts);
  }
  sums[own] = sum;
  workgroupBarrier();
  for (var step = ${LANES / 2}; step > 0; step /= 2) {
    if (own < step) { sums[own] += sums[own + step]; }
    workgroupBarrier();
  }
  if (own == 0) { parts[part] = sums[0]; }
}`,
};

/** The parts in their order: the error, and what one square changes in it. */
const FINISH: Kernel = {
  name: 'graft counted error',
  code: `${SHAPE}
@group(0) @binding(0) var<storage, read> parts: array<vec2<f32>>;
@group(0) @binding(1) var<storage, read_write> loss: array<f32>;
@group(0) @binding(2) var<storage, read_write> slope: array<f32>;
@group(0) @binding(3) var<uniform> s: Shape;
${entryPoint(1)}
  var sum = vec2<f32>();
  for (var part = 0; part < s.parts; part++) { sum += parts[part]; }
  let share = 1.0 / max(sum.y, f32(s.channels));
  loss[0] = sum.x * share;
  slope[0] = share;
}`,
};

const BACK: Kernel = {
  name: 'graft counted error back',
  code: `${SHAPE}
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read> counted: array<f32>;
@group(0) @binding(3) var<storage, read> slope: array<f32>;
@group(0) @binding(4) var<storage, read> outer: array<f32>;
@group(0) @binding(5) var<storage, read_write> written: array<f32>;
@group(0) @binding(6) var<uniform> s: Shape;
${EACH}
  if (at < s.size) { written[at] = (a[at] - b[at]) * (2.0 * counted[at / s.channels] * slope[0] * outer[0]); }
}`,
};

const uniformOf = (output: TensorInfo) => {
  const { partPixels, parts } = errorPlan(sizeOf(output));
  return [sizeOf(output), partPixels, parts, output.shape.at(-1) ?? 1];
};

/** output, target [..., channels], counted [...] of 0 and 1 → the error [], and `slope` [1] for going back. */
export function countedError(
  backend: WebGPUBackend,
  inputs: readonly [output: TensorInfo, target: TensorInfo, counted: TensorInfo],
): [loss: TensorInfo, slope: TensorInfo] {
  const uniform = uniformOf(inputs[0]);
  const { parts: count } = errorPlan(sizeOf(inputs[0]));
  const [parts] = dispatchInfos(backend, {
    kernel: PARTS,
    inputs,
    outputs: [{ shape: [count, 2] }],
    uniform,
    workgroups: [count, 1, 1],
  }) as [TensorInfo];
  const found = dispatchInfos(backend, {
    kernel: FINISH,
    inputs: [parts],
    outputs: [{ shape: [] }, { shape: [1] }],
    uniform,
    workgroups: [1, 1, 1],
  }) as [TensorInfo, TensorInfo];
  backend.disposeData(parts.dataId);
  return found;
}

/** The gradient in the output, times dLoss []. */
export const countedErrorBack = (
  backend: WebGPUBackend,
  inputs: readonly [
    output: TensorInfo,
    target: TensorInfo,
    counted: TensorInfo,
    slope: TensorInfo,
    dLoss: TensorInfo,
  ],
): TensorInfo =>
  each(backend, {
    kernel: BACK,
    inputs,
    shape: inputs[0].shape,
    uniform: uniformOf(inputs[0]),
  });
