/** Kernels of tfjs's WebGPU backend that are wrong for what Graft asks of them, replaced where they are. */
import type { WebGPUProgram } from '@tensorflow/tfjs-backend-webgpu';
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';

const BACKEND = 'webgpu';
const WORKGROUP = 128;

type Kernel = (params: Parameters<KernelFunc>[0]) => TensorInfo;

/** Puts a kernel in the place of the shipped one; the one object stays in the registry. */
function replace(name: string, make: (shipped: Kernel) => Kernel): void {
  const config = tf.getKernel(name, BACKEND);
  // Those that are replaced give one tensor, but are typed for all.
  config.kernelFunc = make(config.kernelFunc as Kernel);
}

const isWhole = (tensor: TensorInfo | undefined): tensor is TensorInfo =>
  tensor !== undefined && (tensor.dtype === 'int32' || tensor.dtype === 'bool');

/** Each whole number as float32. */
function wideningOf(shape: number[]): WebGPUProgram {
  const size = tf.util.sizeFromShape(shape);
  return {
    outputShape: shape,
    variableNames: ['A'],
    workgroupSize: [WORKGROUP, 1, 1],
    dispatchLayout: { x: shape.map((_, i) => i) },
    dispatch: [Math.ceil(size / WORKGROUP), 1, 1],
    size: true,
    shaderKey: 'graftWidening',
    getUserCode: () => `
      fn main(index : i32) {
        if (index < uniforms.size) {
          setOutputAtIndex(index, getAByOutputIndex(index));
        }
      }`,
  };
}

/**
 * The shipped one gives whole numbers another name and leaves the buffer as it is; kernels that go by what the buffer
 * holds then write whole numbers where float32 is wanted, and do not compile.
 */
const widen =
  (shipped: Kernel): Kernel =>
  (params) => {
    const { inputs, backend, attrs } = params;
    const { x } = inputs;
    if (!isWhole(x) || attrs?.['dtype'] !== 'float32') return shipped(params);
    if (!(backend instanceof WebGPUBackend)) throw new Error('Cast runs on the graphics card only');
    const values: unknown = backend.tensorMap.get(x.dataId).values;
    // They are on the host where they never were on the card.
    if (values instanceof Int32Array || values instanceof Uint8Array) {
      return backend.makeTensorInfo(x.shape, 'float32', Float32Array.from(values));
    }
    return backend.runWebGPUProgram(wideningOf(x.shape), [x], 'float32');
  };

/**
 * Their shader moves pixels to another order first, and what moves them says that it writes float32 whatever it writes.
 * Whole numbers of labels, classes and counts are below 2^24, which float32 holds.
 */
const FLOATS_ALONE = ['Transpose', 'Sum', 'Max', 'Min'];

const inFloats =
  (name: string) =>
  (shipped: Kernel): Kernel =>
  (params) => {
    const { inputs, backend } = params;
    const { x } = inputs;
    if (!isWhole(x)) return shipped(params);
    if (!(backend instanceof WebGPUBackend))
      throw new Error(`${name} runs on the graphics card only`);
    const { kernelFunc } = tf.getKernel('Cast', BACKEND);
    const to = (tensor: TensorInfo, dtype: 'float32' | 'int32' | 'bool') =>
      (kernelFunc as Kernel)({ inputs: { x: tensor }, backend, attrs: { dtype } });
    const floats = to(x, 'float32');
    const computed = shipped({ ...params, inputs: { ...inputs, x: floats } });
    const result = to(computed, name === 'Sum' || x.dtype === 'int32' ? 'int32' : 'bool');
    backend.disposeData(floats.dataId);
    backend.disposeData(computed.dataId);
    return result;
  };

let areCorrected = false;

/** Once a process; the package registers its kernels when it is loaded. */
export function correctKernels(): void {
  if (areCorrected) return;
  areCorrected = true;
  replace('Cast', widen);
  for (const name of FLOATS_ALONE) replace(name, inFloats(name));
}
