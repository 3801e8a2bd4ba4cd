/**
 * npm's `webgpu`, which reaches graphics cards, brings its addon for five systems: 132 MB, of which one needs 21 to 39. The
 * others are thrown away when packages are set up, and are in no package.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';

/** @param {{ platform: string, arch: string }} host @returns {string} the folder of its addon within the package */
export const dawnFolder = ({ platform, arch }) =>
  path.posix.join('dist', platform === 'darwin' ? 'darwin-universal' : `${platform}-${arch}`);

/**
 * Once npm has installed the packages. Does nothing where the package is missing or trimmed.
 *
 * @param {string} root the project
 * @param {{ platform: string, arch: string }} host
 * @returns {string[]} the folders that it threw away
 */
export function keepOwnDawn(root, host) {
  const dist = path.join(root, 'node_modules', 'webgpu', 'dist');
  if (!existsSync(dist)) return [];
  const own = path.posix.basename(dawnFolder(host));
  const others = readdirSync(dist).filter((name) => name !== own);
  for (const name of others) rmSync(path.join(dist, name), { recursive: true, force: true });
  return others;
}
