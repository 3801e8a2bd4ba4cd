/**
 * Largest values of windows, and the gradient, which goes to the first of the largest, row by row, as in TensorFlow.
 * No index is kept: the gradient looks again. A window with a value that is no number has none.
 */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Kernel } from '../dispatch.ts';
import { halvesInName, isHalf, storedAs } from '../half.ts';
import { EACH, each, IS_NUMBER } from './each.ts';
import {
  CHANNELWISE_SHAPE,
  channelwiseUniform,
  inputShape,
  OF_INPUT,
  OF_OUTPUT,
  outputShape,
  type Window,
} from './window.ts';

/** Index of the first largest value of a window, seen from its upper left pixel; rows and columns within the image only. */
const LARGEST = `${IS_NUMBER}
fn largest(image: i32, top: i32, left: i32, channel: i32) -> i32 {
  var best = -1;
  var most = 0.0;
  for (var i = max(0, -top); i < min(s.height, s.inHeight - top); i++) {
    for (var j = max(0, -left); j < min(s.width, s.inWidth - left); j++) {
      let at = ((image * s.inHeight + top + i) * s.inWidth + left + j) * s.channels + channel;
      let value = f32(input[at]);
      if (best < 0 || (is_number(most) && (value > most || !is_number(value)))) { best = at; most = value; }
    }
  }
  return best;
}`;

const forward = (half: boolean): Kernel => ({
  name: `graft largest of a window${halvesInName(half)}`,
  code: `${CHANNELWISE_SHAPE}
@group(0) @binding(0) var<storage, read> input: array<${storedAs('f32', half)}>;
@group(0) @binding(1) var<storage, read_write> written: array<${storedAs('f32', half)}>;
@group(0) @binding(2) var<uniform> s: Shape;
${LARGEST}
${EACH}
  ${OF_OUTPUT}
  written[at] = input[largest(image, top, left, channel)];
}`,
});

/** One invocation a pixel of the input: it asks the windows over it which pixel they took, in order. */
const back = (input: boolean, gradient: boolean): Kernel => ({
  name: `graft largest of a window back${halvesInName(input, gradient)}`,
  code: `${CHANNELWISE_SHAPE}
@group(0) @binding(0) var<storage, read> input: array<${storedAs('f32', input)}>;
@group(0) @binding(1) var<storage, read> gradient: array<${storedAs('f32', gradient)}>;
@group(0) @binding(2) var<storage, read_write> written: array<${storedAs('f32', input)}>;
@group(0) @binding(3) var<uniform> s: Shape;
${LARGEST}
${EACH}
  ${OF_INPUT}
  var sum = 0.0;
  for (var y = max(0, (down - s.height + s.stride) / s.stride); y <= min(s.outHeight - 1, down / s.stride); y++) {
    for (var x = max(0, (right - s.width + s.stride) / s.stride); x <= min(s.outWidth - 1, right / s.stride); x++) {
      if (largest(image, y * s.stride - s.padTop, x * s.stride - s.padLeft, channel) == at) {
        sum += f32(gradient[((image * s.outHeight + y) * s.outWidth + x) * s.channels + channel]);
      }
    }
  }
  written[at] = ${storedAs('f32', input)}(sum);
}`,
});

/** [b, h, w, c] → [b, outHeight, outWidth, c]; where all of a window's pixels are largest they are of the image. */
export const largestOfWindows = (
  backend: WebGPUBackend,
  window: Window,
  input: TensorInfo,
): TensorInfo =>
  each(backend, {
    kernel: forward(isHalf(input)),
    inputs: [input],
    shape: outputShape(window),
    half: isHalf(input),
    uniform: channelwiseUniform(window),
  });

/** input [b, h, w, c], dOutput [b, outHeight, outWidth, c] → [b, h, w, c] */
export const largestOfWindowsBack = (
  backend: WebGPUBackend,
  window: Window,
  inputs: readonly [input: TensorInfo, dOutput: TensorInfo],
): TensorInfo =>
  each(backend, {
    kernel: back(isHalf(inputs[0]), isHalf(inputs[1])),
    inputs,
    shape: inputShape(window),
    half: isHalf(inputs[0]),
    uniform: channelwiseUniform(window),
  });
