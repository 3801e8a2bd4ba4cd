/** What lies in float16 as float32, for kernels that know nothing else. */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Kernel } from '../dispatch.ts';
import { EACH, each, sizeOf } from './each.ts';

const KERNEL: Kernel = {
  name: 'graft widening',
  code: `
struct Shape { size: i32 }
@group(0) @binding(0) var<storage, read> input: array<f16>;
@group(0) @binding(1) var<storage, read_write> written: array<f32>;
@group(0) @binding(2) var<uniform> s: Shape;
${EACH}
  if (at < s.size) { written[at] = f32(input[at]); }
}`,
};

export const widened = (backend: WebGPUBackend, input: TensorInfo): TensorInfo =>
  each(backend, { kernel: KERNEL, inputs: [input], shape: input.shape, uniform: [sizeOf(input)] });
