/** A whole study through a real Slurm (slurm-here.ts). What takes longer is `npm run slurm` (slurm-faults.ts). */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { bundleStudy, graft, planStudy, resultsIn, verdictOf, weightsOf } from './real-study.ts';
import { slurmObstacle, startSlurm } from './slurm-here.ts';

const obstacle = slurmObstacle();
const PATIENCE_MS = 900_000;

it(
  'without a scheduler, or through Slurm where it can be had: the same weights and verdict as here',
  async (test) => {
    const folder = mkdtempSync(join(tmpdir(), 'graft cluster '));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const project = await planStudy(folder, { steps: 12, seeds: 1 });
    const dir = join(folder, 'the bundle');
    await bundleStudy(project, dir);
    const local = join(folder, 'local.graft');
    copyFileSync(project, local);
    if (obstacle === null) {
      const slurm = await startSlurm();
      onTestFinished(() => slurm.close());
      const submit = execFileSync(join(dir, 'slurm', 'submit.sh'), { env: slurm.env });
      // What it starts is printed, and what starts from a pretraining waits for it.
      expect(submit.toString().match(/^\+ sbatch /gm)).toHaveLength(4);
      expect(submit.toString()).toMatch(/--dependency=aftercorr:\d+ --kill-on-invalid-dep=yes/);
      await slurm.idle();
    } else {
      await test.annotate(`not through Slurm: ${obstacle}`);
      execFileSync(join(dir, 'run-all.sh'));
    }
    expect(resultsIn(dir)).toHaveLength(4);
    expect(readFileSync(join(dir, 'logs', '1.log'), 'utf8')).toContain('run 1: done');
    await graft('study', 'merge', project, dir);
    await graft('study', 'run', local);
    expect(weightsOf(project)).toEqual(weightsOf(local));
    expect(Object.keys(weightsOf(local))).toHaveLength(4);
    expect(verdictOf(project)).toEqual(verdictOf(local));
  },
  PATIENCE_MS,
);
