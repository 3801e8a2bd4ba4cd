/** tfjs's slices, splits, concatenations, sums and products, where Graft's kernels or plain copies compute them; else null. */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import type { NamedAttrMap, TensorInfo } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { copyParts } from './dispatch.ts';
import { isHalf } from './half.ts';
import {
  type Combination,
  combinedNumbers,
  partAlong,
  twoTogether,
} from './kernels/arrangement.ts';
import { sizeOf } from './kernels/each.ts';

const Place = z.union([z.number(), z.array(z.number())]);
const SliceAttributes = z.object({ begin: Place, size: Place });
const SplitAttributes = z.object({
  numOrSizeSplits: z.union([z.number(), z.array(z.number())]),
  axis: z.number(),
});
const ConcatAttributes = z.object({ axis: z.number() });

const isWord = ({ dtype }: TensorInfo) => dtype === 'float32' || dtype === 'int32';
const isFloat = ({ dtype }: TensorInfo) => dtype === 'float32';

/** What was made from numbers and never used on the card: tfjs computes with it on the processor. */
const isOnHost = (backend: WebGPUBackend, { dataId }: TensorInfo) => {
  const values: unknown = backend.tensorMap.get(dataId).values;
  return values !== null && values !== undefined;
};

/** Part of a vector, as parameters are of all: a copy of bytes, whose offset no kernel need know. */
function ofVector(backend: WebGPUBackend, x: TensorInfo, from: number, count: number): TensorInfo {
  const target = backend.makeTensorInfo([count], x.dtype);
  copyParts(backend, [{ source: x, from, target, to: 0, count }]);
  return target;
}

/** Along one axis; of a vector, or float32. */
const along = (
  backend: WebGPUBackend,
  x: TensorInfo,
  part: { readonly axis: number; readonly begin: number; readonly count: number },
): TensorInfo =>
  x.shape.length === 1 && !isHalf(x)
    ? ofVector(backend, x, part.begin, part.count)
    : partAlong(backend, x, part);

export function cut(backend: WebGPUBackend, x: TensorInfo, attrs: NamedAttrMap): TensorInfo | null {
  if (!isWord(x) || isOnHost(backend, x)) return null;
  const { begin, size } = SliceAttributes.parse(attrs);
  const [begins, sizes] = [[begin].flat(), [size].flat()];
  const parts = x.shape.map((side, axis) => {
    const from = begins[axis] ?? 0;
    const wanted = sizes[axis] ?? -1;
    return { axis, begin: from, count: wanted === -1 ? side - from : wanted };
  });
  const cuts = parts.filter(({ axis, count }) => count !== x.shape[axis]);
  const [first] = cuts.length === 0 ? parts : cuts;
  if (first === undefined || first.count === 0 || cuts.length > 1) return null;
  return x.shape.length === 1 || isFloat(x) ? along(backend, x, first) : null;
}

export function splitUp(
  backend: WebGPUBackend,
  x: TensorInfo,
  attrs: NamedAttrMap,
): TensorInfo[] | null {
  if (!isFloat(x) || isOnHost(backend, x)) return null;
  const { numOrSizeSplits, axis: given } = SplitAttributes.parse(attrs);
  const [axis = 0] = tf.util.parseAxisParam(given, x.shape);
  const counts = tf.backend_util.prepareSplitSize(x, numOrSizeSplits, axis);
  if (counts.includes(0)) return null;
  let begin = 0;
  return counts.map((count) => {
    const part = along(backend, x, { axis, begin, count });
    begin += count;
    return part;
  });
}

export function together(
  backend: WebGPUBackend,
  tensors: readonly TensorInfo[],
  attrs: NamedAttrMap,
): TensorInfo | null {
  const some = tensors.filter((tensor) => sizeOf(tensor) > 0);
  const [first, second] = some;
  if (first === undefined || second === undefined) return null;
  if (!some.every(isFloat) || some.every((tensor) => isOnHost(backend, tensor))) return null;
  const [axis = 0] = tf.util.parseAxisParam(ConcatAttributes.parse(attrs).axis, first.shape);
  if (some.length === 2) return twoTogether(backend, [first, second], axis);
  // Where nothing but single steps lies before the axis, each lies in one piece.
  if (some.some(isHalf) || first.shape.slice(0, axis).some((side) => side !== 1)) return null;
  const shape = first.shape.map((side, i) =>
    i === axis ? some.reduce((total, tensor) => total + (tensor.shape[i] ?? 0), 0) : side,
  );
  const target = backend.makeTensorInfo(shape, 'float32');
  let to = 0;
  copyParts(
    backend,
    some.map((source) => {
      const part = { source, from: 0, target, to, count: sizeOf(source) };
      to += part.count;
      return part;
    }),
  );
  return target;
}

const areAlike = (a: readonly number[], b: readonly number[]) =>
  a.length === b.length && a.every((side, i) => side === b[i]);

/** Number by number, or every row of `a` with the one row that `b` is. */
export function combine(
  backend: WebGPUBackend,
  how: Combination,
  [a, b]: readonly [TensorInfo, TensorInfo],
): TensorInfo | null {
  if (![a, b].every(isFloat) || sizeOf(a) === 0) return null;
  if ([a, b].every((tensor) => isOnHost(backend, tensor))) return null;
  const isRow = b.shape.length === 1 && b.shape[0] === a.shape.at(-1);
  return isRow || areAlike(a.shape, b.shape) ? combinedNumbers(backend, how, [a, b]) : null;
}
