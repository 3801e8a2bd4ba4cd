/**
 * Which of TensorFlow's two sets of kernels computes: its own, made with Eigen, or oneDNN's. By itself TensorFlow takes
 * oneDNN's only where it sees instructions for narrow numbers (AVX512_VNNI, AVX512_BF16, AVX_VNNI, AMX;
 * tensorflow/core/util/port.cc), though with AVX2 alone they are as much faster. So the choice is ours. It is made
 * before TensorFlow loads, holds for the process, and is recorded, since bits depend on it.
 */
import type { Kernels } from '../../../shared/entities.ts';
import { askedWord, type Environment } from './asked-for.ts';
import { processorFeatures } from './processor.ts';

/** TensorFlow reads it when it loads. */
const VARIABLE = 'TF_ENABLE_ONEDNN_OPTS';

interface Machine {
  readonly env: Environment;
  /** As Node names it: 'x64', 'arm64'. */
  readonly architecture: string;
  /** null: not known. */
  readonly features: readonly string[] | null;
}

/** As whoever started this process left it: the process sets it for itself, below. */
const STARTED_WITH = { [VARIABLE]: process.env[VARIABLE] };

const thisMachine = (): Machine => ({
  env: STARTED_WITH,
  architecture: process.arch,
  features: processorFeatures(),
});

/** What whoever started this process chose; null: nothing. */
function askedFor(env: Environment): Kernels | null {
  const word = askedWord(VARIABLE, env);
  if (word === null) return null;
  return word === '1' || word === 'true' ? 'onednn' : 'eigen';
}

/** Whether the environment has chosen for every process that begins something. */
export const isKernelsAskedFor = (): boolean => askedFor(STARTED_WITH) !== null;

/**
 * Kernels that calibration may choose from, the likelier first. Empty: the choice is made already, or TensorFlow's,
 * whose builds for other processors than x64 have oneDNN's kernels or not.
 */
export function kernelCandidates(machine: Machine = thisMachine()): readonly Kernels[] {
  if (askedFor(machine.env) !== null || machine.architecture !== 'x64') return [];
  const suited = machine.features === null || machine.features.includes('AVX2');
  return suited ? ['onednn', 'eigen'] : ['eigen', 'onednn'];
}

/**
 * Kernels of a process that resumes nothing: the environment's, else the caller's, else what suits the processor.
 * null: as TensorFlow decides.
 */
export const kernelsFor = (
  wanted: Kernels | undefined,
  machine: Machine = thisMachine(),
): Kernels | null => askedFor(machine.env) ?? wanted ?? kernelCandidates(machine)[0] ?? null;

/** For the process that calls it, before it loads TensorFlow. */
export function useKernels(kernels: Kernels | null): void {
  if (kernels !== null) process.env[VARIABLE] = kernels === 'onednn' ? '1' : '0';
}
