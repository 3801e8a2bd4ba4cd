/** Entry of the Electron shell: finds the engine's files and boots. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { platform, release } from 'node:os';
import { join } from 'node:path';
import * as electron from 'electron';
import { boot } from './boot.ts';
import manifest from '../package.json' with { type: 'json' };

const { electron: version, chrome, node, v8 } = process.versions;
const SHELL = `Electron ${version} (Chromium ${chrome})`;
const SYSTEM = `${platform()} ${release()} ${process.arch}`;

/** Installed: resources/graft, with a Node of its own. In a clone: the Node and the command line that started us. */
const installed = join(process.resourcesPath, 'graft');
const isInstalled = existsSync(installed);

function findNode(): string {
  if (!isInstalled) return process.env['GRAFT_NODE'] ?? 'node';
  return join(installed, process.platform === 'win32' ? 'node.exe' : 'node');
}

const findCli = (): string =>
  isInstalled
    ? join(installed, 'engine', 'cli.mjs')
    : (process.env['GRAFT_CLI'] ?? join(import.meta.dirname, '..', '..', 'engine', 'cli.ts'));

// Started as `electron main.mjs` it would be called Electron, and share its folder with whatever else is started so.
const { app } = electron;
app.setName('Graft');
if (!app.commandLine.hasSwitch('user-data-dir')) {
  app.setPath('userData', join(app.getPath('appData'), 'Graft'));
}
// Names by which the desktop knows whose notices and progress these are: as in build/electron-builder.mjs.
if (process.platform === 'win32') app.setAppUserModelId('org.graft.desktop');
if (process.platform === 'linux') app.setDesktopName('graft-desktop.desktop');

boot(electron, {
  engine: { node: findNode(), cli: findCli(), shell: SHELL },
  preload: join(import.meta.dirname, 'preload.cjs'),
  args: process.argv.slice(1),
  workingFolder: process.cwd(),
  platform: process.platform,
  startedAt: Number(process.env['GRAFT_STARTED_AT'] ?? Date.now()),
  versions: {
    graft: manifest.version,
    all: `Graft ${manifest.version}, ${SHELL}, Node ${node}, V8 ${v8}, ${SYSTEM}`,
  },
  system: {
    spawn,
    now: Date.now,
    onInterrupt(listener) {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, listener);
    },
    onUncaught: (listener) => void process.on('uncaughtException', listener),
  },
  print: (line) => process.stdout.write(`${line}\n`),
  // To `graft serve`, which opens another window where this one never comes.
  opened: () => process.send?.('opened'),
}).catch((error: unknown) => {
  electron.dialog.showErrorBox('Graft cannot start', String(error));
  app.exit(1);
});
