/** Where a file goes that is named by a project or a list: into the chosen folder and nowhere else. */
import { realpathSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { AppError } from '../../../shared/errors.ts';
import { assertFileName } from '../../../shared/names.ts';
import { makeFolder } from '../write-file.ts';

const isBeneath = (folder: string, path: string): boolean =>
  path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);

/**
 * The path of a file in a folder, whose folders are made. Links on the way are followed before it is said where that is.
 * Errors: invalid-input (a name that leads elsewhere), no-space, unreadable.
 */
export function placeInside(dir: string, name: string): string {
  assertFileName(name);
  const root = resolve(dir);
  const file = resolve(root, name);
  if (isBeneath(root, file)) {
    makeFolder(root);
    const real = realpathSync(root);
    // Step by step, so that nothing is made behind a link that leads away.
    let folder = root;
    const steps = relative(root, dirname(file)).split(sep);
    const stays = steps.every((step) => {
      folder = join(folder, step);
      makeFolder(folder);
      return isBeneath(real, realpathSync(folder));
    });
    if (stays) return file;
  }
  throw new AppError(
    'invalid-input',
    `${name} leads out of ${root}: nothing was written there. Choose a new folder.`,
    { subject: name },
  );
}
