/**
 * Normalisation with the mean and variance of groups of channels, and the activation behind it. Batch
 * normalisation is that of groups of one channel over all pixels of a batch; group normalisation that of each image by
 * itself.
 *
 * Sums are split over pixels. Each part tells mean and sum of squares around that mean (no large sums are subtracted),
 * and the parts are put together in a fixed order (Chan et al. 1979, updating formulae). The way back is
 * normalisation-back.ts'.
 */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { dispatchInfos, type Kernel } from '../dispatch.ts';
import { halvesInName, isHalf, storedAs } from '../half.ts';
import { entryPoint, GROUP_NUMBER, inRows } from '../workgroups.ts';
import {
  APPLIED,
  elementsOf,
  JOINING,
  LANES,
  type NormOptions,
  normPlan,
  place,
  SHAPE,
  type Statistics,
  uniformOf,
  walk,
  workgroupsOf,
} from './normalisation-parts.ts';

/** Mean and sum of squares of two sets together. x: how many, y: mean, z: sum of squares around it. */
const TOGETHER = `fn together(a: vec3<f32>, b: vec3<f32>) -> vec3<f32> {
  let count = a.x + b.x;
  if (b.x == 0.0) { return a; }
  if (a.x == 0.0) { return b; }
  let apart = b.y - a.y;
  return vec3(count, a.y + apart * (b.x / count), a.z + b.z + apart * apart * (a.x * b.x / count));
}`;

const statisticsOfParts = (columns: number, half: boolean): Kernel => ({
  name: `graft statistics of parts ${columns}${halvesInName(half)}`,
  code: `${SHAPE}
@group(0) @binding(0) var<storage, read> input: array<${storedAs('f32', half)}>;
@group(0) @binding(1) var<storage, read_write> parts: array<f32>;
@group(0) @binding(2) var<uniform> s: Shape;
var<workgroup> sums: array<vec3<f32>, ${LANES}>;
${TOGETHER}
${entryPoint(LANES)}
  ${walk(columns)}
  var found = vec3<f32>();
  if (channel < s.channels) {
    let near = f32(input[image_start + min(begin + row, last - 1) * s.channels]);
    var count = 0.0;
    var sum = 0.0;
    var squares = 0.0;
    for (var pixel = begin + row; pixel < last; pixel += ROWS) {
      let apart = f32(input[image_start + pixel * s.channels]) - near;
      count += 1.0;
      sum += apart;
      squares += apart * apart;
    }
    if (count > 0.0) { found = vec3(count, near + sum / count, squares - sum * (sum / count)); }
  }
  sums[own] = found;
  workgroupBarrier();
  for (var step = ROWS / 2; step > 0; step /= 2) {
    if (row < step) { sums[own] = together(sums[own], sums[own + step * ${columns}]); }
    workgroupBarrier();
  }
  if (row == 0 && channel < s.channels) {
    let to = ((image * s.parts + part) * s.channels + channel) * 2;
    parts[to] = sums[own].y;
    parts[to + 1] = max(sums[own].z, 0.0);
  }
}`,
});

/** One workgroup a group of an image: mean, 1/√(variance + ε), and the variance with n − 1. */
const STATISTICS: Kernel = {
  name: 'graft statistics',
  code: `${SHAPE}
@group(0) @binding(0) var<storage, read> parts: array<f32>;
@group(0) @binding(1) var<storage, read_write> means: array<f32>;
@group(0) @binding(2) var<storage, read_write> variances: array<f32>;
@group(0) @binding(3) var<storage, read_write> inverses: array<f32>;
@group(0) @binding(4) var<uniform> s: Shape;
var<workgroup> sums: array<vec3<f32>, ${JOINING}>;
${TOGETHER}
${entryPoint(JOINING)}
  let which = ${GROUP_NUMBER};
  let own = i32(lane);
  let groups_of_image = s.channels / s.groupSize;
  let image = which / groups_of_image;
  let first = (which - image * groups_of_image) * s.groupSize;
  var found = vec3<f32>();
  if (image < s.images) {
    for (var at = own; at < s.parts * s.groupSize; at += ${JOINING}) {
      let part = at / s.groupSize;
      let channel = first + at - part * s.groupSize;
      let place = ((image * s.parts + part) * s.channels + channel) * 2;
      let count = f32(min(s.partPixels, s.pixels - part * s.partPixels));
      found = together(found, vec3(count, parts[place], parts[place + 1]));
    }
  }
  sums[own] = found;
  workgroupBarrier();
  for (var step = ${JOINING / 2}; step > 0; step /= 2) {
    if (own < step) { sums[own] = together(sums[own], sums[own + step]); }
    workgroupBarrier();
  }
  if (own == 0 && image < s.images) {
    let all = sums[0];
    means[which] = all.y;
    variances[which] = all.z / max(1.0, all.x - 1.0);
    inverses[which] = 1.0 / sqrt(all.z / all.x + s.epsilon);
  }
}`,
};

function apply(vectors: boolean, activation: NormOptions['activation'], half: boolean): Kernel {
  const { type, width, ofChannels, ofGroups } = elementsOf(vectors);
  const stored = storedAs(type, half);
  return {
    name: `graft normalise ${activation} ${width}${halvesInName(half)}`,
    code: `${SHAPE}
@group(0) @binding(0) var<storage, read> input: array<${stored}>;
@group(0) @binding(1) var<storage, read> means: array<f32>;
@group(0) @binding(2) var<storage, read> inverses: array<f32>;
@group(0) @binding(3) var<storage, read> gamma: array<f32>;
@group(0) @binding(4) var<storage, read> beta: array<f32>;
@group(0) @binding(5) var<storage, read_write> written: array<${stored}>;
@group(0) @binding(6) var<uniform> s: Shape;
${entryPoint(APPLIED)}
  ${place(width)}
  let normal = (${type}(input[at]) - ${ofGroups('means')}) * ${ofGroups('inverses')};
  let value = normal * ${ofChannels('gamma')} + ${ofChannels('beta')};
  written[at] = ${stored}(${activation === 'relu' ? `select(value, ${type}(), value <= ${type}())` : 'value'});
}`,
  };
}

interface Normalised extends Statistics {
  readonly output: TensorInfo;
  /** With n − 1, [images · groups]. */
  readonly variance: TensorInfo;
}

/** input [images, pixels, channels] in any shape; gamma, beta [channels]. */
export function normalise(
  backend: WebGPUBackend,
  options: NormOptions,
  [input, gamma, beta]: readonly [TensorInfo, TensorInfo, TensorInfo],
): Normalised {
  const { images, channels, groupSize, activation } = options;
  const plan = normPlan(options);
  const uniform = uniformOf(options, plan);
  const groups = (images * channels) / groupSize;
  const [parts] = dispatchInfos(backend, {
    kernel: statisticsOfParts(plan.columns, isHalf(input)),
    inputs: [input],
    outputs: [{ shape: [images, plan.parts, channels, 2] }],
    uniform,
    workgroups: [plan.blocks, plan.parts, images],
  }) as [TensorInfo];
  const [mean, variance, inverse] = dispatchInfos(backend, {
    kernel: STATISTICS,
    inputs: [parts],
    outputs: [{ shape: [groups] }, { shape: [groups] }, { shape: [groups] }],
    uniform,
    workgroups: inRows(groups),
  }) as [TensorInfo, TensorInfo, TensorInfo];
  backend.disposeData(parts.dataId);
  const vectors = channels % 4 === 0;
  const [output] = dispatchInfos(backend, {
    kernel: apply(vectors, activation, isHalf(input)),
    inputs: [input, mean, inverse, gamma, beta],
    outputs: [{ shape: input.shape, half: isHalf(input) }],
    uniform,
    workgroups: workgroupsOf((images * options.pixels * channels) / (vectors ? 4 : 1)),
  }) as [TensorInfo];
  return { output, mean, variance, inverse };
}
