/**
 * The commands that compute what is in a bundle, as they are typed in its folder: where that lies is for each computer to
 * know, and another path here than there.
 */

/** What computes the runs of a bundle. */
export type ComputedBy = 'slurm' | 'template' | 'none';

/** `which`: those without a result, those that failed, or runs by number. */
export function bundleCommand(by: ComputedBy, which: 'all' | 'failed' | readonly number[]): string {
  const chosen = which === 'all' ? [] : which === 'failed' ? ['--failed'] : which;
  switch (by) {
    case 'slurm':
      return ['./slurm/submit.sh', ...chosen].join(' ');
    case 'none':
      return ['./run-all.sh', ...chosen].join(' ');
    case 'template':
      return ['./choose.sh', ...chosen, '> again.list'].join(' ');
  }
}
