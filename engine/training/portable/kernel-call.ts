/**
 * The border to tfjs's loosely typed kernels: what a kernel is given, how it calls other kernels of the wasm backend,
 * and how kernels enter tfjs's registry. No kernel lives here.
 */
import { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import type { NamedAttrMap, NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';
import { z } from 'zod';

/** tf.NamedAttrMap without its values' types: kernels parse what they read. */
export interface KernelCall {
  readonly backend: BackendWasm;
  readonly inputs: NamedTensorInfoMap;
  readonly attrs: NamedAttrMap;
}

/** Returns infos that it allocated, or shares a buffer whose reference count it raised. Throws on a bug of the caller. */
export type Kernel = (call: KernelCall) => TensorInfo | TensorInfo[];

export type Shape4 = [number, number, number, number];

const Shape4 = z.tuple([z.number(), z.number(), z.number(), z.number()]);

export function shape4(shape: readonly number[] | undefined): Shape4 {
  return Shape4.parse(shape);
}

export function input(call: KernelCall, name: string): TensorInfo {
  const info = call.inputs[name];
  if (info === undefined) throw new Error(`A kernel was called without its input ${name}`);
  return info;
}

/**
 * The values of a float32 tensor, in place. Valid only until the next allocation: a growing heap moves
 * (views of the single-threaded build then have length 0). So: allocate everything first.
 */
export function floats(backend: BackendWasm, info: TensorInfo): Float32Array {
  const values = backend.typedArrayFromHeap(info);
  if (!(values instanceof Float32Array)) {
    throw new Error(`A float32 kernel was given ${info.dtype}`);
  }
  return values;
}

/** The same buffer under another shape; owns no reference of its own. */
export function reshaped(info: TensorInfo, shape: number[]): TensorInfo {
  return { dataId: info.dataId, shape, dtype: info.dtype };
}

/** Runs another kernel of the wasm backend; the caller owns the result. */
export function run(
  backend: BackendWasm,
  kernelName: string,
  inputs: Record<string, TensorInfo>,
  attrs: NamedAttrMap = {},
): TensorInfo {
  const output = tf.getKernel(kernelName, 'wasm').kernelFunc({ inputs, attrs, backend });
  if (Array.isArray(output)) throw new Error(`${kernelName} returned several tensors`);
  return output;
}

/** Marks a tensor as temporary and passes it on. */
export type Temporary = (info: TensorInfo) => TensorInfo;

/** Runs `body`, then frees what it marked as temporary, also where an allocation failed midway. */
export function withTemporaries<T>(backend: BackendWasm, body: (temporary: Temporary) => T): T {
  const owned: TensorInfo[] = [];
  try {
    return body((info) => {
      owned.push(info);
      return info;
    });
  } finally {
    for (const info of owned) backend.disposeData(info.dataId);
  }
}

/** Adds a kernel that the wasm backend lacks. */
export function addKernel(kernelName: string, kernel: Kernel): void {
  tf.registerKernel({
    kernelName,
    backendName: 'wasm',
    kernelFunc({ inputs, attrs, backend }) {
      if (!(backend instanceof BackendWasm)) {
        throw new Error(`${kernelName} runs on the wasm backend only`);
      }
      return kernel({ backend, inputs, attrs: attrs ?? {} });
    },
  });
}

/** Puts a kernel in the place of the shipped one, which it may call for the cases that are right and fast there. */
export function replaceKernel(kernelName: string, make: (shipped: Kernel) => Kernel): void {
  // The one object stays in the registry: its setupFunc still binds the shipped kernel to its wasm function.
  const config = tf.getKernel(kernelName, 'wasm');
  const shipped = config.kernelFunc;
  const kernel = make(shipped);
  config.kernelFunc = ({ inputs, attrs, backend }) => {
    if (!(backend instanceof BackendWasm)) {
      throw new Error(`${kernelName} runs on the wasm backend only`);
    }
    return kernel({ backend, inputs, attrs: attrs ?? {} });
  };
}
