/**
 * Finds something to show the window in: an app window of Chromium, Chrome or Edge with a profile of its own, else the
 * user's browser. Electron, where there is a binary, runs the engine itself: see shell.ts.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, existsSync, mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { makeFolder } from '../data/write-file.ts';
import { isRunning } from '../process-alive.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly env: Environment;
  /** Chromium's sandbox refuses to start for the superuser. */
  readonly isRoot: boolean;
}

export const thisMachine = (): Machine => ({
  platform: process.platform,
  env: process.env,
  isRoot: process.getuid?.() === 0,
});

const LINUX_NAMES = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'microsoft-edge',
  'microsoft-edge-stable',
];
const MAC_PATHS = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
];
const WINDOWS_PATHS = [
  'Google\\Chrome\\Application\\chrome.exe',
  'Microsoft\\Edge\\Application\\msedge.exe',
];

/** The executable of a browser that can show a page as an app; null where there is none. */
export function findChromium(
  { platform, env }: Machine,
  exists: (path: string) => boolean = existsSync,
): string | null {
  const candidates =
    platform === 'darwin'
      ? MAC_PATHS
      : platform === 'win32'
        ? ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].flatMap((name) => {
            const folder = env[name];
            return folder === undefined ? [] : WINDOWS_PATHS.map((path) => `${folder}\\${path}`);
          })
        : (env['PATH'] ?? '')
            .split(delimiter)
            .flatMap((folder) => LINUX_NAMES.map((name) => join(folder, name)));
  const asked = env['GRAFT_BROWSER'];
  return (
    [...(asked === undefined ? [] : [asked]), ...candidates].find((path) => exists(path)) ?? null
  );
}

export const hasDisplay = ({ platform, env }: Machine): boolean =>
  platform !== 'linux' || env['DISPLAY'] !== undefined || env['WAYLAND_DISPLAY'] !== undefined;

export function chromiumArguments(options: {
  readonly url: string;
  readonly profile: string;
  readonly isRoot: boolean;
  /** Nothing is shown: for a smoke test without a display. */
  readonly headless: boolean;
}): string[] {
  return [
    `--app=${options.url}`,
    `--user-data-dir=${options.profile}`,
    '--window-size=1360,860',
    '--no-first-run',
    '--no-default-browser-check',
    '--disable-features=Translate',
    ...(options.headless ? ['--headless=new'] : []),
    ...(options.isRoot ? ['--no-sandbox'] : []),
  ];
}

/** Whether another window uses the profile: it would swallow ours. */
export function profileInUse(profile: string): boolean {
  if (existsSync(join(profile, 'lockfile'))) return true;
  try {
    const [pid] = /\d+$/.exec(readlinkSync(join(profile, 'SingletonLock'))) ?? [];
    return pid !== undefined && isRunning(Number(pid));
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
}

/** Where the settings' folder cannot be written, the window remembers nothing, and opens all the same. */
function canMake(profile: string): boolean {
  try {
    makeFolder(profile);
    accessSync(profile, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

export interface AppWindow {
  /** Resolves when the browser has ended, with its exit code (null: by a signal); closed by the user, with 0. */
  readonly closed: Promise<number | null>;
  close(): void;
}

/** `folder` keeps the profile from one start to the next. */
export function openChromium(options: {
  readonly executable: string;
  readonly url: string;
  readonly folder: string;
  readonly isRoot: boolean;
  readonly headless: boolean;
}): AppWindow {
  const own = join(options.folder, 'window');
  const shared = profileInUse(own) || !canMake(own);
  const profile = shared ? mkdtempSync(join(tmpdir(), 'graft-window-')) : own;
  const child: ChildProcess = spawn(
    options.executable,
    chromiumArguments({ ...options, profile }),
    { stdio: 'ignore' },
  );
  const closed = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  }).finally(() => {
    if (shared) rmSync(profile, { recursive: true, force: true, maxRetries: 3 });
  });
  return { closed, close: () => void child.kill() };
}

/** The user's own browser; false where the system has no way to ask for it. */
export function openBrowser(url: string, { platform }: Machine): Promise<boolean> {
  const command = platform === 'darwin' ? 'open' : platform === 'win32' ? 'explorer' : 'xdg-open';
  return new Promise((resolve) => {
    const child = spawn(command, [url], { stdio: 'ignore', detached: true });
    child.once('error', () => resolve(false));
    child.once('spawn', () => {
      child.unref();
      resolve(true);
    });
  });
}
