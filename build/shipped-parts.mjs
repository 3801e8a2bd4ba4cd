/**
 * Every part of somebody else in an installed Graft: packages beside the engine, packages that were built into page and
 * shell, Node, TensorFlow, Electron and the network for clicks and boxes. From the lock file and the pins alone; sbom.mjs and licences.mjs write it down.
 */
import path from 'node:path';
import { readJson } from './json-file.mjs';
import { nameOfPackage, shippedPackages } from './package-contents.mjs';
import { lockedPackages, neededBy } from './production-packages.mjs';
import { PROMPT_NETWORK } from './prompt-network.mjs';

/** Development packages whose code is built into the page; those that they need come with them. */
export const BUILT_IN = ['@lucide/svelte', 'bits-ui', 'inter-ui', 'svelte', 'virtua'];

/** What the licence file of a package says whose manifest says nothing. */
const READ_IN_LICENCE = new Map([['svelte-toolbelt', 'MIT']]);

/**
 * @typedef {object} Part
 * @property {string} name
 * @property {string} version
 * @property {string} licence an SPDX expression, or what the package says instead
 * @property {string | null} folder in node_modules, as in the lock file; null: no package of npm
 * @property {string | null} integrity the lock file's hash of the package
 * @property {string[]} needs folders of the packages that it needs and that are parts as well
 */

/** @param {Record<string, import('./production-packages.mjs').LockEntry>} locked @returns {Set<string>} */
function builtIn(locked) {
  const found = new Set(BUILT_IN.map((name) => `node_modules/${name}`));
  // A set hands out what is added while it is read.
  for (const folder of found) {
    for (const place of neededBy(locked, folder)) {
      if (!nameOfPackage(place).startsWith('@types/')) found.add(place);
    }
  }
  return found;
}

/**
 * @param {string} root the project
 * @param {import('./package-contents.mjs').Target} target
 * @param {{ prompts: boolean }} options prompts: with the network for clicks and boxes
 * @returns {Part[]} by name, then folder
 */
export function shippedParts(root, target, { prompts }) {
  const locked = lockedPackages(root);
  const folders = new Set([...shippedPackages(root, target), ...builtIn(locked)]);
  const packages = [...folders].map((folder) => ({
    name: nameOfPackage(folder),
    version: locked[folder]?.version ?? '',
    licence: locked[folder]?.license ?? READ_IN_LICENCE.get(nameOfPackage(folder)) ?? 'unknown',
    folder,
    integrity: locked[folder]?.integrity ?? null,
    needs: neededBy(locked, folder).filter((place) => folders.has(place)),
  }));
  const promptNetwork = {
    name: PROMPT_NETWORK.name,
    version: PROMPT_NETWORK.version,
    licence: 'MIT',
    folder: `node_modules/${PROMPT_NETWORK.name}`,
    integrity: PROMPT_NETWORK.integrity,
    needs: [],
  };
  const { graft } = /** @type {{ graft: { node: string, tensorflow: string } }} */ (
    readJson(path.join(root, 'package.json'))
  );
  const own = (
    /** @type {string} */ name,
    /** @type {string} */ version,
    /** @type {string} */ licence,
  ) => ({
    ...{ name, version, licence, folder: null, integrity: null, needs: [] },
  });
  return [
    own('Electron', locked['node_modules/electron']?.version ?? '', 'MIT'),
    own('Node.js', graft.node, 'MIT'),
    own('TensorFlow', graft.tensorflow, 'Apache-2.0'),
    ...(prompts ? [promptNetwork] : []),
    ...packages.sort((a, b) => (a.folder < b.folder ? -1 : 1)),
  ];
}
