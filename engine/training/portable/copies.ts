/** Kernels that only move values: sharing, casting, slicing, splitting, tiling. */
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { backend_util, slice_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { input, type Kernel, replaceKernel, reshaped } from './kernel-call.ts';

function shared(backend: BackendWasm, x: TensorInfo): TensorInfo {
  backend.incRef(x.dataId);
  return reshaped(x, x.shape);
}

/** The shipped kernel copies. Tensors are immutable, so sharing the buffer is enough: Reshape does the same. */
const identity =
  (shipped: Kernel): Kernel =>
  (call) => {
    const x = input(call, 'x');
    return x.dtype === 'string' ? shipped(call) : shared(call.backend, x);
  };

const CastAttrs = z.object({ dtype: z.string() });

/** The shipped kernel truncates to a byte, so that .5 and 256 become false; and it copies where nothing changes. */
const cast =
  (shipped: Kernel): Kernel =>
  (call) => {
    const { backend } = call;
    const x = input(call, 'x');
    const { dtype } = CastAttrs.parse(call.attrs);
    if (x.dtype === dtype) return shared(backend, x);
    if (dtype !== 'bool') return shipped(call);
    const output = backend.makeOutput(x.shape, 'bool');
    const from = backend.typedArrayFromHeap(x);
    const to = backend.typedArrayFromHeap(output);
    for (let i = 0; i < to.length; i++) to[i] = from[i] === 0 ? 0 : 1;
    return output;
  };

/** A tensor's elements as bits, in place; valid until the next allocation. Strings have none. */
function elements(backend: BackendWasm, info: TensorInfo): Int32Array | Uint8Array {
  const values = backend.typedArrayFromHeap(info);
  return values instanceof Float32Array
    ? new Int32Array(values.buffer, values.byteOffset, values.length)
    : values;
}

/** Below this many elements a loop beats TypedArray.set with its subarray. */
const SHORT_RUN = 32;

function copyRun(
  from: Int32Array | Uint8Array,
  to: Int32Array | Uint8Array,
  run: { readonly start: number; readonly length: number; readonly target: number },
): void {
  const { start, length, target } = run;
  if (length >= SHORT_RUN) to.set(from.subarray(start, start + length), target);
  else for (let i = 0; i < length; i++) to[target + i] = from[start + i] ?? 0;
}

/** x[begin[0] … begin[0] + size[0], …] as a new tensor. */
function slice(
  backend: BackendWasm,
  x: TensorInfo,
  begin: readonly number[],
  size: readonly number[],
): TensorInfo {
  const output = backend.makeOutput([...size], x.dtype);
  const from = elements(backend, x);
  const to = elements(backend, output);
  if (to.length === 0) return output;
  // The innermost axis that is cut; what lies further in is copied in one run with it.
  let cut = x.shape.length - 1;
  while (cut > 0 && size[cut] === x.shape[cut]) cut--;
  const strides = x.shape.map((_, axis) => util.sizeFromShape(x.shape.slice(axis + 1)));
  const length = (size[cut] ?? 1) * (strides[cut] ?? 1);
  let target = 0;
  function copyFrom(axis: number, offset: number): void {
    const stride = strides[axis] ?? 1;
    const start = offset + (begin[axis] ?? 0) * stride;
    if (axis >= cut) {
      copyRun(from, to, { start, length, target });
      target += length;
      return;
    }
    for (let i = 0; i < (size[axis] ?? 0); i++) copyFrom(axis + 1, start + i * stride);
  }
  copyFrom(0, 0);
  return output;
}

const SliceAttrs = z.object({
  begin: z.union([z.number(), z.array(z.number())]),
  size: z.union([z.number(), z.array(z.number())]),
});

/** The shipped kernel copies the whole input out of the heap first, however small the slice. */
const sliceKernel =
  (shipped: Kernel): Kernel =>
  (call) => {
    const x = input(call, 'x');
    if (x.dtype === 'string') return shipped(call);
    const attrs = SliceAttrs.parse(call.attrs);
    const [begin, size] = slice_util.parseSliceParams(x, attrs.begin, attrs.size);
    if (begin === undefined || size === undefined)
      throw new Error('A slice has a begin and a size');
    return slice(call.backend, x, begin, size);
  };

const SplitAttrs = z.object({
  numOrSizeSplits: z.union([z.number(), z.array(z.number())]),
  axis: z.number(),
});

/** As above, once for every part: splitting the flat vector of all weights copied it as often as it has parts. */
const splitKernel =
  (shipped: Kernel): Kernel =>
  (call) => {
    const x = input(call, 'x');
    if (x.dtype === 'string') return shipped(call);
    const attrs = SplitAttrs.parse(call.attrs);
    const axis = attrs.axis < 0 ? attrs.axis + x.shape.length : attrs.axis;
    let start = 0;
    return backend_util.prepareSplitSize(x, attrs.numOrSizeSplits, axis).map((length) => {
      const begin = x.shape.map((_, i) => (i === axis ? start : 0));
      const size = x.shape.map((d, i) => (i === axis ? length : d));
      start += length;
      return slice(call.backend, x, begin, size);
    });
  };

const TileAttrs = z.object({ reps: z.array(z.number()) });

/** Repeating along leading axes of length 1, as broadcasting does, is a block copy; the shipped kernel goes by element. */
const tile =
  (shipped: Kernel): Kernel =>
  (call) => {
    const { backend } = call;
    const x = input(call, 'x');
    const { reps } = TileAttrs.parse(call.attrs);
    const lastRepeated = reps.findLastIndex((times) => times !== 1);
    const inBlocks = x.shape.slice(0, lastRepeated + 1).every((d) => d === 1);
    if (x.dtype === 'string' || !inBlocks) return shipped(call);
    const output = backend.makeOutput(
      x.shape.map((d, i) => d * (reps[i] ?? 1)),
      x.dtype,
    );
    const from = elements(backend, x);
    const to = elements(backend, output);
    if (to.length === 0) return output;
    to.set(from);
    // Doubling what is there already.
    for (let done = from.length; done < to.length; done *= 2) to.copyWithin(done, 0, done);
    return output;
  };

/** The shipped kernel reads and labels everything that it really strides over as float32. */
const stridedSlice =
  (shipped: Kernel): Kernel =>
  (call) => {
    const x = input(call, 'x');
    const output = shipped(call);
    if (Array.isArray(output) || output.dtype === x.dtype) return output;
    call.backend.disposeData(output.dataId);
    throw new Error(`The wasm backend cannot take every n-th element of ${x.dtype} tensors`);
  };

export function registerCopies(): void {
  replaceKernel('Identity', identity);
  replaceKernel('Cast', cast);
  replaceKernel('Slice', sliceKernel);
  replaceKernel('SplitV', splitKernel);
  replaceKernel('StridedSlice', stridedSlice);
  replaceKernel('Tile', tile);
}
