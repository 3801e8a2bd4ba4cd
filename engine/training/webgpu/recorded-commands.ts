/** The commands of a recording, and a device that notes those that it is given. */
import { bytesBound, workOf } from './dispatch.ts';
import type { Work } from './submissions.ts';

/**
 * One kernel of a recording, or a part of one: what it is called, and its work; bytes are those of the buffers that it is
 * bound to, of a part its share of them.
 */
export interface RecordedKernel extends Work {
  readonly name: string;
}

interface Kernel extends RecordedKernel {
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly workgroups: readonly [x: number, y: number, z: number];
}

export interface Copy {
  readonly source: GPUBuffer;
  readonly from?: number;
  readonly target: GPUBuffer;
  readonly to?: number;
  readonly bytes: number;
}

export type Command = Kernel | Copy;

export const isKernel = (command: Command): command is Kernel => 'pipeline' in command;

/** A device that notes what is made of it. Everything else goes to the true one. */
export function watched(device: GPUDevice, note: (command: Command) => void): GPUDevice {
  const bound = new WeakMap<GPUBindGroup, number>();
  const watchedPass = (pass: GPUComputePassEncoder): GPUComputePassEncoder => {
    let pipeline: GPUComputePipeline | undefined;
    let bindGroup: GPUBindGroup | undefined;
    const doors: Partial<GPUComputePassEncoder> = {
      setPipeline(chosen) {
        pipeline = chosen;
        pass.setPipeline(chosen);
      },
      setBindGroup: (index: number, group: GPUBindGroup) => {
        bindGroup = group;
        pass.setBindGroup(index, group);
      },
      dispatchWorkgroups(x, y = 1, z = 1) {
        if (pipeline === undefined || bindGroup === undefined) throw new Error('nothing to run');
        const work = workOf(bindGroup) ?? { bytes: bound.get(bindGroup) ?? 0, operations: 0 };
        note({
          ...{ name: pipeline.label, ...work },
          ...{ pipeline, bindGroup, workgroups: [x, y, z] },
        });
        pass.dispatchWorkgroups(x, y, z);
      },
    };
    return behindDoors(pass, doors);
  };
  const watchedEncoder = (encoder: GPUCommandEncoder): GPUCommandEncoder =>
    behindDoors(encoder, {
      beginComputePass: (descriptor) => watchedPass(encoder.beginComputePass(descriptor)),
      copyBufferToBuffer: (...copy: Parameters<GPUCommandEncoder['copyBufferToBuffer']>) => {
        const [source, from, target, to, bytes] = copy;
        note({ source, from, target, to, bytes });
        encoder.copyBufferToBuffer(...copy);
      },
    });
  return behindDoors(device, {
    createCommandEncoder: (descriptor) => watchedEncoder(device.createCommandEncoder(descriptor)),
    createBindGroup(descriptor) {
      const group = device.createBindGroup(descriptor);
      bound.set(group, bytesBound([...descriptor.entries].map(({ resource }) => resource)));
      return group;
    },
  });
}

/** The object with some of its doors replaced. Its methods want the object itself as `this`. */
function behindDoors<T extends object>(object: T, doors: Partial<T>): T {
  return new Proxy(object, {
    get(target, key) {
      if (key in doors) return Reflect.get(doors, key) as unknown;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
