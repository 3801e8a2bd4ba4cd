/** Graft as a user starts it: engine and page in a browser, with a home of its own. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type axe from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright';
import { expect } from 'vitest';
import { headlessShell } from '../../build/test-browser.mjs';
import { windowIsBuilt } from '../../build/window.mjs';
import { findChromium, thisMachine } from '../../engine/cli/window.ts';
import { PATIENCE_MS } from '../fixtures/patience.ts';
import { partFile } from '../../engine/parts.ts';

export const ROOT = join(import.meta.dirname, '..', '..');
/** Where pictures are wanted, by `GRAFT_SCREENS=1`: no test reads them, and to take them costs a tenth of such tests. */
const SCREENS =
  process.env['GRAFT_SCREENS'] === undefined ? null : join(ROOT, 'test-output', 'screens');

/** The one that needs no screen, which is quicker; else any that a window can be shown with. */
const findBrowser = (): string | null => headlessShell() ?? findChromium(thisMachine());

/** Why no window can be shown here; null where one can. */
export const whyNoWindow = (): string | null =>
  findBrowser() === null ? 'no Chromium, Chrome or Edge was found' : null;

export interface GraftWindow {
  readonly page: Page;
  readonly home: string;
  /** What the page complained about, errors of scripts included. */
  readonly complaints: readonly string[];
  /** A picture for people, where they want one. */
  readonly screenshot: (name: string) => Promise<void>;
  /** axe-core finds nothing on the page as it is; `rules`: all of them, or those that colours decide. */
  readonly expectAccessible: (what: string, rules?: 'all' | 'of colours') => Promise<void>;
  /** As if the machine had taken it away: no signal that it could answer. */
  readonly killEngine: () => Promise<void>;
  /** The engine again, as the shell starts it after a crash. */
  readonly restartEngine: () => Promise<void>;
  /** The browser ends as if it had crashed. */
  readonly crashBrowser: () => Promise<void>;
  readonly close: () => Promise<void>;
}

function buildWindow(): void {
  if (windowIsBuilt(ROOT)) return;
  const vite = join(ROOT, 'node_modules', 'vite', 'bin', 'vite.js');
  const config = join(ROOT, 'build', 'vite.config.mjs');
  const { status, stderr } = spawnSync(process.execPath, [vite, 'build', '--config', config], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`The window could not be built:\n${stderr}`);
}

function startEngine(home: string, projects: readonly string[]): Promise<[ChildProcess, string]> {
  const child = spawn(process.execPath, [partFile('cli'), 'serve', '--json', ...projects], {
    cwd: home,
    env: { ...process.env, HOME: home, USERPROFILE: home, GRAFT_CONFIG: join(home, 'config') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no address in time')), PATIENCE_MS);
    let output = '';
    let complaints = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      const url = /"url":"([^"]+)"/.exec(output)?.[1];
      if (url === undefined) return;
      clearTimeout(timer);
      resolve([child, url]);
    });
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`the engine ended with code ${code ?? 'none'}:\n${complaints}`));
    });
  });
}

const CHECKER = readFileSync(join(ROOT, 'node_modules', 'axe-core', 'axe.min.js'), 'utf8');

/** Those of the tag cat.color that are asked at all. */
const OF_COLOURS: axe.RunOptions = { runOnly: ['color-contrast', 'link-in-text-block'] };

/** In the page, of the rules that are broken alone the details. */
const runAxe = (only: axe.RunOptions): Promise<axe.AxeResults> =>
  (globalThis as unknown as { axe: typeof axe }).axe.run({ resultTypes: ['violations'], ...only });

function launchBrowser(): Promise<Browser> {
  const machine = thisMachine();
  return chromium.launch({
    executablePath: findBrowser() ?? '',
    args: [
      // Letters as wide on the page as in a picture of it, whichever the browser.
      '--font-render-hinting=none',
      // Pages are left before what is compiled best has paid: a tenth of their time.
      '--js-flags=--no-turbofan',
      ...(machine.isRoot ? ['--no-sandbox'] : []),
    ],
  });
}

let shared: Promise<Browser> | undefined;
/**
 * One for all windows of a process, with which it ends: to start one costs more than most of what is done in them. A new
 * one where it is gone.
 */
async function sharedBrowser(): Promise<Browser> {
  shared ??= launchBrowser();
  if ((await shared).isConnected()) return shared;
  shared = launchBrowser();
  return shared;
}

export async function openGraft(
  options: {
    /** One that ends with the window, and may be made to crash. */
    readonly ownBrowser?: boolean;
    readonly projects?: readonly string[];
    readonly viewport?: { readonly width: number; readonly height: number };
    readonly dark?: boolean;
  } = {},
): Promise<GraftWindow> {
  buildWindow();
  const home = mkdtempSync(join(tmpdir(), 'graft-e2e-'));
  const projects = options.projects ?? [];
  let [engineProcess, url] = await startEngine(home, projects);
  const browser = await (options.ownBrowser === true ? launchBrowser() : sharedBrowser());
  const context = await browser.newContext({
    viewport: options.viewport ?? { width: 1280, height: 800 },
    colorScheme: options.dark === true ? 'dark' : 'light',
    reducedMotion: 'reduce',
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    const { url: from } = message.location();
    // Whether a run kept a prediction of the image that is open is told by asking for it.
    if (message.type() !== 'error' || new URL(from, url).pathname === '/pixels/prediction') return;
    complaints.push(`${message.text()} ${from}`);
  });
  await page.goto(url);
  await page.locator('.frame[data-ready=true]').waitFor();

  return {
    page,
    home,
    complaints,
    async killEngine() {
      const ended = new Promise<void>((resolve) => engineProcess.once('exit', () => resolve()));
      engineProcess.kill('SIGKILL');
      await ended;
    },
    async restartEngine() {
      [engineProcess, url] = await startEngine(home, projects);
    },
    async crashBrowser() {
      const gone = new Promise<void>((resolve) => browser.once('disconnected', () => resolve()));
      const session = await browser.newBrowserCDPSession();
      session.send('Browser.crash').catch(() => undefined);
      await gone;
    },
    async screenshot(name) {
      if (SCREENS === null) return;
      mkdirSync(SCREENS, { recursive: true });
      await page.screenshot({ path: join(SCREENS, `${name}.png`) });
    },
    async expectAccessible(what, rules = 'all') {
      // Once a page that is looked at: to read the checker costs more than to run it. There are no frames to enter.
      if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(CHECKER);
      const { violations } = await page.evaluate(runAxe, rules === 'all' ? {} : OF_COLOURS);
      const found = violations.map(
        ({ id, nodes }) => `${what}: ${id}: ${nodes.map((node) => node.html).join(' | ')}`,
      );
      // Soft: the journey goes on, and the next view is looked at too.
      expect.soft(found.join('\n')).toBe('');
    },
    async close() {
      if (options.ownBrowser === true) await browser.close();
      else await context.close();
      if (engineProcess.exitCode === null && engineProcess.signalCode === null) {
        engineProcess.kill('SIGTERM');
        await new Promise<void>((resolve) => engineProcess.once('exit', () => resolve()));
      }
      if (existsSync(home)) rmSync(home, { recursive: true, force: true });
    },
  };
}
