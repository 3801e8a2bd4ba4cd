/**
 * The kernel [4, 4, out, in] of the transposed convolution of stride 2 that stands for a 3×3 convolution over copied pixels
 * (network/upsampling.ts tells why), and the gradient back to [3, 3, in, out].
 */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Kernel } from '../dispatch.ts';
import { EACH, each } from './each.ts';

/** `at`: which number of the result, whose taps lie in a square of `side`; `rows` and `columns` of the other's taps it sums. */
const kernelOf = (name: string, body: string): Kernel => ({
  name,
  code: `
struct Shape { inputs: i32, outputs: i32 }
@group(0) @binding(0) var<storage, read> given: array<f32>;
@group(0) @binding(1) var<storage, read_write> written: array<f32>;
@group(0) @binding(2) var<uniform> s: Shape;
${EACH}
  let tap_size = s.inputs * s.outputs;
  let tap = at / tap_size;
  let rest = at - tap * tap_size;
  var sum = 0.0;
  ${body}
  written[at] = sum;
}`,
});

/** Row 0 of the four is row 2 of the three, row 1 rows 1 and 2, row 2 rows 0 and 1, row 3 row 0. */
const SPREAD = kernelOf(
  'graft kernel of copied pixels',
  `if (tap >= 16) { return; }
  let output = rest / s.inputs;
  let input = rest - output * s.inputs;
  for (var row = max(0, 2 - tap / 4); row <= min(2, 3 - tap / 4); row++) {
    for (var column = max(0, 2 - tap % 4); column <= min(2, 3 - tap % 4); column++) {
      sum += given[(row * 3 + column) * tap_size + input * s.outputs + output];
    }
  }`,
);

const SPREAD_BACK = kernelOf(
  'graft kernel of copied pixels back',
  `if (tap >= 9) { return; }
  let input = rest / s.outputs;
  let output = rest - input * s.outputs;
  for (var row = 2 - tap / 3; row <= 3 - tap / 3; row++) {
    for (var column = 2 - tap % 3; column <= 3 - tap % 3; column++) {
      sum += given[(row * 4 + column) * tap_size + output * s.inputs + input];
    }
  }`,
);

/** kernel [3, 3, in, out] → [4, 4, out, in] */
export function kernelOfCopies(backend: WebGPUBackend, kernel: TensorInfo): TensorInfo {
  const [, , inputs = 1, outputs = 1] = kernel.shape;
  return each(backend, {
    kernel: SPREAD,
    inputs: [kernel],
    shape: [4, 4, outputs, inputs],
    uniform: [inputs, outputs],
  });
}

/** Its gradient: [4, 4, out, in] → [3, 3, in, out] */
export function kernelOfCopiesBack(backend: WebGPUBackend, dSpread: TensorInfo): TensorInfo {
  const [, , outputs = 1, inputs = 1] = dSpread.shape;
  return each(backend, {
    kernel: SPREAD_BACK,
    inputs: [dSpread],
    shape: [3, 3, inputs, outputs],
    uniform: [inputs, outputs],
  });
}
