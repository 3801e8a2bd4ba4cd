/**
 * The second half of a sum that was split: the parts are added in their order, one invocation a number, so that the bits
 * do not depend on which workgroup was done first.
 */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { halvesInName, storedAs } from '../half.ts';
import { EACH, each, sizeOf } from './each.ts';
import { type Ending, endingCode } from './ending.ts';

/** parts [n, …shape] → their sum, [shape], in float16 where `half`; disposes of the parts. */
export function orderedSum(
  backend: WebGPUBackend,
  parts: TensorInfo,
  shape: readonly number[],
  { half = false, ...given }: Ending & { readonly half?: boolean } = {},
): TensorInfo {
  const ending = endingCode(given, { first: 1, vectors: false });
  const last = 1 + ending.tensors.length;
  const [count = 1] = parts.shape;
  const sum = each(backend, {
    kernel: {
      name: `graft ordered sum${ending.name}${halvesInName(half)}`,
      code: `
struct Shape { size: i32, parts: i32, channels: i32 }
@group(0) @binding(0) var<storage, read> parts: array<f32>;
${ending.code}
@group(0) @binding(${last}) var<storage, read_write> sums: array<${storedAs('f32', half)}>;
@group(0) @binding(${last + 1}) var<uniform> shape: Shape;
${EACH}
  if (at >= shape.size) { return; }
  var sum = parts[at];
  for (var part = 1; part < shape.parts; part++) { sum += parts[part * shape.size + at]; }
  sums[at] = ${storedAs('f32', half)}(ended(sum, at, at % shape.channels));
}`,
    },
    inputs: [parts, ...ending.tensors],
    shape,
    half,
    uniform: [sizeOf({ shape: [...shape] }), count, shape.at(-1) ?? 1],
  });
  backend.disposeData(parts.dataId);
  return sum;
}
