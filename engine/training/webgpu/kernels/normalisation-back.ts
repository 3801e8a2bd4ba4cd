/**
 * The gradients of a normalisation. Nothing but its input is needed: what was normalised, and where ReLU let it through, is
 * computed again.
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

/** A gradient that reaches the normalised values: none where ReLU gave zero. */
const REACHES = (activation: NormOptions['activation'], type: string) =>
  activation === 'relu' ? `select(dy, ${type}(), value <= ${type}())` : 'dy';

const gradientsOfParts = (
  columns: number,
  activation: NormOptions['activation'],
  halves: readonly [input: boolean, gradient: boolean],
): Kernel => ({
  name: `graft normalisation back, parts ${activation} ${columns}${halvesInName(...halves)}`,
  code: `${SHAPE}
@group(0) @binding(0) var<storage, read> input: array<${storedAs('f32', halves[0])}>;
@group(0) @binding(1) var<storage, read> gradient: array<${storedAs('f32', halves[1])}>;
@group(0) @binding(2) var<storage, read> means: array<f32>;
@group(0) @binding(3) var<storage, read> inverses: array<f32>;
@group(0) @binding(4) var<storage, read> gamma: array<f32>;
@group(0) @binding(5) var<storage, read> beta: array<f32>;
@group(0) @binding(6) var<storage, read_write> parts: array<vec2<f32>>;
@group(0) @binding(7) var<uniform> s: Shape;
var<workgroup> sums: array<vec2<f32>, ${LANES}>;
${entryPoint(LANES)}
  ${walk(columns)}
  var found = vec2<f32>();
  if (channel < s.channels) {
    let of_group = image * (s.channels / s.groupSize) + channel / s.groupSize;
    for (var pixel = begin + row; pixel < last; pixel += ROWS) {
      let at = image_start + pixel * s.channels;
      let normal = (f32(input[at]) - means[of_group]) * inverses[of_group];
      let value = normal * gamma[channel] + beta[channel];
      let dy = f32(gradient[at]);
      let reaches = ${REACHES(activation, 'f32')};
      found += vec2(reaches, reaches * normal);
    }
  }
  sums[own] = found;
  workgroupBarrier();
  for (var step = ROWS / 2; step > 0; step /= 2) {
    if (row < step) { sums[own] += sums[own + step * ${columns}]; }
    workgroupBarrier();
  }
  if (row == 0 && channel < s.channels) { parts[(image * s.parts + part) * s.channels + channel] = sums[own]; }
}`,
});

/**
 * One workgroup a group of channels: the gradients of γ and β over all images, and of each image what the mean and the
 * slope of its group take away from the input's.
 */
const GRADIENTS: Kernel = {
  name: 'graft normalisation back, sums',
  code: `${SHAPE}
@group(0) @binding(0) var<storage, read> parts: array<vec2<f32>>;
@group(0) @binding(1) var<storage, read> gamma: array<f32>;
@group(0) @binding(2) var<storage, read_write> dGamma: array<f32>;
@group(0) @binding(3) var<storage, read_write> dBeta: array<f32>;
@group(0) @binding(4) var<storage, read_write> taken: array<vec2<f32>>;
@group(0) @binding(5) var<uniform> s: Shape;
var<workgroup> sums: array<vec2<f32>, ${JOINING}>;
${entryPoint(JOINING)}
  let which = ${GROUP_NUMBER};
  let own = i32(lane);
  let groups_of_image = s.channels / s.groupSize;
  let count = f32(s.pixels * s.groupSize);
  for (var image = 0; image < s.images; image++) {
    var of_group = vec2<f32>();
    for (var i = 0; i < s.groupSize; i++) {
      let channel = which * s.groupSize + i;
      var found = vec2<f32>();
      if (which < groups_of_image) {
        for (var part = own; part < s.parts; part += ${JOINING}) {
          found += parts[(image * s.parts + part) * s.channels + channel];
        }
      }
      sums[own] = found;
      workgroupBarrier();
      for (var step = ${JOINING / 2}; step > 0; step /= 2) {
        if (own < step) { sums[own] += sums[own + step]; }
        workgroupBarrier();
      }
      if (own == 0 && which < groups_of_image) {
        let before = select(vec2(dBeta[channel], dGamma[channel]), vec2<f32>(), image == 0);
        dBeta[channel] = before.x + sums[0].x;
        dGamma[channel] = before.y + sums[0].y;
        of_group += sums[0] * gamma[channel];
      }
      workgroupBarrier();
    }
    if (own == 0 && which < groups_of_image) { taken[image * groups_of_image + which] = of_group / count; }
  }
}`,
};

function applyBack(
  vectors: boolean,
  activation: NormOptions['activation'],
  halves: readonly [input: boolean, gradient: boolean],
): Kernel {
  const { type, width, ofChannels, ofGroups } = elementsOf(vectors);
  const [stored, storedGradient] = [storedAs(type, halves[0]), storedAs(type, halves[1])];
  return {
    name: `graft normalise back ${activation} ${width}${halvesInName(...halves)}`,
    code: `${SHAPE}
@group(0) @binding(0) var<storage, read> input: array<${stored}>;
@group(0) @binding(1) var<storage, read> gradient: array<${storedGradient}>;
@group(0) @binding(2) var<storage, read> means: array<f32>;
@group(0) @binding(3) var<storage, read> inverses: array<f32>;
@group(0) @binding(4) var<storage, read> gammas: array<f32>;
@group(0) @binding(5) var<storage, read> betas: array<f32>;
@group(0) @binding(6) var<storage, read> taken: array<vec2<f32>>;
@group(0) @binding(7) var<storage, read_write> written: array<${stored}>;
@group(0) @binding(8) var<uniform> s: Shape;
${entryPoint(APPLIED)}
  ${place(width)}
  let inverse = ${ofGroups('inverses')};
  let normal = (${type}(input[at]) - ${ofGroups('means')}) * inverse;
  let gamma = ${ofChannels('gammas')};
  let value = normal * gamma + ${ofChannels('betas')};
  let dy = ${type}(gradient[at]);
  let reaches = ${REACHES(activation, type)};
  let mean = ${ofGroups('taken').replaceAll(']', '].x')};
  let slope = ${ofGroups('taken').replaceAll(']', '].y')};
  written[at] = ${stored}(inverse * (reaches * gamma - mean - normal * slope));
}`,
  };
}

/** Gradients of input, gamma and beta. The input's is as the input, in float16 or not; so is what `normalise` gives. */
export function normaliseBack(
  backend: WebGPUBackend,
  options: NormOptions,
  {
    input,
    gamma,
    beta,
    statistics,
    dOutput,
  }: {
    readonly input: TensorInfo;
    readonly gamma: TensorInfo;
    readonly beta: TensorInfo;
    readonly statistics: Statistics;
    readonly dOutput: TensorInfo;
  },
): [dInput: TensorInfo, dGamma: TensorInfo, dBeta: TensorInfo] {
  const { images, channels, groupSize, activation } = options;
  const { mean, inverse } = statistics;
  const plan = normPlan(options);
  const uniform = uniformOf(options, plan);
  const groups = channels / groupSize;
  const halves = [isHalf(input), isHalf(dOutput)] as const;
  const [parts] = dispatchInfos(backend, {
    kernel: gradientsOfParts(plan.columns, activation, halves),
    inputs: [input, dOutput, mean, inverse, gamma, beta],
    outputs: [{ shape: [images, plan.parts, channels, 2] }],
    uniform,
    workgroups: [plan.blocks, plan.parts, images],
  }) as [TensorInfo];
  const [dGamma, dBeta, taken] = dispatchInfos(backend, {
    kernel: GRADIENTS,
    inputs: [parts, gamma],
    outputs: [{ shape: [channels] }, { shape: [channels] }, { shape: [images, groups, 2] }],
    uniform,
    workgroups: inRows(groups),
  }) as [TensorInfo, TensorInfo, TensorInfo];
  backend.disposeData(parts.dataId);
  const vectors = channels % 4 === 0;
  const [dInput] = dispatchInfos(backend, {
    kernel: applyBack(vectors, activation, halves),
    inputs: [input, dOutput, mean, inverse, gamma, beta, taken],
    outputs: [{ shape: input.shape, half: isHalf(input) }],
    uniform,
    workgroups: workgroupsOf((images * options.pixels * channels) / (vectors ? 4 : 1)),
  }) as [TensorInfo];
  backend.disposeData(taken.dataId);
  return [dInput, dGamma, dBeta];
}
