/** The Python environment that the peers run in: made by pip in Graft's cache when first asked for. */
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheRoot, pins } from '../../../build/locations.mjs';

/** TensorFlow is the one that Graft itself runs on, so that Keras's ratio compares programs and not libraries. */
const REQUIREMENTS = ['torch==2.13.0', `tensorflow-cpu==${pins().tensorflow}`, 'keras==3.15.1'];

const interpreterIn = (environment: string) =>
  process.platform === 'win32'
    ? join(environment, 'Scripts', 'python.exe')
    : join(environment, 'bin', 'python');

const run = (program: string, args: readonly string[]) =>
  execFileSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });

const SYSTEM = process.platform === 'win32' ? 'python' : 'python3';
const environment = join(cacheRoot(), `peers-${REQUIREMENTS.join('-').replaceAll('==', '-')}`);
/** Marks an environment that pip has finished. */
const finished = join(environment, 'finished');

/** Interpreters without a download: the system's, whose PyTorch may know its card, and the peers' where it was made. */
export const interpretersHere = (): string[] => [
  SYSTEM,
  ...(existsSync(finished) ? [interpreterIn(environment)] : []),
];

/**
 * Path of the interpreter that has the peers' packages. The first time it downloads some 500 MB.
 * Errors: where Python 3 or a package is missing.
 */
export function peerInterpreter(): string {
  if (!existsSync(finished)) {
    console.log(`Installing ${REQUIREMENTS.join(', ')} into ${environment} …`);
    rmSync(environment, { recursive: true, force: true });
    run(SYSTEM, ['-m', 'venv', environment]);
    const pip = ['-m', 'pip', 'install', '--disable-pip-version-check', '--progress-bar', 'off'];
    run(interpreterIn(environment), [...pip, '--retries', '1', ...REQUIREMENTS]);
    writeFileSync(finished, '');
  }
  return interpreterIn(environment);
}
