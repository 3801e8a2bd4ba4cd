/**
 * A Slurm of this one machine: munge, a controller and two nodes of one processor each, with a partition whose jobs are
 * preempted by those of another. Everything lies in a folder of its own and is gone with it.
 */
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';

const PROGRAMS = ['slurmctld', 'slurmd', 'sbatch', 'munged', 'runuser'];
const PACKAGES = ['slurmctld', 'slurmd', 'slurm-client', 'munge'];
const INSTALL_MS = 240_000;

const isThere = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

/** null: Slurm runs here, having been installed where that can be; else why it does not. */
export function slurmObstacle(): string | null {
  if (process.platform !== 'linux') return 'Slurm runs on Linux alone';
  if (process.getuid?.() !== 0) return 'only root starts a controller and nodes';
  if (PROGRAMS.every(isThere)) return null;
  if (!isThere('apt-get')) return 'Slurm is not installed, and this is no Debian';
  const { status } = spawnSync(
    'apt-get',
    ['install', '-y', '--no-install-recommends', ...PACKAGES],
    { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, timeout: INSTALL_MS },
  );
  return status === 0 && PROGRAMS.every(isThere)
    ? null
    : `${PACKAGES.join(', ')} cannot be installed here`;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('no port'));
        else resolve(address.port);
      });
    });
  });
}

export interface SlurmHere {
  /** Environment in which Slurm's commands find this cluster. */
  readonly env: NodeJS.ProcessEnv;
  /** Output of one of its commands. */
  run(command: string, ...args: string[]): string;
  /** Settles when no job is left, or `done` says so. */
  idle(done?: () => boolean): Promise<void>;
  close(): Promise<void>;
}

const NODES = ['gn1', 'gn2'] as const;

export async function startSlurm(): Promise<SlurmHere> {
  const dir = mkdtempSync(join(tmpdir(), 'graft-slurm-'));
  chmodSync(dir, 0o755);
  const munge = join(dir, 'munge');
  mkdirSync(munge);
  const of = (what: '-u' | '-g') => Number(execFileSync('id', [what, 'munge']).toString());
  const [uid, gid] = [of('-u'), of('-g')];
  const key = join(munge, 'key');
  writeFileSync(key, randomBytes(1024), { mode: 0o400 });
  for (const path of [munge, key]) chownSync(path, uid, gid);
  const at = (name: string) => join(munge, name);
  const children: ChildProcess[] = [];
  const start = (program: string, args: string[], env: NodeJS.ProcessEnv = process.env) => {
    const child = spawn(program, args, { env, stdio: 'ignore' });
    children.push(child);
  };
  start('runuser', [
    ...['-u', 'munge', '--', 'munged', '--foreground', '--force', `--key-file=${key}`],
    ...[`--socket=${at('socket')}`, `--pid-file=${at('pid')}`, `--log-file=${at('log')}`],
    `--seed-file=${at('seed')}`,
  ]);
  const controllerPort = await freePort();
  const host = hostname().split('.')[0] ?? 'localhost';
  const nodes: string[] = [];
  for (const name of NODES) {
    const port = await freePort();
    nodes.push(
      `NodeName=${name} NodeHostname=${host} NodeAddr=127.0.0.1 Port=${port} CPUs=1 RealMemory=16000`,
    );
  }
  const conf = join(dir, 'slurm.conf');
  writeFileSync(
    conf,
    `ClusterName=graft
SlurmctldHost=${host}(127.0.0.1)
SlurmctldPort=${controllerPort}
AuthType=auth/munge
AuthInfo=socket=${at('socket')}
CredType=cred/munge
SlurmUser=root
StateSaveLocation=${dir}/state
SlurmdSpoolDir=${dir}/spool-%n
SlurmctldPidFile=${dir}/controller.pid
SlurmdPidFile=${dir}/node-%n.pid
SlurmctldLogFile=${dir}/controller.log
SlurmdLogFile=${dir}/node-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=2,batch_sched_delay=1
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
ReturnToService=2
MpiDefault=none
KillWait=30
${nodes.join('\n')}
PartitionName=low Nodes=ALL Default=YES PriorityTier=1 State=UP PreemptMode=REQUEUE
PartitionName=high Nodes=ALL PriorityTier=10 State=UP PreemptMode=OFF
`,
  );
  mkdirSync(join(dir, 'state'));
  const env = { ...process.env, SLURM_CONF: conf };
  await wait(500);
  start('slurmctld', ['-D', '-i'], env);
  for (const node of NODES) start('slurmd', ['-D', '-N', node], env);
  const run = (command: string, ...args: string[]) =>
    execFileSync(command, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const isUp = () => {
    try {
      return (
        run('sinfo', '-h', '-t', 'idle', '-p', 'low', '-o', '%D').trim() === String(NODES.length)
      );
    } catch {
      return false;
    }
  };
  while (!isUp()) await wait(300);
  return {
    env,
    run,
    async idle(done = () => run('squeue', '-h').trim() === '') {
      while (!done()) await wait(500);
    },
    async close() {
      for (const child of children.toReversed()) {
        const ended = new Promise((resolve) => child.once('exit', resolve));
        if (child.exitCode === null && child.signalCode === null) {
          child.kill('SIGTERM');
          await Promise.race([ended, wait(5000)]);
          child.kill('SIGKILL');
        }
      }
      rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}
