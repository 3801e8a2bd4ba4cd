/** The real Electron shell, wherever its binary is; driven by Playwright. Elsewhere nothing of it is verified here. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { _electron, type ElectronApplication, type Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { electronCommand } from '../../engine/cli/shell.ts';
import { hasDisplay, thisMachine } from '../../engine/cli/window.ts';
import { ROOT } from './graft-window.ts';

const command = electronCommand(ROOT, thisMachine());
const obstacle =
  command === null
    ? 'no Electron binary, not verified'
    : hasDisplay(thisMachine())
      ? null
      : 'no display for Electron, not verified';
if (obstacle !== null) process.stdout.write(`skipped: ${obstacle}\n`);

describe('Electron itself', () => {
  let app: ElectronApplication | undefined;
  let page: Page | undefined;
  let home = '';
  const shell = (): { app: ElectronApplication; page: Page } => {
    if (app === undefined || page === undefined) throw new Error('Electron was not started');
    return { app, page };
  };

  beforeAll(async () => {
    if (obstacle !== null || command === null) return;
    home = mkdtempSync(join(tmpdir(), 'graft-electron-'));
    const { isRoot } = thisMachine();
    app = await _electron.launch({
      executablePath: command.executable,
      args: [command.main, ...(isRoot ? ['--no-sandbox'] : []), `--user-data-dir=${home}`],
      env: { ...process.env, HOME: home, GRAFT_CONFIG: home, GRAFT_NODE: process.execPath },
    });
    page = await app.firstWindow();
    await page.locator('.frame[data-ready=true]').waitFor();
  });
  afterAll(async () => {
    await app?.close();
    if (home !== '' && existsSync(home)) rmSync(home, { recursive: true, force: true });
  });

  it('shows the page without Node in it', async (ctx) => {
    if (obstacle !== null) ctx.skip(obstacle);
    expect(await shell().page.title()).toBe('Graft');
    expect(await shell().page.evaluate('typeof process')).toBe('undefined');
    expect(await shell().page.evaluate("'graftDesktop' in window")).toBe(true);
  });

  it('opens no other page and no second window', async (ctx) => {
    if (obstacle !== null) ctx.skip(obstacle);
    const before = shell().page.url();
    await shell().page.evaluate(`window.open('https://example.org/', '_blank')`);
    await shell().page.evaluate(`window.location.href = 'https://example.org/'`);
    await shell().page.locator('.frame[data-ready=true]').waitFor();
    expect(shell().page.url()).toBe(before);
    expect(shell().app.windows()).toHaveLength(1);
  });

  it('grants no permission', async (ctx) => {
    if (obstacle !== null) ctx.skip(obstacle);
    const state = await shell().page.evaluate('Notification.requestPermission()');
    expect(state).toBe('denied');
  });

  it('has the menu of Graft', async (ctx) => {
    if (obstacle !== null) ctx.skip(obstacle);
    const labels = await shell().app.evaluate(({ Menu }) =>
      Menu.getApplicationMenu()?.items.map((item) => item.label),
    );
    expect(labels).toEqual(expect.arrayContaining(['File', 'Go', 'View']));
  });
});
