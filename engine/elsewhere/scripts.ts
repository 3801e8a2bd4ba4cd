/** The scripts of a bundle: those that are the same in every one (scripts/), and the settings and lists that they read. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EngineName } from '../../shared/entities.ts';
import { counted } from '../../shared/number-format.ts';
import type { Manifest } from './bundle.ts';
import { ROOT } from '../installation.ts';

const SCRIPTS = join(ROOT, 'engine', 'elsewhere', 'scripts');

/** What is asked of a scheduler for one run. */
export interface Limits {
  readonly threads: number;
  readonly minutes: { readonly pretrain: number; readonly finetune: number };
  readonly memoryMb: number;
}

const hours = (minutes: number) =>
  `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:00`;

/** Which engine computes, and how another one is asked for. */
function engineLines(engine: EngineName | undefined): string {
  switch (engine) {
    case undefined:
      return `# What computes: TensorFlow where a node has it, else WebAssembly. One engine for all runs: other engines give other bits.
#export GRAFT_ENGINE=tensorflow`;
    case 'webgpu':
      return `# What computes: the graphics card, which this study was planned for. Without cards, take TensorFlow for all runs; its
# bits are others.
#export GRAFT_ENGINE=tensorflow`;
    case 'tensorflow':
    case 'wasm':
      return `# What computes: ${engine}, on which this study has begun. Another one gives other bits: take one for all runs.
#export GRAFT_ENGINE=${engine}`;
  }
}

function settings(
  { graft, execution: { engine } }: Manifest,
  { threads, minutes, memoryMb }: Limits,
): string {
  return `# What the scripts of this bundle ask for. Change it to suit your computers.

# How Graft is called where runs are computed: version ${graft}, in a place that all of them see.
GRAFT=(graft)
${engineLines(engine)}
# Of one run. Another number gives other bits: leave it for results that equal those of the computer it was planned on.
THREADS=${threads}

# Limits of one run, from what was measured where the bundle was made, with room for slower computers. A run whose time
# is up keeps its state and is queued again, so too little costs time and no results.
MINUTES_PRETRAIN=${minutes.pretrain}
MINUTES_FINETUNE=${minutes.finetune}
MEMORY_MB=${memoryMb}
# How long before its end a job is told to keep its state.
TERM_SECONDS=120

# Without a scheduler: runs side by side, or "parallel" for GNU parallel, with its options.
JOBS=\${JOBS:-1}
PARALLEL_OPTIONS=(--jobs 50%)

# Slurm: runs at once of each array, and what your cluster wants beside, as in
# (--partition=short --account=lab --constraint=icelake). Bits differ between kinds of processors: a --constraint that
# names one kind keeps the runs that are compared with each other on it.
MAX_AT_ONCE=100
SLURM_OPTIONS=(${engine === 'webgpu' ? '--gres=gpu:1' : ''})

# Leave this as it is: a Graft that is not there is said at once, and not by every run.
command -v "\${GRAFT[0]}" >/dev/null || {
  echo "\${GRAFT[0]} is no program on $(hostname). Name Graft ${graft} as GRAFT in settings.sh, by a path that all computers see" >&2
  exit 3
}
`;
}

function readme({ study, graft, node, runs }: Manifest): string {
  return `"${study.name}": ${counted(runs.length, 'run')} of a study, to be computed on other computers.

1. Copy this folder to where the computers that compute see it (a shared folder).
2. Have Graft ${graft} there. Without a network: the archive that "npm run bundle" makes of Graft holds all that it needs,
   Node ${node} and TensorFlow too; unpack it into the shared folder. Name its program as GRAFT in settings.sh.
3. Slurm: slurm/submit.sh (it prints every call of sbatch). PBS, LSF, HTCondor: pbs.sh, lsf.sh, htcondor.sub say how at
   their top. No scheduler: ./run-all.sh. Two computers without a shared folder: ./run-all.sh --part 1/2 on one,
   --part 2/2 on the other.
4. How far it is: graft study status --bundle THIS_FOLDER
   Again what failed: slurm/submit.sh --failed, or ./run-all.sh --failed. Single runs: slurm/submit.sh 17 23
5. Back: graft study merge PROJECT THIS_FOLDER, as often as you like, also while runs are being computed.

bundle.json   what this folder holds, with hashes; plan.graft, images/, given/: what runs read. Change none of these.
runs.tsv      the runs: number, kind, what it starts from, seed, steps, name
results/      one file a run, when it is done       running/   states of those that are not
failed/       why a run failed, with its log        logs/      what runs said
`;
}

const list = ({ runs }: Manifest) =>
  runs
    .map(({ id, kind, dependsOn, seed, steps, label }) =>
      [id, kind, dependsOn ?? '-', seed, steps, label.replaceAll(/\s+/g, ' ')].join('\t'),
    )
    .join('\n');

/** Names from the bundle's folder, texts, and whether they are programs. */
export function scriptFiles(
  manifest: Manifest,
  limits: Limits,
): { readonly name: string; readonly text: string; readonly isProgram: boolean }[] {
  const longest = Math.max(limits.minutes.pretrain, limits.minutes.finetune);
  const values: Readonly<Record<string, string>> = {
    THREADS: String(limits.threads),
    MEMORY_MB: String(limits.memoryMb),
    HOURS: hours(longest),
    MINUTES: String(longest),
  };
  const names = readdirSync(SCRIPTS, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(SCRIPTS.length + 1));
  return [
    ...names.map((name) => ({
      name: name.replaceAll('\\', '/'),
      text: readFileSync(join(SCRIPTS, name), 'utf8').replaceAll(
        /@([A-Z_]+)@/g,
        (whole, key: string) => values[key] ?? whole,
      ),
      isProgram: !name.endsWith('.sub'),
    })),
    { name: 'settings.sh', text: settings(manifest, limits), isProgram: false },
    { name: 'runs.tsv', text: `${list(manifest)}\n`, isProgram: false },
    { name: 'README.txt', text: readme(manifest), isProgram: false },
  ];
}
