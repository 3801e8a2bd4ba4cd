/** The Electron shell, built when it is missing or older than its sources. What it runs in is electron-binary.mjs's. */
import { statSync } from 'node:fs';
import path from 'node:path';
import { commandEnvironment } from './bootstrap.mjs';
import { capture } from './command.mjs';
import { projectRoot } from './locations.mjs';
import { SetupFailure } from './setup-failure.mjs';
import { toolScript } from './tools.mjs';
import { newestChange } from './window.mjs';

const BUILT = path.join(projectRoot, 'dist', 'electron', 'preload.cjs');
const SOURCES = [
  'electron',
  'shared',
  'build/vite.electron.mjs',
  'package.json',
  'package-lock.json',
];

/** @param {string} node the executable to build with */
export async function ensureShell(node) {
  const built = statSync(BUILT, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (SOURCES.every((source) => newestChange(path.join(projectRoot, source)) <= built)) return;
  for (const mode of ['main', 'preload']) {
    const config = path.join(projectRoot, 'build', 'vite.electron.mjs');
    const args = ['build', '--config', config, '--mode', mode, '--logLevel', 'warn'];
    const { ok, output } = await capture(node, [toolScript('vite'), ...args], {
      cwd: projectRoot,
      env: commandEnvironment(),
    });
    if (!ok) throw new SetupFailure(`The Electron shell could not be built:\n${output}`);
  }
}
