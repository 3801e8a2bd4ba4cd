/** Kernels of which every invocation computes one element of the result by itself. */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { dispatchInfos, type Kernel, type UniformValue } from '../dispatch.ts';
import { entryPoint, GROUP_NUMBER, inRows } from '../workgroups.ts';

const LANES = 64;

/** How the entry point of such a kernel begins; `at`: which element is this invocation's. */
export const EACH = `${entryPoint(LANES)}
  let at = ${GROUP_NUMBER} * ${LANES} + i32(lane);`;

/** By its bits: compilers may take for granted that a value equals itself. */
export const IS_NUMBER =
  'fn is_number(value: f32) -> bool { return (bitcast<u32>(value) & 0x7fffffffu) <= 0x7f800000u; }';

export const sizeOf = ({ shape }: Pick<TensorInfo, 'shape'>): number =>
  shape.reduce((product, side) => product * side, 1);

/** Workgroups of such a kernel. */
export const groupsOfEach = (elements: number) => inRows(Math.ceil(elements / LANES));

/** Queues one of a single result, `shape`, which belongs to the caller. */
export function each(
  backend: WebGPUBackend,
  options: {
    readonly kernel: Kernel;
    readonly inputs: readonly TensorInfo[];
    readonly shape: readonly number[];
    /** The result in float16. */
    readonly half?: boolean;
    readonly uniform: readonly UniformValue[];
    /** Left out: as many as the result has numbers. */
    readonly elements?: number;
    /** Products and sums, where they are many. */
    readonly operations?: number;
  },
): TensorInfo {
  const { kernel, inputs, shape, half = false, uniform, operations } = options;
  const { elements = sizeOf({ shape: [...shape] }) } = options;
  const [output] = dispatchInfos(backend, {
    kernel,
    inputs,
    outputs: [{ shape, half }],
    uniform,
    workgroups: groupsOfEach(elements),
    ...(operations === undefined ? {} : { operations }),
  }) as [TensorInfo];
  return output;
}
