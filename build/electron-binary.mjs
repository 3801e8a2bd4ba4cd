/**
 * The Electron that the window is shown in: its pinned binary, fetched once into the per-user cache and left there
 * whole or not at all. Where it cannot be had, why is kept, and the network is not asked again before a day has passed.
 * How it is fetched is electron-fetch.mjs's subject.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { capture, endingChildren, foregroundUnlessSilent } from './command.mjs';
import { installFolder, withLock } from './install-lock.mjs';
import { readJson } from './json-file.mjs';
import { cacheRoot, projectRoot } from './locations.mjs';
import { createProgress } from './progress.mjs';
import { asSetupFailure, explainFailure, SetupFailure } from './setup-failure.mjs';

const ASK_AGAIN_MS = 24 * 3600_000;
/** A mirror that says nothing for so long is given up. */
const SILENCE_MS = 60_000;
const CHECK_TIMEOUT_MS = 60_000;
/** Where `@electron/get` looks for a mirror: in npm's settings first. */
const MIRRORS = ['npm_config_electron_mirror', 'ELECTRON_MIRROR'];
const FETCH = fileURLToPath(new URL('electron-fetch.mjs', import.meta.url));

/**
 * Kept in node_modules/.graft-shell.json, for the engine, which opens the window.
 *
 * @typedef {object} ShellRecord
 * @property {string | null} electron its executable; null where there is none
 * @property {string} version the Electron that is wanted
 * @property {string | null} reason why there is none, with what to do about it
 * @property {string} at ISO time
 *
 * @typedef {object} ElectronWanted
 * @property {string} root the project
 * @property {string} cache
 * @property {NodeJS.ProcessEnv} env
 * @property {string} platform
 * @property {string} arch
 * @property {string} [packageFolder] of the package electron, if not the project's
 */

/** @param {string} root */
const recordFile = (root) => path.join(root, 'node_modules', '.graft-shell.json');

/** @param {string} platform */
function executableName(platform) {
  if (platform === 'darwin') return path.join('Electron.app', 'Contents', 'MacOS', 'Electron');
  return platform === 'win32' ? 'electron.exe' : 'electron';
}

/** @param {ElectronWanted} wanted */
const packageOf = ({ root, packageFolder }) =>
  packageFolder ?? path.join(root, 'node_modules', 'electron');

/** @param {ElectronWanted} wanted @returns {string} as its package says */
function versionOf(wanted) {
  const manifest = readJson(path.join(packageOf(wanted), 'package.json'));
  return /** @type {{ version: string } | undefined} */ (manifest)?.version ?? '';
}

/** @param {ElectronWanted} wanted */
const folderOf = (wanted) =>
  path.join(wanted.cache, `electron-${versionOf(wanted)}-${wanted.platform}-${wanted.arch}`);

/**
 * The one that somebody named or fetched by hand (`npx install-electron`), or ours; null where there is none. Only looks.
 *
 * @param {ElectronWanted} wanted
 * @returns {string | null} the executable
 */
export function findElectron(wanted) {
  const name = executableName(wanted.platform);
  const named = wanted.env['ELECTRON_OVERRIDE_DIST_PATH'];
  const byHand = path.join(packageOf(wanted), 'dist');
  const folders = named
    ? [named]
    : [...(isVersion(byHand, wanted) ? [byHand] : []), folderOf(wanted)];
  return folders.map((folder) => path.join(folder, name)).find((file) => existsSync(file)) ?? null;
}

/** What was fetched by hand for another version of the package is not taken. */
function isVersion(/** @type {string} */ dist, /** @type {ElectronWanted} */ wanted) {
  const file = path.join(dist, 'version');
  if (!existsSync(file)) return existsSync(dist);
  return readFileSync(file, 'utf8').trim().replace(/^v/, '') === versionOf(wanted);
}

/**
 * Why it is not even tried: somebody does not want it, or nobody could see it and nobody asked for it all the same (to
 * pack it, or to carry it elsewhere).
 *
 * @param {ElectronWanted} wanted
 * @param {boolean} asked
 * @returns {string | null}
 */
function unwanted({ env, platform }, asked) {
  if (env['ELECTRON_SKIP_BINARY_DOWNLOAD']) return 'ELECTRON_SKIP_BINARY_DOWNLOAD is set.';
  if (!asked && platform === 'linux' && !env['DISPLAY'] && !env['WAYLAND_DISPLAY']) {
    return 'There is no display to show a window on (neither DISPLAY nor WAYLAND_DISPLAY is set).';
  }
  return null;
}

/**
 * Electron, fetched where it is missing and has not just been found impossible to get. Never fails for what is to be
 * expected: the record says why there is none.
 *
 * @param {ElectronWanted & { node: string, again?: boolean, progress: import('./progress.mjs').Progress }} options
 *   node: to fetch with; again: ask although it was in vain today
 * @returns {Promise<ShellRecord>}
 */
export async function ensureElectron({ node, again = false, progress, ...wanted }) {
  const version = versionOf(wanted);
  const before = /** @type {ShellRecord | undefined} */ (readJson(recordFile(wanted.root)));
  /** @param {{ electron: string } | { reason: string }} outcome */
  const record = (outcome) => {
    const entry = {
      electron: null,
      reason: null,
      ...outcome,
      version,
      at: new Date().toISOString(),
    };
    writeFileSync(recordFile(wanted.root), `${JSON.stringify(entry, null, 2)}\n`);
    return entry;
  };
  const found = findElectron(wanted);
  if (found !== null)
    return before?.electron === found && before.version === version
      ? before
      : record({ electron: found });
  const obstacle = unwanted(wanted, again);
  // No failure: looked at anew at every start, without the network.
  if (obstacle !== null) return { electron: null, reason: obstacle, version, at: '' };
  if (!again && before !== undefined && before.version === version && before.reason !== null) {
    const age = Date.now() - Date.parse(before.at);
    if (age >= 0 && age < ASK_AGAIN_MS) {
      progress.note(`Not in Electron, as before: ${before.reason} To try again: npm run setup`);
      return before;
    }
  }
  const waiting = () => progress.note('Another Graft is being set up; waiting for it …');
  try {
    await endingChildren(() =>
      withLock(path.join(wanted.cache, 'electron.lock'), waiting, async () => {
        if (findElectron(wanted) !== null) return;
        await progress.step(`Fetching Electron ${version}`, (update) =>
          install(wanted, { node, version, update }),
        );
      }),
    );
    return record({ electron: findElectron(wanted) ?? '' });
  } catch (error) {
    const failure = asSetupFailure('Fetching Electron', error);
    if (!(failure instanceof SetupFailure)) throw failure;
    progress.note(
      `Electron ${version} could not be had, so another window opens. ${failure.message} To try again: npm run setup (by itself in a day)`,
    );
    return record({ reason: failure.message });
  }
}

/**
 * For this clone, user and computer.
 *
 * @param {string} node the executable of the pinned Node
 * @param {{ again?: boolean }} [options]
 */
export function ensureElectronHere(node, { again = false } = {}) {
  const { env, platform, arch } = process;
  const progress = createProgress(process.stderr);
  const wanted = { root: projectRoot, cache: cacheRoot(), env, platform, arch };
  return ensureElectron({ ...wanted, node, again, progress });
}

/**
 * @param {ElectronWanted} wanted
 * @param {{ node: string, version: string, update: import('./progress.mjs').Update }} options
 */
async function install(wanted, { node, version, update }) {
  const folder = folderOf(wanted);
  const { cache, platform } = wanted;
  mkdirSync(cache, { recursive: true });
  const way = mkdtempSync(path.join(cache, 'electron-way-'));
  try {
    await installFolder(folder, async (target) => {
      /** @type {import('./electron-fetch.mjs').FetchRequest} */
      const request = {
        packageFolder: packageOf(wanted),
        platform,
        arch: trueArch(wanted),
        part: `${folder}.zip.part`,
        temporary: way,
        target,
      };
      await fetchInto(request, { node, update, env: wanted.env });
      await requireItRuns(path.join(target, executableName(platform)), version);
    });
  } finally {
    rmSync(way, { recursive: true, force: true });
  }
}

/** Of the machine, and not of a Node that runs under Rosetta. @param {ElectronWanted} wanted */
function trueArch({ platform, arch }) {
  if (platform !== 'darwin' || process.platform !== 'darwin' || arch !== 'x64') return arch;
  try {
    const translated = execFileSync('sysctl', ['-in', 'sysctl.proc_translated']).toString().trim();
    return translated === '1' ? 'arm64' : arch;
  } catch {
    return arch;
  }
}

/**
 * @param {import('./electron-fetch.mjs').FetchRequest} request
 * @param {{ node: string, update: import('./progress.mjs').Update, env: NodeJS.ProcessEnv }} options
 */
async function fetchInto(request, { node, update, env }) {
  /** @type {{ done: boolean, failure: string | null }} */
  const outcome = { done: false, failure: null };
  const ended = await foregroundUnlessSilent(node, [FETCH, JSON.stringify(request)], {
    env: environmentOf(env),
    silenceMs: SILENCE_MS,
    // That proxies are heeded is experimental, says Node.
    hushed: /Warning|--trace-warnings/,
    onMessage(message) {
      const news = /** @type {import('./electron-fetch.mjs').FetchNews} */ (message);
      if ('update' in news) update(news.update);
      else if ('failure' in news) outcome.failure = news.failure;
      else outcome.done = true;
    },
  });
  if (ended === 'silent') {
    throw explainFailure('Fetching Electron', `ETIMEDOUT: nothing came for ${SILENCE_MS / 1000} s`);
  }
  if (outcome.failure !== null) throw new SetupFailure(`${outcome.failure}${mirrorIn(env)}`);
  if (!outcome.done) throw new SetupFailure(`Fetching Electron ended with code ${ended}.`);
}

/**
 * With npm's settings of proxies where the usual variables are not set; Node heeds those alone, and when told.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
function environmentOf(env) {
  const either = (/** @type {string} */ name) => env[name] ?? env[name.toLowerCase()];
  const https = either('HTTPS_PROXY') ?? env['npm_config_https_proxy'] ?? env['npm_config_proxy'];
  const http = either('HTTP_PROXY') ?? env['npm_config_proxy'];
  const none = either('NO_PROXY') ?? env['npm_config_noproxy'];
  return {
    ...env,
    ...Object.fromEntries(
      // Addresses are put together by writing one after the other.
      MIRRORS.flatMap((name) => {
        const mirror = env[name];
        return mirror ? [[name, mirror.replace(/\/?$/, '/')]] : [];
      }),
    ),
    NODE_USE_ENV_PROXY: '1',
    ...(https ? { HTTPS_PROXY: https } : {}),
    ...(http ? { HTTP_PROXY: http } : {}),
    ...(none ? { NO_PROXY: none } : {}),
  };
}

/** Whoever set a mirror long ago is reminded of it. @param {NodeJS.ProcessEnv} env */
function mirrorIn(env) {
  const mirror = MIRRORS.map((name) => env[name]).find(Boolean);
  return mirror
    ? ` The mirror in use is ${mirror} (ELECTRON_MIRROR, or electron_mirror in .npmrc).`
    : '';
}

/**
 * Started as plain Node, which needs its libraries and no display.
 *
 * @param {string} executable
 * @param {string} version
 */
async function requireItRuns(executable, version) {
  const { ok, stdout, output } = await capture(executable, ['-p', 'process.versions.electron'], {
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
    timeoutMs: CHECK_TIMEOUT_MS,
  });
  if (ok && stdout.trim() === version) return;
  const said = output.trim().split('\n').find(Boolean) ?? 'it does not start';
  const missing = /(lib[\w.+-]+\.so[\w.]*)/.exec(said)?.[1];
  if (missing !== undefined) {
    throw new SetupFailure(
      `It was fetched but does not run here: the library ${missing} is missing. Install it with the system's packages (with those that Chromium needs).`,
    );
  }
  if (/EACCES|Permission denied/i.test(said)) {
    throw new SetupFailure(
      `It was fetched but may not be run from ${path.dirname(path.dirname(executable))} (${said}): is that mounted noexec? Set GRAFT_CACHE to a folder from which programs may be run.`,
    );
  }
  throw new SetupFailure(`It was fetched but does not run here (${said.slice(0, 300)}).`);
}
