/**
 * Runs kernels in WGSL among those of tfjs's WebGPU backend: in the same queue, on buffers of the same pool, behind
 * tensors as tfjs knows them. What the kernels compute is kernels/'s business.
 */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import type { DataType, Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import { isHalf, markHalf } from './half.ts';
import type { BufferPool } from './recorded-buffers.ts';
import type { Work } from './submissions.ts';
import {
  dividedGroups,
  type Groups,
  type GroupsPart,
  partCode,
  partUniform,
  WHOLE_CODE,
} from './workgroups.ts';

/** A kernel. Bindings of group 0: inputs, then outputs, then the uniform, numbered from 0. */
export interface Kernel {
  /** Of the pipeline: one name, one code. */
  readonly name: string;
  /** WGSL with an entry point `main`. */
  readonly code: string;
}

/** A number of the uniform: integers are i32, { float } is f32. */
export type UniformValue = number | { readonly float: number };

interface Dispatch {
  readonly kernel: Kernel;
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly {
    readonly shape: readonly number[];
    readonly dtype?: DataType;
    /** In float16. */
    readonly half?: boolean;
  }[];
  readonly uniform: readonly UniformValue[];
  readonly workgroups: Groups;
  /** Products and sums, where they are many: what a kernel takes beyond reading and writing. */
  readonly operations?: number;
}

/** Work of what was queued with these bindings, for who cuts a row of commands into submissions. */
const workBound = new WeakMap<GPUBindGroup, Work>();
/** null: it was no kernel of Graft's. */
export const workOf = (group: GPUBindGroup): Work | null => workBound.get(group) ?? null;

/** Of all buffers that are bound, but for uniforms. */
export function bytesBound(resources: Iterable<GPUBindingResource>): number {
  let bytes = 0;
  for (const resource of resources) {
    if (!('buffer' in resource)) continue;
    const { buffer, size = buffer.size } = resource;
    if ((buffer.usage & GPUBufferUsage.UNIFORM) === 0) bytes += size;
  }
  return bytes;
}

/** What tfjs's backend keeps for itself, and what must be told of commands that are not its own. */
interface Internals {
  commandEncoder: GPUCommandEncoder | null;
  computePassEncoder: GPUComputePassEncoder | null;
  readonly commandQueueOwnedIds: WeakSet<object>;
  dispatchCountInPass: number;
  device: GPUDevice;
  bufferManager: BufferPool;
}

export function internalsOf(backend: object): Internals {
  const isKnown = (it: object): it is Internals =>
    'commandEncoder' in it &&
    'computePassEncoder' in it &&
    'commandQueueOwnedIds' in it &&
    'dispatchCountInPass' in it &&
    'device' in it &&
    'bufferManager' in it;
  if (!isKnown(backend)) throw new Error('tfjs-backend-webgpu is not of the known shape');
  return backend;
}

interface DeviceCache {
  readonly pipelines: Map<string, GPUComputePipeline>;
  /** By content: they follow from shapes alone, so there are few, and none is made twice. */
  readonly uniforms: Map<string, GPUBuffer>;
}
const caches = new WeakMap<GPUQueue, DeviceCache>();

function cacheOf(queue: GPUQueue): DeviceCache {
  let cache = caches.get(queue);
  if (cache === undefined) {
    cache = { pipelines: new Map(), uniforms: new Map() };
    caches.set(queue, cache);
  }
  return cache;
}

function pipelineOf(backend: WebGPUBackend, { name, code }: Kernel): GPUComputePipeline {
  const { pipelines } = cacheOf(backend.queue);
  let pipeline = pipelines.get(name);
  if (pipeline === undefined) {
    const module = backend.device.createShaderModule({
      code: /\bf16\b/.test(code) ? `enable f16;\n${code}` : code,
      label: name,
    });
    pipeline = backend.device.createComputePipeline({
      compute: { module, entryPoint: 'main' },
      label: name,
      layout: 'auto',
    });
    pipelines.set(name, pipeline);
  }
  return pipeline;
}

function uniformOf(backend: WebGPUBackend, values: readonly UniformValue[]): GPUBuffer {
  const words = new DataView(new ArrayBuffer(Math.ceil(values.length / 4) * 16));
  values.forEach((value, i) => {
    if (typeof value === 'number') words.setInt32(4 * i, value, true);
    else words.setFloat32(4 * i, value.float, true);
  });
  const key = Buffer.from(words.buffer).toString('base64');
  const { uniforms } = cacheOf(backend.queue);
  let buffer = uniforms.get(key);
  if (buffer === undefined) {
    buffer = backend.device.createBuffer({
      size: words.byteLength,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
    backend.queue.writeBuffer(buffer, 0, words.buffer);
    uniforms.set(key, buffer);
  }
  return buffer;
}

/** The buffer that holds a tensor, which is brought to the card where it is not there yet. */
export function bufferOf(backend: WebGPUBackend, tensor: TensorInfo): GPUBuffer {
  backend.uploadToGPU(tensor.dataId);
  const { resource } = backend.tensorMap.get(tensor.dataId);
  if (!(resource instanceof GPUBuffer)) throw new Error('a tensor lies in a texture');
  return resource;
}

/** What lies in float16 must be declared so, and nothing else: the device does not see what a buffer holds. */
function assertHalves({ name, code }: Kernel, tensors: readonly TensorInfo[]): void {
  if (!tensors.some(isHalf) && !code.includes('f16')) return;
  tensors.forEach((tensor, i) => {
    const [, declared = ''] =
      new RegExp(`@binding\\(${i}\\) var<[^>]*> \\w+: (.*);`).exec(code) ?? [];
    if (declared.includes('f16') !== isHalf(tensor)) {
      throw new Error(`${name} binds a tensor of another precision as its number ${i}`);
    }
  });
}

interface Slices {
  readonly slices: readonly TensorInfo[];
  readonly offset: number;
  readonly size: number;
}

/** Queues one kernel over tensors, and parts of others behind them, that are bound in that order. */
function queue(
  backend: WebGPUBackend,
  { kernel, uniform, workgroups, operations = 0 }: Omit<Dispatch, 'inputs' | 'outputs'>,
  whole: readonly TensorInfo[],
  { slices, offset, size }: Slices = { slices: [], offset: 0, size: 0 },
): void {
  const tensors = [...whole, ...slices];
  assertHalves(kernel, tensors);
  const bound: GPUBufferBinding[] = [
    ...whole.map((tensor) => ({ buffer: bufferOf(backend, tensor) })),
    ...slices.map((tensor) => ({ buffer: bufferOf(backend, tensor), offset, size })),
  ];
  const work = { bytes: bytesBound(bound), operations };
  if (uniform.length > 0) bound.push({ buffer: uniformOf(backend, uniform) });
  const { commandQueueOwnedIds } = internalsOf(backend);
  for (const { dataId } of tensors) commandQueueOwnedIds.add(dataId);
  const parts = dividedGroups(workgroups, work);
  for (const part of parts) {
    queuePart(backend, { kernel, bound, workgroups, work, part, isWhole: parts.length === 1 });
  }
}

/** Queues some workgroups of a kernel, or all. */
function queuePart(
  backend: WebGPUBackend,
  options: {
    readonly kernel: Kernel;
    readonly bound: readonly GPUBufferBinding[];
    readonly workgroups: Groups;
    /** Of the whole. */
    readonly work: Work;
    readonly part: GroupsPart;
    readonly isWhole: boolean;
  },
): void {
  const { kernel, workgroups, work, part, isWhole } = options;
  const { name, code } = kernel;
  const bound = [...options.bound];
  if (!isWhole) bound.push({ buffer: uniformOf(backend, partUniform(part, workgroups)) });
  const pipeline = pipelineOf(
    backend,
    isWhole
      ? { name, code: code + WHOLE_CODE }
      : { name: `${name}, a part`, code: code + partCode(bound.length - 1) },
  );
  const bindGroup = backend.device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: bound.map((resource, binding) => ({ binding, resource })),
  });
  workBound.set(bindGroup, {
    bytes: work.bytes * part.share,
    operations: work.operations * part.share,
  });
  const internals = internalsOf(backend);
  backend.ensureCommandEncoderReady();
  internals.computePassEncoder ??= internals.commandEncoder?.beginComputePass() ?? null;
  const pass = internals.computePassEncoder;
  if (pass === null) throw new Error('tfjs-backend-webgpu has no command encoder');
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroup);
  pass.dispatchWorkgroups(...part.count);
  internals.dispatchCountInPass++;
  if (internals.dispatchCountInPass >= tf.env().getNumber('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE')) {
    backend.endComputePassEncoder();
    backend.submitQueue();
  }
}

/** Memory of a tensor in float16, to the whole word. */
function makeHalf(backend: WebGPUBackend, shape: readonly number[]): TensorInfo {
  const info = backend.makeTensorInfo([...shape], 'float32');
  const { STORAGE, COPY_SRC, COPY_DST } = GPUBufferUsage;
  const bytes = 4 * Math.ceil(tf.util.sizeFromShape([...shape]) / 2);
  const { bufferManager } = internalsOf(backend);
  const resource = bufferManager.acquireBuffer(bytes, STORAGE | COPY_SRC | COPY_DST);
  Object.assign(backend.tensorMap.get(info.dataId), { resource });
  markHalf(info);
  return info;
}

/** Queues one kernel. The results belong to the caller. */
export function dispatchInfos(backend: WebGPUBackend, dispatch: Dispatch): TensorInfo[] {
  const outputs = dispatch.outputs.map(({ shape, dtype = 'float32', half = false }) =>
    half ? makeHalf(backend, shape) : backend.makeTensorInfo([...shape], dtype),
  );
  queue(backend, dispatch, [...dispatch.inputs, ...outputs]);
  return outputs;
}

/** Queues copies of parts of tensors, in numbers of four bytes each. */
export function copyParts(
  backend: WebGPUBackend,
  parts: readonly {
    readonly source: TensorInfo;
    readonly from: number;
    readonly target: TensorInfo;
    readonly to: number;
    readonly count: number;
  }[],
): void {
  const internals = internalsOf(backend);
  for (const { source, from, target, to, count } of parts) {
    const [read, written] = [bufferOf(backend, source), bufferOf(backend, target)];
    backend.ensureCommandEncoderReady();
    backend.endComputePassEncoder();
    internals.commandQueueOwnedIds.add(source.dataId).add(target.dataId);
    internals.commandEncoder?.copyBufferToBuffer(read, 4 * from, written, 4 * to, 4 * count);
  }
}

/** Where a bound part of a buffer may begin, on every device. */
const BINDING_BYTES = 256;

/**
 * Queues a kernel over the same part of some vectors, bound behind its inputs, which it may write: from `first` on `count`
 * numbers. `uniform`: made with the place of the first number in what is bound.
 */
export function updateSlice(
  backend: WebGPUBackend,
  slice: Omit<Dispatch, 'outputs' | 'uniform'> & {
    readonly slices: readonly TensorInfo[];
    readonly first: number;
    readonly count: number;
    readonly uniform: (from: number) => readonly UniformValue[];
  },
): void {
  const { kernel, workgroups, inputs, slices, first, count } = slice;
  const offset = Math.floor((4 * first) / BINDING_BYTES) * BINDING_BYTES;
  const size = 4 * (first + count) - offset;
  const uniform = slice.uniform(first - offset / 4);
  queue(backend, { kernel, workgroups, uniform }, inputs, { slices, offset, size });
}

/** The tensor behind what a kernel gave; it belongs to the enclosing tf.tidy. */
export const asTensor = (info: TensorInfo): Tensor => tf.engine().makeTensorFromTensorInfo(info);
