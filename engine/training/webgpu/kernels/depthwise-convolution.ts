/**
 * Convolutions in which every channel is by itself: forwards, and back to input and kernel. Few products a number, so
 * one invocation computes one number; the kernel's gradient is split over pixels, and the parts are added in order.
 */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { dispatchInfos, GROUP_NUMBER, GROUP_PARAMETERS, inRows, type Kernel } from '../dispatch.ts';
import { orderedSum } from './ordered-sum.ts';
import { inputPixels, inputShape, outputPixels, outputShape, type Window } from './window.ts';

const LANES = 64;

const SHAPE = `struct Shape {
  batch: i32, inHeight: i32, inWidth: i32, channels: i32, outHeight: i32, outWidth: i32,
  height: i32, width: i32, stride: i32, padTop: i32, padLeft: i32, partPixels: i32,
}`;

const uniformOf = (w: Window, partPixels = 0) => [
  ...[w.batch, w.inHeight, w.inWidth, w.inChannels, w.outHeight, w.outWidth],
  ...[w.height, w.width, w.stride, w.padTop, w.padLeft, partPixels],
];

const HEAD = `${SHAPE}
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> written: array<f32>;
@group(0) @binding(3) var<uniform> s: Shape;
@compute @workgroup_size(${LANES})
fn main(${GROUP_PARAMETERS}) {
  let at = ${GROUP_NUMBER} * ${LANES} + i32(lane);`;

const FORWARD: Kernel = {
  name: 'graft depthwise convolution',
  code: `${HEAD}
  if (at >= s.batch * s.outHeight * s.outWidth * s.channels) { return; }
  let pixel = at / s.channels;
  let channel = at - pixel * s.channels;
  let line = pixel / s.outWidth;
  let image = line / s.outHeight;
  let top = (line - image * s.outHeight) * s.stride - s.padTop;
  let left = (pixel - line * s.outWidth) * s.stride - s.padLeft;
  var sum = 0.0;
  for (var i = max(0, -top); i < min(s.height, s.inHeight - top); i++) {
    for (var j = max(0, -left); j < min(s.width, s.inWidth - left); j++) {
      sum += a[((image * s.inHeight + top + i) * s.inWidth + left + j) * s.channels + channel] * b[(i * s.width + j) * s.channels + channel];
    }
  }
  written[at] = sum;
}`,
};

const BACK: Kernel = {
  name: 'graft depthwise convolution back',
  code: `${HEAD}
  if (at >= s.batch * s.inHeight * s.inWidth * s.channels) { return; }
  let pixel = at / s.channels;
  let channel = at - pixel * s.channels;
  let line = pixel / s.inWidth;
  let image = line / s.inHeight;
  let down = line - image * s.inHeight + s.padTop;
  let right = pixel - line * s.inWidth + s.padLeft;
  var sum = 0.0;
  for (var i = down % s.stride; i < min(s.height, down + 1); i += s.stride) {
    let y = (down - i) / s.stride;
    if (y >= s.outHeight) { continue; }
    for (var j = right % s.stride; j < min(s.width, right + 1); j += s.stride) {
      let x = (right - j) / s.stride;
      if (x >= s.outWidth) { continue; }
      sum += a[((image * s.outHeight + y) * s.outWidth + x) * s.channels + channel] * b[(i * s.width + j) * s.channels + channel];
    }
  }
  written[at] = sum;
}`,
};

const FILTER: Kernel = {
  name: 'graft depthwise filter gradient',
  code: `${HEAD}
  let numbers = s.height * s.width * s.channels;
  let part = i32(group.z);
  if (at >= numbers) { return; }
  let tap = at / s.channels;
  let channel = at - tap * s.channels;
  let row = tap / s.width - s.padTop;
  let column = tap % s.width - s.padLeft;
  let last = min(s.batch * s.outHeight * s.outWidth, (part + 1) * s.partPixels);
  var sum = 0.0;
  for (var pixel = part * s.partPixels; pixel < last; pixel++) {
    let line = pixel / s.outWidth;
    let image = line / s.outHeight;
    let y = (line - image * s.outHeight) * s.stride + row;
    let x = (pixel - line * s.outWidth) * s.stride + column;
    if (u32(y) < u32(s.inHeight) && u32(x) < u32(s.inWidth)) {
      sum += a[((image * s.inHeight + y) * s.inWidth + x) * s.channels + channel] * b[pixel * s.channels + channel];
    }
  }
  written[part * numbers + at] = sum;
}`,
};

const each = (numbers: number) => inRows(Math.ceil(numbers / LANES));

/** input [b, h, w, c], kernel [height, width, c, 1] → [b, outHeight, outWidth, c] */
export function depthwiseConvolution(
  backend: WebGPUBackend,
  window: Window,
  inputs: readonly [input: TensorInfo, kernel: TensorInfo],
): TensorInfo {
  const [output] = dispatchInfos(backend, {
    kernel: FORWARD,
    inputs,
    outputs: [{ shape: outputShape(window) }],
    uniform: uniformOf(window),
    workgroups: each(outputPixels(window) * window.outChannels),
  }) as [TensorInfo];
  return output;
}

/** dOutput, kernel → [b, h, w, c] */
export function depthwiseInputGradient(
  backend: WebGPUBackend,
  window: Window,
  inputs: readonly [dOutput: TensorInfo, kernel: TensorInfo],
): TensorInfo {
  const [output] = dispatchInfos(backend, {
    kernel: BACK,
    inputs,
    outputs: [{ shape: inputShape(window) }],
    uniform: uniformOf(window),
    workgroups: each(inputPixels(window) * window.inChannels),
  }) as [TensorInfo];
  return output;
}

/** Workgroups that keep a card busy, and pixels that are worth one. */
const ENOUGH_GROUPS = 256;
const LEAST_PIXELS = 64;

/** input, dOutput → [height, width, c, 1] */
export function depthwiseFilterGradient(
  backend: WebGPUBackend,
  window: Window,
  inputs: readonly [input: TensorInfo, dOutput: TensorInfo],
): TensorInfo {
  const numbers = window.height * window.width * window.inChannels;
  const pixels = outputPixels(window);
  const [across, down] = each(numbers);
  const wanted = Math.min(
    Math.ceil(ENOUGH_GROUPS / (across * down)),
    Math.ceil(pixels / LEAST_PIXELS),
  );
  const partPixels = Math.ceil(pixels / wanted);
  const parts = Math.ceil(pixels / partPixels);
  const shape = [window.height, window.width, window.inChannels, 1];
  const [output] = dispatchInfos(backend, {
    kernel: FILTER,
    inputs,
    outputs: [{ shape: [parts, ...shape] }],
    uniform: uniformOf(window, partPixels),
    workgroups: [across, down, parts],
  }) as [TensorInfo];
  return orderedSum(backend, output, shape);
}
