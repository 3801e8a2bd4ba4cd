/**
 * What a new user does, tried: clones the last commit into an empty folder and starts Graft there with the Node and
 * npm that run the tests. The cache is shared, so that 300 MB are not fetched again; and where the packages here were
 * installed from the same lock file by the same scripts, they are lent to the clone instead of being unpacked twice.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { capture } from './command.mjs';
import { linkPackages } from './linked-packages.mjs';
import { cacheRoot, projectRoot } from './locations.mjs';
import { npm } from './npm.mjs';

/** Half a minute on an idle machine with a quick network. */
const TIMEOUT_MS = 20 * 60_000;
/** What a second start may take on two idle cores. */
const SECOND_START_MS = 3000;

/** @typedef {{ name: string, problem: string | null, note: string }} Check problem: null when it passed */

/**
 * @param {{ idle: Promise<void> }} options idle: when nothing else runs, so that a start can be timed
 * @returns {Promise<Check[] | string>} the checks, or why there could be none
 */
export async function tryFreshClone({ idle }) {
  if (!existsSync(path.join(projectRoot, '.git'))) return 'this is no git checkout';
  const parent = mkdtempSync(path.join(tmpdir(), 'graft-clone-'));
  const clone = path.join(parent, 'graft');
  try {
    const cloned = await capture('git', ['clone', '--quiet', projectRoot, clone]);
    if (!cloned.ok) return `git clone failed: ${cloned.output.trim()}`;
    const first = await firstCommand(clone);
    // Builds the window and the engine, and fills the cache of compiled code; the timed start tells what is wrong. Lets
    // others have the processor first, which the one before must not: it holds the lock of setting up.
    await smoke(clone, { yielding: true });
    await idle;
    return [first, await secondStart(clone)];
  } finally {
    rmSync(parent, { recursive: true, force: true, maxRetries: 3 });
  }
}

const environment = () => ({ ...process.env, GRAFT_CACHE: cacheRoot() });

/** @param {string} clone @returns {Promise<Check>} */
async function firstCommand(clone) {
  const name = 'a fresh clone answers `npm run -s graft -- doctor --json` with one JSON document';
  const lent = linkPackages(projectRoot, clone);
  const started = performance.now();
  const { ok, stdout, output } = await npm(['run', '-s', 'graft', '--', 'doctor', '--json'], {
    cwd: clone,
    env: environment(),
    timeoutMs: TIMEOUT_MS,
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const took = `${seconds} s with ${lent ? 'the packages installed here' : 'installation'}`;
  if (!ok) return { name, problem: output, note: took };
  const engine = engineIn(stdout);
  if (engine === null) return { name, problem: `standard output was: ${stdout}`, note: took };
  return { name, problem: null, note: `${engine}, ${took}` };
}

/** @param {string} stdout @returns {string | null} the engine that doctor names */
function engineIn(stdout) {
  try {
    /** @type {unknown} */
    const report = JSON.parse(stdout);
    const { engine } = /** @type {{ engine: { name: string, version: string } | null }} */ (report);
    return engine === null ? null : `${engine.name} ${engine.version}`;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Starts Graft, has its page served and ends. @param {string} clone @param {{ yielding?: boolean }} [options] */
const smoke = (clone, options) =>
  npm(['start', '--', '--smoke'], {
    ...{ cwd: clone, env: environment(), timeoutMs: TIMEOUT_MS },
    ...options,
  });

/** @param {string} clone @returns {Promise<Check>} */
async function secondStart(clone) {
  const name = 'its second start serves the page';
  const started = performance.now();
  const { ok, output } = await smoke(clone);
  const ms = performance.now() - started;
  const verdict = ms <= SECOND_START_MS ? 'within' : 'OVER';
  const note = `${(ms / 1000).toFixed(2)} s, ${verdict} the ${SECOND_START_MS / 1000} s meant for an idle 2-core machine`;
  return { name, problem: ok ? null : output, note };
}
