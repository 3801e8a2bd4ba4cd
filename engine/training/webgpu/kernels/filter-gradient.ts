/**
 * The gradient of a convolution in its kernel: (tap, channel) × pixels of the input, times pixels × channels of the
 * output's gradient, in tiles that workgroups share. The pixels are split over workgroups, whose parts are added in order.
 */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { dispatchInfos, type Kernel } from '../dispatch.ts';
import { halvesInName, isHalf, storedAs } from '../half.ts';
import { orderedSum } from './ordered-sum.ts';
import { splitOver } from './split.ts';
import { outputPixels, type Window } from './window.ts';
import { entryPoint } from '../workgroups.ts';

/** What one workgroup computes: (tap, channel) pairs × channels of the output. */
interface Tile {
  readonly pairs: number;
  readonly channels: number;
  /** Pairs of an invocation, each with four channels. */
  readonly perLane: 4 | 8;
}

/** Pixels that lie in shared memory at once. */
const CHUNK = 8;
/** Fewer workgroups leave most of a card idle. */
const ENOUGH_GROUPS = 256;
/** Chunks that are worth a workgroup of their own. */
const LEAST_CHUNKS = 16;
const PAIRS = [32, 64, 96, 128, 144];

function tileFor(pairs: number, channels: number): Tile {
  const across = channels <= 4 ? 4 : channels <= 16 ? 16 : channels <= 32 ? 32 : 64;
  const perLane = across <= 16 ? 4 : 8;
  const lanesOf = (side: number) => (side / perLane) * (across / 4);
  // The least that is computed and thrown away; of those alike the largest.
  const [best = 32] = PAIRS.filter((side) => lanesOf(side) <= 256).toSorted((a, b) => {
    const computed = (side: number) => Math.ceil(pairs / side) * side;
    return computed(a) - computed(b) || b - a;
  });
  return { pairs: best, channels: across, perLane };
}

interface Both {
  readonly input: boolean;
  readonly output: boolean;
}

/** `isVector`: four channels lie in one; `isInHalf`: in float16; of the input, and of the output's gradient. */
function kernelOf(tile: Tile, isVector: Both, isInHalf: Both) {
  const quads = tile.pairs / 4;
  const columns = tile.channels / 4;
  const lanes = (tile.pairs / tile.perLane) * columns;
  /** Pixels of a chunk that are loaded at once. */
  const together = lanes / quads;
  const own = tile.perLane / 4;
  const rows = lanes / columns;
  const element = (vector: boolean, half = false) => storedAs(vector ? 'vec4<f32>' : 'f32', half);
  const load = (tap: string) =>
    `if (start.w > 0 && ${tap}.w > 0 && u32(start.y + ${tap}.y) < u32(s.inHeight) && u32(start.x + ${tap}.x) < u32(s.inWidth))`;
  const address = (tap: string) =>
    `((start.z + start.y + ${tap}.y) * s.inWidth + start.x + ${tap}.x) * s.inChannels + ${tap}.z`;
  return {
    name: `graft filter gradient ${tile.pairs}×${tile.channels}/${tile.perLane}${isVector.input ? ' in4' : ''}${isVector.output ? ' out4' : ''}${halvesInName(isInHalf.input, isInHalf.output)}`,
    code: `
struct Shape {
  batch: i32, inHeight: i32, inWidth: i32, inChannels: i32, outHeight: i32, outWidth: i32, outChannels: i32,
  height: i32, width: i32, stride: i32, padTop: i32, padLeft: i32, partPixels: i32,
}
@group(0) @binding(0) var<storage, read> input: array<${element(isVector.input, isInHalf.input)}>;
@group(0) @binding(1) var<storage, read> gradient: array<${element(isVector.output, isInHalf.output)}>;
@group(0) @binding(2) var<storage, read_write> sums: array<${element(isVector.output)}>;
@group(0) @binding(3) var<uniform> s: Shape;
var<workgroup> pixels: array<vec4<i32>, ${2 * CHUNK}>;
var<workgroup> shared_input: array<vec4<f32>, ${CHUNK * quads}>;
var<workgroup> shared_gradient: array<vec4<f32>, ${CHUNK * columns}>;

// Column and row of the first tap, first row of the image, and whether there is such a pixel.
fn origin(pixel: i32, last: i32) -> vec4<i32> {
  if (pixel >= last) { return vec4(0); }
  let row = pixel / s.outWidth;
  let image = row / s.outHeight;
  return vec4((pixel - row * s.outWidth) * s.stride - s.padLeft, (row - image * s.outHeight) * s.stride - s.padTop, image * s.inHeight, 1);
}
// Column, row and channel of a pair, and whether there is such a pair.
fn tap_of(pair: i32) -> vec4<i32> {
  let tap = pair / s.inChannels;
  let row = tap / s.width;
  return vec4(tap - row * s.width, row, pair - tap * s.inChannels, select(0, 1, row < s.height));
}
${entryPoint(lanes)}
  let own_lane = i32(lane);
  let first_pair = i32(group.x) * ${tile.pairs};
  let first_channel = i32(group.y) * ${tile.channels};
  let part = i32(group.z);
  let first = part * s.partPixels;
  let last = min(s.batch * s.outHeight * s.outWidth, first + s.partPixels);
  let quad = own_lane % ${quads};
  let offset = own_lane / ${quads};
  ${
    isVector.input
      ? 'let tap = tap_of(first_pair + 4 * quad);'
      : `var taps: array<vec4<i32>, 4>;
  for (var e = 0; e < 4; e++) { taps[e] = tap_of(first_pair + 4 * quad + e); }`
  }
  let lane_column = own_lane % ${columns};
  let lane_row = own_lane / ${columns};
  var sums_of: array<vec4<f32>, ${4 * own}>;
  if (own_lane < ${CHUNK}) { pixels[own_lane] = origin(first + own_lane, last); }
  workgroupBarrier();
  var side = 0;
  for (var chunk = first; chunk < last; chunk += ${CHUNK}) {
    for (var at = offset; at < ${CHUNK}; at += ${together}) {
      let start = pixels[side + at];
      var value = vec4<f32>();
      ${
        isVector.input
          ? `${load('tap')} { value = vec4<f32>(input[(${address('tap')}) / 4]); }`
          : `for (var e = 0; e < 4; e++) { ${load('taps[e]')} { value[e] = f32(input[${address('taps[e]')}]); } }`
      }
      shared_input[at * ${quads} + quad] = value;
    }
    for (var at = own_lane; at < ${CHUNK * columns}; at += ${lanes}) {
      let pixel = chunk + at / ${columns};
      let channel = first_channel + 4 * (at % ${columns});
      var value = vec4<f32>();
      if (pixel < last) {
        ${
          isVector.output
            ? 'if (channel < s.outChannels) { value = vec4<f32>(gradient[(pixel * s.outChannels + channel) / 4]); }'
            : 'for (var e = 0; e < min(4, s.outChannels - channel); e++) { value[e] = f32(gradient[pixel * s.outChannels + channel + e]); }'
        }
      }
      shared_gradient[at] = value;
    }
    side = ${CHUNK} - side;
    for (var next = own_lane; next < ${CHUNK}; next += ${lanes}) { pixels[side + next] = origin(chunk + ${CHUNK} + next, last); }
    workgroupBarrier();
    for (var at = 0; at < ${CHUNK}; at++) {
      let b = shared_gradient[at * ${columns} + lane_column];
      for (var i = 0; i < ${own}; i++) {
        let a = shared_input[at * ${quads} + lane_row + i * ${rows}];
        sums_of[4 * i] += a.x * b; sums_of[4 * i + 1] += a.y * b; sums_of[4 * i + 2] += a.z * b; sums_of[4 * i + 3] += a.w * b;
      }
    }
    workgroupBarrier();
  }
  let pairs = s.height * s.width * s.inChannels;
  let channel = first_channel + 4 * lane_column;
  for (var i = 0; i < ${4 * own}; i++) {
    let pair = first_pair + 4 * (lane_row + i / 4 * ${rows}) + i % 4;
    if (pair >= pairs) { continue; }
    let to = (part * pairs + pair) * s.outChannels + channel;
    ${
      isVector.output
        ? 'if (channel < s.outChannels) { sums[to / 4] = sums_of[i]; }'
        : 'for (var e = 0; e < min(4, s.outChannels - channel); e++) { sums[to + e] = sums_of[i][e]; }'
    }
  }
}`,
  } satisfies Kernel;
}

/** How it is laid out over workgroups; also what the figures of docs/graphics-card.md count. */
export function filterGradientPlan(w: Window) {
  const pairs = w.height * w.width * w.inChannels;
  const tile = tileFor(pairs, w.outChannels);
  const [down, across] = [Math.ceil(pairs / tile.pairs), Math.ceil(w.outChannels / tile.channels)];
  const split = splitOver(outputPixels(w), {
    ...{ groups: down * across, enough: ENOUGH_GROUPS },
    ...{ least: CHUNK * LEAST_CHUNKS, multiple: CHUNK },
  });
  return { tile, down, across, ...split };
}

/** input and dOutput of a convolution → [height, width, inChannels, outChannels] */
export function filterGradient(
  backend: WebGPUBackend,
  window: Window,
  [input, dOutput]: readonly [input: TensorInfo, dOutput: TensorInfo],
): TensorInfo {
  const w = window;
  const { tile, down, across, partPixels, parts } = filterGradientPlan(w);
  const shape = [w.height, w.width, w.inChannels, w.outChannels];
  const [output] = dispatchInfos(backend, {
    kernel: kernelOf(
      tile,
      { input: w.inChannels % 4 === 0, output: w.outChannels % 4 === 0 },
      { input: isHalf(input), output: isHalf(dOutput) },
    ),
    inputs: [input, dOutput],
    outputs: [{ shape: parts === 1 ? shape : [parts, ...shape] }],
    uniform: [
      ...[w.batch, w.inHeight, w.inWidth, w.inChannels, w.outHeight, w.outWidth, w.outChannels],
      ...[w.height, w.width, w.stride, w.padTop, w.padLeft, partPixels],
    ],
    workgroups: [down, across, parts],
    operations: 2 * outputPixels(w) * w.height * w.width * w.inChannels * w.outChannels,
  }) as [TensorInfo];
  return parts === 1 ? output : orderedSum(backend, output, shape);
}
