/**
 * One step of AdamW (optimiser.ts has the formulae) in one pass over parameters and moments, in place. The gradients stay
 * in the tensors that they came in: a dispatch takes as many of them as can be bound beside the vectors.
 */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { GROUP_NUMBER, GROUP_PARAMETERS, inRows, type Kernel, updateSlice } from '../dispatch.ts';

/** Storage buffers that every device can bind at once. */
const BINDINGS = 8;
const LANES = 256;

function kernelOf(pieces: number, shared: boolean): Kernel {
  const ends = Array.from({ length: pieces }, (_, i) => `end${i}: i32`).join(', ');
  const gradients = Array.from(
    { length: pieces },
    (_, i) => `@group(0) @binding(${i}) var<storage, read> g${i}: array<f32>;`,
  ).join('\n');
  const choose = Array.from({ length: pieces }, (_, i) => {
    const value = `g = g${i}[at${i === 0 ? '' : ` - s.end${i - 1}`}];`;
    return i === pieces - 1 ? `{ ${value} }` : `if (at < s.end${i}) { ${value} } else `;
  }).join('');
  const after = pieces + (shared ? 2 : 1);
  return {
    name: `graft AdamW ${pieces}${shared ? ' rates' : ''}`,
    code: `
struct Shape { first: i32, beta1: f32, beta2: f32, rest1: f32, rest2: f32, ${ends} }
${gradients}
@group(0) @binding(${pieces}) var<storage, read> scalars: array<f32>;
${shared ? `@group(0) @binding(${pieces + 1}) var<storage, read> rates: array<f32>;` : ''}
@group(0) @binding(${after}) var<storage, read_write> theta: array<f32>;
@group(0) @binding(${after + 1}) var<storage, read_write> m: array<f32>;
@group(0) @binding(${after + 2}) var<storage, read_write> v: array<f32>;
@group(0) @binding(${after + 3}) var<uniform> s: Shape;
@compute @workgroup_size(${LANES})
fn main(${GROUP_PARAMETERS}) {
  let at = ${GROUP_NUMBER} * ${LANES} + i32(lane);
  if (at >= s.end${pieces - 1}) { return; }
  var g = 0.0;
  ${choose}
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

const elementsOf = ({ shape }: TensorInfo) => shape.reduce((product, side) => product * side, 1);

/** Gradients, or what stands for them, as they are taken together; also what the figures of docs/graphics-card.md count. */
export function adamWDispatches<T>(gradients: readonly T[], hasRates: boolean): T[][] {
  const most = BINDINGS - 4 - (hasRates ? 1 : 0);
  return Array.from({ length: Math.ceil(gradients.length / most) }, (_, i) =>
    gradients.slice(i * most, (i + 1) * most),
  );
}

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
  }: {
    readonly gradients: readonly TensorInfo[];
    readonly scalars: TensorInfo;
    readonly rates: TensorInfo | null;
    readonly betas: readonly [number, number];
  },
): void {
  const shared = rates === null ? [] : [rates];
  const [beta1, beta2] = betas;
  let first = 0;
  for (const pieces of adamWDispatches(gradients, shared.length > 0)) {
    let end = 0;
    const ends = pieces.map((piece) => (end += elementsOf(piece)));
    updateSlice(backend, {
      kernel: kernelOf(pieces.length, shared.length > 0),
      inputs: [...pieces, scalars],
      slices: [...shared, state.theta, state.m, state.v],
      first,
      count: end,
      uniform: (from) => [
        from,
        ...[beta1, beta2, 1 - beta1, 1 - beta2].map((float) => ({ float })),
        ...ends,
      ],
      workgroups: inRows(Math.ceil(end / LANES)),
    });
    first += end;
  }
}
