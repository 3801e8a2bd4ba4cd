/**
 * From a fresh clone with an empty cache to the first view, step by step; the second start; and, where a mirror that has
 * Electron's binary is named, how long that takes.
 * usage: first-start.ts [--electron-mirror ADDRESS] [--keep FOLDER]
 *
 * Takes packages and Node from npm's registry, the TensorFlow wheel from pip's, as they are set up on this computer; how
 * long they take is the network's affair. Some 4 GB and five minutes. `keep` names a new folder for the clone and its
 * cache, which stay (test/packages/bare-root.sh bundle can follow there). The last line is JSON.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const { values: flags } = parseArgs({
  options: { 'electron-mirror': { type: 'string' }, keep: { type: 'string' } },
});
const ROOT = join(import.meta.dirname, '..', '..');
const keep = flags.keep === undefined ? null : resolve(flags.keep);
if (keep !== null) mkdirSync(keep);
const folder = keep ?? mkdtempSync(join(tmpdir(), 'graft-first-start-'));
const clone = join(folder, 'graft');
const mirror = flags['electron-mirror'];

const env = {
  ...process.env,
  GRAFT_CACHE: join(folder, 'cache'),
  GRAFT_CONFIG: join(folder, 'config'),
  npm_config_cache: join(folder, 'npm'),
  PIP_NO_CACHE_DIR: '1',
};

interface Ran {
  readonly seconds: number;
  readonly output: string;
}

/** Its output, which is shown as well. */
function run(command: string, args: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const began = performance.now();
  const child = spawn(command, args, {
    cwd: folder,
    env: { ...env, ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      process.stderr.write(text);
    });
  }
  return new Promise((done, fail) => {
    child.once('error', fail);
    child.once('close', (code) => {
      if (code === 0) done({ seconds: (performance.now() - began) / 1000, output });
      else fail(new Error(`${command} ${args.join(' ')} ended with code ${code ?? 'none'}`));
    });
  });
}

/** What setting up says: "Fetching Node 24.21.0: done in 7.6 s". */
const stepsOf = ({ output }: Ran) =>
  [...output.matchAll(/^(.+): (done|not possible here|failed) in ([\d.]+) s$/gm)].map(
    ([, step = '', how = '', seconds]) => ({ step, how, seconds: Number(seconds) }),
  );

const start = (more?: NodeJS.ProcessEnv) =>
  run('npm', ['--prefix', clone, 'start', '--', '--smoke'], more);

try {
  await run('git', ['clone', '--quiet', ROOT, clone]);
  const first = await start({ ELECTRON_SKIP_BINARY_DOWNLOAD: '1' });
  const second = await start({ ELECTRON_SKIP_BINARY_DOWNLOAD: '1' });
  const electron =
    mirror === undefined
      ? null
      : await run('npm', ['--prefix', clone, 'run', 'setup'], { ELECTRON_MIRROR: mirror });
  const steps = [...stepsOf(first), ...(electron === null ? [] : stepsOf(electron))];
  const words = (seconds: number) => `${seconds.toFixed(1)} s`.padStart(9);
  process.stdout.write('\n');
  for (const { step, how, seconds } of steps) {
    process.stdout.write(`${words(seconds)}  ${step}${how === 'done' ? '' : `: ${how}`}\n`);
  }
  process.stdout.write(
    `${words(first.seconds)}  from the command to the first view, and its end\n`,
  );
  process.stdout.write(`${words(second.seconds)}  the same, the second time\n`);
  const readyMs = (ran: Ran) => Number(/"ready_ms":(\d+)/.exec(ran.output)?.[1]);
  process.stdout.write(
    `${JSON.stringify({ steps, firstReadyMs: readyMs(first), secondReadyMs: readyMs(second) })}\n`,
  );
} finally {
  if (keep === null) rmSync(folder, { recursive: true, force: true });
}
