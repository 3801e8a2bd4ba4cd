/** Entry of the Electron shell: finds the engine's files and boots. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { platform, release } from 'node:os';
import { join } from 'node:path';
import * as electron from 'electron';
import { boot } from './boot.ts';
import type { EngineCommand } from './engine-process.ts';
import manifest from '../package.json' with { type: 'json' };

const { electron: version, chrome, node, v8 } = process.versions;
const SHELL = `Electron ${version} (Chromium ${chrome})`;
const SYSTEM = `${platform()} ${release()} ${process.arch}`;

/** Installed: resources/graft, with a Node of its own. In a clone: the project, and the Node that started us. */
function findEngine(): EngineCommand {
  const installed = join(process.resourcesPath, 'graft');
  if (existsSync(installed)) {
    const name = process.platform === 'win32' ? 'node.exe' : 'node';
    return { node: join(installed, name), cli: join(installed, 'engine', 'cli.ts'), shell: SHELL };
  }
  const project = join(import.meta.dirname, '..', '..');
  return {
    node: process.env['GRAFT_NODE'] ?? 'node',
    cli: join(project, 'engine', 'cli.ts'),
    shell: SHELL,
  };
}

boot(electron, {
  engine: findEngine(),
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
  electron.app.exit(1);
});
