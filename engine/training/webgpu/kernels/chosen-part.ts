/** Of several parts along the channels, for each image the one that its number names; and the gradient. */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Kernel } from '../dispatch.ts';
import { EACH, each, sizeOf } from './each.ts';

const SHAPE = 'struct Shape { size: i32, pixels: i32, channels: i32, parts: i32 }';

/** Those that are not chosen are added times 0, so that a value that is no number shows. */
const FORWARD: Kernel = {
  name: 'graft chosen part',
  code: `${SHAPE}
@group(0) @binding(0) var<storage, read> images: array<f32>;
@group(0) @binding(1) var<storage, read> chosen: array<i32>;
@group(0) @binding(2) var<storage, read_write> written: array<f32>;
@group(0) @binding(3) var<uniform> s: Shape;
${EACH}
  if (at >= s.size) { return; }
  let pixel = at / s.channels;
  let channel = at - pixel * s.channels;
  let which = chosen[pixel / s.pixels];
  var sum = 0.0;
  for (var part = 0; part < s.parts; part++) {
    sum += images[(pixel * s.parts + part) * s.channels + channel] * select(0.0, 1.0, part == which);
  }
  written[at] = sum;
}`,
};

const BACK: Kernel = {
  name: 'graft chosen part back',
  code: `${SHAPE}
@group(0) @binding(0) var<storage, read> gradient: array<f32>;
@group(0) @binding(1) var<storage, read> chosen: array<i32>;
@group(0) @binding(2) var<storage, read_write> written: array<f32>;
@group(0) @binding(3) var<uniform> s: Shape;
${EACH}
  if (at >= s.size) { return; }
  let place = at / s.channels;
  let channel = at - place * s.channels;
  let pixel = place / s.parts;
  let part = place - pixel * s.parts;
  written[at] = gradient[pixel * s.channels + channel] * select(0.0, 1.0, part == chosen[pixel / s.pixels]);
}`,
};

/** all [b, h, w, parts · c], chosen int32 [b] → [b, h, w, c] */
export function chosenPart(
  backend: WebGPUBackend,
  [all, chosen]: readonly [all: TensorInfo, chosen: TensorInfo],
  parts: number,
): TensorInfo {
  const [images = 1, height = 1, width = 1, channels = 1] = all.shape;
  const shape = [images, height, width, channels / parts];
  return each(backend, {
    kernel: FORWARD,
    inputs: [all, chosen],
    shape,
    uniform: [sizeOf({ shape }), height * width, channels / parts, parts],
  });
}

/** dPart [b, h, w, c] → [b, h, w, parts · c] */
export function chosenPartBack(
  backend: WebGPUBackend,
  [dPart, chosen]: readonly [dPart: TensorInfo, chosen: TensorInfo],
  parts: number,
): TensorInfo {
  const [images = 1, height = 1, width = 1, channels = 1] = dPart.shape;
  const shape = [images, height, width, parts * channels];
  return each(backend, {
    kernel: BACK,
    inputs: [dPart, chosen],
    shape,
    uniform: [sizeOf({ shape }), height * width, channels, parts],
  });
}
