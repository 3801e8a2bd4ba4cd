/** Where this process computes: the computer, its kind of processor, the job of a scheduler. */
import { availableParallelism, hostname } from 'node:os';
import { processorName } from '../training/tensorflow/processor.ts';

/** Variables in which schedulers name a job. */
const JOBS: readonly (readonly [scheduler: string, variables: readonly string[]])[] = [
  ['Slurm', ['SLURM_ARRAY_JOB_ID', 'SLURM_ARRAY_TASK_ID']],
  ['Slurm', ['SLURM_JOB_ID']],
  ['PBS', ['PBS_JOBID']],
  ['LSF', ['LSB_JOBID', 'LSB_JOBINDEX']],
  ['HTCondor', ['CONDOR_JOB_ID']],
];

/** "Slurm 17_3"; null where no scheduler says so. */
function jobName(env: NodeJS.ProcessEnv = process.env): string | null {
  for (const [scheduler, variables] of JOBS) {
    const values = variables.map((name) => env[name]);
    if (values.every((value) => value !== undefined && value !== '')) {
      return `${scheduler} ${values.join('_')}`.slice(0, 256);
    }
  }
  return null;
}

export const placeHere = () => ({
  host: hostname().slice(0, 256),
  processor: processorName(),
  cores: availableParallelism(),
  job: jobName(),
});
