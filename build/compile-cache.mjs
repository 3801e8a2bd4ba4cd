/** Compiled code that Node keeps in the cache for every file it has run: what nobody has run for long goes again. */
import { readdirSync, rmdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';

/** Code that is run after this is compiled once more, in milliseconds, and kept again. */
const KEPT_DAYS = 30;
const DAY_MS = 24 * 60 * 60_000;

/**
 * Entries of versions of Node, copies of Graft and temporary folders that are gone are never asked for again, and Node
 * removes none: of a year of tests they are gigabytes.
 *
 * @param {string} folder NODE_COMPILE_CACHE
 * @param {number} [now] ms
 */
export function removeOldCompiled(folder, now = Date.now()) {
  const versions = statSync(folder, { throwIfNoEntry: false })?.isDirectory()
    ? readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
    : [];
  for (const { name } of versions) {
    const version = path.join(folder, name);
    const files = readdirSync(version).map((file) => path.join(version, file));
    const old = files.filter((file) => {
      // Another process may clean up as well.
      const found = statSync(file, { throwIfNoEntry: false });
      return found !== undefined && now - found.mtimeMs > KEPT_DAYS * DAY_MS;
    });
    for (const file of old) rmSync(file, { recursive: true, force: true });
    try {
      if (old.length === files.length) rmdirSync(version);
    } catch {
      // Something was written into it meanwhile.
    }
  }
}
