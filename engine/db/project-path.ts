/** A project has one name, whatever links lead to it: who opens it by another finds the same one, and its owner. */
import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

function followed(path: string): string | null {
  try {
    return realpathSync.native(path);
  } catch {
    return null; // there is nothing, or nothing that may be seen: opening it says so
  }
}

/** Absolute, without links; of a file that is not there yet, its folder's. */
export function trueProjectPath(path: string): string {
  const whole = resolve(path);
  const folder = dirname(whole);
  return followed(whole) ?? join(followed(folder) ?? folder, basename(whole));
}
