/** Tensors cut along an axis, put together along one, and added number by number. */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Kernel } from '../dispatch.ts';
import { EACH, each, sizeOf } from './each.ts';

/** Numbers of one step along an axis. */
const inner = ({ shape }: TensorInfo, axis: number) =>
  shape.slice(axis + 1).reduce((product, side) => product * side, 1);

const PART: Kernel = {
  name: 'graft part',
  code: `
struct Shape { size: i32, begin: i32, count: i32, whole: i32 }
@group(0) @binding(0) var<storage, read> input: array<f32>;
@group(0) @binding(1) var<storage, read_write> written: array<f32>;
@group(0) @binding(2) var<uniform> s: Shape;
${EACH}
  if (at >= s.size) { return; }
  let row = at / s.count;
  written[at] = input[row * s.whole + s.begin + at - row * s.count];
}`,
};

/** `count` steps along an axis, from `begin` on. float32. */
export function partAlong(
  backend: WebGPUBackend,
  input: TensorInfo,
  { axis, begin, count }: { readonly axis: number; readonly begin: number; readonly count: number },
): TensorInfo {
  const step = inner(input, axis);
  const shape = input.shape.map((side, i) => (i === axis ? count : side));
  const size = sizeOf({ shape });
  return each(backend, {
    kernel: PART,
    inputs: [input],
    shape,
    uniform: [size, begin * step, count * step, (input.shape[axis] ?? 1) * step],
  });
}

const TWO: Kernel = {
  name: 'graft two together',
  code: `
struct Shape { size: i32, first: i32, whole: i32 }
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> written: array<f32>;
@group(0) @binding(3) var<uniform> s: Shape;
${EACH}
  if (at >= s.size) { return; }
  let row = at / s.whole;
  let column = at - row * s.whole;
  if (column < s.first) { written[at] = a[row * s.first + column]; }
  else { written[at] = b[row * (s.whole - s.first) + column - s.first]; }
}`,
};

/** One behind the other along an axis. float32. */
export function twoTogether(
  backend: WebGPUBackend,
  [a, b]: readonly [TensorInfo, TensorInfo],
  axis: number,
): TensorInfo {
  const step = inner(a, axis);
  const [first, second] = [a.shape[axis] ?? 0, b.shape[axis] ?? 0];
  const shape = a.shape.map((side, i) => (i === axis ? first + second : side));
  return each(backend, {
    kernel: TWO,
    inputs: [a, b],
    shape,
    uniform: [sizeOf({ shape }), first * step, (first + second) * step],
  });
}

/** `b` of the same size, or one row of it. */
const sumOf = (width: 1 | 4, isRow: boolean): Kernel => {
  const type = width === 4 ? 'vec4<f32>' : 'f32';
  return {
    name: `graft sum${isRow ? ' with a row' : ''} ${width}`,
    code: `
struct Shape { size: i32, row: i32 }
@group(0) @binding(0) var<storage, read> a: array<${type}>;
@group(0) @binding(1) var<storage, read> b: array<${type}>;
@group(0) @binding(2) var<storage, read_write> written: array<${type}>;
@group(0) @binding(3) var<uniform> s: Shape;
${EACH}
  if (at >= s.size) { return; }
  written[at] = a[at] + b[${isRow ? 'at % s.row' : 'at'}];
}`,
  };
};

/** a + b, where `b` has a's shape, or is added to every row of the last axis. float32. */
export function sumOfTwo(
  backend: WebGPUBackend,
  [a, b]: readonly [TensorInfo, TensorInfo],
): TensorInfo {
  const [size, row] = [sizeOf(a), sizeOf(b)];
  const width = row % 4 === 0 ? 4 : 1;
  return each(backend, {
    kernel: sumOf(width, row !== size),
    inputs: [a, b],
    shape: a.shape,
    uniform: [size / width, row / width],
    elements: size / width,
  });
}
