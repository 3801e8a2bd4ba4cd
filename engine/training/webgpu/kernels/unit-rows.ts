/** Rows brought to length 1, and the gradient. One workgroup a row. */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { dispatchInfos, type Kernel } from '../dispatch.ts';
import { halvesInName, isHalf, storedAs } from '../half.ts';
import { entryPoint, GROUP_NUMBER, inRows } from '../workgroups.ts';

const LANES = 64;

/** `product`: of which a row's sum is taken, at `at`; then `write` uses it as `sums[0]`. */
const kernelOf = (
  name: string,
  options: { readonly bindings: string; readonly product: string; readonly write: string },
): Kernel => ({
  name,
  code: `struct Shape { rows: i32, length: i32, smallest: f32 }
${options.bindings}
var<workgroup> sums: array<f32, ${LANES}>;
${entryPoint(LANES)}
  let row = ${GROUP_NUMBER};
  if (row >= s.rows) { return; }
  let own = i32(lane);
  var sum = 0.0;
  for (var at = row * s.length + own; at < (row + 1) * s.length; at += ${LANES}) { sum += ${options.product}; }
  sums[own] = sum;
  workgroupBarrier();
  for (var step = ${LANES / 2}; step > 0; step /= 2) {
    if (own < step) { sums[own] += sums[own + step]; }
    workgroupBarrier();
  }
  ${options.write}
}`,
});

const forward = (half: boolean) =>
  kernelOf(`graft rows of length 1${halvesInName(half)}`, {
    bindings: `@group(0) @binding(0) var<storage, read> input: array<${storedAs('f32', half)}>;
@group(0) @binding(1) var<storage, read_write> unit: array<f32>;
@group(0) @binding(2) var<storage, read_write> inverses: array<f32>;
@group(0) @binding(3) var<uniform> s: Shape;`,
    product: 'f32(input[at]) * f32(input[at])',
    write: `let inverse = 1.0 / sqrt(sums[0] + s.smallest);
  for (var at = row * s.length + own; at < (row + 1) * s.length; at += ${LANES}) { unit[at] = f32(input[at]) * inverse; }
  if (own == 0) { inverses[row] = inverse; }`,
  });

const BACK = kernelOf('graft rows of length 1 back', {
  bindings: `@group(0) @binding(0) var<storage, read> unit: array<f32>;
@group(0) @binding(1) var<storage, read> inverses: array<f32>;
@group(0) @binding(2) var<storage, read> gradient: array<f32>;
@group(0) @binding(3) var<storage, read_write> written: array<f32>;
@group(0) @binding(4) var<uniform> s: Shape;`,
  product: 'unit[at] * gradient[at]',
  write: `for (var at = row * s.length + own; at < (row + 1) * s.length; at += ${LANES}) {
    written[at] = inverses[row] * (gradient[at] - unit[at] * sums[0]);
  }`,
});

/** vectors [rows, d] → the same at length 1, and what they were multiplied by, [rows]. `smallest`: added to the square of a length. */
export function unitRows(
  backend: WebGPUBackend,
  vectors: TensorInfo,
  smallest: number,
): [unit: TensorInfo, inverses: TensorInfo] {
  const [rows = 1, length = 1] = vectors.shape;
  return dispatchInfos(backend, {
    kernel: forward(isHalf(vectors)),
    inputs: [vectors],
    outputs: [{ shape: vectors.shape }, { shape: [rows] }],
    uniform: [rows, length, { float: smallest }],
    workgroups: inRows(rows),
  }) as [TensorInfo, TensorInfo];
}

/** dUnit [rows, d] → the gradient of the vectors. */
export function unitRowsBack(
  backend: WebGPUBackend,
  inputs: readonly [unit: TensorInfo, inverses: TensorInfo, dUnit: TensorInfo],
): TensorInfo {
  const [rows = 1, length = 1] = inputs[0].shape;
  const [written] = dispatchInfos(backend, {
    kernel: BACK,
    inputs,
    outputs: [{ shape: inputs[0].shape }],
    uniform: [rows, length, { float: 0 }],
    workgroups: inRows(rows),
  }) as [TensorInfo];
  return written;
}
