/**
 * `npm run package -- --dir`: page and shell are built, then electron-builder puts them together; everything after `--`
 * is electron-builder's. ELECTRON_DIST names a folder with Electron's binary where it cannot be downloaded.
 */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { commandEnvironment, ensureReady, main } from './bootstrap.mjs';
import { foreground } from './command.mjs';
import { ensureShell } from './electron-shell.mjs';
import { readJson } from './json-file.mjs';
import { projectRoot } from './locations.mjs';
import { toolScript } from './tools.mjs';
import { ensureWindow } from './window.mjs';

/** Two package.json: the shell's, an application of two files and no packages, and the engine's, as it is. */
function writeManifests() {
  const root = path.join(projectRoot, 'package.json');
  const manifest =
    /** @type {{ name: string, version: string, description: string, license: string }} */ (
      readJson(root)
    );
  const { name, version, description, license } = manifest;
  const shell = {
    name,
    version,
    description,
    license,
    author: 'The Graft authors',
    main: 'main.mjs',
  };
  const dist = path.join(projectRoot, 'dist');
  writeFileSync(path.join(dist, 'electron', 'package.json'), `${JSON.stringify(shell, null, 2)}\n`);
  mkdirSync(path.join(dist, 'engine'), { recursive: true });
  copyFileSync(root, path.join(dist, 'engine', 'package.json'));
  copyFileSync(path.join(projectRoot, 'LICENSE'), path.join(dist, 'engine', 'LICENSE'));
}

await main(async () => {
  const node = await ensureReady();
  await ensureWindow(node);
  const run = (/** @type {string} */ tool, /** @type {string[]} */ args) =>
    foreground(node, [toolScript(tool), ...args], {
      cwd: projectRoot,
      env: commandEnvironment(),
    });
  await ensureShell(node);
  writeManifests();
  const config = path.join('build', 'electron-builder.mjs');
  return run('electron-builder', [
    '--config',
    config,
    '--publish',
    'never',
    ...process.argv.slice(2),
  ]);
});
