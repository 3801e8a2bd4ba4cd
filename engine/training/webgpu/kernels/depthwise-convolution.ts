/**
 * Convolutions in which every channel is by itself: forwards, and back to input and kernel. Few products a number, so
 * one invocation computes one number; the kernel's gradient is split over pixels, and the parts are added in order.
 */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { dispatchInfos, type Kernel } from '../dispatch.ts';
import { halvesInName, isHalf, storedAs, wantsHalf } from '../half.ts';
import { EACH, each, groupsOfEach } from './each.ts';
import { orderedSum } from './ordered-sum.ts';
import { splitOver } from './split.ts';
import {
  CHANNELWISE_SHAPE,
  channelwiseUniform,
  inputShape,
  OF_INPUT,
  OF_OUTPUT,
  outputPixels,
  outputShape,
  type Window,
} from './window.ts';

/** Of the tensors that are bound, in their order: which are in float16. */
type Halves = readonly [a: boolean, b: boolean, written: boolean];

const head = ([a, b, written]: Halves) => `${CHANNELWISE_SHAPE}
@group(0) @binding(0) var<storage, read> a: array<${storedAs('f32', a)}>;
@group(0) @binding(1) var<storage, read> b: array<${storedAs('f32', b)}>;
@group(0) @binding(2) var<storage, read_write> written: array<${storedAs('f32', written)}>;
@group(0) @binding(3) var<uniform> s: Shape;
${EACH}`;

const forward = (halves: Halves): Kernel => ({
  name: `graft depthwise convolution${halvesInName(...halves)}`,
  code: `${head(halves)}
  ${OF_OUTPUT}
  var sum = 0.0;
  for (var i = max(0, -top); i < min(s.height, s.inHeight - top); i++) {
    for (var j = max(0, -left); j < min(s.width, s.inWidth - left); j++) {
      sum += f32(a[((image * s.inHeight + top + i) * s.inWidth + left + j) * s.channels + channel]) * f32(b[(i * s.width + j) * s.channels + channel]);
    }
  }
  written[at] = ${storedAs('f32', halves[2])}(sum);
}`,
});

const back = (halves: Halves): Kernel => ({
  name: `graft depthwise convolution back${halvesInName(...halves)}`,
  code: `${head(halves)}
  ${OF_INPUT}
  var sum = 0.0;
  for (var i = down % s.stride; i < min(s.height, down + 1); i += s.stride) {
    let y = (down - i) / s.stride;
    if (y >= s.outHeight) { continue; }
    for (var j = right % s.stride; j < min(s.width, right + 1); j += s.stride) {
      let x = (right - j) / s.stride;
      if (x >= s.outWidth) { continue; }
      sum += f32(a[((image * s.outHeight + y) * s.outWidth + x) * s.channels + channel]) * f32(b[(i * s.width + j) * s.channels + channel]);
    }
  }
  written[at] = ${storedAs('f32', halves[2])}(sum);
}`,
});

const filter = (halves: Halves): Kernel => ({
  name: `graft depthwise filter gradient${halvesInName(...halves)}`,
  code: `${head(halves)}
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
      sum += f32(a[((image * s.inHeight + y) * s.inWidth + x) * s.channels + channel]) * f32(b[pixel * s.channels + channel]);
    }
  }
  written[part * numbers + at] = sum;
}`,
});

/** input [b, h, w, c], kernel [height, width, c, 1] → [b, outHeight, outWidth, c] */
export const depthwiseConvolution = (
  backend: WebGPUBackend,
  window: Window,
  inputs: readonly [input: TensorInfo, kernel: TensorInfo],
): TensorInfo =>
  each(backend, {
    kernel: forward([isHalf(inputs[0]), isHalf(inputs[1]), wantsHalf(window.inChannels)]),
    inputs,
    shape: outputShape(window),
    half: wantsHalf(window.inChannels),
    uniform: channelwiseUniform(window),
  });

/** dOutput, kernel → [b, h, w, c] */
export const depthwiseInputGradient = (
  backend: WebGPUBackend,
  window: Window,
  inputs: readonly [dOutput: TensorInfo, kernel: TensorInfo],
): TensorInfo =>
  each(backend, {
    kernel: back([isHalf(inputs[0]), isHalf(inputs[1]), wantsHalf(window.inChannels)]),
    inputs,
    shape: inputShape(window),
    half: wantsHalf(window.inChannels),
    uniform: channelwiseUniform(window),
  });

/** Workgroups that keep a card busy, and pixels that are worth one. */
const ENOUGH_GROUPS = 256;
const LEAST_PIXELS = 64;

/** input, dOutput → [height, width, c, 1] */
export function depthwiseFilterGradient(
  backend: WebGPUBackend,
  window: Window,
  inputs: readonly [input: TensorInfo, dOutput: TensorInfo],
): TensorInfo {
  const shape = [window.height, window.width, window.inChannels, 1];
  const [across, down] = groupsOfEach(window.height * window.width * window.inChannels);
  const { partPixels, parts } = splitOver(outputPixels(window), {
    ...{ groups: across * down, enough: ENOUGH_GROUPS, least: LEAST_PIXELS },
  });
  const [output] = dispatchInfos(backend, {
    kernel: filter([isHalf(inputs[0]), isHalf(inputs[1]), false]),
    inputs,
    outputs: [{ shape: [parts, ...shape] }],
    uniform: channelwiseUniform(window, partPixels),
    workgroups: [across, down, parts],
  }) as [TensorInfo];
  return orderedSum(backend, output, shape);
}
