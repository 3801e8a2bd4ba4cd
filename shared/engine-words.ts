/** The software that computes a run, in words: for reports, the command line and the window alike. */
import type { EngineInfo, Kernels } from './entities.ts';
import { counted } from './number-format.ts';

const KERNELS: Readonly<Record<Kernels, string>> = { onednn: "oneDNN's", eigen: "Eigen's" };

/** "oneDNN's kernels" */
export const kernelsInText = (kernels: Kernels): string => `${KERNELS[kernels]} kernels`;

/** "TensorFlow 2.21.0 with oneDNN's kernels on 2 threads" */
export function engineInText({ name, version, threads, kernels }: EngineInfo): string {
  const engine = name === 'tensorflow' ? 'TensorFlow' : 'WebAssembly';
  const made = kernels === undefined ? '' : ` with ${kernelsInText(kernels)}`;
  return `${engine} ${version}${made} on ${counted(threads, 'thread')}`;
}
