/** Which packages an installed Graft needs: those of the lock file that are not for development only. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { readJson } from './json-file.mjs';

/** @typedef {{ packages: Record<string, { dev?: boolean, devOptional?: boolean }> }} Lock */

/**
 * @param {string} root the project's folder
 * @returns {string[]} folders such as `node_modules/sharp` that are installed, in order of their names
 */
export function productionPackages(root) {
  const lock = /** @type {Lock} */ (readJson(path.join(root, 'package-lock.json')));
  return Object.entries(lock.packages)
    .filter(
      ([folder, { dev, devOptional }]) => folder !== '' && dev !== true && devOptional !== true,
    )
    .map(([folder]) => folder)
    .filter((folder) => existsSync(path.join(root, folder)))
    .sort();
}
