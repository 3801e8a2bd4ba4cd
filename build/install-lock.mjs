/**
 * Lets one process at a time set things up, and puts folders in place in one step, so that nothing half-installed is
 * ever found under its final name.
 */
import {
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 300;
/** The holder renews its lock this often; a lock older than the limit belongs to a process that was killed. */
const RENEW_MS = 2000;
const STALE_MS = 20_000;

/**
 * Runs the work while holding a lock file; waits while another living process holds it. Process ids would not do: the
 * cache may be shared with containers, where they mean something else.
 *
 * @template Result
 * @param {string} file
 * @param {() => void} waiting called once when there is somebody to wait for
 * @param {() => Promise<Result>} work
 * @returns {Promise<Result>}
 */
export async function withLock(file, waiting, work) {
  mkdirSync(path.dirname(file), { recursive: true });
  for (let told = false; !take(file); told = true) {
    if (!told) waiting();
    await sleep(POLL_MS);
  }
  const renew = setInterval(() => utimesSync(file, new Date(), new Date()), RENEW_MS);
  const release = () => rmSync(file, { force: true });
  // A signal ends the process without coming back here.
  process.once('exit', release);
  try {
    return await work();
  } finally {
    clearInterval(renew);
    process.off('exit', release);
    release();
  }
}

/** @param {string} file @returns {boolean} whether the lock is ours now */
function take(file) {
  try {
    writeFileSync(file, `${process.pid}`, { flag: 'wx' });
    // The clock of a network drive may be another: its age is told by ours.
    utimesSync(file, new Date(), new Date());
    return true;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  const held = statSync(file, { throwIfNoEntry: false });
  if (held !== undefined && Date.now() - held.mtimeMs > STALE_MS) rmSync(file, { force: true });
  return false;
}

/**
 * Fills a folder beside its final place and renames it there when everything worked. Leftovers of interrupted attempts
 * are removed first, so the caller holds the lock.
 *
 * @template Result
 * @param {string} folder the final place; replaced when it exists
 * @param {(temporary: string) => Promise<Result>} fill
 * @returns {Promise<Result>}
 */
export async function installFolder(folder, fill) {
  const parent = path.dirname(folder);
  const prefix = `${path.basename(folder)}.part-`;
  mkdirSync(parent, { recursive: true });
  for (const name of readdirSync(parent)) {
    if (name.startsWith(prefix)) rmSync(path.join(parent, name), { recursive: true, force: true });
  }
  const temporary = path.join(parent, `${prefix}${process.pid}`);
  mkdirSync(temporary);
  try {
    const result = await fill(temporary);
    rmSync(folder, { recursive: true, force: true });
    renameSync(temporary, folder);
    return result;
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw error;
  }
}
