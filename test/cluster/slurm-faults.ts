/**
 * `npm run slurm`: a whole study through a real Slurm while a node is drained, a job is killed, another one is preempted
 * and queued again, the shared disk is full, and merging is killed. Ends with the weights of a study that ran here
 * undisturbed, or says which line FAILED. As root on Debian; some minutes.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { openBundle } from '../../engine/elsewhere/bundle.ts';
import { readSign } from '../../engine/elsewhere/sign.ts';
import { decodeRunFile } from '../../engine/elsewhere/run-file.ts';
import {
  bundleStudy,
  graft,
  planStudy,
  resultsIn,
  startGraft,
  verdictOf,
  weightsOf,
} from './real-study.ts';
import { slurmObstacle, startSlurm } from './slurm-here.ts';

const STEPS = 4000;
const SHARED_MB = 48;

const obstacle = slurmObstacle();
if (obstacle !== null) {
  process.stdout.write(`skipped: ${obstacle}\n`);
  process.exit();
}

let failed = 0;
const check = (isSo: boolean, what: string) => {
  if (!isSo) failed++;
  process.stdout.write(`${isSo ? 'ok     ' : 'FAILED '} ${what}\n`);
};
const until = async (isSo: () => boolean, what: string, limitMs = 900_000) => {
  const end = Date.now() + limitMs;
  while (!isSo()) {
    if (Date.now() > end) break;
    await wait(300);
  }
  check(isSo(), what);
};

const folder = mkdtempSync(join(tmpdir(), 'graft cluster '));
const shared = join(folder, 'shared disk');
mkdirSync(shared);
execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SHARED_MB}m`, 'tmpfs', shared]);
const slurm = await startSlurm();
try {
  const project = await planStudy(folder, { steps: STEPS, seeds: 2 });
  const dir = join(shared, 'the bundle');
  await bundleStudy(project, dir);
  const local = join(folder, 'local.graft');
  copyFileSync(project, local);
  const bundle = openBundle(dir);
  const submit = (...args: string[]) =>
    execFileSync(join(dir, 'slurm', 'submit.sh'), args, { env: slurm.env, encoding: 'utf8' });
  const stepOf = (run: number) => readSign(bundle, run)?.step ?? 0;
  const isDone = (run: number) => resultsIn(dir).includes(`${run}.run`);
  const jobOf = (run: number) => readSign(bundle, run)?.job?.split(' ').at(-1) ?? '';
  const attemptsOf = (run: number) => {
    const path = join(dir, 'results', `${run}.run`);
    return decodeRunFile(readFileSync(path), path).attempts;
  };
  const log = (run: number) => readFileSync(join(dir, 'logs', `${run}.log`), 'utf8');
  const running = () => bundle.manifest.runs.map(({ id }) => id).filter((id) => stepOf(id) > 0);

  submit();
  await until(() => running().length === 2, 'two runs are computed on two nodes');
  const [a = 0, b = 0] = running();

  slurm.run('scontrol', 'update', 'NodeName=gn2', 'State=DRAIN', 'Reason=test');
  const node = slurm.run('squeue', '-h', '-r', '-t', 'R', '-w', 'gn2', '-o', '%F_%K').trim();
  const drained = jobOf(a) === node ? a : b;
  const other = drained === a ? b : a;
  await until(() => isDone(drained), `run ${drained} is done on the node that is being drained`);
  check(slurm.run('sinfo', '-h', '-n', 'gn2', '-o', '%t').includes('dr'), 'the node takes no more');
  if (isDone(other)) await until(() => running().length === 1, 'the other node goes on');

  const [preempted = 0] = running();
  await until(() => stepOf(preempted) > STEPS / 20, `run ${preempted} is under way`);
  slurm.run(
    'sbatch',
    '-p',
    'high',
    '-w',
    'gn1',
    '--mem=100',
    '-o',
    '/dev/null',
    '--wrap',
    'sleep 3',
  );
  await until(() => log(preempted).includes('was asked to stop'), 'preempted, it kept its state');
  await until(() => isDone(preempted), 'queued again by Slurm, it went on and is done');
  check(
    attemptsOf(preempted).some(({ end, lastStep }) => end === 'interrupted' && lastStep > 0),
    `its attempts: ${attemptsOf(preempted)
      .map(({ firstStep, lastStep, end }) => `${firstStep} to ${lastStep} ${end}`)
      .join(', ')}`,
  );

  await until(() => running().length > 0, 'another run begins');
  const [killed = 0] = running();
  await until(() => stepOf(killed) > STEPS / 20, `run ${killed} is under way`);
  spawnSync('kill', ['-9', String(readSign(bundle, killed)?.pid)]);
  await until(() => jobOf(killed) === '' || stepOf(killed) > 0, 'killed without a word');
  slurm.run('scontrol', 'update', 'NodeName=gn2', 'State=RESUME');

  await until(() => running().some((run) => run !== killed), 'others go on');
  const full = running().find((run) => run !== killed) ?? 0;
  const filler = join(shared, 'filler');
  spawnSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=64k'], { stdio: 'ignore' });
  await until(() => log(full).includes('is full'), `run ${full} finds the shared disk full`);
  check(!isDone(full), 'and has no half of a result');
  await wait(2000);
  rmSync(filler);
  await until(() => isDone(full), 'with room again, it writes its result by itself');

  await slurm.idle();
  const before = resultsIn(dir).length;
  check(before < bundle.manifest.runs.length, `${before} runs done; the killed one is not`);
  const again = submit();
  check(/job \d+: \d+ runs/.test(again), 'submitted again: what has no result');
  await slurm.idle();
  check(resultsIn(dir).length === bundle.manifest.runs.length, 'all runs are done');

  let merges = 0;
  for (let ms = 400; ms < 6000; ms += 700) {
    const merging = startGraft('study', 'merge', project, dir);
    const ended = new Promise((resolve) => merging.once('exit', resolve));
    await wait(ms);
    merging.kill('SIGKILL');
    await ended;
    merges++;
  }
  const merged = await graft('study', 'merge', project, dir);
  check(/none left \(done\)/.test(merged), `merged, after ${merges} merges that were killed`);
  await graft('study', 'run', local);
  const same = (of: (project: string) => unknown) =>
    JSON.stringify(of(project)) === JSON.stringify(of(local));
  check(same(weightsOf), 'the weights of all runs are those of a study that ran here');
  check(same(verdictOf), 'and so are their scores and curves');
} finally {
  await slurm.close();
  spawnSync('umount', ['-l', shared]);
  rmSync(folder, { recursive: true, force: true });
}
writeFileSync(process.stdout.fd, failed === 0 ? 'all as it should be\n' : `${failed} FAILED\n`);
process.exitCode = failed === 0 ? 0 : 1;
