/** A normalisation with given statistics, folded into the kernel of the convolution before it, in one pass. */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { dispatchInfos, type Kernel } from '../dispatch.ts';
import { EACH, groupsOfEach, sizeOf } from './each.ts';

const KERNEL: Kernel = {
  name: 'graft folded kernel',
  code: `
struct Shape { size: i32, channels: i32, epsilon: f32 }
@group(0) @binding(0) var<storage, read> kernel: array<f32>;
@group(0) @binding(1) var<storage, read> gamma: array<f32>;
@group(0) @binding(2) var<storage, read> beta: array<f32>;
@group(0) @binding(3) var<storage, read> mean: array<f32>;
@group(0) @binding(4) var<storage, read> variance: array<f32>;
@group(0) @binding(5) var<storage, read_write> scaled: array<f32>;
@group(0) @binding(6) var<storage, read_write> bias: array<f32>;
@group(0) @binding(7) var<uniform> s: Shape;
${EACH}
  if (at >= s.size) { return; }
  let channel = at % s.channels;
  let scale = gamma[channel] * (1.0 / sqrt(variance[channel] + s.epsilon));
  scaled[at] = kernel[at] * scale;
  if (at < s.channels) { bias[channel] = beta[channel] - mean[channel] * scale; }
}`,
};

export interface FoldedNorm {
  readonly gamma: TensorInfo;
  readonly beta: TensorInfo;
  readonly mean: TensorInfo;
  readonly variance: TensorInfo;
  readonly epsilon: number;
}

/** kernel [side, side, in, channels], or [side, side, channels, 1] depthwise; all else [channels]. */
export function foldedKernel(
  backend: WebGPUBackend,
  kernel: TensorInfo,
  { gamma, beta, mean, variance, epsilon }: FoldedNorm,
): [scaled: TensorInfo, bias: TensorInfo] {
  const [size, channels] = [sizeOf(kernel), sizeOf(gamma)];
  return dispatchInfos(backend, {
    kernel: KERNEL,
    inputs: [kernel, gamma, beta, mean, variance],
    outputs: [{ shape: kernel.shape }, { shape: [channels] }],
    uniform: [size, channels, { float: epsilon }],
    workgroups: groupsOfEach(size),
  }) as [TensorInfo, TensorInfo];
}
