/** Kernels that write at indices: one-hot vectors, sums by segment. */
import { z } from 'zod';
import { addKernel, floats, input, type Kernel, replaceKernel } from './kernel-call.ts';

const OneHotAttrs = z.object({
  depth: z.number(),
  onValue: z.number(),
  offValue: z.number(),
  dtype: z.enum(['float32', 'int32', 'bool']),
});

/** The shipped kernel writes integers whatever the type: as float32 they read as zeros. */
const oneHot: Kernel = (call) => {
  const { backend } = call;
  const indices = input(call, 'indices');
  const { depth, onValue, offValue, dtype } = OneHotAttrs.parse(call.attrs);
  const output = backend.makeOutput([...indices.shape, depth], dtype);
  const hot = backend.typedArrayFromHeap(indices);
  const values = backend.typedArrayFromHeap(output).fill(offValue);
  for (const [at, index] of hot.entries()) {
    if (index >= 0 && index < depth) values[at * depth + index] = onValue;
  }
  return output;
};

const SegmentAttrs = z.object({ numSegments: z.number() });

/**
 * Absent from the wasm backend; the gradient of gather. x [n, …] and segmentIds [n] → [numSegments, …].
 * Ids outside 0 … numSegments − 1 are left out.
 */
const unsortedSegmentSum: Kernel = (call) => {
  const { backend } = call;
  const x = input(call, 'x');
  const segmentIds = input(call, 'segmentIds');
  const { numSegments } = SegmentAttrs.parse(call.attrs);
  const output = backend.makeOutput([numSegments, ...x.shape.slice(1)], 'float32');
  const values = floats(backend, x);
  const ids = backend.typedArrayFromHeap(segmentIds);
  const sums = floats(backend, output).fill(0);
  const length = values.length / Math.max(1, ids.length);
  for (const [row, id] of ids.entries()) {
    if (id < 0 || id >= numSegments) continue;
    for (let i = 0; i < length; i++) {
      sums[id * length + i] = (sums[id * length + i] ?? 0) + (values[row * length + i] ?? 0);
    }
  }
  return output;
};

export function registerIndexing(): void {
  replaceKernel('OneHot', () => oneHot);
  addKernel('UnsortedSegmentSum', unsortedSegmentSum);
}
