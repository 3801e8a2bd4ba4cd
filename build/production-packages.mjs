/** Which packages an installed Graft needs on one platform: those of the lock file that are not for development only. */
import path from 'node:path';
import { readJson } from './json-file.mjs';

/**
 * @typedef {object} LockEntry
 * @property {string} version
 * @property {string} [integrity]
 * @property {string} [license]
 * @property {boolean} [dev]
 * @property {boolean} [devOptional]
 * @property {boolean} [optional]
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
 * @param {string} root the project's folder
 * @param {{ platform: string, arch: string }} target
 * @returns {string[]} folders such as `node_modules/sharp`, in order of their names
 */
export function productionPackages(root, target) {
  return Object.entries(lockedPackages(root))
    .filter(([folder, entry]) => {
      const { dev, devOptional } = entry;
      const ships = folder !== '' && dev !== true && devOptional !== true;
      return ships && !SPARE.test(folder) && fits(entry, target);
    })
    .map(([folder]) => folder)
    .sort();
}
