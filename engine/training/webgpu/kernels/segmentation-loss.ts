/**
 * The loss of a segmentation and its gradient in the logits: softmax, a loss of each pixel, and an overlap of each class
 * over all pixels (objectives/losses.ts has the formulae), in three passes forwards and one back.
 *
 * Sums are split over pixels and added in order. Nothing but the logits and the labels is kept: going back the
 * probabilities are computed again.
 */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { dispatchInfos, type Kernel } from '../dispatch.ts';
import { sizeOf } from './each.ts';
import { orderedSum } from './ordered-sum.ts';
import { splitOver } from './split.ts';
import { entryPoint, GROUP_NUMBER, inRows } from '../workgroups.ts';

/** Any of the losses: (1 − p)^γ · −log p weighed by class, and 1 − the mean Tversky index. */
export interface SegmentationLossOptions {
  /** [classes] */
  readonly weights: readonly number[];
  /** What the sum of weights is at least. */
  readonly leastWeight: number;
  /** γ; 0: cross-entropy. */
  readonly focus: number;
  /** Share of false positives and of false negatives. */
  readonly alpha: number;
  readonly beta: number;
  /** Added to numerator and denominator of the index. */
  readonly smoothing: number;
  /** First class whose overlap counts. */
  readonly first: 0 | 1;
}

const LANES = 64;
/** Workgroups that keep a card busy, and pixels that are worth one. */
const ENOUGH_GROUPS = 128;
const LEAST_PIXELS = 256;

/** Sums of a part: pixel losses, their weights, and for each class: p of it where it is true, p, true pixels. */
const sumsOf = (classes: number) => 2 + 3 * classes;

function shape(classes: number): string {
  return `
struct Shape { pixels: i32, partPixels: i32, leastWeight: f32, focus: f32, alpha: f32, beta: f32, smoothing: f32, first: i32 }
const CLASSES = ${classes};`;
}

/** `p`: probabilities of a pixel; `logs`: their logarithms. */
const softmax = `
  var most = logits[pixel * CLASSES];
  for (var c = 1; c < CLASSES; c++) { most = max(most, logits[pixel * CLASSES + c]); }
  var logs: array<f32, CLASSES>;
  var p: array<f32, CLASSES>;
  var total = 0.0;
  for (var c = 0; c < CLASSES; c++) {
    logs[c] = logits[pixel * CLASSES + c] - most;
    total += exp(logs[c]);
  }
  let log_total = log(total);
  for (var c = 0; c < CLASSES; c++) {
    logs[c] -= log_total;
    p[c] = exp(logs[c]);
  }`;

const partsOf = (classes: number): Kernel => ({
  name: `graft segmentation loss, parts ${classes}`,
  code: `${shape(classes)}
const SUMS = ${sumsOf(classes)};
@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> labels: array<i32>;
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read_write> parts: array<f32>;
@group(0) @binding(4) var<uniform> s: Shape;
var<workgroup> shared_sums: array<f32, ${LANES}>;
${entryPoint(LANES)}
  let own = i32(lane);
  let part = i32(group.x);
  let last = min(s.pixels, (part + 1) * s.partPixels);
  var sums: array<f32, SUMS>;
  for (var pixel = part * s.partPixels + own; pixel < last; pixel += ${LANES}) {
    let label = labels[pixel];
    if (label < 0 || label >= CLASSES) { continue; }
    ${softmax}
    let missing = max(1.0 - p[label], 1e-6);
    sums[0] -= weights[label] * exp(log(missing) * s.focus) * logs[label];
    sums[1] += weights[label];
    for (var c = 0; c < CLASSES; c++) { sums[2 + CLASSES + c] += p[c]; }
    sums[2 + label] += p[label];
    sums[2 + 2 * CLASSES + label] += 1.0;
  }
  for (var i = 0; i < SUMS; i++) {
    shared_sums[own] = sums[i];
    workgroupBarrier();
    for (var step = ${LANES / 2}; step > 0; step /= 2) {
      if (own < step) { shared_sums[own] += shared_sums[own + step]; }
      workgroupBarrier();
    }
    if (own == 0) { parts[part * SUMS + i] = shared_sums[0]; }
    workgroupBarrier();
  }
}`,
});

/** The loss, and of each class what a probability changes in it: where the class is true, and at any counted pixel. */
const finishOf = (classes: number): Kernel => ({
  name: `graft segmentation loss ${classes}`,
  code: `${shape(classes)}
@group(0) @binding(0) var<storage, read> sums: array<f32>;
@group(0) @binding(1) var<storage, read_write> loss: array<f32>;
@group(0) @binding(2) var<storage, read_write> slopes: array<f32>;
@group(0) @binding(3) var<uniform> s: Shape;
${entryPoint(1)}
  let weight = max(sums[1], s.leastWeight);
  let counted = f32(CLASSES - s.first);
  slopes[0] = 1.0 / weight;
  var overlap = 0.0;
  for (var c = 0; c < CLASSES; c++) {
    let both = sums[2 + c];
    let above = both + s.smoothing;
    let below = both + s.alpha * (sums[2 + CLASSES + c] - both) + s.beta * (sums[2 + 2 * CLASSES + c] - both) + s.smoothing;
    let index = above / below;
    let counts = select(0.0, 1.0 / counted, c >= s.first);
    overlap += counts * index;
    slopes[1 + c] = -counts * (1.0 - index * (1.0 - s.alpha - s.beta)) / below;
    slopes[1 + CLASSES + c] = counts * index * s.alpha / below;
  }
  loss[0] = sums[0] / weight + (1.0 - overlap);
}`,
});

const backOf = (classes: number): Kernel => ({
  name: `graft segmentation loss back ${classes}`,
  code: `${shape(classes)}
@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> labels: array<i32>;
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read> slopes: array<f32>;
@group(0) @binding(4) var<storage, read> outer: array<f32>;
@group(0) @binding(5) var<storage, read_write> written: array<f32>;
@group(0) @binding(6) var<uniform> s: Shape;
${entryPoint(LANES)}
  let pixel = ${GROUP_NUMBER} * ${LANES} + i32(lane);
  if (pixel >= s.pixels) { return; }
  let label = labels[pixel];
  if (label < 0 || label >= CLASSES) {
    for (var c = 0; c < CLASSES; c++) { written[pixel * CLASSES + c] = 0.0; }
    return;
  }
  ${softmax}
  let apart = 1.0 - p[label];
  let missing = max(apart, 1e-6);
  let focus = exp(log(missing) * s.focus);
  let bend = select(0.0, s.focus * focus / missing * p[label] * logs[label], apart > 1e-6);
  let of_true = -weights[label] * slopes[0] * (focus - bend);
  var mean = 0.0;
  for (var c = 0; c < CLASSES; c++) {
    let slope = slopes[1 + CLASSES + c] + select(0.0, slopes[1 + c], c == label);
    mean += slope * p[c];
  }
  for (var c = 0; c < CLASSES; c++) {
    let is_true = c == label;
    let slope = slopes[1 + CLASSES + c] + select(0.0, slopes[1 + c], is_true);
    let of_pixel = of_true * (select(0.0, 1.0, is_true) - p[c]);
    written[pixel * CLASSES + c] = outer[0] * (of_pixel + p[c] * (slope - mean));
  }
}`,
});

/** More classes would need more memory of an invocation than cards have close by. */
export const MOST_LOSS_CLASSES = 16;

const uniformOf = (options: SegmentationLossOptions, [pixels, partPixels]: readonly number[]) => [
  ...[pixels ?? 0, partPixels ?? 0],
  ...[options.leastWeight, options.focus, options.alpha, options.beta, options.smoothing].map(
    (float) => ({ float }),
  ),
  options.first,
];

/** How the pixels are split, and sums of a part; also what the figures of docs/graphics-card.md count. */
export function lossPlan(pixels: number, classes: number) {
  const split = splitOver(pixels, { groups: 1, enough: ENOUGH_GROUPS, least: LEAST_PIXELS });
  return { ...split, sums: sumsOf(classes) };
}

/** logits [..., classes], labels int32 [...], weights [classes] → the loss [], and `slopes` for going back. */
export function segmentationLoss(
  backend: WebGPUBackend,
  options: SegmentationLossOptions,
  [logits, labels, weights]: readonly [TensorInfo, TensorInfo, TensorInfo],
): [loss: TensorInfo, slopes: TensorInfo] {
  const classes = logits.shape.at(-1) ?? 1;
  const pixels = sizeOf(labels);
  const { partPixels, parts: count } = lossPlan(pixels, classes);
  const uniform = uniformOf(options, [pixels, partPixels]);
  const [parts] = dispatchInfos(backend, {
    kernel: partsOf(classes),
    inputs: [logits, labels, weights],
    outputs: [{ shape: [count, sumsOf(classes)] }],
    uniform,
    workgroups: [count, 1, 1],
  }) as [TensorInfo];
  const sums = orderedSum(backend, parts, [sumsOf(classes)]);
  const [loss, slopes] = dispatchInfos(backend, {
    kernel: finishOf(classes),
    inputs: [sums],
    outputs: [{ shape: [] }, { shape: [1 + 2 * classes] }],
    uniform,
    workgroups: [1, 1, 1],
  }) as [TensorInfo, TensorInfo];
  backend.disposeData(sums.dataId);
  return [loss, slopes];
}

/** The gradient in the logits, times dLoss []. */
export function segmentationLossBack(
  backend: WebGPUBackend,
  options: SegmentationLossOptions,
  inputs: readonly [
    logits: TensorInfo,
    labels: TensorInfo,
    weights: TensorInfo,
    slopes: TensorInfo,
    dLoss: TensorInfo,
  ],
): TensorInfo {
  const [logits, labels] = inputs;
  const pixels = sizeOf(labels);
  const [dLogits] = dispatchInfos(backend, {
    kernel: backOf(logits.shape.at(-1) ?? 1),
    inputs,
    outputs: [{ shape: logits.shape }],
    uniform: uniformOf(options, [pixels, 0]),
    workgroups: inRows(Math.ceil(pixels / LANES)),
  }) as [TensorInfo];
  return dLogits;
}
