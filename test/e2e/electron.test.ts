/** Electron itself, wherever its binary is. Elsewhere nothing of it is verified here, which is said. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  afterAll,
  beforeAll,
  describe,
  expect,
  it,
  onTestFinished,
  type TestContext,
  vi,
} from 'vitest';
import { createProject } from '../../engine/db/project.ts';
import { ensureSample } from '../../engine/sample.ts';
import { PATIENCE_MS } from '../fixtures/patience.ts';
import { temporaryFolder } from '../fixtures/projects.ts';
import { type ElectronWindow, openElectron, whyNoElectron } from './electron-app.ts';

const obstacle = whyNoElectron();
if (obstacle !== null) process.stdout.write(`skipped: ${obstacle}\n`);
const patience = { timeout: PATIENCE_MS, interval: 200 };

function skipWithoutElectron(ctx: TestContext): void {
  if (obstacle !== null) ctx.skip(obstacle);
}

function emptyProject(name: string): string {
  const path = join(temporaryFolder(), `${name}.graft`);
  createProject(path).close();
  return path;
}

describe('Electron itself', () => {
  let opened: ElectronWindow | null = null;
  const graft = (): ElectronWindow => {
    if (opened === null) throw new Error('Electron was not started');
    return opened;
  };
  const shows = (project: string) =>
    graft().page.getByRole('button', { name: project }).first().waitFor();

  beforeAll(async () => {
    if (obstacle === null) opened = await openElectron();
  }, PATIENCE_MS);
  afterAll(() => opened?.close());

  it('starts, and shows the page without Node in it', async (ctx) => {
    skipWithoutElectron(ctx);
    const { page, app } = graft();
    expect(await page.title()).toBe('Graft');
    expect(await page.evaluate('typeof process')).toBe('undefined');
    expect(await page.evaluate('typeof require')).toBe('undefined');
    expect(await page.evaluate("'graftDesktop' in window")).toBe(true);
    const visible = await app.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows().map((window) => window.isVisible()),
    );
    expect(visible).toEqual([true]);
  });

  it('goes to no other page, opens no other window, and grants nothing', async (ctx) => {
    skipWithoutElectron(ctx);
    const { page, app } = graft();
    const before = page.url();
    await page.evaluate(`window.open('https://example.org/', '_blank')`);
    await page.evaluate(`window.location.href = 'https://example.org/'`);
    await page.locator('.frame[data-ready=true]').waitFor();
    expect(page.url()).toBe(before);
    expect(app.windows()).toHaveLength(1);
    expect(await page.evaluate('Notification.requestPermission()')).toBe('denied');
    const camera = `navigator.mediaDevices.getUserMedia({ video: true }).then(() => 'given', () => 'denied')`;
    expect(await page.evaluate(camera)).toBe('denied');
  });

  it('has the menu of Graft, whose commands reach the page', async (ctx) => {
    skipWithoutElectron(ctx);
    const { page, app } = graft();
    const labels = await app.evaluate(({ Menu }) =>
      Menu.getApplicationMenu()?.items.map((item) => item.label),
    );
    expect(labels).toEqual(expect.arrayContaining(['File', 'Edit', 'Go', 'View']));
    await app.evaluate(({ Menu }) => {
      const go = Menu.getApplicationMenu()?.items.find(({ label }) => label === 'Go');
      go?.submenu?.items.find(({ label }) => label.startsWith('Search'))?.click();
    });
    await page.getByRole('dialog', { name: 'Search or run' }).waitFor();
    await page.keyboard.press('Escape');
  });

  it('asks for files by the dialog of the system', async (ctx) => {
    skipWithoutElectron(ctx);
    const { page, app } = graft();
    const path = emptyProject('picked');
    await app.evaluate(({ dialog }, chosen) => {
      dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [chosen] });
    }, path);
    const request = JSON.stringify({ mode: 'open-file', title: 'Open', verb: 'Open' });
    expect(await page.evaluate(`window.graftDesktop.pickPath(${request})`)).toBe(path);
    await expect(page.evaluate(`window.graftDesktop.pickPath({})`)).rejects.toThrow();
  });

  it('opens what a second start, or the system, brings', async (ctx) => {
    skipWithoutElectron(ctx);
    const { app, startAgain } = graft();
    expect(await startAgain([emptyProject('second-start')])).toBe(0);
    await shows('second-start');
    expect(app.windows()).toHaveLength(1);
    await app.evaluate(
      ({ app: electron }, path) => electron.emit('open-file', { preventDefault() {} }, path),
      emptyProject('double-click'),
    );
    await shows('double-click');
    await vi.waitFor(async () => {
      const recent = await app.evaluate(({ Menu }) => {
        const file = Menu.getApplicationMenu()?.items.find(({ label }) => label === 'File');
        const list = file?.submenu?.items.find(({ label }) => label === 'Open Recent');
        return list?.submenu?.items.map(({ label }) => label);
      });
      expect(recent?.slice(0, 2)).toEqual(['double-click.graft', 'second-start.graft']);
    }, patience);
  });

  it('shows a report in a window of its own, as confined as the first', async (ctx) => {
    skipWithoutElectron(ctx);
    const { app, page } = graft();
    const next = app.waitForEvent('window');
    await page.evaluate(`window.open(new URL('/report?project=x&study=1', location.href))`);
    const report = await next;
    expect(new URL(report.url()).pathname).toBe('/report');
    expect(await report.evaluate("'graftDesktop' in window")).toBe(false);
    await report.close();
  });

  it('starts the engine again when it dies, and stays where it was', async (ctx) => {
    skipWithoutElectron(ctx);
    if (process.platform === 'win32') ctx.skip('processes are listed otherwise on Windows');
    const { page, killEngine } = graft();
    killEngine();
    await page.getByText('The engine stopped answering', { exact: false }).waitFor();
    await page.getByText('The engine stopped answering', { exact: false }).waitFor({
      state: 'detached',
    });
    await shows('double-click');
  });
});

it('Electron opens the project of its arguments', async (ctx) => {
  skipWithoutElectron(ctx);
  const { page, close } = await openElectron([emptyProject('argument')]);
  onTestFinished(close);
  await page.getByRole('button', { name: 'argument' }).first().waitFor();
});

it('Electron asks before it quits while something trains, and pauses it', async (ctx) => {
  skipWithoutElectron(ctx);
  const { app, page, home, graft, close } = await openElectron();
  onTestFinished(close);
  const project = ensureSample(temporaryFolder());
  await app.evaluate(
    ({ app: electron }, path) => electron.emit('open-file', { preventDefault() {} }, path),
    project,
  );
  await page.getByRole('button', { name: 'Graft sample' }).first().waitFor();
  const training = graft([
    'train',
    project,
    '--dataset',
    'Granular shapes (target)',
    '--minutes',
    '5',
  ]);
  onTestFinished(() => void training.kill('SIGKILL'));
  await vi.waitFor(async () => {
    const awake = await app.evaluate(({ powerSaveBlocker }) =>
      [0, 1, 2, 3].some((id) => powerSaveBlocker.isStarted(id)),
    );
    expect(awake).toBe(true);
  }, patience);
  const ended = new Promise<void>((resolve) => app.process().once('exit', () => resolve()));
  await app.evaluate(({ app: electron, dialog }) => {
    dialog.showMessageBox = () => Promise.resolve({ response: 1, checkboxChecked: false });
    electron.quit();
  });
  await ended;
  expect(existsSync(join(home, 'settings.json'))).toBe(true);
});
