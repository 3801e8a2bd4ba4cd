/**
 * What is done with a sum before it is written, so that no further pass reads it: another tensor and a bias are added,
 * and ReLU. Where the sum is split, its ordered second half does it.
 */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { halvesInName, isHalf, storedAs } from '../half.ts';

export interface Ending {
  /** Of the result's shape. */
  readonly beside?: TensorInfo | null;
  /** [channels] */
  readonly bias?: TensorInfo | null;
  readonly relu?: boolean;
}

/**
 * WGSL of `ended(sum, at, channel)`, with what it binds from number `first` on. `vectors`: sums are of four channels, and
 * `at` counts them by fours.
 */
export function endingCode(
  { beside = null, bias = null, relu = false }: Ending,
  { first, vectors }: { readonly first: number; readonly vectors: boolean },
) {
  const type = vectors ? 'vec4<f32>' : 'f32';
  const bound = [
    ...(beside === null
      ? []
      : [{ name: 'beside', type: storedAs(type, isHalf(beside)), tensor: beside }]),
    ...(bias === null ? [] : [{ name: 'bias', type: 'f32', tensor: bias }]),
  ];
  const biases = vectors
    ? `vec4(${[0, 1, 2, 3].map((e) => `bias[channel + ${e}]`).join(', ')})`
    : 'bias[channel]';
  const bindings = bound.map(
    (one, i) =>
      `@group(0) @binding(${first + i}) var<storage, read> ${one.name}: array<${one.type}>;`,
  );
  return {
    /** Of the pipeline: what tells it from the kernel without an ending. */
    name: [
      ...bound.map(({ name, tensor }) => ` +${name}${halvesInName(isHalf(tensor))}`),
      relu ? ' relu' : '',
    ].join(''),
    tensors: bound.map(({ tensor }) => tensor),
    code: `${bindings.join('\n')}
fn ended(sum: ${type}, at: i32, channel: i32) -> ${type} {
  var value = sum;
  ${beside === null ? '' : `value += ${type}(beside[at]);`}
  ${bias === null ? '' : `value += ${biases};`}
  return ${relu ? `select(value, ${type}(), value <= ${type}())` : 'value'};
}`,
  };
}
