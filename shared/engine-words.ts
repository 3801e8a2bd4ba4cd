/** The software that computes a run, in words: for reports, the command line and the window alike. */
import type { Adapter, EngineInfo, Kernels } from './entities.ts';
import { counted } from './number-format.ts';

const KERNELS: Readonly<Record<Kernels, string>> = { onednn: "oneDNN's", eigen: "Eigen's" };

const BACKENDS: Readonly<Record<Adapter['backend'], string>> = {
  vulkan: 'Vulkan',
  d3d12: 'Direct3D 12',
  metal: 'Metal',
};

/** "oneDNN's kernels" */
export const kernelsInText = (kernels: Kernels): string => `${KERNELS[kernels]} kernels`;

/** "NVIDIA GeForce RTX 3060 (Vulkan, 535.183.01)" */
export function adapterInText({ name, backend, driver }: Adapter): string {
  const about = [BACKENDS[backend], driver].filter((part) => part !== '').join(', ');
  return `${name} (${about})`;
}

/** In a few words, where there is room for no more: "TensorFlow 2.21.0", or the name of the card. */
export function engineInFewWords({ name, version, adapter }: EngineInfo): string {
  if (adapter !== undefined) return adapter.name;
  return `${name === 'tensorflow' ? 'TensorFlow' : 'Portable engine'} ${version}`;
}

/** "Graft's operations", with what makes their bits others than those of most runs. */
const operationsInText = ({ vectors }: EngineInfo): string =>
  vectors === undefined ? "Graft's operations" : "Graft's operations in code for every processor";

/** "TensorFlow 2.21.0 with oneDNN's kernels and Graft's operations on 2 threads" */
export function engineInText(info: EngineInfo): string {
  const { name, version, threads, kernels, operations = [], adapter } = info;
  if (adapter !== undefined) return `WebGPU (Dawn ${version}) on ${adapterInText(adapter)}`;
  const engine = name === 'tensorflow' ? 'TensorFlow' : 'WebAssembly';
  const parts = [
    ...(kernels === undefined ? [] : [kernelsInText(kernels)]),
    ...(operations.length === 0 ? [] : [operationsInText(info)]),
  ];
  const made = parts.length === 0 ? '' : ` with ${parts.join(' and ')}`;
  return `${engine} ${version}${made} on ${counted(threads, 'thread')}`;
}

/**
 * What computed the runs of a study, each with its Node. Those that would read alike differ in which operations are Graft's,
 * so there they are named.
 */
export function enginesInText(engines: readonly EngineInfo[]): string {
  const texts = engines.map((info) => `${engineInText(info)}, Node ${info.node}`);
  const told = engines.map(({ operations = [], graft }, i) => {
    const text = texts[i] ?? '';
    if (texts.indexOf(text) === texts.lastIndexOf(text)) return text;
    return `${text} (Graft ${graft}; of its operations: ${operations.join(', ') || 'none'})`;
  });
  return told.join('; ');
}
