/**
 * Native TensorFlow for @tensorflow/tfjs-node: tries one source after the other, checks what it got by computing with
 * it, and only then links it into node_modules. When none works, the portable engine runs, and the record says why.
 * How a source gets its files is tensorflow-wheel.mjs's and tensorflow-download.mjs's subject.
 */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { installFolder } from './install-lock.mjs';
import { readJson } from './json-file.mjs';
import { asSetupFailure, SetupFailure } from './setup-failure.mjs';

/** Where node-pre-gyp looks: the highest of the addon's declared Node-API versions. */
export const ADDON = path.join('lib', 'napi-v8', 'tfjs_binding.node');

/**
 * One way to get native TensorFlow.
 *
 * @typedef {object} Source
 * @property {string} name for the user
 * @property {string} folder its folder in the cache, named after everything that decides its contents
 * @property {() => Promise<string | null>} obstacle why it cannot be tried here, and the remedy; null when it can
 * @property {(temporary: string, update: import('./progress.mjs').Update) => Promise<void>} install fills deps/lib and
 *   lib/napi-v8
 */

/**
 * What training runs on, kept in node_modules/.graft-engine.json for `graft doctor`.
 *
 * @typedef {object} EngineRecord
 * @property {'tensorflow' | 'wasm'} engine
 * @property {string} version of TensorFlow, or of the portable engine's package
 * @property {string | null} reason why native TensorFlow could not be set up
 * @property {string} at ISO time
 * @property {string} pin the TensorFlow that was wanted
 */

/** @param {string} root */
const recordFile = (root) => path.join(root, 'node_modules', '.graft-engine.json');
/** @param {string} root */
export const tfjsNode = (root) => path.join(root, 'node_modules', '@tensorflow', 'tfjs-node');

/** @param {NodeJS.ProcessEnv} env GRAFT_ENGINE: wasm (or portable), tensorflow; anything else chooses by itself */
export function engineAsked(env) {
  const asked = env['GRAFT_ENGINE'];
  if (asked === 'portable' || asked === 'wasm') return 'wasm';
  return asked === 'tensorflow' ? 'tensorflow' : null;
}

/**
 * Whether the engine was decided earlier and is still there. Looks at two files only.
 *
 * @param {string} root
 * @param {{ pin: string, required: boolean }} wanted required: the portable engine is no answer
 */
export function engineReady(root, { pin, required }) {
  const record = /** @type {EngineRecord | undefined} */ (readJson(recordFile(root)));
  if (record?.pin !== pin) return false;
  if (record.engine === 'wasm') return !required;
  return existsSync(path.join(tfjsNode(root), ADDON));
}

/**
 * The native TensorFlow that setting up put here: what trains here, and so what goes along in a package. null: the
 * portable engine does alone, even where files of another one are left.
 *
 * @param {string} root
 * @returns {{ version: string, folder: string } | null} folder: in the cache, with deps and lib
 */
export function nativeTensorflow(root) {
  const record = /** @type {EngineRecord | undefined} */ (readJson(recordFile(root)));
  const addon = path.join(tfjsNode(root), ADDON);
  if (record?.engine !== 'tensorflow' || !existsSync(addon)) return null;
  return {
    version: record.version,
    folder: path.join(path.dirname(realpathSync(addon)), '..', '..'),
  };
}

/**
 * Sets up the first source that works and records the outcome. Needs the setup lock.
 *
 * @param {object} options
 * @param {string} options.root the project
 * @param {string} options.cache
 * @param {string} options.pin the TensorFlow version that package.json pins
 * @param {readonly Source[]} options.sources in the order to try
 * @param {(addon: string) => Promise<string>} options.check computes with the addon and returns TensorFlow's version;
 *   fails with a SetupFailure
 * @param {import('./progress.mjs').Update} options.update
 * @returns {Promise<EngineRecord>}
 */
export async function setUpTensorflow({ root, cache, pin, sources, check, update }) {
  /** @type {string[]} */
  const reasons = [];
  for (const source of sources) {
    try {
      const folder = path.join(cache, source.folder);
      const version =
        (await checkInstalled(folder, check)) ?? (await install(source, folder, { check, update }));
      linkAddon(tfjsNode(root), folder);
      rmSync(path.join(cache, 'downloads'), { recursive: true, force: true });
      return record(root, { engine: 'tensorflow', version, reason: null, pin });
    } catch (error) {
      const failure = asSetupFailure('Installing it', error);
      if (!(failure instanceof SetupFailure)) throw failure;
      reasons.push(`${source.name}: ${failure.message}`);
    }
  }
  return record(root, {
    engine: 'wasm',
    version: portableVersion(root),
    reason: reasons.join(' '),
    pin,
  });
}

/**
 * @param {string} folder
 * @param {(addon: string) => Promise<string>} check
 * @returns {Promise<string | null>} null when it is absent or no longer works
 */
async function checkInstalled(folder, check) {
  const addon = path.join(folder, ADDON);
  if (!existsSync(addon)) return null;
  try {
    return await check(addon);
  } catch (error) {
    if (error instanceof SetupFailure) return null;
    throw error;
  }
}

/**
 * @param {Source} source
 * @param {string} folder
 * @param {{ check: (addon: string) => Promise<string>, update: import('./progress.mjs').Update }} options
 */
async function install(source, folder, { check, update }) {
  const obstacle = await source.obstacle();
  if (obstacle !== null) throw new SetupFailure(obstacle);
  return installFolder(folder, async (temporary) => {
    await source.install(temporary, update);
    update('computing with it once');
    return check(path.join(temporary, ADDON));
  });
}

/**
 * Makes node_modules point into the cache. Node resolves an addon's real path before loading it, so the libraries are
 * found beside it in the cache.
 *
 * @param {string} packageFolder where tfjs-node is installed
 * @param {string} folder the source's folder in the cache
 */
export function linkAddon(packageFolder, folder) {
  const place = path.dirname(path.join(packageFolder, ADDON));
  const next = `${place}.next`;
  const old = `${place}.old`;
  mkdirSync(path.dirname(place), { recursive: true });
  for (const leftover of [next, old]) rmSync(leftover, { recursive: true, force: true });
  // Junctions need no special rights on Windows; elsewhere the kind is ignored.
  symlinkSync(path.dirname(path.join(folder, ADDON)), next, 'junction');
  if (lstatSync(place, { throwIfNoEntry: false }) !== undefined) renameSync(place, old);
  renameSync(next, place);
  rmSync(old, { recursive: true, force: true });
  // An installation inside the package, made by its own script, is no longer used.
  rmSync(path.join(packageFolder, 'deps'), { recursive: true, force: true });
}

/** @param {string} root */
function portableVersion(root) {
  const folder = path.join(root, 'node_modules', '@tensorflow', 'tfjs-backend-wasm');
  const manifest = readJson(path.join(folder, 'package.json'));
  return /** @type {{ version: string } | undefined} */ (manifest)?.version ?? 'missing';
}

/**
 * @param {string} root
 * @param {Omit<EngineRecord, 'at'>} outcome
 * @returns {EngineRecord}
 */
function record(root, outcome) {
  const entry = { ...outcome, at: new Date().toISOString() };
  writeFileSync(recordFile(root), `${JSON.stringify(entry, null, 2)}\n`);
  return entry;
}
