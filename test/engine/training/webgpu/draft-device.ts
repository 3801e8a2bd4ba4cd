/**
 * A card that takes down what it is given and does nothing: enough to count kernels of networks that no software driver
 * has time or memory for.
 */
import type { CardEngine } from './software-vulkan.ts';

const nothing = () => undefined;

/** Of a size, with nothing in it. */
const draftBuffer = ({ size, usage, mappedAtCreation = false }: GPUBufferDescriptor): GPUBuffer =>
  Object.create(GPUBuffer.prototype, {
    size: { value: size },
    usage: { value: usage },
    mapState: { value: mappedAtCreation ? 'mapped' : 'unmapped' },
    getMappedRange: { value: () => new ArrayBuffer(size) },
    unmap: { value: nothing },
    destroy: { value: nothing },
  }) as GPUBuffer;

const draftPass = {
  setPipeline: nothing,
  setBindGroup: nothing,
  dispatchWorkgroups: nothing,
  end: nothing,
};

/** Whatever is made on the card from now on is a draft; there is no way back but another card. */
export function makeDraft({ card: { device } }: Pick<CardEngine, 'card'>): void {
  Object.assign(device, {
    createBuffer: draftBuffer,
    createShaderModule: () => ({}),
    createComputePipeline: ({ label = '' }: { readonly label?: string }) => ({
      label,
      getBindGroupLayout: () => ({}),
    }),
    createBindGroup: () => ({}),
    createCommandEncoder: () => ({
      beginComputePass: () => ({ ...draftPass }),
      copyBufferToBuffer: nothing,
      finish: () => ({}),
    }),
  });
  Object.assign(device.queue, { writeBuffer: nothing, submit: nothing });
}
