/**
 * Makes a clone ready to run: the pinned Node, the packages of the lock file, native TensorFlow. Uses Node built-ins
 * only, since it runs before anything is installed. When all is in place it only looks, in a few milliseconds.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { capture, endingChildren } from './command.mjs';
import { withLock } from './install-lock.mjs';
import { cacheRoot, nodeModules, pins, projectRoot } from './locations.mjs';
import { keepOwnDawn } from './own-dawn.mjs';
import { compileAhead, operationsReady, setUpOperations } from './own-operations.mjs';
import { installPackages, installedByHand, packagesReady, stampPackages } from './packages.mjs';
import { findNode, installNode } from './pinned-node.mjs';
import { createProgress } from './progress.mjs';
import { promptNetworkDone, setUpPromptNetwork } from './prompt-network.mjs';
import { asSetupFailure, explainFailure, SetupFailure } from './setup-failure.mjs';
import { downloadSource } from './tensorflow-download.mjs';
import { fetchWheelAhead, wheelSource } from './tensorflow-wheel.mjs';
import { ADDON, engineAsked, engineReady, setUpTensorflow, tfjsNode } from './tensorflow.mjs';

const OLDEST_NODE = 18;
const CHECK_TIMEOUT_MS = 120_000;

/**
 * @param {{ native?: boolean | 'later', again?: boolean }} [options] native: TensorFlow is needed (linters do without);
 *   later: it will be, so what it needs is made ready beside the packages; again: try native TensorFlow once more although
 *   the portable engine was settled for
 * @returns {Promise<string>} the executable of the pinned Node
 */
export async function ensureReady({ native: needed = true, again = false } = {}) {
  const pin = pins();
  const { platform, arch } = process;
  const cache = cacheRoot();
  const wanted = { version: pin.node, cache, platform, arch };
  const asked = engineAsked(process.env);
  const native = needed === true;
  const wheel = { version: pin.tensorflow, platform, arch, cache };
  const engine = { pin: pin.tensorflow, required: again || asked === 'tensorflow' };
  const engineDone = () => !native || asked === 'wasm' || engineReady(projectRoot, engine);
  const operationsDone = () =>
    !native || asked === 'wasm' || operationsReady(projectRoot, { arch, again });
  const promptsDone = () => !native || promptNetworkDone(projectRoot, { env: process.env, again });

  const ready = findNode(wanted);
  const isReady = packagesReady(projectRoot) && engineDone() && operationsDone() && promptsDone();
  if (ready !== null && isReady) return ready;

  const progress = createProgress(process.stderr);
  const waiting = () => progress.note('Another Graft is being set up; waiting for it …');
  /** What native TensorFlow needs and takes neither Node nor packages: processors often wait for these. */
  const withoutPackages = () => [
    fetchWheelAhead(wheel),
    compileAhead({ root: projectRoot, cache, platform, arch }),
  ];
  const setUp = async () => {
    const installing = !packagesReady(projectRoot) && !installedByHand(projectRoot);
    const ahead = !installing || needed === false || asked === 'wasm' ? [] : withoutPackages();
    const node =
      findNode(wanted) ??
      (await progress.step(`Fetching Node ${pin.node}`, (update) =>
        installNode(wanted, { update }),
      ));
    if (installing) {
      const logs = path.join(cache, 'logs');
      await progress.step('Installing packages (npm ci)', (update) =>
        installPackages(projectRoot, { node, update, logs }),
      );
      await Promise.all(ahead);
      keepOwnDawn(projectRoot, { platform, arch });
    } else if (!packagesReady(projectRoot)) stampPackages(projectRoot);
    if (!engineDone()) await setUpEngine({ ...engine, node, wanted, progress });
    if (!operationsDone()) await setUpOwnOperations({ node, wanted, progress });
    if (!promptsDone()) {
      const reason = await progress.step(
        'Fetching the network for clicks and boxes',
        (update) => setUpPromptNetwork(projectRoot, { cache, update }),
        (failed) => (failed === null ? 'done' : 'not possible here'),
      );
      if (reason !== null) {
        progress.note(`${reason} Everything else works without it. To try again: npm run setup`);
      }
    }
    return node;
  };
  return endingChildren(() => withLock(path.join(cache, 'setup.lock'), waiting, setUp));
}

/**
 * @param {{ pin: string, required: boolean, node: string, wanted: import('./pinned-node.mjs').NodeWanted,
 *   progress: import('./progress.mjs').Progress }} options
 */
async function setUpEngine({ pin, required, node, wanted, progress }) {
  const packageFolder = tfjsNode(projectRoot);
  if (!existsSync(packageFolder)) {
    throw new SetupFailure(
      '@tensorflow/tfjs-node is missing from node_modules: optional packages were left out. Run `npm ci --include=optional`.',
    );
  }
  const { cache, platform, arch } = wanted;
  const headers = async () =>
    nodeHeaders(node) ?? nodeHeaders(await installNode(wanted, { update: () => undefined })) ?? '';
  const sources = [
    wheelSource({
      ...{ version: pin, platform, arch, cache, headers },
      addonSources: path.join(packageFolder, 'binding'),
    }),
    downloadSource({ packageFolder, nodeModules, platform, arch, cache, node }),
  ];
  const check = (/** @type {string} */ addon) => checkTensorflow(node, addon);
  const outcome = await progress.step(
    `Setting up native TensorFlow ${pin}`,
    (update) => setUpTensorflow({ root: projectRoot, cache, pin, sources, check, update }),
    ({ engine }) => (engine === 'tensorflow' ? 'done' : 'not possible here'),
  );
  if (outcome.engine === 'tensorflow') return;
  const reason = outcome.reason ?? '';
  if (required) throw new SetupFailure(`Native TensorFlow could not be set up. ${reason}`);
  progress.note(
    `Graft trains with its portable engine, which is many times slower than native TensorFlow. ${reason} To try again: npm run setup`,
  );
}

/**
 * @param {{ node: string, wanted: import('./pinned-node.mjs').NodeWanted, progress: import('./progress.mjs').Progress }} options
 */
async function setUpOwnOperations({ node, wanted, progress }) {
  if (!existsSync(path.join(tfjsNode(projectRoot), ADDON))) return;
  const { cache, platform, arch } = wanted;
  const reason = await progress.step(
    "Compiling Graft's own operations",
    (update) =>
      setUpOperations({
        ...{ root: projectRoot, cache, platform, arch, update },
        check: (addon, library) => checkTensorflow(node, addon, library),
      }),
    (why) => (why === null ? 'done' : 'not possible here'),
  );
  if (reason !== null) {
    progress.note(`Graft trains with TensorFlow's operations alone, which takes longer. ${reason}`);
  }
}

/** @param {string} node an executable @returns {string | null} the folder with node_api.h that came with it */
function nodeHeaders(node) {
  const folder = path.join(path.dirname(node), '..', 'include', 'node');
  return existsSync(path.join(folder, 'node_api.h')) ? folder : null;
}

/**
 * @param {string} node
 * @param {string} addon
 * @param {string[]} library Graft's own operations, to be tried as well
 * @returns {Promise<string>} TensorFlow's version
 */
async function checkTensorflow(node, addon, ...library) {
  const script = path.join(projectRoot, 'build', 'check-tensorflow.mjs');
  const { ok, stdout, output } = await capture(node, [script, addon, ...library], {
    timeoutMs: CHECK_TIMEOUT_MS,
  });
  if (!ok) throw explainFailure('Loading the TensorFlow addon', output);
  return stdout;
}

/** The environment of a command: Node keeps compiled code in the cache, which halves the start of a second one. */
export const commandEnvironment = () => ({
  NODE_COMPILE_CACHE: path.join(cacheRoot(), 'compile-cache'),
  ...process.env,
});

/**
 * Runs a command's body and ends the process with its exit code. An expected failure is one line on standard error.
 *
 * @param {() => Promise<number>} body
 */
export async function main(body) {
  try {
    if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
      throw new SetupFailure(
        `This is Node ${process.versions.node}; starting Graft takes Node ${OLDEST_NODE} or newer: https://nodejs.org`,
      );
    }
    process.exitCode = await body();
  } catch (error) {
    const failure = asSetupFailure('Setting up', error);
    if (!(failure instanceof SetupFailure)) throw failure;
    process.stderr.write(`graft: ${failure.message}\n`);
    process.exitCode = 1;
  }
}
