/** Entry of the Electron shell: finds the engine's files and boots. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as electron from 'electron';
import { boot } from './boot.ts';
import type { EngineCommand } from './engine-process.ts';

const SHELL = `Electron ${process.versions.electron}`;

/** Installed: resources/graft, with a Node of its own. In a clone: the project, and the Node that started us. */
function findEngine(): EngineCommand {
  const installed = join(process.resourcesPath, 'graft');
  if (existsSync(installed)) {
    const node = process.platform === 'win32' ? 'node.exe' : 'node';
    return { node: join(installed, node), cli: join(installed, 'engine', 'cli.ts'), shell: SHELL };
  }
  const project = join(import.meta.dirname, '..', '..');
  const node = process.env['GRAFT_NODE'] ?? 'node';
  return { node, cli: join(project, 'engine', 'cli.ts'), shell: SHELL };
}

boot(electron, {
  engine: findEngine(),
  preload: join(import.meta.dirname, 'preload.cjs'),
  args: process.argv.slice(1),
  workingFolder: process.cwd(),
  platform: process.platform,
  startedAt: Number(process.env['GRAFT_STARTED_AT'] ?? Date.now()),
  system: { spawn, now: Date.now },
  print: (line) => process.stdout.write(`${line}\n`),
  // To `graft serve`, which opens another window where this one never comes.
  opened: () => process.send?.('opened'),
}).catch((error: unknown) => {
  electron.dialog.showErrorBox('Graft cannot start', String(error));
  electron.app.exit(1);
});
