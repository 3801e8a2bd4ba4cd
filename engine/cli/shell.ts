/**
 * What the window is shown in: Electron where setting up has fetched it (build/electron-binary.mjs leaves word of that),
 * else an app window of Chromium or the user's browser, and why.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { ShellInfo } from '../../shared/api.ts';
import { partFile } from '../parts.ts';
import { findChromium, hasDisplay, type Machine } from './window.ts';
import { writeErr } from './output.ts';

const ShellRecord = z.object({
  electron: z.string().nullable(),
  version: z.string(),
  reason: z.string().nullable(),
});
const KEPT_WORDS = 4000;
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

function readRecord(root: string): z.infer<typeof ShellRecord> | null {
  const file = join(root, 'node_modules', '.graft-shell.json');
  if (!existsSync(file)) return null;
  try {
    return ShellRecord.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    // Cut short by a crash: the next start writes another.
    return null;
  }
}

/** The executable that was named or found; null where there is none. */
function executableOf(root: string, { platform, env }: Machine): string | null {
  const names = { darwin: 'Electron.app/Contents/MacOS/Electron', win32: 'electron.exe' };
  const name = platform === 'darwin' || platform === 'win32' ? names[platform] : 'electron';
  const named = env['ELECTRON_OVERRIDE_DIST_PATH'];
  const executable = named ? join(named, name) : (readRecord(root)?.electron ?? null);
  return executable !== null && existsSync(executable) ? executable : null;
}

export interface ElectronCommand {
  readonly executable: string;
  /** The built shell: dist/electron. */
  readonly main: string;
}

/** Electron and the shell's main file, where both are there: `npm start` fetches the first and builds the second. */
export function electronCommand(root: string, machine: Machine): ElectronCommand | null {
  const main = join(root, 'dist', 'electron', 'main.mjs');
  const executable = executableOf(root, machine);
  return executable !== null && existsSync(main) ? { executable, main } : null;
}

/** Why there is no window in Electron here, and what to do about it; null where there can be one. */
export function whyNotElectron(root: string, machine: Machine): string | null {
  if (!hasDisplay(machine)) return 'There is no display to show a window on.';
  // Its shell is built by the start that needs it.
  if (executableOf(root, machine) !== null) return null;
  const named = machine.env['ELECTRON_OVERRIDE_DIST_PATH'];
  if (named) {
    return `ELECTRON_OVERRIDE_DIST_PATH names ${named}, where there is no Electron.`;
  }
  const reason = readRecord(root)?.reason;
  return reason
    ? `${reason} To try again: npm run setup`
    : 'npm start or npm run setup fetches it.';
}

/**
 * What a window would be shown in now. `fellBack`: why Electron, which is there, was not taken.
 * GRAFT_SHELL is set by the Electron shell for the engine that it starts.
 */
export function shellHere(
  root: string,
  machine: Machine,
  fellBack: string | null = null,
): ShellInfo {
  const ours = machine.env['GRAFT_SHELL'];
  if (ours) return { name: 'electron', detail: ours, reason: null };
  const reason = fellBack ?? whyNotElectron(root, machine);
  if (reason === null) {
    const version = readRecord(root)?.version ?? '';
    return { name: 'electron', detail: `Electron ${version}`.trim(), reason: null };
  }
  const chromium = findChromium(machine);
  if (!hasDisplay(machine)) return { name: 'none', detail: 'an address for a browser', reason };
  if (chromium === null) return { name: 'browser', detail: 'the browser of the system', reason };
  return { name: 'chromium', detail: `an app window of ${chromium}`, reason };
}

/**
 * Runs the Electron shell to its end; its main process starts and watches an engine of its own.
 *
 * @returns its exit code; or, where it ended before it had a window, why
 */
export function runElectron(
  { executable, main }: ElectronCommand,
  args: readonly string[],
  { isRoot, env }: Machine,
): Promise<number | string> {
  const forRoot = isRoot ? ['--no-sandbox'] : [];
  const child = spawn(executable, [main, ...forRoot, ...args], {
    stdio: ['inherit', 'inherit', 'pipe', 'ipc'],
    env: { ...env, GRAFT_NODE: process.execPath, GRAFT_CLI: partFile('cli') },
  });
  let opened = false;
  let words = '';
  child.on('message', (message) => {
    if (message === 'opened') opened = true;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    // Electron complains of much that is of no account before it ends for a reason; that is told once it has.
    if (opened) writeErr(text);
    else words = (words + text).slice(-KEPT_WORDS);
  });
  /** A terminal sends Ctrl+C to the shell as well; this process waits until that has saved what runs. */
  const passOn = (signal: NodeJS.Signals) => {
    if (signal === 'SIGTERM' || !process.stdin.isTTY) child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, passOn);
  return new Promise<number | string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => {
      if (opened || code === 0) resolve(code ?? 1);
      else resolve(lastWords(words) ?? `It ended with ${signal ?? `code ${code ?? 1}`}.`);
    });
  }).finally(() => {
    for (const signal of SIGNALS) process.off(signal, passOn);
  });
}

/** The line that says why a program ended: that of its sandbox, which says what to do, its error, or its last. */
function lastWords(output: string): string | null {
  const lines = output
    .split('\n')
    .map((line) => line.replace(/^\[[^\]]*\]\s*/, '').trim())
    .filter((line) => line !== '');
  const telling = [/sandbox/, /error|cannot|missing display/i].map((words) =>
    lines.find((line) => words.test(line)),
  );
  return telling.find((line) => line !== undefined) ?? lines.at(-1) ?? null;
}
