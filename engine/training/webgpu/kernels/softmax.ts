/** Probabilities of a network's answers, one invocation a pixel. */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Kernel } from '../dispatch.ts';
import { EACH, each, sizeOf } from './each.ts';

const KERNEL: Kernel = {
  name: 'graft softmax',
  code: `
struct Shape { pixels: i32, classes: i32 }
@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read_write> written: array<f32>;
@group(0) @binding(2) var<uniform> s: Shape;
${EACH}
  if (at >= s.pixels) { return; }
  let first = at * s.classes;
  var most = logits[first];
  for (var c = 1; c < s.classes; c++) { most = max(most, logits[first + c]); }
  var total = 0.0;
  for (var c = 0; c < s.classes; c++) { total += exp(logits[first + c] - most); }
  for (var c = 0; c < s.classes; c++) { written[first + c] = exp(logits[first + c] - most) / total; }
}`,
};

/** Over the last axis: [..., classes] → [..., classes] */
export function softmax(backend: WebGPUBackend, logits: TensorInfo): TensorInfo {
  const classes = logits.shape.at(-1) ?? 1;
  const pixels = sizeOf(logits) / classes;
  return each(backend, {
    kernel: KERNEL,
    inputs: [logits],
    shape: logits.shape,
    uniform: [pixels, classes],
    elements: pixels,
  });
}
