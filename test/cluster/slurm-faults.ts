/**
 * `npm run slurm`: a whole study through a real Slurm while a node is drained, a job is preempted and queued again,
 * another one is killed, the shared disk is full, and merging is killed. Ends with the weights of a study that ran here
 * undisturbed, or says which line FAILED. As root on Debian; a minute or two.
 *
 * A run to which something is to happen is stopped (SIGSTOP) as soon as it trains, so that nothing depends on how fast
 * this machine is.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs';
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

const STEPS = 1200;
const SHARED_MB = 48;
/** Left on the full disk: enough for a line in a log, and too little for a result. */
const SLACK_BYTES = 16 * 1024;

const obstacle = slurmObstacle();
if (obstacle !== null) {
  process.stdout.write(`skipped: ${obstacle}\n`);
  process.exit();
}

const began = performance.now();
let failed = 0;
const check = (isSo: boolean, what: string) => {
  if (!isSo) failed++;
  const seconds = ((performance.now() - began) / 1000).toFixed(0).padStart(4);
  process.stdout.write(`${seconds} s  ${isSo ? 'ok     ' : 'FAILED '} ${what}\n`);
};
const until = async (isSo: () => boolean, what: string, limitMs = 900_000) => {
  const end = Date.now() + limitMs;
  while (!isSo()) {
    if (Date.now() > end) break;
    await wait(50);
  }
  check(isSo(), what);
};

const folder = mkdtempSync(join(tmpdir(), 'graft cluster '));
const shared = join(folder, 'shared disk');
mkdirSync(shared);
execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SHARED_MB}m`, 'tmpfs', shared]);
const slurm = await startSlurm();
try {
  const project = await planStudy(folder, { steps: STEPS, seeds: 1 });
  const dir = join(shared, 'the bundle');
  await bundleStudy(project, dir);
  const local = join(folder, 'local.graft');
  copyFileSync(project, local);
  const bundle = openBundle(dir);
  const ids = bundle.manifest.runs.map(({ id }) => id);
  const submit = (...args: string[]) =>
    execFileSync(join(dir, 'slurm', 'submit.sh'), args, { env: slurm.env, encoding: 'utf8' });
  const isDone = (run: number) => resultsIn(dir).includes(`${run}.run`);
  const jobOf = (run: number) => readSign(bundle, run)?.job?.split(' ').at(-1) ?? '';
  const attemptsOf = (run: number) => {
    const path = join(dir, 'results', `${run}.run`);
    return decodeRunFile(readFileSync(path), path).attempts;
  };
  const log = (run: number) => readFileSync(join(dir, 'logs', `${run}.log`), 'utf8');
  /** Its trainer is the only child of the process that signs. */
  const signal = (run: number, name: string) =>
    spawnSync('pkill', [`-${name}`, '-P', String(readSign(bundle, run)?.pid)]);
  const stopped = new Set<number>();
  const goOn = (run: number) => {
    signal(run, 'CONT');
    stopped.delete(run);
  };
  /** Stops every run that has begun to train; those that are stopped by now. */
  const stopAll = () => {
    for (const run of ids) {
      if (stopped.has(run) || isDone(run) || (readSign(bundle, run)?.step ?? 0) === 0) continue;
      signal(run, 'STOP');
      stopped.add(run);
    }
    return [...stopped];
  };

  submit();
  await until(() => stopAll().length === 2, 'two runs are computed on two nodes');
  const [a = 0, b = 0] = stopped;

  slurm.run('scontrol', 'update', 'NodeName=gn2', 'State=DRAIN', 'Reason=test');
  const node = slurm.run('squeue', '-h', '-r', '-t', 'R', '-w', 'gn2', '-o', '%F_%K').trim();
  const drained = jobOf(a) === node ? a : b;
  const preempted = drained === a ? b : a;
  check(slurm.run('sinfo', '-h', '-n', 'gn2', '-o', '%t').includes('dr'), 'a node is drained');
  goOn(drained);
  await until(() => isDone(drained), `run ${drained} is done on it all the same`);

  const job = jobOf(preempted);
  const important = ['-p', 'high', '-w', 'gn1', '--mem=100', '-o', '/dev/null', '--wrap', 'true'];
  slurm.run('sbatch', ...important);
  await until(
    () =>
      slurm
        .run('squeue', '-h', '-r', '-t', 'R', '-o', '%F_%K')
        .split('\n')
        .every((one) => one !== job),
    `run ${preempted} is preempted`,
  );
  goOn(preempted);
  await until(() => log(preempted).includes('was asked to stop'), 'it kept its state');
  await until(
    () => slurm.run('squeue', '-h', '-r', '-t', 'PD', '-o', '%F_%K').split('\n').includes(job),
    'Slurm has queued it again',
  );
  // It would wait for two minutes.
  slurm.run('scontrol', 'update', `JobId=${job}`, 'StartTime=now');
  await until(() => isDone(preempted), 'it went on and is done');
  const attempts = attemptsOf(preempted);
  check(
    attempts.length === 2 &&
      attempts.some(({ end, lastStep }) => end === 'interrupted' && lastStep > 0),
    `its attempts: ${attempts
      .map(({ firstStep, lastStep, end }) => `${firstStep} to ${lastStep} ${end}`)
      .join(', ')}`,
  );

  slurm.run('scontrol', 'update', 'NodeName=gn2', 'State=RESUME');
  await until(() => stopAll().length === 2, 'the other two are computed on two nodes again');
  const [killed = 0, full = 0] = stopped;
  const pid = String(readSign(bundle, killed)?.pid);
  const orphans = spawnSync('pgrep', ['-P', pid], { encoding: 'utf8' }).stdout.trim().split('\n');
  spawnSync('kill', ['-9', pid, ...orphans]);
  stopped.delete(killed);

  const filler = join(shared, 'filler');
  spawnSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=4k'], { stdio: 'ignore' });
  truncateSync(filler, statSync(filler).size - SLACK_BYTES);
  goOn(full);
  await until(() => log(full).includes('is full'), `run ${full} finds the shared disk full`);
  check(!isDone(full), 'and has no half of a result');
  await until(
    () => slurm.run('squeue', '-h', '-r', '-t', 'R').trim().split('\n').length === 1,
    `run ${killed} was killed, and Slurm knows`,
  );
  rmSync(filler);
  await until(() => isDone(full), 'with room again, the other one writes its result by itself');

  await slurm.idle();
  const before = resultsIn(dir).length;
  check(before === ids.length - 1, `${before} runs are done; the killed one is not`);
  const again = submit();
  check(/job \d+: 1 runs/.test(again), 'submitted again: the one that has no result');
  await slurm.idle();
  check(resultsIn(dir).length === ids.length, 'all runs are done');

  const merged = () => Object.keys(weightsOf(project)).length;
  const seen: number[] = [];
  for (let kills = 0; kills < 3; kills++) {
    const merging = startGraft('study', 'merge', project, dir);
    const ended = new Promise((resolve) => merging.once('exit', resolve));
    const had = merged();
    while (merging.exitCode === null && merged() === had) await wait(5);
    merging.kill('SIGKILL');
    await ended;
    seen.push(merged());
  }
  const last = await graft('study', 'merge', project, dir);
  check(
    /none left \(done\)/.test(last),
    `merged, after three merges that were killed when ${seen.join(', ')} runs were there`,
  );
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
process.stdout.write(failed === 0 ? 'all as it should be\n' : `${failed} FAILED\n`);
process.exitCode = failed === 0 ? 0 : 1;
