/** How npm is called: without install scripts, and without traces of the npm script that we run in. */
import { rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { capture } from './command.mjs';
import { readJson } from './json-file.mjs';
import { megabytes } from './progress.mjs';

/**
 * The environment for a program that is not part of the running npm script: without npm's description of that script,
 * with the user's own npm settings.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
export function withoutScriptVariables(env) {
  const ours =
    /^(?:npm_(?:package|lifecycle|command|execpath|node_execpath)|npm_config_(?:local_prefix|prefix|global_prefix|node_gyp|noproxy|user_agent)$|INIT_CWD$)/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !ours.test(name)));
}

/**
 * Runs npm: the one that runs us, or the one on the path.
 *
 * @param {readonly string[]} args none that a shell would change: Windows runs npm.cmd only through one
 * @param {{ cwd: string, node?: string, env?: NodeJS.ProcessEnv, timeoutMs?: number, yielding?: boolean }} options
 *   node: executable to run npm under, if not the one that runs us; yielding: as in `capture`
 */
export function npm(args, { node = process.execPath, env = process.env, ...options }) {
  const cli = env['npm_execpath'];
  const all = { ...options, env: withNodeFirst(withoutScriptVariables(env), node) };
  if (cli !== undefined && /npm-cli\.[cm]?js$/.test(cli)) return capture(node, [cli, ...args], all);
  if (process.platform !== 'win32') return capture('npm', args, all);
  return capture(`npm ${args.join(' ')}`, [], { ...all, shell: true });
}

/**
 * The npm on the path is a script that runs under the first Node of the path.
 *
 * @param {NodeJS.ProcessEnv} env
 * @param {string} node
 * @returns {NodeJS.ProcessEnv}
 */
function withNodeFirst(env, node) {
  // Windows calls it Path, and two variables of one name would both be passed on.
  const name = Object.keys(env).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH';
  return { ...env, [name]: `${path.dirname(node)}${path.delimiter}${env[name] ?? ''}` };
}

/** @typedef {{ name?: string, version?: string, integrity?: string, inBundle?: boolean, resolved?: string }} LockEntry */

/**
 * A lock file with the address of each package, as npm itself writes it. Ours names none, and where none stands npm asks
 * the registry for the description of every package, which takes longer than installing them all.
 *
 * @param {{ packages: Record<string, LockEntry> }} lock
 * @param {string} registry its address
 */
function withAddresses(lock, registry) {
  /** @type {Record<string, LockEntry>} */
  const packages = {};
  for (const [place, entry] of Object.entries(lock.packages)) {
    const { version, integrity, inBundle = false } = entry;
    const name = entry.name ?? place.split('node_modules/').at(-1) ?? '';
    const file = `${path.posix.basename(name)}-${version ?? ''}.tgz`;
    const isFetched = version !== undefined && integrity !== undefined && !inBundle;
    const resolved = `${registry.replace(/\/+$/, '')}/${name}/-/${file}`;
    packages[place] = isFetched ? { ...entry, resolved } : entry;
  }
  return { ...lock, packages };
}

/**
 * Installs exactly what the lock file in the folder says, without running any package's scripts.
 *
 * @param {string} cwd a folder with package.json and package-lock.json
 * @param {string} [node] the Node that the packages are for: npm leaves out optional ones that do not support the Node
 *   it runs under
 */
export async function npmCi(cwd, node) {
  const lock = /** @type {{ packages: Record<string, LockEntry> } | undefined} */ (
    readJson(path.join(cwd, 'package-lock.json'))
  );
  const asked = await npm(['config', 'get', 'registry'], { cwd, ...(node && { node }) });
  const registry = asked.stdout.trim();
  if (lock === undefined || !/^https?:\/\/\S+$/.test(registry)) return plainCi(cwd, node);
  // npm takes it before package-lock.json, which stays as it is.
  const told = path.join(cwd, 'npm-shrinkwrap.json');
  const forget = () => rmSync(told, { force: true });
  // A signal ends the process without coming back here.
  process.once('exit', forget);
  try {
    writeFileSync(told, JSON.stringify(withAddresses(lock, registry)));
    const result = await plainCi(cwd, node);
    if (result.ok || !REFUSED.test(result.output)) return result;
  } finally {
    process.off('exit', forget);
    forget();
  }
  // This registry has its packages elsewhere, and says where when it is asked.
  return plainCi(cwd, node);
}

/** What npm says where nothing lies at an address, not for us, or something else. */
const REFUSED = /npm (?:error|ERR!) code E(?:4\d\d|INTEGRITY)/;

/** @param {string} cwd @param {string} [node] */
async function plainCi(cwd, node) {
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=warn'];
  const result = await npm(['ci', ...flags], node === undefined ? { cwd } : { cwd, node });
  // On a full disk npm only warns that it could not unpack a file, and ends well.
  return { ...result, ok: result.ok && !result.output.includes('TAR_ENTRY_ERROR') };
}

const WATCHING_MS = 500;

/**
 * Fetches one package by itself, without those that it wants beside it. npm checks the hash, since it stands in the lock
 * file it is given.
 *
 * @param {{ name: string, version: string, integrity: string }} wanted
 * @param {{ temporary: string, update: import('./progress.mjs').Update, watched: readonly string[] }} options watched:
 *   the large files of the package, whose growth is told
 * @returns {Promise<{ ok: boolean, output: string, folder: string }>} folder: where it is unpacked, in `temporary`
 */
export async function fetchPackage({ name, version, integrity }, { temporary, update, watched }) {
  const root = { name: 'graft-part', version: '1.0.0', dependencies: { [name]: version } };
  const lock = {
    ...root,
    lockfileVersion: 3,
    requires: true,
    packages: { '': root, [`node_modules/${name}`]: { version, integrity } },
  };
  writeFileSync(path.join(temporary, 'package.json'), JSON.stringify(root));
  writeFileSync(path.join(temporary, 'package-lock.json'), JSON.stringify(lock));
  writeFileSync(path.join(temporary, '.npmrc'), 'legacy-peer-deps=true\n');
  const folder = path.join(temporary, 'node_modules', name);
  const growth = setInterval(() => {
    const sizes = watched.map(
      (file) => statSync(path.join(folder, file), { throwIfNoEntry: false })?.size ?? 0,
    );
    update(`${megabytes(sizes.reduce((sum, size) => sum + size, 0))} MB unpacked`);
  }, WATCHING_MS);
  const { ok, output } = await plainCi(temporary).finally(() => clearInterval(growth));
  return { ok, output, folder };
}
