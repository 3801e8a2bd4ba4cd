/**
 * The scripts of a bundle, with a graft that only writes down what it was asked for, and stand-ins for schedulers that do
 * what their manuals say of arrays, lists and dependencies: the commands are those that the templates print at their top.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bundledStudy } from './bundled-study.ts';

/** Refuses a run whose pretraining has no result, as graft does; run `$LOCKED` is somebody else's. */
const GRAFT = `#!/usr/bin/env bash
[ "$1" = run-one ] || exit 0
[ "$3" != "\${LOCKED:-}" ] || exit 4
from=$(awk -F '\\t' -v run="$3" '$1 == run { print $3 }' "$2/runs.tsv")
[ "$3" != "\${BREAKS:-}" ] || { mkdir -p "$2/failed"; echo "{}" >"$2/failed/$3.json"; exit 1; }
[ "$from" = - ] || [ -e "$2/results/$from.run" ] || { echo "run $from first"; exit 3; }
mkdir -p "$2/results"; echo "$*" >"$2/results/$3.run"; rm -f "$2/failed/$3.json"; echo "$3" >>"$2/order"
`;

const QSUB = `#!/usr/bin/env bash
# As OpenPBS: jobs begin in the home directory, and have the variables of -v.
range= script=
while [ $# -gt 0 ]; do
  case $1 in
    -J) range=$2; shift ;;
    -v) IFS=, read -ra given <<<"$2"; shift ;;
    -W) depends=\${2#depend=afterok:}; [ -e "$STUB/\${depends%%[*}" ] || exit 1; shift ;;
    *) script=$1 ;;
  esac
  shift
done
grep -q '^#PBS -l walltime=[0-9]*:[0-9][0-9]:00$' "$script" || exit 1
job=$(( $(ls "$STUB" | grep -c '^[0-9]') + 1 )) ok=1
from=$PWD
for i in $(seq "\${range%-*}" "\${range#*-}"); do
  (cd / && env "\${given[@]}" PBS_JOBID="$job[$i].server" PBS_ARRAY_INDEX="$i" bash "$from/$script" >&2) || ok=0
done
[ $ok = 0 ] || touch "$STUB/$job"
echo "$job[].server"
`;

const BSUB = `#!/usr/bin/env bash
# As LSF: the script is read from the input, and has the environment and the folder of whoever submits it.
while [ $# -gt 0 ]; do
  case $1 in
    -J) name=\${2%%[*}; range=\${2#*[}; range=\${range%]}; shift ;;
    -w) after=\${2#done(\\"}; [ -e "$STUB/\${after%\\")}" ] || exit 1; shift ;;
  esac
  shift
done
script=$(cat) ok=1
grep -q '^#BSUB -W [0-9]*$' <<<"$script" || exit 1
for i in $(seq "\${range%-*}" "\${range#*-}"); do
  LSB_JOBID=7 LSB_JOBINDEX=$i bash -c "$script" || ok=0
done
[ $ok = 0 ] || touch "$STUB/$name"
`;

const CONDOR = `#!/usr/bin/env bash
# As HTCondor: "list=…" before the file sets a macro, and "queue run from" takes a line for each job.
while [ $# -gt 0 ]; do
  case $1 in
    -batch-name) shift ;;
    list=*) list=\${1#list=} ;;
    *) file=$1 ;;
  esac
  shift
done
grep -qx 'queue run from $(list)' "$file" && grep -qx 'arguments = $(run)' "$file" || exit 1
program=$(awk '$1 == "executable" { print $3 }' "$file")
while read -r run; do "./$program" "$run" || exit 1; done <"$list"
`;

async function withScripts(name = 'a bundle') {
  const { folder, study, engine, project, runs } = await bundledStudy();
  const dir = join(folder, name);
  await engine.call('studies.bundle', {
    ...{ project, studyId: study.id, dir, minutes: 10, memoryMb: 1000 },
  });
  const bin = join(folder, 'bin');
  const stub = join(folder, 'stub');
  for (const one of [bin, stub]) mkdirSync(one);
  for (const [program, text] of Object.entries({
    ...{ graft: GRAFT, qsub: QSUB, bsub: BSUB, condor_submit: CONDOR },
  })) {
    writeFileSync(join(bin, program), text);
    chmodSync(join(bin, program), 0o755);
  }
  const env = { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}`, STUB: stub };
  const bash = (text: string, more: NodeJS.ProcessEnv = {}) =>
    spawnSync('bash', ['-c', text], {
      ...{ cwd: dir, env: { ...env, ...more }, encoding: 'utf8', timeout: 60_000 },
    });
  const order = () => readFileSync(join(dir, 'order'), 'utf8').trim().split('\n').map(Number);
  const all = runs().map(({ id }) => id);
  /** The commands at the top of a template. */
  const printed = (template: string) =>
    readFileSync(join(dir, template), 'utf8')
      .split('\n')
      .flatMap((line) => (line.startsWith('#   ') ? [line.slice(4)] : []))
      .join('\n')
      .replace('cd BUNDLE', 'cd "$PWD"')
      .replace(/ {6}\(.*\)$/m, '');
  return { dir, bash, order, all, runs, printed };
}

const sorted = (runs: readonly number[]) => runs.toSorted((a, b) => a - b);

describe.skipIf(process.platform === 'win32')('the scripts of a bundle', () => {
  it('compute every run once, pretrainings first, whatever the folder is called', async () => {
    const { bash, order, all, runs, dir } = await withScripts(`it's "100%" $HOME`);
    const { status, stdout } = bash('./run-all.sh', { JOBS: '2' });
    expect([status, stdout]).toEqual([0, expect.stringContaining('run 1: done')]);
    expect(sorted(order())).toEqual(all);
    const pretrainings = runs().flatMap(({ id, kind }) => (kind === 'pretrain' ? [id] : []));
    expect(sorted(order().slice(0, pretrainings.length))).toEqual(pretrainings);
    expect(readFileSync(join(dir, 'logs', '1.log'), 'utf8')).toContain('run 1');
    expect(bash('./choose.sh').stdout).toBe('');
  });

  it('leave a run to the computer that computes it, and say of a failure that it is one', async () => {
    const { bash, order, all, runs } = await withScripts();
    const alone = runs().find(({ kind, dependsOn }) => kind === 'finetune' && dependsOn === null);
    const locked = alone?.id ?? 0;
    expect(bash('./run-all.sh', { LOCKED: String(locked) }).status).toBe(0);
    expect(sorted(order())).toEqual(all.filter((id) => id !== locked));
    expect(bash(`./one.sh ${locked}`, { LOCKED: String(locked) }).status).toBe(4);
    const other = await withScripts();
    // What starts from a pretraining that is nowhere fails.
    const { status } = other.bash('./run-all.sh', { LOCKED: '1' });
    expect(status).toBe(1);
  });

  it('run again what failed, with all that waits for it', async () => {
    const { bash, order, all } = await withScripts();
    expect(bash('./run-all.sh', { BREAKS: '1' }).status).toBe(1);
    expect(order().length).toBeLessThan(all.length);
    expect(bash('./run-all.sh --failed').status).toBe(0);
    expect(sorted(order())).toEqual(all);
  });

  it('say at once where there is no Graft', async () => {
    const { bash, dir } = await withScripts();
    const settings = join(dir, 'settings.sh');
    const text = readFileSync(settings, 'utf8');
    writeFileSync(settings, text.replace('GRAFT=(graft)', 'GRAFT=("/not there/graft")'));
    for (const script of [
      './run-all.sh',
      './run-all.sh --failed',
      './one.sh 1',
      'slurm/submit.sh',
    ]) {
      const { status, stderr } = bash(script);
      expect([script, status, stderr.trim().split('\n')]).toEqual([
        ...[script, 3],
        [expect.stringMatching(/^\/not there\/graft is no program on .*GRAFT in settings.sh/)],
      ]);
    }
  });

  it('say where they may not write', async () => {
    const { bash, dir } = await withScripts();
    writeFileSync(join(dir, 'logs'), 'a file');
    const { status, stderr } = bash('./one.sh 1');
    expect([status, stderr]).toEqual([3, expect.stringContaining('logs/1.log cannot be written')]);
  });

  it('ask Slurm for the limits that settings.sh has by now, and print it', async () => {
    const { bash, dir } = await withScripts();
    const settings = join(dir, 'settings.sh');
    const text = readFileSync(settings, 'utf8');
    writeFileSync(
      settings,
      text
        .replace('MINUTES_FINETUNE=10', 'MINUTES_FINETUNE=90')
        .replace('SLURM_OPTIONS=()', 'SLURM_OPTIONS=(--constraint="ice lake")'),
    );
    const { stdout, status } = bash('DRY_RUN=1 ./slurm/submit.sh');
    expect(status).toBe(0);
    const calls = stdout.split('\n').filter((line) => line.startsWith('+ sbatch'));
    expect(calls.filter((call) => call.includes('--job-name=finetune --time=90 '))).toHaveLength(4);
    for (const call of calls) expect(call).toContain(String.raw`--constraint=ice\ lake`);
    const [pretrain] = calls;
    expect(pretrain).toContain(String.raw`--job-name=pretrain --time=10 --array=1\,2%100 `);
  });

  it.each(['pbs.sh', 'lsf.sh', 'htcondor.sub'])(
    'are submitted as the top of %s says',
    async (template) => {
      const { bash, order, all, printed } = await withScripts();
      const { status, stderr } = bash(`set -e; ${printed(template)}`);
      expect([status, stderr.includes('first')]).toEqual([0, false]);
      expect(sorted(order())).toEqual(all);
    },
  );

  it('run under GNU parallel', async (ctx) => {
    if (spawnSync('sh', ['-c', 'command -v parallel']).status !== 0) ctx.skip('no GNU parallel');
    const { bash, order, all, dir } = await withScripts(`it's "100%"`);
    const { status, stderr } = bash('./run-all.sh', { JOBS: 'parallel' });
    expect([status, stderr]).toEqual([0, expect.any(String)]);
    expect(sorted(order())).toEqual(all);
    expect(execFileSync('wc', ['-l', join(dir, 'logs', 'parallel.log')]).toString()).toContain('9');
  });
});
