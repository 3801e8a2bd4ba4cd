/**
 * Native TensorFlow by tfjs-node's own install script, which fetches an older TensorFlow and a built addon from
 * Google's storage. It runs on a copy of the package in the cache; only what it leaves there counts, not what it says.
 */
import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { capture } from './command.mjs';
import { readJson } from './json-file.mjs';
import { keepLog } from './packages.mjs';
import { explainFailure } from './setup-failure.mjs';
import { ADDON } from './tensorflow.mjs';

const TIMEOUT_MS = 15 * 60_000;

/**
 * @param {object} options
 * @param {string} options.packageFolder where tfjs-node is installed
 * @param {string} options.nodeModules
 * @param {string} options.platform
 * @param {string} options.arch
 * @param {string} options.cache
 * @param {string} options.node the Node to run it with
 * @returns {import('./tensorflow.mjs').Source}
 */
export function downloadSource({ packageFolder, nodeModules, platform, arch, cache, node }) {
  const manifest = readJson(path.join(packageFolder, 'package.json'));
  const { version } = /** @type {{ version: string }} */ (manifest);
  return {
    name: "tfjs-node's own download",
    folder: `tfjs-node-${version}-${platform}-${arch}-napi8`,
    obstacle: () => Promise.resolve(null),
    async install(temporary, update) {
      update("running tfjs-node's install script");
      const copy = path.join(temporary, 'package');
      mkdirSync(copy);
      for (const part of ['package.json', 'scripts', 'binding', 'binding.gyp']) {
        cpSync(path.join(packageFolder, part), path.join(copy, part), { recursive: true });
      }
      const paths = [path.dirname(node), path.join(nodeModules, '.bin'), process.env['PATH'] ?? ''];
      const { output } = await capture(node, [path.join('scripts', 'install.js')], {
        cwd: copy,
        env: { ...process.env, NODE_PATH: nodeModules, PATH: paths.join(path.delimiter) },
        timeoutMs: TIMEOUT_MS,
      });
      if (!existsSync(path.join(copy, ADDON))) {
        const log = keepLog(path.join(cache, 'logs'), 'tfjs-node', output);
        throw explainFailure('Its install script', output, log);
      }
      for (const part of ['deps', 'lib'])
        renameSync(path.join(copy, part), path.join(temporary, part));
      rmSync(copy, { recursive: true, force: true });
    },
  };
}
