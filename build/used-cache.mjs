/** Which folders of the cache a clone works with. The others are of versions before it, or of another clone. */
import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { operationsFolder } from './own-operations.mjs';
import { PROMPT_NETWORK } from './prompt-network.mjs';
import { ADDON, tfjsNode } from './tensorflow.mjs';

/**
 * @param {object} options
 * @param {string} options.root the clone
 * @param {string} options.cache
 * @param {string} options.arch
 * @param {readonly (string | null)[]} options.programs Node's and Electron's executables; null: there is none
 * @returns {string[]} names of folders in the cache, sorted
 */
export function usedOfCache({ root, cache, arch, programs }) {
  if (!existsSync(cache)) return [];
  const addon = path.join(tfjsNode(root), ADDON);
  const network = path.join(root, 'node_modules', PROMPT_NETWORK.name);
  const top = realpathSync(cache);
  const linked = [...programs, addon, network]
    .filter((file) => file !== null)
    .filter((file) => existsSync(file))
    .map((file) => path.relative(top, realpathSync(file)).split(path.sep)[0] ?? '');
  const operations = existsSync(addon) ? [operationsFolder(root, arch)] : [];
  return [...new Set([...linked, ...operations])]
    .filter((name) => name !== '' && name !== '..' && !path.isAbsolute(name))
    .filter((name) => existsSync(path.join(cache, name)))
    .sort();
}
