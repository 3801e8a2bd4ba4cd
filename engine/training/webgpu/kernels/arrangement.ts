/** Tensors cut along an axis, put together along one, and added or multiplied number by number. */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Kernel } from '../dispatch.ts';
import { halvesInName, isHalf, storedAs } from '../half.ts';
import { EACH, each, sizeOf } from './each.ts';

/** Numbers of one step along an axis. */
const inner = ({ shape }: TensorInfo, axis: number) => sizeOf({ shape: shape.slice(axis + 1) });

const part = (half: boolean): Kernel => ({
  name: `graft part${halvesInName(half)}`,
  code: `
struct Shape { size: i32, begin: i32, count: i32, whole: i32 }
@group(0) @binding(0) var<storage, read> input: array<${storedAs('f32', half)}>;
@group(0) @binding(1) var<storage, read_write> written: array<${storedAs('f32', half)}>;
@group(0) @binding(2) var<uniform> s: Shape;
${EACH}
  if (at >= s.size) { return; }
  let row = at / s.count;
  written[at] = input[row * s.whole + s.begin + at - row * s.count];
}`,
});

/** `count` steps along an axis, from `begin` on. float32, or in float16 as the input. */
export function partAlong(
  backend: WebGPUBackend,
  input: TensorInfo,
  { axis, begin, count }: { readonly axis: number; readonly begin: number; readonly count: number },
): TensorInfo {
  const step = inner(input, axis);
  const shape = input.shape.map((side, i) => (i === axis ? count : side));
  const size = sizeOf({ shape });
  return each(backend, {
    kernel: part(isHalf(input)),
    inputs: [input],
    shape,
    half: isHalf(input),
    uniform: [size, begin * step, count * step, (input.shape[axis] ?? 1) * step],
  });
}

/** In float16 where both are. */
const two = (a: boolean, b: boolean): Kernel => ({
  name: `graft two together${halvesInName(a, b)}`,
  code: `
struct Shape { size: i32, first: i32, whole: i32 }
@group(0) @binding(0) var<storage, read> a: array<${storedAs('f32', a)}>;
@group(0) @binding(1) var<storage, read> b: array<${storedAs('f32', b)}>;
@group(0) @binding(2) var<storage, read_write> written: array<${storedAs('f32', a && b)}>;
@group(0) @binding(3) var<uniform> s: Shape;
${EACH}
  if (at >= s.size) { return; }
  let row = at / s.whole;
  let column = at - row * s.whole;
  var value = 0.0;
  if (column < s.first) { value = f32(a[row * s.first + column]); }
  else { value = f32(b[row * (s.whole - s.first) + column - s.first]); }
  written[at] = ${storedAs('f32', a && b)}(value);
}`,
});

/** One behind the other along an axis. float32, or in float16 where both are. */
export function twoTogether(
  backend: WebGPUBackend,
  [a, b]: readonly [TensorInfo, TensorInfo],
  axis: number,
): TensorInfo {
  const step = inner(a, axis);
  const [first, second] = [a.shape[axis] ?? 0, b.shape[axis] ?? 0];
  const shape = a.shape.map((side, i) => (i === axis ? first + second : side));
  return each(backend, {
    kernel: two(isHalf(a), isHalf(b)),
    inputs: [a, b],
    shape,
    half: isHalf(a) && isHalf(b),
    uniform: [sizeOf({ shape }), first * step, (first + second) * step],
  });
}

export type Combination = 'sum' | 'product';

/** `b` of the same size, or one row of it. */
const combined = (
  how: Combination,
  width: 1 | 4,
  isRow: boolean,
  [a, b]: readonly [boolean, boolean],
): Kernel => {
  const type = width === 4 ? 'vec4<f32>' : 'f32';
  const stored = storedAs(type, a && b);
  return {
    name: `graft ${how}${isRow ? ' with a row' : ''} ${width}${halvesInName(a, b)}`,
    code: `
struct Shape { size: i32, row: i32 }
@group(0) @binding(0) var<storage, read> a: array<${storedAs(type, a)}>;
@group(0) @binding(1) var<storage, read> b: array<${storedAs(type, b)}>;
@group(0) @binding(2) var<storage, read_write> written: array<${stored}>;
@group(0) @binding(3) var<uniform> s: Shape;
${EACH}
  if (at >= s.size) { return; }
  written[at] = ${stored}(${type}(a[at]) ${how === 'sum' ? '+' : '*'} ${type}(b[${isRow ? 'at % s.row' : 'at'}]));
}`,
  };
};

/** a + b or a · b, where `b` has a's shape, or goes with every row of the last axis. float32, or in float16 where both are. */
export function combinedNumbers(
  backend: WebGPUBackend,
  how: Combination,
  [a, b]: readonly [TensorInfo, TensorInfo],
): TensorInfo {
  const [size, row] = [sizeOf(a), sizeOf(b)];
  const width = row % 4 === 0 ? 4 : 1;
  return each(backend, {
    kernel: combined(how, width, row !== size, [isHalf(a), isHalf(b)]),
    inputs: [a, b],
    shape: a.shape,
    half: isHalf(a) && isHalf(b),
    uniform: [size / width, row / width],
    elements: size / width,
  });
}
