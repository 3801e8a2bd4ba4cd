/**
 * The real Electron shell, driven by Playwright: the one of this clone, or a packaged Graft whose executable GRAFT_APP
 * names (a package of the test flavour: GRAFT_PACKAGE_FLAVOUR=test npm run package).
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { _electron, type ElectronApplication, type Page } from 'playwright';
import { electronCommand } from '../../engine/cli/shell.ts';
import { hasDisplay, thisMachine } from '../../engine/cli/window.ts';
import { PATIENCE_MS } from '../fixtures/patience.ts';
import { ROOT } from './graft-window.ts';
import { partFile } from '../../engine/parts.ts';

interface Command {
  readonly executable: string;
  readonly args: readonly string[];
}

function findCommand(): Command | null {
  const packaged = process.env['GRAFT_APP'];
  if (packaged) return { executable: packaged, args: [] };
  const ours = electronCommand(ROOT, thisMachine());
  return ours === null ? null : { executable: ours.executable, args: [ours.main] };
}
const command = findCommand();

/** Why Electron cannot be tried here; null where it can. */
export const whyNoElectron = (): string | null => {
  if (command === null) return 'no Electron binary, not verified';
  return hasDisplay(thisMachine()) ? null : 'no display for Electron, not verified';
};

export interface ElectronWindow {
  readonly app: ElectronApplication;
  readonly page: Page;
  readonly home: string;
  /** Another start of Graft while this one is open; resolves to its exit code. */
  readonly startAgain: (args: readonly string[]) => Promise<number | null>;
  /** As if the machine had taken it away. Where processes cannot be listed, an error. */
  readonly killEngine: () => void;
  /** A command of Graft in its own process, which sends what it asks to the window's engine. */
  readonly graft: (args: readonly string[]) => ChildProcess;
  readonly close: () => Promise<void>;
}

/** `args`: of the start, project files among them. */
export async function openElectron(args: readonly string[] = []): Promise<ElectronWindow> {
  if (command === null) throw new Error('there is no Electron');
  const home = mkdtempSync(join(tmpdir(), 'graft-electron-'));
  const { isRoot } = thisMachine();
  const all = [
    ...command.args,
    ...(isRoot ? ['--no-sandbox'] : []),
    `--user-data-dir=${join(home, 'electron')}`,
    ...args,
  ];
  const env = {
    ...process.env,
    ...{ HOME: home, USERPROFILE: home, GRAFT_CONFIG: home, GRAFT_NODE: process.execPath },
  };
  const app = await _electron.launch({ executablePath: command.executable, args: all, env });
  app.context().setDefaultTimeout(PATIENCE_MS);
  const page = await app.firstWindow();
  await page.locator('.frame[data-ready=true]').waitFor();
  return {
    ...{ app, page, home },
    startAgain(more) {
      const child = spawn(command.executable, [...all, ...more], { env, stdio: 'ignore' });
      return new Promise((resolve, reject) => {
        child.once('error', reject);
        child.once('exit', resolve);
      });
    },
    killEngine: () => process.kill(engineOf(app.process().pid), 'SIGKILL'),
    graft: (more) => spawn(process.execPath, [partFile('cli'), ...more], { env, stdio: 'ignore' }),
    async close() {
      await app.close();
      rmSync(home, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** The process id of the engine that a shell has started. */
function engineOf(shell: number | undefined): number {
  const list = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' });
  const line = list
    .split('\n')
    .map((text) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(text))
    .find(
      (match) => Number(match?.[2]) === shell && match?.[3]?.includes('cli.mjs serve') === true,
    );
  if (line === undefined || line === null) throw new Error('the shell has no engine');
  return Number(line[1]);
}
