/**
 * The window's page, built when it is missing or older than its sources: a look at dates for most starts.
 * `node build/window.mjs` builds it whatever the dates say. How it is built is vite.config.mjs's.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { commandEnvironment, ensureReady, main } from './bootstrap.mjs';
import { capture } from './command.mjs';
import { projectRoot } from './locations.mjs';
import { createProgress } from './progress.mjs';
import { SetupFailure } from './setup-failure.mjs';
import { toolScript } from './tools.mjs';

const SOURCES = ['renderer', 'shared', 'build/vite.config.mjs', 'package-lock.json'];
const BUILD_TIMEOUT_MS = 5 * 60_000;

/** @param {string} file @returns {number} the latest change in a file or folder, in ms; 0 where there is none */
export function newestChange(file) {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(
    ...readdirSync(file).map((name) => newestChange(path.join(file, name))),
    stat.mtimeMs,
  );
}

/** @param {string} root the project's folder */
export function windowIsBuilt(root) {
  const page = statSync(path.join(root, 'dist', 'renderer', 'index.html'), {
    throwIfNoEntry: false,
  });
  if (page === undefined) return false;
  return SOURCES.every((source) => newestChange(path.join(root, source)) <= page.mtimeMs);
}

/** @param {string} node the executable to build with */
async function buildWindow(node) {
  const config = path.join(projectRoot, 'build', 'vite.config.mjs');
  const { ok, output } = await capture(node, [toolScript('vite'), 'build', '--config', config], {
    cwd: projectRoot,
    env: commandEnvironment(),
    timeoutMs: BUILD_TIMEOUT_MS,
  });
  if (!ok) throw new SetupFailure(`The window could not be built:\n${output}`);
}

/** @param {string} node the executable to build with */
export async function ensureWindow(node) {
  // An installed copy carries the page and not its sources.
  if (!existsSync(path.join(projectRoot, 'renderer')) || windowIsBuilt(projectRoot)) return;
  await createProgress(process.stderr).step('Building the window', () => buildWindow(node));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main(async () => {
    const node = await ensureReady({ native: false });
    await createProgress(process.stderr).step('Building the window', () => buildWindow(node));
    return 0;
  });
}
