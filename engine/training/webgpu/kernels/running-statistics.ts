/** Running statistics carried on by those of a batch, in place: the batch's stay in the tensors that they came in. */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type Kernel, updateSlice } from '../dispatch.ts';
import { EACH, groupsOfEach, sizeOf } from './each.ts';
import { endsOf, piecesCode, takenTogether } from './pieces.ts';

function kernelOf(count: number): Kernel {
  const pieces = piecesCode(count);
  return {
    name: `graft running statistics ${count}`,
    code: `
struct Shape { first: i32, momentum: f32, rest: f32, ${pieces.ends} }
${pieces.bindings}
@group(0) @binding(${count}) var<storage, read_write> statistics: array<f32>;
@group(0) @binding(${count + 1}) var<uniform> s: Shape;
${EACH}
  ${pieces.choose}
  let i = s.first + at;
  statistics[i] = statistics[i] * s.momentum + g * s.rest;
}`,
  };
}

/** Tensors of a batch as they are taken together; also what the figures of docs/graphics-card.md count. */
export const statisticsDispatches = <T>(batch: readonly T[]): T[][] => takenTogether(batch, 1);

/** `statistics` [n]: of itself the share `momentum`, the rest of `batch`, whose tensors together have n numbers. */
export function carryStatistics(
  backend: WebGPUBackend,
  statistics: TensorInfo,
  { batch, momentum }: { readonly batch: readonly TensorInfo[]; readonly momentum: number },
): void {
  let first = 0;
  for (const pieces of statisticsDispatches(batch)) {
    const ends = endsOf(pieces.map(sizeOf));
    const count = ends.at(-1) ?? 0;
    updateSlice(backend, {
      kernel: kernelOf(pieces.length),
      inputs: pieces,
      slices: [statistics],
      first,
      count,
      uniform: (from) => [from, { float: momentum }, { float: 1 - momentum }, ...ends],
      workgroups: groupsOfEach(count),
    });
    first += count;
  }
}
