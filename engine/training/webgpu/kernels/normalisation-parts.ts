/** What both ways of a normalisation share: how its sums are split over pixels, and what an invocation of its kernels sees. */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { GROUP_NUMBER, inRows } from '../workgroups.ts';
import { splitOver } from './split.ts';

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
export const LANES = 256;
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

export type Plan = ReturnType<typeof normPlan>;

export const uniformOf = (options: NormOptions, plan: Plan) => [
  ...[options.images, options.pixels, options.channels, options.groupSize],
  ...[plan.parts, plan.partPixels, { float: options.epsilon }],
];

export const SHAPE = `struct Shape {
  images: i32, pixels: i32, channels: i32, groupSize: i32, parts: i32, partPixels: i32, epsilon: f32,
}`;

/** What an invocation of the partial sums sees: `channel`, pixels `pixel` to `last` in steps of ROWS, `first` of its image. */
export const walk = (columns: number) => `
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

/** Invocations that put the parts of one group together. */
export const JOINING = 64;

/** Four numbers an invocation where four channels lie in one vector, else one. */
export const APPLIED = 256;

export const elementsOf = (vectors: boolean) => ({
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
export const place = (width: number) => `
  let at = ${GROUP_NUMBER} * ${APPLIED} + i32(lane);
  if (at >= s.images * s.pixels * s.channels / ${width}) { return; }
  let pixel = at * ${width} / s.channels;
  let channel = at * ${width} - pixel * s.channels;
  let first_group = pixel / s.pixels * (s.channels / s.groupSize);`;

export interface Statistics {
  /** [images · groups] */
  readonly mean: TensorInfo;
  /** 1 / √(variance + ε), [images · groups] */
  readonly inverse: TensorInfo;
}

export const workgroupsOf = (numbers: number) => inRows(Math.ceil(numbers / APPLIED));
