/** Matrix products, where the shipped kernel is wrong or slow. */
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { DataId, TensorInfo } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import {
  input,
  type Kernel,
  replaceKernel,
  reshaped,
  run,
  withTemporaries,
} from './kernel-call.ts';

const MatMulAttrs = z.object({ transposeA: z.boolean(), transposeB: z.boolean() });

/** Rows of the right-hand matrix when a buffer was first used as one. */
const packedRows = new WeakMap<DataId, number>();

/**
 * The shipped kernel packs the right-hand matrix once and finds it again by its buffer alone: the same buffer under
 * another shape would be multiplied with the old packing. Such a second shape gets a buffer of its own.
 */
function inPackedShape(backend: BackendWasm, b: TensorInfo): { info: TensorInfo; copied: boolean } {
  const rows = b.shape.at(-2) ?? 1;
  const packed = packedRows.get(b.dataId);
  if (packed === undefined) packedRows.set(b.dataId, rows);
  if (packed === undefined || packed === rows) return { info: b, copied: false };
  const size = { begin: b.shape.map(() => 0), size: b.shape };
  return { info: run(backend, 'Slice', { x: b }, size), copied: true };
}

const isSingle = (info: TensorInfo) => info.shape.slice(0, -2).every((d) => d === 1);

/**
 * One product of two matrices (batches stay with the shipped kernel, which has no faults there): transposed operands,
 * for which the shipped kernel falls back to a scalar loop, are transposed first, so that XNNPACK does the product.
 */
const matMul =
  (shipped: Kernel): Kernel =>
  (call) => {
    const { backend } = call;
    const a = input(call, 'a');
    const b = input(call, 'b');
    const { transposeA, transposeB } = MatMulAttrs.parse(call.attrs);
    if (!isSingle(a) || !isSingle(b)) return shipped(call);
    return withTemporaries(backend, (temporary) => {
      const upright = (info: TensorInfo, transposed: boolean) => {
        if (!transposed) return info;
        const [rows, columns] = info.shape.slice(-2);
        if (rows === undefined || columns === undefined) throw new Error('A matrix has two axes');
        const x = reshaped(info, [rows, columns]);
        return reshaped(temporary(run(backend, 'Transpose', { x }, { perm: [1, 0] })), [
          ...info.shape.slice(0, -2),
          columns,
          rows,
        ]);
      };
      const right = inPackedShape(backend, upright(b, transposeB));
      if (right.copied) temporary(right.info);
      return shipped({
        backend,
        inputs: { a: upright(a, transposeA), b: right.info },
        attrs: { transposeA: false, transposeB: false },
      });
    });
  };

export function registerMatrixProduct(): void {
  replaceKernel('BatchMatMul', matMul);
}
