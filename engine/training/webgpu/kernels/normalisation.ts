/**
 * Normalisation with the mean and variance of groups of channels, and the activation behind it, both ways. Batch
 * normalisation is that of groups of one channel over all pixels of a batch; group normalisation that of each image by
 * itself.
 *
 * Sums are split over pixels. Each part tells mean and sum of squares around that mean (no large sums are subtracted),
 * and the parts are put together in a fixed order (Chan et al. 1979, updating formulae). Going back nothing but the input
 * is needed: what was normalised, and where ReLU let it through, is computed again.
 */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { dispatchInfos, type Kernel } from '../dispatch.ts';
import { halvesInName, isHalf, storedAs } from '../half.ts';
import { splitOver } from './split.ts';
import { entryPoint, GROUP_NUMBER, inRows } from '../workgroups.ts';

export interface NormOptions {
  /** Images that have statistics of their own: 1, or the batch. */
  readonly images: number;
  /** Of each of them. */
  readonly pixels: number;
  readonly channels: number;
  /** Channels of a group. */
  readonly groupSize: number;
  readonly epsilon: number;
  readonly activation: 'relu' | 'none';
}

/** Invocations of a workgroup, in columns of channels. */
const LANES = 256;
/** Workgroups that keep a card busy, and pixels that are worth an invocation. */
const ENOUGH_GROUPS = 192;
const LEAST_PIXELS = 8;

/** How the pixels are split; also what the figures of docs/graphics-card.md count. */
export function normPlan({
  images,
  pixels,
  channels,
}: Pick<NormOptions, 'images' | 'pixels' | 'channels'>) {
  let columns = 1;
  while (columns < channels && columns < 64) columns *= 2;
  const rows = LANES / columns;
  const blocks = Math.ceil(channels / columns);
  const split = splitOver(pixels, {
    ...{ groups: blocks * images, enough: ENOUGH_GROUPS, least: rows * LEAST_PIXELS },
  });
  return { columns, rows, blocks, ...split };
}

type Plan = ReturnType<typeof normPlan>;

const uniformOf = (options: NormOptions, plan: Plan) => [
  ...[options.images, options.pixels, options.channels, options.groupSize],
  ...[plan.parts, plan.partPixels, { float: options.epsilon }],
];

const SHAPE = `struct Shape {
  images: i32, pixels: i32, channels: i32, groupSize: i32, parts: i32, partPixels: i32, epsilon: f32,
}`;

/** Mean and sum of squares of two sets together. x: how many, y: mean, z: sum of squares around it. */
const TOGETHER = `fn together(a: vec3<f32>, b: vec3<f32>) -> vec3<f32> {
  let count = a.x + b.x;
  if (b.x == 0.0) { return a; }
  if (a.x == 0.0) { return b; }
  let apart = b.y - a.y;
  return vec3(count, a.y + apart * (b.x / count), a.z + b.z + apart * apart * (a.x * b.x / count));
}`;

/** What an invocation of the partial sums sees: `channel`, pixels `pixel` to `last` in steps of ROWS, `first` of its image. */
const walk = (columns: number) => `
  const ROWS = ${LANES / columns};
  let own = i32(lane);
  let column = own % ${columns};
  let row = own / ${columns};
  let channel = i32(group.x) * ${columns} + column;
  let part = i32(group.y);
  let image = i32(group.z);
  let begin = part * s.partPixels;
  let last = min(s.pixels, begin + s.partPixels);
  let image_start = image * s.pixels * s.channels + channel;`;

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

/** Invocations that put the parts of one group together. */
const JOINING = 64;

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

/** Four numbers an invocation where four channels lie in one vector, else one. */
const APPLIED = 256;

const elementsOf = (vectors: boolean) => ({
  type: vectors ? ('vec4<f32>' as const) : ('f32' as const),
  width: vectors ? 4 : 1,
  /** A number of each channel out of an array of them. */
  ofChannels: (array: string) =>
    vectors
      ? `vec4(${[0, 1, 2, 3].map((e) => `${array}[channel + ${e}]`).join(', ')})`
      : `${array}[channel]`,
  ofGroups: (array: string) =>
    vectors
      ? `vec4(${[0, 1, 2, 3].map((e) => `${array}[first_group + (channel + ${e}) / s.groupSize]`).join(', ')})`
      : `${array}[first_group + channel / s.groupSize]`,
});

/** `at`: which element; `channel` and `first_group`: of its first number. */
const place = (width: number) => `
  let at = ${GROUP_NUMBER} * ${APPLIED} + i32(lane);
  if (at >= s.images * s.pixels * s.channels / ${width}) { return; }
  let pixel = at * ${width} / s.channels;
  let channel = at * ${width} - pixel * s.channels;
  let first_group = pixel / s.pixels * (s.channels / s.groupSize);`;

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

interface Statistics {
  /** [images · groups] */
  readonly mean: TensorInfo;
  /** 1 / √(variance + ε), [images · groups] */
  readonly inverse: TensorInfo;
}

interface Normalised extends Statistics {
  readonly output: TensorInfo;
  /** With n − 1, [images · groups]. */
  readonly variance: TensorInfo;
}

const workgroupsOf = (numbers: number) => inRows(Math.ceil(numbers / APPLIED));

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
