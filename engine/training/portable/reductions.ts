/** Sum and mean of float32 tensors. Other types, and axes that are no neighbours, stay with the shipped kernels. */
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { backend_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import {
  floats,
  input,
  type Kernel,
  replaceKernel,
  reshaped,
  run,
  withTemporaries,
} from './kernel-call.ts';

const ReductionAttrs = z.object({
  axis: z.union([z.number(), z.array(z.number())]).nullish(),
  keepDims: z.boolean().nullish(),
});

/** x seen as [outer, count, inner], reduced over count. */
interface Block {
  readonly outer: number;
  readonly count: number;
  readonly inner: number;
}

/** Null where the axes do not lie side by side. */
function blockOf(shape: readonly number[], axes: readonly number[]): Block | null {
  const first = Math.min(...axes);
  const last = Math.max(...axes);
  if (last - first + 1 !== axes.length) return null;
  const product = (sizes: readonly number[]) => sizes.reduce((size, d) => size * d, 1);
  return {
    outer: product(shape.slice(0, first)),
    count: product(shape.slice(first, last + 1)),
    inner: product(shape.slice(last + 1)),
  };
}

/**
 * The shipped kernels add up in one float32, which over the pixels of a batch costs digits; a float64 is as fast.
 * [outer, count] → [outer]
 */
function sumRows(values: Float32Array, output: Float32Array, block: Block, scale: number): void {
  const { count } = block;
  for (let row = 0; row < output.length; row++) {
    let sum = 0;
    for (let at = row * count; at < (row + 1) * count; at++) sum += values[at] ?? 0;
    output[row] = sum * scale;
  }
}

function largestDivisorUpToRoot(n: number): number {
  let divisor = Math.floor(Math.sqrt(n));
  while (n % divisor !== 0) divisor--;
  return divisor;
}

/**
 * Averages over all but the channels as average pooling, which XNNPACK vectorises over the channels; the shipped
 * kernels transpose the whole tensor first. In two stages, so that no float32 sum grows long.
 * [outer, count, inner] → [outer, inner]
 */
function poolMean(backend: BackendWasm, x: TensorInfo, block: Block): TensorInfo {
  const { outer, count, inner } = block;
  const second = largestDivisorUpToRoot(count);
  const first = count / second;
  const pool = (info: TensorInfo, rows: number, length: number) =>
    run(
      backend,
      'AvgPool',
      { x: reshaped(info, [rows, 1, length, inner]) },
      { filterSize: [1, length], strides: [1, 1], pad: 'valid' },
    );
  if (second === 1) return pool(x, outer, first);
  return withTemporaries(backend, (temporary) =>
    pool(temporary(pool(x, outer * second, first)), outer, second),
  );
}

const reduction =
  (kind: 'sum' | 'mean') =>
  (shipped: Kernel): Kernel =>
  (call) => {
    const { backend } = call;
    const x = input(call, 'x');
    const { axis, keepDims } = ReductionAttrs.parse(call.attrs);
    const axes = util.parseAxisParam(axis ?? x.shape.map((_, i) => i), x.shape);
    const block = blockOf(x.shape, axes);
    if (x.dtype !== 'float32' || axes.length === 0 || block === null) return shipped(call);
    const [reducedShape] = backend_util.computeOutAndReduceShapes(x.shape, axes);
    const shape =
      keepDims === true ? backend_util.expandShapeToKeepDim(reducedShape, axes) : reducedShape;
    const { outer, count, inner } = block;
    if (inner === 1 || outer * count * inner === 0) {
      const output = backend.makeOutput(shape, 'float32');
      const scale = kind === 'sum' ? 1 : 1 / count;
      if (count === 0) floats(backend, output).fill(kind === 'sum' ? 0 : NaN);
      else sumRows(floats(backend, x), floats(backend, output), block, scale);
      return output;
    }
    if (count === 1) {
      backend.incRef(x.dataId);
      return reshaped(x, shape);
    }
    const mean = poolMean(backend, x, block);
    if (kind === 'sum') {
      const values = floats(backend, mean);
      for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) * count;
    }
    return reshaped(mean, shape);
  };

export function registerReductions(): void {
  replaceKernel('Sum', reduction('sum'));
  replaceKernel('Mean', reduction('mean'));
}
