/**
 * One step of AdamW (optimiser.ts has the formulae) in one pass over parameters and moments, in place. The gradients stay
 * in the tensors that they came in: a dispatch takes as many of them as can be bound beside the vectors.
 */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type Kernel, updateSlice } from '../dispatch.ts';
import { EACH, groupsOfEach, sizeOf } from './each.ts';
import { endsOf, piecesCode, takenTogether } from './pieces.ts';

function kernelOf(count: number, shared: boolean): Kernel {
  const pieces = piecesCode(count);
  const after = count + (shared ? 2 : 1);
  return {
    name: `graft AdamW ${count}${shared ? ' rates' : ''}`,
    code: `
struct Shape { first: i32, beta1: f32, beta2: f32, rest1: f32, rest2: f32, unscale: f32, ${pieces.ends} }
${pieces.bindings}
@group(0) @binding(${count}) var<storage, read> scalars: array<f32>;
${shared ? `@group(0) @binding(${count + 1}) var<storage, read> rates: array<f32>;` : ''}
@group(0) @binding(${after}) var<storage, read_write> theta: array<f32>;
@group(0) @binding(${after + 1}) var<storage, read_write> m: array<f32>;
@group(0) @binding(${after + 2}) var<storage, read_write> v: array<f32>;
@group(0) @binding(${after + 3}) var<uniform> s: Shape;
${EACH}
  ${pieces.choose}
  g *= s.unscale;
  let i = s.first + at;
  let mean = m[i] * s.beta1 + g * s.rest1;
  let square = v[i] * s.beta2 + g * g * s.rest2;
  let change = mean * scalars[0] / (sqrt(square) + scalars[1]);
  let decay = theta[i] * scalars[2];
  m[i] = mean;
  v[i] = square;
  theta[i] = ${shared ? 'theta[i] - (decay + change) * rates[i]' : 'theta[i] - decay - change'};
}`,
  };
}

/** Gradients, or what stands for them, as they are taken together; also what the figures of docs/graphics-card.md count. */
export const adamWDispatches = <T>(gradients: readonly T[], hasRates: boolean): T[][] =>
  // Beside three scalars, θ, m and v.
  takenTogether(gradients, 4 + (hasRates ? 1 : 0));

/**
 * Updates theta, m and v, [parameters] each. `gradients`: of the parameters, one after the other. `scalars`: step size, ε,
 * decay, [3]. `rates`: each parameter's share of the learning rate; null: 1 for all.
 */
export function adamWInPlace(
  backend: WebGPUBackend,
  state: { readonly theta: TensorInfo; readonly m: TensorInfo; readonly v: TensorInfo },
  {
    gradients,
    scalars,
    rates,
    betas,
    gradientScale,
  }: {
    readonly gradients: readonly TensorInfo[];
    readonly scalars: TensorInfo;
    readonly rates: TensorInfo | null;
    readonly betas: readonly [number, number];
    /** The gradients are so many times what they are. */
    readonly gradientScale: number;
  },
): void {
  const shared = rates === null ? [] : [rates];
  const [beta1, beta2] = betas;
  let first = 0;
  for (const pieces of adamWDispatches(gradients, shared.length > 0)) {
    const ends = endsOf(pieces.map(sizeOf));
    const count = ends.at(-1) ?? 0;
    updateSlice(backend, {
      kernel: kernelOf(pieces.length, shared.length > 0),
      inputs: [...pieces, scalars],
      slices: [...shared, state.theta, state.m, state.v],
      first,
      count,
      uniform: (from) => [
        from,
        ...[beta1, beta2, 1 - beta1, 1 - beta2, 1 / gradientScale].map((float) => ({ float })),
        ...ends,
      ],
      workgroups: groupsOfEach(count),
    });
    first += count;
  }
}
