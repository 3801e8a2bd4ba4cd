/**
 * Convolutions forwards and back to their input, as products of matrices that are never laid out: pixels × (tap, channel)
 * of what is gathered, times (tap, channel) × channels of the kernel, in tiles that workgroups share.
 *
 * Both directions are one walk. A written pixel q gathers rows q·stride + tap − padding forwards. Backwards (and in
 * transposed convolutions) pixels of one remainder by the stride gather the taps of one remainder, row
 * (q + padding − tap) / stride: no product meets a zero that striding has put in.
 */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { dispatchInfos, type Kernel } from '../dispatch.ts';
import { halvesInName, isHalf, storedAs, wantsHalf } from '../half.ts';
import { type Ending, endingCode } from './ending.ts';
import { orderedSum } from './ordered-sum.ts';
import { inputShape, outputShape, type Window } from './window.ts';
import { entryPoint } from '../workgroups.ts';

/** What one workgroup computes. */
interface Tile {
  readonly pixels: number;
  readonly channels: number;
  /** (tap, channel) pairs that lie in shared memory at once. */
  readonly depth: number;
  /** Pixels of an invocation, each with four channels. */
  readonly perLane: number;
}

/** Fewer workgroups leave most of a card idle. */
const ENOUGH_GROUPS = 64;
const MOST_PARTS = 8;
/** Chunks of depth that are worth a workgroup of their own. */
const LEAST_CHUNKS = 8;

/** Bound before what the ending wants: what is gathered, and the kernel. */
const INPUTS = 2;

const groupsOf = (tile: Tile, pixels: number, channels: number) =>
  Math.ceil(pixels / tile.pixels) * Math.ceil(channels / tile.channels);

function tileFor(pixels: number, channels: number): Tile {
  if (channels <= 4) return { pixels: 256, channels: 4, depth: 8, perLane: 4 };
  const isNarrow = channels <= 16;
  const large: Tile = isNarrow
    ? { pixels: 256, channels: 16, depth: 8, perLane: 8 }
    : channels <= 32
      ? { pixels: 128, channels: 32, depth: 8, perLane: 8 }
      : { pixels: 64, channels: 64, depth: 16, perLane: 8 };
  if (groupsOf(large, pixels, channels) >= ENOUGH_GROUPS) return large;
  return isNarrow
    ? { pixels: 64, channels: 16, depth: 8, perLane: 4 }
    : { pixels: 32, channels: 32, depth: 16, perLane: 4 };
}

function kernelOf(options: {
  readonly tile: Tile;
  readonly transposed: boolean;
  /** Four channels that are gathered lie in one vector; likewise those that are written. */
  readonly gathersVectors: boolean;
  readonly writesVectors: boolean;
  /** What is gathered, and what is written, lies in float16. */
  readonly halves: readonly [gathered: boolean, written: boolean];
  readonly ending: ReturnType<typeof endingCode>;
}): Kernel {
  const { tile, transposed, gathersVectors, writesVectors, halves, ending } = options;
  const columns = tile.channels / 4;
  const quarters = tile.depth / 4;
  const lanes = (tile.pixels / tile.perLane) * columns;
  const rows = lanes / columns;
  const loads = (tile.pixels * quarters) / lanes;
  const kernelVectors = writesVectors && !transposed;
  const element = (isVector: boolean, half = false) =>
    storedAs(isVector ? 'vec4<f32>' : 'f32', half);
  const stored = element(writesVectors, halves[1]);

  const sign = transposed ? '-' : '+';
  const gatherVector = `
    let k = chunk + 4 * quarter;
    let tap = k / s.gathered;
    let c = k - tap * s.gathered;
    let down = tap / taps.x;
    let right = tap - down * taps.x;
    for (var i = 0; i < ${loads}; i++) {
      let row = origins[i].y ${sign} down;
      let column = origins[i].x ${sign} right;
      var value = vec4<f32>();
      if (k < last && u32(row) < u32(s.gatheredHeight) && u32(column) < u32(s.gatheredWidth)) {
        value = vec4<f32>(gathered[(((origins[i].z + row) * s.gatheredWidth + column) * s.gathered + c) / 4]);
      }
      shared_pixels[quarter * PITCH + own_row + i * ${lanes / quarters}] = value;
    }`;
  const gatherScalars = `
    // Column, row, channel, and whether there is such a product.
    var places: array<vec4<i32>, 4>;
    for (var e = 0; e < 4; e++) {
      let k = chunk + 4 * quarter + e;
      let tap = k / s.gathered;
      let down = tap / taps.x;
      places[e] = vec4(tap - down * taps.x, down, k - tap * s.gathered, select(0, 1, k < last));
    }
    for (var i = 0; i < ${loads}; i++) {
      var value = vec4<f32>();
      for (var e = 0; e < 4; e++) {
        let row = origins[i].y ${sign} places[e].y;
        let column = origins[i].x ${sign} places[e].x;
        if (places[e].w > 0 && u32(row) < u32(s.gatheredHeight) && u32(column) < u32(s.gatheredWidth)) {
          value[e] = f32(gathered[((origins[i].z + row) * s.gatheredWidth + column) * s.gathered + places[e].z]);
        }
      }
      shared_pixels[quarter * PITCH + own_row + i * ${lanes / quarters}] = value;
    }`;

  const loadKernel = `for (var at = own; at < ${tile.depth * columns}; at += ${lanes}) {
      let depth = ${transposed ? `at % ${tile.depth}` : `at / ${columns}`};
      let column = ${transposed ? `at / ${tile.depth}` : `at % ${columns}`};
      let k = chunk + depth;
      let n = first_channel + 4 * column;
      var value = vec4<f32>();
      if (k < last && n < s.written) {
        ${
          transposed
            ? `let tap = k / s.gathered;
        let c = k - tap * s.gathered;
        let down = tap / taps.x;
        let weight_row = (first_tap.y + s.stride * down) * s.kernelWidth + first_tap.x + s.stride * (tap - down * taps.x);
        for (var e = 0; e < min(4, s.written - n); e++) { value[e] = weights[(weight_row * s.written + n + e) * s.gathered + c]; }`
            : kernelVectors
              ? 'value = weights[(k * s.written + n) / 4];'
              : 'for (var e = 0; e < min(4, s.written - n); e++) { value[e] = weights[k * s.written + n + e]; }'
        }
      }
      shared_kernel[depth * ${columns} + column] = value;
    }`;

  const write = `for (var i = 0; i < ${tile.perLane}; i++) {
    let p = first_pixel + lane_row + i * ${rows};
    if (p >= pixels) { break; }
    let at = p / s_inner;
    let inner = p - at * s_inner;
    let y = inner / grid.x;
    let x = inner - y * grid.x;
    let pixel = (at * s.writtenHeight + y * ${transposed ? 's.stride' : '1'} + remainder.y) * s.writtenWidth + x * ${transposed ? 's.stride' : '1'} + remainder.x;
    let to = part * s.batch * s.writtenHeight * s.writtenWidth * s.written + pixel * s.written + channel;
    ${
      writesVectors
        ? `if (channel < s.written) { written[to / 4] = ${stored}(ended(sums[i], to / 4, channel)); }`
        : `for (var e = 0; e < min(4, s.written - channel); e++) { written[to + e] = ${stored}(ended(sums[i][e], to + e, channel + e)); }`
    }
  }`;

  const { pixels, channels, depth, perLane } = tile;
  const last = INPUTS + ending.tensors.length;
  return {
    name: `graft convolution${transposed ? ' back' : ''} ${pixels}×${channels}×${depth}/${perLane}${gathersVectors ? ' in4' : ''}${writesVectors ? ' out4' : ''}${ending.name}${halvesInName(...halves)}`,
    code: `
struct Shape {
  batch: i32, gatheredHeight: i32, gatheredWidth: i32, gathered: i32,
  writtenHeight: i32, writtenWidth: i32, written: i32,
  kernelHeight: i32, kernelWidth: i32, stride: i32, padTop: i32, padLeft: i32,
  parts: i32, partDepth: i32, columns: i32,
}
@group(0) @binding(0) var<storage, read> gathered: array<${element(gathersVectors, halves[0])}>;
@group(0) @binding(1) var<storage, read> weights: array<${element(kernelVectors)}>;
${ending.code}
@group(0) @binding(${last}) var<storage, read_write> written: array<${stored}>;
@group(0) @binding(${last + 1}) var<uniform> s: Shape;
const PITCH = ${pixels + 1};
var<workgroup> shared_pixels: array<vec4<f32>, ${quarters * (pixels + 1)}>;
var<workgroup> shared_kernel: array<vec4<f32>, ${depth * columns}>;
${entryPoint(lanes)}
  let own = i32(lane);
  let z = i32(group.z);
  let first_channel = (z % s.columns) * ${channels};
  let part = (z / s.columns) % s.parts;
  ${
    transposed
      ? `let class_number = z / (s.columns * s.parts);
  let remainder = vec2(class_number % s.stride, class_number / s.stride);
  let padding = vec2(s.padLeft, s.padTop);
  let first_tap = (remainder + padding) % s.stride;
  let grid = (vec2(s.writtenWidth, s.writtenHeight) - remainder + s.stride - 1) / s.stride;
  let taps = max(vec2(0), (vec2(s.kernelWidth, s.kernelHeight) - first_tap + s.stride - 1) / s.stride);
  let shift = (remainder + padding - first_tap) / s.stride;
  const STEP = 1;`
      : `let remainder = vec2(0, 0);
  let grid = vec2(s.writtenWidth, s.writtenHeight);
  let taps = vec2(s.kernelWidth, s.kernelHeight);
  let shift = -vec2(s.padLeft, s.padTop);
  let STEP = s.stride;`
  }
  let s_inner = grid.x * grid.y;
  let pixels = s.batch * s_inner;
  let first_pixel = i32(group.x + group.y * groups.x) * ${pixels};
  if (first_pixel >= pixels) { return; }
  let depth_of_all = taps.x * taps.y * s.gathered;
  let begin = part * s.partDepth;
  let last = min(depth_of_all, begin + s.partDepth);

  let quarter = own % ${quarters};
  let own_row = own / ${quarters};
  var origins: array<vec3<i32>, ${loads}>;
  for (var i = 0; i < ${loads}; i++) {
    origins[i] = vec3(0, -1000000, 0);
    let p = first_pixel + own_row + i * ${lanes / quarters};
    if (p < pixels) {
      let at = p / s_inner;
      let inner = p - at * s_inner;
      let y = inner / grid.x;
      origins[i] = vec3((inner - y * grid.x) * STEP + shift.x, y * STEP + shift.y, at * s.gatheredHeight);
    }
  }
  let lane_column = own % ${columns};
  let lane_row = own / ${columns};
  var sums: array<vec4<f32>, ${perLane}>;
  for (var chunk = begin; chunk < last; chunk += ${depth}) {
    ${gathersVectors ? gatherVector : gatherScalars}
    ${loadKernel}
    workgroupBarrier();
    for (var q = 0; q < ${quarters}; q++) {
      let b0 = shared_kernel[(4 * q) * ${columns} + lane_column];
      let b1 = shared_kernel[(4 * q + 1) * ${columns} + lane_column];
      let b2 = shared_kernel[(4 * q + 2) * ${columns} + lane_column];
      let b3 = shared_kernel[(4 * q + 3) * ${columns} + lane_column];
      for (var i = 0; i < ${perLane}; i++) {
        let a = shared_pixels[q * PITCH + lane_row + i * ${rows}];
        sums[i] += a.x * b0; sums[i] += a.y * b1; sums[i] += a.z * b2; sums[i] += a.w * b3;
      }
    }
    workgroupBarrier();
  }
  let channel = first_channel + 4 * lane_column;
  ${write}
}`,
  };
}

/** How a convolution is laid out over workgroups; also what the figures of docs/graphics-card.md count. */
export function convolutionPlan(window: Window, transposed: boolean) {
  const w = window;
  const [gathered, written] = transposed
    ? [w.outChannels, w.inChannels]
    : [w.inChannels, w.outChannels];
  const classes = transposed ? w.stride ** 2 : 1;
  const [height, width] = transposed ? [w.inHeight, w.inWidth] : [w.outHeight, w.outWidth];
  const step = transposed ? w.stride : 1;
  const pixels = w.batch * Math.ceil(height / step) * Math.ceil(width / step);
  const tile = tileFor(pixels * classes, written);
  const depth = Math.ceil(w.height / step) * Math.ceil(w.width / step) * gathered;
  const columns = Math.ceil(written / tile.channels);
  const groups = Math.ceil(pixels / tile.pixels) * columns * classes;
  const wanted = Math.min(
    MOST_PARTS,
    Math.ceil(ENOUGH_GROUPS / groups),
    Math.floor(depth / (LEAST_CHUNKS * tile.depth)),
  );
  const partDepth = Math.ceil(depth / Math.max(1, wanted) / tile.depth) * tile.depth;
  const parts = Math.ceil(depth / partDepth);
  return { tile, gathered, written, classes, pixels, columns, parts, partDepth };
}

function convolve(
  backend: WebGPUBackend,
  { window, transposed }: { readonly window: Window; readonly transposed: boolean },
  [gatheredTensor, kernel]: readonly [TensorInfo, TensorInfo],
  given: Ending,
): TensorInfo {
  const w = window;
  const plan = convolutionPlan(w, transposed);
  const { tile, gathered, written, parts, columns } = plan;
  const gatheredSize = transposed ? [w.outHeight, w.outWidth] : [w.inHeight, w.inWidth];
  const writtenSize = transposed ? [w.inHeight, w.inWidth] : [w.outHeight, w.outWidth];
  const shape = transposed ? inputShape(w) : outputShape(w);
  const rows = Math.ceil(plan.pixels / tile.pixels);
  const across = Math.ceil(rows / 32768);
  const writesVectors = written % 4 === 0;
  // Parts of a sum are ended where they are added.
  const half = wantsHalf(written);
  const isWhole = parts === 1;
  const ending = endingCode(isWhole ? given : {}, { first: INPUTS, vectors: writesVectors });
  const [output] = dispatchInfos(backend, {
    kernel: kernelOf({
      tile,
      transposed,
      gathersVectors: gathered % 4 === 0,
      writesVectors,
      halves: [isHalf(gatheredTensor), isWhole && half],
      ending,
    }),
    inputs: [gatheredTensor, kernel, ...ending.tensors],
    outputs: [isWhole ? { shape, half } : { shape: [parts, ...shape] }],
    uniform: [
      ...[w.batch, ...gatheredSize, gathered, ...writtenSize, written],
      ...[w.height, w.width, w.stride, w.padTop, w.padLeft],
      ...[parts, plan.partDepth, columns],
    ],
    workgroups: [Math.ceil(rows / across), across, columns * parts * plan.classes],
    operations: 2 * w.batch * w.outHeight * w.outWidth * w.height * w.width * gathered * written,
  }) as [TensorInfo];
  return isWhole ? output : orderedSum(backend, output, shape, { ...given, half });
}

/** input [b, inHeight, inWidth, inChannels], kernel [height, width, inChannels, outChannels] → [b, outHeight, outWidth, outChannels] */
export const convolution = (
  backend: WebGPUBackend,
  window: Window,
  tensors: readonly [input: TensorInfo, kernel: TensorInfo],
  ending: Ending = {},
): TensorInfo => convolve(backend, { window, transposed: false }, tensors, ending);

/** The gradient of `convolution` in its input; a transposed convolution, too. */
export const inputGradient = (
  backend: WebGPUBackend,
  window: Window,
  tensors: readonly [dOutput: TensorInfo, kernel: TensorInfo],
  ending: Ending = {},
): TensorInfo => convolve(backend, { window, transposed: true }, tensors, ending);
