/**
 * Lends one checkout's packages to another, as links to the same files: what npm would unpack there once more, for a
 * hundredth of the time. Whether they are ready to use is for the other checkout to find out, as after an `npm ci`.
 */
import { copyFileSync, existsSync, linkSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { installedAs, installedLock, packageFolders } from './packages.mjs';

/** Another file system, or one that knows no links, or has no more of them for a file. */
const NO_LINKS = ['EXDEV', 'EPERM', 'ENOTSUP', 'EMLINK'];

/**
 * @param {string} from a project with packages
 * @param {string} to a project without; gets those of its own lock file, and no others that lie beside them
 * @returns {boolean} false where `to` has to install: its first command would not do what was done in `from`, or files
 *   cannot be linked between the two
 */
export function linkPackages(from, to) {
  if (!installedAs(from, to)) return false;
  try {
    for (const folder of packageFolders(to).filter((name) => existsSync(path.join(from, name)))) {
      linkFolder(path.join(from, folder), path.join(to, folder));
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && NO_LINKS.includes(String(error.code)))) {
      throw error;
    }
    rmSync(path.join(to, 'node_modules'), { recursive: true, force: true });
    return false;
  }
  copyFileSync(installedLock(from), installedLock(to));
  return true;
}

/**
 * Links among the files themselves are ours (tensorflow.mjs) or npm's for the shell, and stay behind.
 *
 * @param {string} from
 * @param {string} to is made
 */
export function linkFolder(from, to) {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)];
    if (entry.isDirectory()) linkFolder(source, target);
    else if (entry.isFile()) linkSync(source, target);
  }
}
