/**
 * node_modules as package-lock.json says it: whether it is complete, and installing it when it is not. Which Node and
 * which TensorFlow go with it is not decided here.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readJson } from './json-file.mjs';
import { projectRoot } from './locations.mjs';
import { explainFailure } from './setup-failure.mjs';
import { npmCi } from './npm.mjs';

/**
 * @typedef {{ lock: string, installer?: string }} Stamp installer: what had npm install it; absent where someone did by hand
 * @typedef {{ version?: string, integrity?: string, optional?: boolean, os?: string[], cpu?: string[], libc?: string[] }} Entry
 * @typedef {{ packages: Record<string, Entry> }} Lock
 */

/** @param {string} root */
const stampFile = (root) => path.join(root, 'node_modules', '.graft-ready.json');
/** npm's own note of what it installed; written last. @param {string} root */
export const installedLock = (root) => path.join(root, 'node_modules', '.package-lock.json');

/** @param {string} root the project's folder */
export function lockHash(root) {
  const lock = readFileSync(path.join(root, 'package-lock.json'), 'utf8');
  // Git may check the file out with either line ending.
  return createHash('sha256').update(lock.replaceAll('\r\n', '\n')).digest('hex');
}

/**
 * What installing depends on besides the lock file: our scripts, the pins, npm's settings.
 *
 * @param {string} root
 */
function installerHash(root) {
  const scripts = readdirSync(path.join(root, 'build'))
    .filter((name) => name.endsWith('.mjs'))
    .sort();
  const hash = createHash('sha256');
  for (const file of ['package.json', '.npmrc', ...scripts.map((name) => `build/${name}`)]) {
    const text = readFileSync(path.join(root, file), 'utf8');
    hash.update(file).update(text.replaceAll('\r\n', '\n'));
  }
  return hash.digest('hex');
}

/**
 * Whether the packages of one checkout were installed as another would install its own: from the same lock file by the
 * same scripts.
 *
 * @param {string} root
 * @param {string} other
 */
export function installedAs(root, other) {
  const stamp = /** @type {Stamp | undefined} */ (readJson(stampFile(root)));
  return stamp?.lock === lockHash(other) && stamp.installer === installerHash(other);
}

/**
 * @param {string} root
 * @returns {string[]} where the lock file puts packages, those inside of other packages left out
 */
export function packageFolders(root) {
  const lock = /** @type {Lock | undefined} */ (readJson(path.join(root, 'package-lock.json')));
  const outermost = /^node_modules\/(?:@[^/]+\/)?[^/]+$/;
  return Object.keys(lock?.packages ?? {}).filter((name) => outermost.test(name));
}

/**
 * Whether node_modules is what the lock file says, by our stamp alone: cheap enough for every start.
 *
 * @param {string} root
 */
export function packagesReady(root) {
  const stamp = /** @type {Stamp | undefined} */ (readJson(stampFile(root)));
  return stamp?.lock === lockHash(root);
}

/**
 * Whether a package is the build of something for just this platform.
 *
 * @param {Entry} entry
 */
function isForThisPlatform({ os, cpu, libc }) {
  if (os === undefined || cpu === undefined) return false;
  const { platform, arch } = process;
  // Of two builds for Linux, the one for the other C library is left out; which that is npm knows.
  return os.includes(platform) && cpu.includes(arch) && !(libc ?? []).includes('musl');
}

/**
 * Whether npm itself finished installing exactly this lock file (someone ran `npm ci` by hand). Optional packages may
 * be missing where they belong to other platforms; those of this platform are missing after an npm under a Node that
 * they do not support, and are needed all the same.
 *
 * @param {string} root
 */
export function installedByHand(root) {
  const installed = /** @type {Lock | undefined} */ (readJson(installedLock(root)));
  const wanted = /** @type {Lock | undefined} */ (readJson(path.join(root, 'package-lock.json')));
  if (installed === undefined || wanted === undefined) return false;
  return Object.entries(wanted.packages).every(([name, entry]) => {
    if (name === '') return true;
    const found = installed.packages[name];
    if (found === undefined) return entry.optional === true && !isForThisPlatform(entry);
    return found.version === entry.version && found.integrity === entry.integrity;
  });
}

/** @param {string} root @param {Omit<Stamp, 'lock'>} [how] */
export function stampPackages(root, how) {
  writeFileSync(stampFile(root), `${JSON.stringify({ lock: lockHash(root), ...how })}\n`);
}

/**
 * Installs the packages. The stamp goes first and comes back last, so that an interrupted installation is redone.
 *
 * @param {string} root
 * @param {{ node: string, update: import('./progress.mjs').Update, logs: string, install?: typeof npmCi }} options
 *   node: the one the packages are for; logs: the folder that keeps npm's full output when it fails
 */
export async function installPackages(root, { node, update, logs, install = npmCi }) {
  rmSync(stampFile(root), { force: true });
  rmSync(installedLock(root), { force: true });
  const lock = /** @type {Lock | undefined} */ (readJson(path.join(root, 'package-lock.json')));
  const folders = Object.keys(lock?.packages ?? {}).filter((name) => name !== '');
  const count = setInterval(() => {
    const there = folders.filter((name) => existsSync(path.join(root, name, 'package.json')));
    update(`${there.length} of up to ${folders.length} packages`);
  }, 1000);
  try {
    const { ok, output } = await install(root, node);
    if (!ok) throw explainFailure('Installing packages', output, keepLog(logs, 'npm-ci', output));
  } finally {
    clearInterval(count);
  }
  stampPackages(root, { installer: installerHash(projectRoot) });
}

/**
 * @param {string} logs
 * @param {string} name
 * @param {string} output
 * @returns {string | null} the file; null when even that could not be written, so that the first failure is told
 */
export function keepLog(logs, name, output) {
  const file = path.join(logs, `${name}.log`);
  try {
    mkdirSync(logs, { recursive: true });
    writeFileSync(file, output);
    return file;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
}
