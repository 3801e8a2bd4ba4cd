/**
 * The second half of a sum that was split: the parts are added in their order, one invocation a number, so that the bits
 * do not depend on which workgroup was done first.
 */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { dispatchInfos, GROUP_NUMBER, GROUP_PARAMETERS, inRows, type Kernel } from '../dispatch.ts';

const LANES = 64;

const KERNEL: Kernel = {
  name: 'graft ordered sum',
  code: `
struct Shape { size: i32, parts: i32 }
@group(0) @binding(0) var<storage, read> parts: array<f32>;
@group(0) @binding(1) var<storage, read_write> sums: array<f32>;
@group(0) @binding(2) var<uniform> shape: Shape;
@compute @workgroup_size(${LANES})
fn main(${GROUP_PARAMETERS}) {
  let at = ${GROUP_NUMBER} * ${LANES} + i32(lane);
  if (at >= shape.size) { return; }
  var sum = parts[at];
  for (var part = 1; part < shape.parts; part++) { sum += parts[part * shape.size + at]; }
  sums[at] = sum;
}`,
};

/** parts [n, …shape] → their sum, [shape]; disposes of the parts. */
export function orderedSum(
  backend: WebGPUBackend,
  parts: TensorInfo,
  shape: readonly number[],
): TensorInfo {
  const size = shape.reduce((product, side) => product * side, 1);
  const [count = 1] = parts.shape;
  const [sum] = dispatchInfos(backend, {
    kernel: KERNEL,
    inputs: [parts],
    outputs: [{ shape }],
    uniform: [size, count],
    workgroups: inRows(Math.ceil(size / LANES)),
  }) as [TensorInfo];
  backend.disposeData(parts.dataId);
  return sum;
}
