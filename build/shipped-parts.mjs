/**
 * Every part of somebody else in an installed Graft: packages beside the engine, packages that were built into page and
 * shell, Node, TensorFlow, Electron and the network for clicks and boxes. From the lock file and the pins alone; sbom.mjs and licences.mjs write it down.
 */
import path from 'node:path';
import { readJson } from './json-file.mjs';
import { nameOfPackage, shippedPackages } from './package-contents.mjs';
import { npmBuilds } from './pinned-node.mjs';
import { lockedPackages, neededBy } from './production-packages.mjs';
import { PROMPT_NETWORK } from './prompt-network.mjs';
import { wheels } from './tensorflow-wheel.mjs';

/** Development packages whose code is built into the page; those that they need come with them. */
export const BUILT_IN = ['@lucide/svelte', 'bits-ui', 'inter-ui', 'svelte', 'virtua'];

/** What the licence file of a package says whose manifest says nothing. */
const READ_IN_LICENCE = new Map([['svelte-toolbelt', 'MIT']]);

/**
 * Of the archive that a part is fetched as, which is checked against it.
 * @typedef {{ algorithm: 'SHA-256' | 'SHA-512', hex: string }} ArchiveHash
 *
 * @typedef {object} Part
 * @property {string} name
 * @property {string} version
 * @property {string} licence an SPDX expression, or what the package says instead
 * @property {string | null} folder in node_modules, as in the lock file; null: no package of npm
 * @property {ArchiveHash | null} hash null: none is pinned
 * @property {string[]} needs folders of the packages that it needs and that are parts as well
 */

/** @param {string | undefined} integrity as in a lock file @returns {ArchiveHash | null} */
function ofIntegrity(integrity) {
  const [, base64] = /^sha512-(.+)$/.exec(integrity ?? '') ?? [];
  if (base64 === undefined) return null;
  return { algorithm: 'SHA-512', hex: Buffer.from(base64, 'base64').toString('hex') };
}

/** @param {string | undefined} hex @returns {ArchiveHash | null} */
const ofSha256 = (hex) => (hex === undefined ? null : { algorithm: 'SHA-256', hex });

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
 * @param {{ prompts: boolean, tensorflow: string | null }} options prompts: with the network for clicks and boxes;
 *   tensorflow: the version of the native one that goes along, null where the portable engine does alone
 * @returns {Part[]} by name, then folder
 */
export function shippedParts(root, target, { prompts, tensorflow }) {
  const locked = lockedPackages(root);
  const folders = new Set([...shippedPackages(root, target), ...builtIn(locked)]);
  const packages = [...folders].map((folder) => ({
    name: nameOfPackage(folder),
    version: locked[folder]?.version ?? '',
    licence: locked[folder]?.license ?? READ_IN_LICENCE.get(nameOfPackage(folder)) ?? 'unknown',
    folder,
    hash: ofIntegrity(locked[folder]?.integrity),
    needs: neededBy(locked, folder).filter((place) => folders.has(place)),
  }));
  const promptNetwork = {
    name: PROMPT_NETWORK.name,
    version: PROMPT_NETWORK.version,
    licence: 'MIT',
    folder: `node_modules/${PROMPT_NETWORK.name}`,
    hash: ofIntegrity(PROMPT_NETWORK.integrity),
    needs: [],
  };
  return [
    electron(root, target, locked['node_modules/electron']?.version ?? ''),
    node(root, target),
    ...(tensorflow === null ? [] : [tensorflowPart(target, tensorflow)]),
    ...(prompts ? [promptNetwork] : []),
    ...packages.sort((a, b) => (a.folder < b.folder ? -1 : 1)),
  ];
}

/** @typedef {import('./package-contents.mjs').Target} Target */

/** No package of npm. @param {Pick<Part, 'name' | 'version' | 'licence' | 'hash'>} part @returns {Part} */
const program = (part) => ({ ...part, folder: null, needs: [] });

/** By the list in its package, whose hash the lock file has. @param {string} root @param {Target} target @param {string} version */
function electron(root, { platform, arch }, version) {
  const file = path.join(root, 'node_modules', 'electron', 'checksums.json');
  const sums = /** @type {Record<string, string> | undefined} */ (readJson(file));
  const hash = ofSha256(sums?.[`electron-v${version}-${platform}-${arch}.zip`]);
  return program({ name: 'Electron', version, licence: 'MIT', hash });
}

/** @param {string} root @param {Target} target */
function node(root, { platform, arch }) {
  const { graft } = /** @type {{ graft: { node: string } }} */ (
    readJson(path.join(root, 'package.json'))
  );
  const build =
    graft.node === npmBuilds.version ? npmBuilds.packages.get(`${platform}-${arch}`) : undefined;
  const hash = ofIntegrity(build?.integrity);
  return program({ name: 'Node.js', version: graft.node, licence: 'MIT', hash });
}

/** @param {Target} target @param {string} version */
function tensorflowPart({ platform, arch }, version) {
  const hash = ofSha256(wheels.get(`${version}-${platform}-${arch}`)?.sha256);
  return program({ name: 'TensorFlow', version, licence: 'Apache-2.0', hash });
}
