/**
 * Fetches Electron's binary and unpacks it: a process of its own, under the pinned Node, since `@electron/get` wants a
 * newer Node than starting Graft does, and because Node heeds proxies only when the environment says so from
 * the start. Mirrors, checksums and the cache of archives are `@electron/get`'s, as for `npx install-electron`; going on
 * with what had come is ours. Says by messages how far it is and how it ended.
 */
import { renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { receive, requireHash } from './download.mjs';
import { readJson } from './json-file.mjs';
import { nodeModules } from './locations.mjs';
import { megabytes } from './progress.mjs';
import { explainFailure, SetupFailure } from './setup-failure.mjs';

/** A connection that breaks is taken up again, unless so many attempts in a row brought nothing. */
const MOST_FRUITLESS = 3;
const BROKEN = /ECONNRESET|EPIPE|HPE_/;
const BETWEEN_UPDATES_MS = 250;
const SIGN_OF_LIFE_MS = 5000;

/**
 * @typedef {object} FetchRequest
 * @property {string} packageFolder of the package electron: its version and checksums
 * @property {string} platform
 * @property {string} arch
 * @property {string} part where a broken download is kept
 * @property {string} temporary a folder for what is on its way
 * @property {string} target an existing folder to unpack into
 *
 * @typedef {{ update: string } | { done: true } | { failure: string }} FetchNews
 *
 * What is used of `@electron/get`, which is electron's dependency and not ours.
 * @typedef {object} ElectronGet
 * @property {(artifact: { version: string, artifactName: string, platform: string, arch: string,
 *   checksums: Record<string, string>, cacheRoot: string | undefined, tempDirectory: string,
 *   downloader: { download(url: string, target: string): Promise<void> } }) => Promise<string>} downloadArtifact
 *
 * @typedef {{ extract(archive: string, options: { dir: string }): Promise<void> }} ExtractZip
 */

/** @param {FetchNews} news @returns {Promise<void>} when it has been sent */
const tell = (news) =>
  new Promise((resolve) => {
    if (process.send === undefined) resolve();
    else process.send(news, () => resolve());
  });

/**
 * Work on this machine may take long on a slow disk: only the network is given up for saying nothing.
 *
 * @param {string} what
 * @param {() => Promise<void>} work
 */
async function telling(what, work) {
  const again = () => void tell({ update: what });
  again();
  const timer = setInterval(again, SIGN_OF_LIFE_MS);
  await work().finally(() => clearInterval(timer));
}

/** @param {string} name of a package that electron depends on @returns {Promise<unknown>} */
function importOfElectron(name) {
  const require = createRequire(path.join(nodeModules, 'electron', 'package.json'));
  return import(pathToFileURL(require.resolve(name)).href);
}

/**
 * @param {string} url
 * @param {{ part: string, sha256: string }} options
 */
async function fetchWhole(url, { part, sha256 }) {
  let told = 0;
  let farthest = 0;
  let fruitless = 0;
  let resumed = false;
  for (;;) {
    let reached = 0;
    try {
      resumed =
        (await receive(url, part, (received, total) => {
          reached = received;
          if (Date.now() - told < BETWEEN_UPDATES_MS) return;
          told = Date.now();
          const of = total === 0 ? '' : ` of ${megabytes(total)}`;
          tell({ update: `${megabytes(received)}${of} MB` }).catch(() => undefined);
        })) || resumed;
      break;
    } catch (error) {
      fruitless = reached > farthest ? 0 : fruitless + 1;
      farthest = Math.max(farthest, reached);
      if (!isBroken(error) || fruitless === MOST_FRUITLESS) throw error;
    }
  }
  try {
    await telling('checking', () => requireHash(part, sha256));
  } catch (error) {
    // What was left by an earlier attempt may have been anything; the whole of it is given one chance.
    if (!resumed) throw error;
    rmSync(part, { force: true });
    await fetchWhole(url, { part, sha256 });
  }
}

/** A connection that was there, and no full disk, refusal or missing network. @param {unknown} error */
const isBroken = (error) =>
  error instanceof Error &&
  BROKEN.test(`${error.message} ${'code' in error ? String(error.code) : ''}`);

/** @param {FetchRequest} request */
async function fetchElectron({ packageFolder, platform, arch, part, temporary, target }) {
  const manifest = readJson(path.join(packageFolder, 'package.json'));
  const { version } = /** @type {{ version: string }} */ (manifest);
  const checksums = /** @type {Record<string, string>} */ (
    readJson(path.join(packageFolder, 'checksums.json'))
  );
  const name = `electron-v${version}-${platform}-${arch}.zip`;
  const sha256 = checksums[name];
  if (sha256 === undefined) throw new SetupFailure(`There is no Electron for ${platform}-${arch}.`);
  const get = /** @type {ElectronGet} */ (await importOfElectron('@electron/get'));
  const archive = await get.downloadArtifact({
    ...{ version, artifactName: 'electron', platform, arch, checksums },
    cacheRoot: process.env['electron_config_cache'],
    tempDirectory: temporary,
    downloader: {
      async download(url, file) {
        await fetchWhole(url, { part, sha256 });
        renameSync(part, file);
      },
    },
  });
  const zip = /** @type {ExtractZip} */ (await importOfElectron('@electron-internal/extract-zip'));
  await telling('unpacking', () => zip.extract(archive, { dir: target }));
}

try {
  const [request = '{}'] = process.argv.slice(2);
  await fetchElectron(/** @type {FetchRequest} */ (JSON.parse(request)));
  await tell({ done: true });
} catch (error) {
  const failure =
    error instanceof SetupFailure
      ? error
      : explainFailure('Fetching Electron', error instanceof Error ? error.message : String(error));
  await tell({ failure: failure.message });
}
process.disconnect();
