/** The software that computes a run, in words: for reports, the command line and the window alike. */
import type { EngineInfo, Kernels } from './entities.ts';
import { counted } from './number-format.ts';

const KERNELS: Readonly<Record<Kernels, string>> = { onednn: "oneDNN's", eigen: "Eigen's" };

/** "oneDNN's kernels" */
export const kernelsInText = (kernels: Kernels): string => `${KERNELS[kernels]} kernels`;

/** "TensorFlow 2.21.0 with oneDNN's kernels and Graft's operations on 2 threads" */
export function engineInText(info: EngineInfo): string {
  const { name, version, threads, kernels, operations = [] } = info;
  const engine = name === 'tensorflow' ? 'TensorFlow' : 'WebAssembly';
  const parts = [
    ...(kernels === undefined ? [] : [kernelsInText(kernels)]),
    ...(operations.length === 0 ? [] : ["Graft's operations"]),
  ];
  const made = parts.length === 0 ? '' : ` with ${parts.join(' and ')}`;
  return `${engine} ${version}${made} on ${counted(threads, 'thread')}`;
}
