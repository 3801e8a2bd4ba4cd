/**
 * Runs a pure function of tensors as one recorded row of commands, as trace.ts does with a graph of TensorFlow.
 *
 * The first call runs the function and takes down every command that reaches the card, whoever gives it: pipelines, bind
 * groups and copies. Later calls give the same commands again, on the same buffers: no operation is planned, no shader
 * looked up and no memory taken. Buffers of a recording belong to it alone; within it they are used again as soon as what
 * they held is not needed. What the function makes from numbers stays as it was made.
 *
 * An input that the function updates in place (adam-w.ts) comes back as an output without being copied: such an output is
 * valid until the next call, and an input that is that output need not be brought.
 */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import { AppError } from '../../../shared/errors.ts';
import { bufferOf, internalsOf } from './dispatch.ts';
import { isHalf } from './half.ts';
import { RecordedBuffers } from './recorded-buffers.ts';
import {
  type Command,
  type Copy,
  isKernel,
  type RecordedKernel,
  watched,
} from './recorded-commands.ts';
import { createSubmissions } from './submissions.ts';

export interface Recording {
  /** Results belong to the caller, but for those that are inputs updated in place. */
  run(inputs: readonly Tensor[]): Tensor[];
  /** Whether some results are inputs updated in place, which end with the recording. */
  readonly updatesInputs: boolean;
  readonly kernels: readonly RecordedKernel[];
  /** Bytes that are copied from buffer to buffer. */
  readonly copied: number;
  /** Of all buffers that it holds. */
  readonly bytes: number;
  dispose(): void;
}

const notRecordable = (name: string, reason: string) =>
  new AppError('internal', `The step "${name}" cannot be recorded: ${reason}.`);

const STORED =
  'it reads values of a tensor (data, dataSync, array …); return them as outputs instead';

/** Ends what is being put together for the card, and gives it away. */
function flush(backend: WebGPUBackend): void {
  if (internalsOf(backend).commandEncoder === null) return;
  backend.endComputePassEncoder();
  backend.submitQueue();
}

/** Where a result lies after a call: a buffer of the recording, or an input's, by its number. */
type Result = { readonly shape: readonly number[]; readonly dtype: Tensor['dtype'] } & (
  | { readonly buffer: GPUBuffer }
  | { readonly input: number }
);

/**
 * Records `body` while it runs on `inputs`, and gives its first results. `name` appears in error messages.
 * Errors: internal, where the function reads values or draws random numbers.
 */
export function record(
  backend: WebGPUBackend,
  name: string,
  body: (inputs: readonly Tensor[]) => Tensor[],
  inputs: readonly Tensor[],
): { readonly recording: Recording; readonly outputs: Tensor[] } {
  const { device } = backend;
  const internals = internalsOf(backend);
  const pool = internals.bufferManager;
  const buffers = new RecordedBuffers(device);
  const commands: Command[] = [];
  flush(backend);

  const own = inputs.map((tensor) => buffers.keep(tensor.size * 4));
  const standIn = (i: number, { shape, dtype }: TensorInfo): Tensor => {
    const info = backend.makeTensorInfo([...shape], dtype);
    // External: the backend leaves the buffer alone when the tensor goes.
    Object.assign(backend.tensorMap.get(info.dataId), { resource: own[i], external: true });
    return tf.engine().makeTensorFromTensorInfo(info);
  };

  /** What each buffer of an input was last filled from; not kept of those that are updated in place. */
  const brought: (object | undefined)[] = [];

  function bring(tensors: readonly Tensor[]): void {
    const copies: Copy[] = [];
    tensors.forEach((tensor, i) => {
      const target = own[i];
      const data = backend.tensorMap.get(tensor.dataId);
      if (target === undefined || data.resource === target || brought[i] === tensor.dataId) return;
      brought[i] = tensor.dataId;
      const { values } = data;
      if (values instanceof Float32Array || values instanceof Int32Array) {
        backend.queue.writeBuffer(target, 0, values.buffer, values.byteOffset, values.byteLength);
      } else {
        copies.push({ source: bufferOf(backend, tensor), target, bytes: tensor.size * 4 });
      }
    });
    if (copies.length === 0) return;
    // What the copies read may not have been given to the card yet.
    flush(backend);
    submit(copies);
  }

  function submit(row: readonly Command[]): void {
    const encoder = device.createCommandEncoder();
    let pass: GPUComputePassEncoder | null = null;
    for (const command of row) {
      if (isKernel(command)) {
        pass ??= encoder.beginComputePass();
        pass.setPipeline(command.pipeline);
        pass.setBindGroup(0, command.bindGroup);
        pass.dispatchWorkgroups(...command.workgroups);
      } else {
        pass?.end();
        pass = null;
        const { source, from = 0, target, to = 0, bytes } = command;
        encoder.copyBufferToBuffer(source, from, target, to, bytes);
      }
    }
    pass?.end();
    backend.queue.submit([encoder.finish()]);
  }

  const standIns = inputs.map((tensor, i) => standIn(i, tensor));
  bring(inputs);
  let results: Result[];
  try {
    results = watch(
      backend,
      name,
      buffers,
      { device: watched(device, (c) => commands.push(c)) },
      () => {
        const outputs = tf.tidy(() => body(standIns));
        const found = outputs.map((tensor): Result => {
          const { shape, dtype } = tensor;
          const input = standIns.findIndex(({ dataId }) => dataId === tensor.dataId);
          if (input >= 0) return { shape, dtype, input };
          if (isHalf(tensor)) throw notRecordable(name, 'a result lies in float16');
          return { shape, dtype, buffer: bufferOf(backend, tensor) };
        });
        flush(backend);
        tf.dispose([...outputs, ...standIns]);
        return found;
      },
    );
  } catch (error) {
    tf.dispose(standIns);
    buffers.dispose();
    throw error;
  } finally {
    internals.bufferManager = pool;
  }
  buffers.close();

  const give = (): Tensor[] => {
    const copies: Copy[] = [];
    const outputs = results.map((result) => {
      if ('input' in result)
        return standIn(result.input, { ...result, shape: [...result.shape], dataId: {} });
      const info = backend.makeTensorInfo([...result.shape], result.dtype);
      const target = bufferOf(backend, info);
      const tensor = tf.engine().makeTensorFromTensorInfo(info);
      copies.push({ source: result.buffer, target, bytes: tensor.size * 4 });
      return tensor;
    });
    if (copies.length > 0) submit(copies);
    return outputs;
  };

  const forgetUpdated = () => {
    for (const result of results) if ('input' in result) brought[result.input] = undefined;
  };
  forgetUpdated();

  // What is copied is read and written.
  const submissions = createSubmissions(
    commands.map((one) => (isKernel(one) ? one : { bytes: 2 * one.bytes, operations: 0 })),
  );
  const recording: Recording = {
    run(next) {
      flush(backend);
      bring(next);
      const started = performance.now();
      let at = 0;
      for (const end of submissions.ends()) {
        submit(commands.slice(at, end));
        at = end;
      }
      forgetUpdated();
      if (submissions.isMeasured) {
        // Where the card was lost, whoever reads next is told.
        backend.queue.onSubmittedWorkDone().then(
          () => submissions.took(performance.now() - started),
          () => undefined,
        );
      }
      return give();
    },
    updatesInputs: results.some((result) => 'input' in result),
    kernels: commands
      .filter(isKernel)
      .map(({ name: label, bytes, operations }) => ({ name: label, bytes, operations })),
    copied: commands.reduce((sum, one) => sum + (isKernel(one) ? 0 : one.bytes), 0),
    bytes: buffers.numBytesAllocated,
    dispose: () => buffers.dispose(),
  };
  return { recording, outputs: give() };
}

/** Runs `body` with the backend's doors watched: buffers come from the recording, values and chance are refused. */
function watch<T>(
  backend: WebGPUBackend,
  name: string,
  buffers: RecordedBuffers,
  { device }: { readonly device: GPUDevice },
  body: () => T,
): T {
  const internals = internalsOf(backend);
  const random = Math.random;
  const batch = tf.env().getNumber('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE');
  const readSync = backend.readSync.bind(backend);
  const before = { device: internals.device, bufferManager: internals.bufferManager };
  Object.assign(internals, { device, bufferManager: buffers });
  // Given away one by one, so that buffers are free again as early as they can be.
  tf.env().set('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE', 1);
  // Own properties shadow the methods of the class, and are taken away again afterwards.
  Object.assign(backend, {
    readSync: (dataId: object) => {
      const values: unknown = backend.tensorMap.get(dataId).values;
      if (values === null || values === undefined) throw notRecordable(name, STORED);
      return readSync(dataId);
    },
    read: () => {
      throw notRecordable(name, STORED);
    },
  });
  Math.random = () => {
    throw notRecordable(name, 'it draws random numbers; draw them outside and pass them in');
  };
  try {
    return body();
  } catch (error) {
    // What was begun is given away while its buffers are still there.
    flush(backend);
    throw error;
  } finally {
    Math.random = random;
    for (const door of ['readSync', 'read']) Reflect.deleteProperty(backend, door);
    tf.env().set('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE', batch);
    Object.assign(internals, before);
  }
}
