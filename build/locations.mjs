/**
 * Where things lie: the project, its node_modules, and the per-user cache that outlives both. Computes paths only;
 * creates nothing.
 */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { readJson } from './json-file.mjs';

export const projectRoot = fileURLToPath(new URL('..', import.meta.url));
export const nodeModules = path.join(projectRoot, 'node_modules');

/**
 * The folder for downloads and built libraries: `GRAFT_CACHE` when set, else the platform's usual cache folder.
 *
 * @param {{ platform: string, env: NodeJS.ProcessEnv, home: string }} host
 * @returns {string} an absolute path
 */
export function cacheDirectory({ platform, env, home }) {
  const paths = platform === 'win32' ? path.win32 : path.posix;
  const chosen = env['GRAFT_CACHE'];
  if (chosen) return paths.resolve(chosen);
  if (platform === 'win32') {
    return paths.join(env['LOCALAPPDATA'] || paths.join(home, 'AppData', 'Local'), 'graft');
  }
  if (platform === 'darwin') return paths.join(home, 'Library', 'Caches', 'graft');
  return paths.join(env['XDG_CACHE_HOME'] || paths.join(home, '.cache'), 'graft');
}

/**
 * The cache that a bundle for computers without network carries (bundle.mjs), where tools do not look for sources.
 *
 * @param {string} root the project's folder
 */
export const carriedCache = (root) => path.join(root, 'node_modules', '.graft-cache');

export function cacheRoot() {
  const carried = carriedCache(projectRoot);
  if (!process.env['GRAFT_CACHE'] && existsSync(carried)) return carried;
  return cacheDirectory({ platform: process.platform, env: process.env, home: homedir() });
}

/**
 * The versions that package.json pins under "graft".
 *
 * @returns {{ node: string, tensorflow: string }}
 */
export function pins() {
  const manifest = readJson(path.join(projectRoot, 'package.json'));
  const { graft } = /** @type {{ graft: { node: string, tensorflow: string } }} */ (manifest);
  return graft;
}
