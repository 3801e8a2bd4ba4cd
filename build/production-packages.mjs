/** Which packages an installed Graft needs on one platform: those of the lock file that are not for development only. */
import path from 'node:path';
import { readJson } from './json-file.mjs';

/**
 * @typedef {object} LockEntry
 * @property {string} version
 * @property {string} [integrity]
 * @property {string} [license]
 * @property {string[]} [os]
 * @property {string[]} [cpu]
 * @property {string[]} [libc]
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [optionalDependencies]
 * @property {Record<string, string>} [peerDependencies]
 */

/** @param {string} root the project's folder @returns {Record<string, LockEntry>} by folder; '' is the project */
export const lockedPackages = (root) =>
  /** @type {{ packages: Record<string, LockEntry> }} */ (
    readJson(path.join(root, 'package-lock.json'))
  ).packages;

/** Builds that run in WebAssembly where there is no native one; never needed beside it. */
const SPARE = /\bwasm32\b/;

/**
 * Whether a build of something is for the platform. Linux means glibc: Electron and TensorFlow run on no other.
 *
 * @param {LockEntry} entry
 * @param {{ platform: string, arch: string }} target
 */
const fits = ({ os, cpu, libc }, { platform, arch }) =>
  (os?.includes(platform) ?? true) &&
  (cpu?.includes(arch) ?? true) &&
  (libc?.includes('glibc') ?? true);

/**
 * Where Node finds a package from within another: in its own node_modules, else further out.
 *
 * @param {Record<string, LockEntry>} locked by folder
 * @param {string} folder of the one that asks; '' is the project
 * @param {string} name
 * @returns {string | null}
 */
function resolve(locked, folder, name) {
  const around = folder.lastIndexOf('/node_modules/');
  const place = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
  if (place in locked) return place;
  if (folder === '') return null;
  return resolve(locked, around === -1 ? '' : folder.slice(0, around), name);
}

/**
 * @param {Record<string, LockEntry>} locked
 * @param {string} folder
 * @returns {string[]} the folders of the packages that this one needs, or makes use of where they are there
 */
export function neededBy(locked, folder) {
  const { dependencies, optionalDependencies, peerDependencies } = locked[folder] ?? {};
  return Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })
    .map((name) => resolve(locked, folder, name))
    .filter((place) => place !== null);
}

/**
 * By following what needs what: npm's own marks do not tell which packages both a tool and an optional one need.
 *
 * @param {string} root the project's folder
 * @param {{ platform: string, arch: string }} target
 * @returns {string[]} folders such as `node_modules/sharp`, in order of their names
 */
export function productionPackages(root, target) {
  const locked = lockedPackages(root);
  const found = new Set(['']);
  // A set hands out what is added while it is read.
  for (const folder of found) {
    for (const place of neededBy(locked, folder)) {
      const entry = locked[place];
      if (entry !== undefined && !SPARE.test(place) && fits(entry, target)) found.add(place);
    }
  }
  return [...found].filter((folder) => folder !== '').sort();
}
