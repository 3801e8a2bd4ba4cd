/** The shell from start to end, as a list of steps. Everything it needs is handed in, so that tests can boot it too. */
import type { spawn } from 'node:child_process';
import { CHANNELS } from './channels.ts';
import type { ElectronApi } from './electron-api.ts';
import { createEngineProcess, type EngineCommand, type EngineProcess } from './engine-process.ts';
import { menuTemplate } from './menu.ts';
import { openFilesOf, openFilesOfOthers } from './open-files.ts';
import { isOwnFrame } from './own-frame.ts';
import { Page } from './page.ts';
import { handlePickPath } from './pick-path.ts';
import { quitWithLastWindow, stopEngineBeforeQuitting } from './quit.ts';
import { createWindow, denyPermissions } from './window.ts';

export interface BootOptions {
  readonly engine: EngineCommand;
  readonly preload: string;
  readonly args: readonly string[];
  readonly workingFolder: string;
  readonly platform: NodeJS.Platform;
  readonly startedAt: number;
  readonly system: { readonly spawn: typeof spawn; readonly now: () => number };
  /** One line of the smoke test. */
  readonly print: (line: string) => void;
  /** Told once there is a window. */
  readonly opened: () => void;
}

export async function boot(electron: ElectronApi, options: BootOptions): Promise<void> {
  const smoke = options.args.includes('--smoke');
  if (!smoke && !isOnlyInstance(electron)) return;
  const page = new Page();
  const engine = engineOf(page, electron, options);
  openFilesOfOthers(electron, page);
  await electron.app.whenReady();
  denyPermissions(electron.session.defaultSession);
  page.showIn(createWindow(electron, { preload: options.preload, ownOrigin: () => page.origin }));
  options.opened();
  handlePickPath(
    electron,
    () => page.window,
    () => page.origin,
  );
  setMenu(electron, page, options.platform);
  onPainted(electron, page, () => page.painted());
  if (smoke) quitOncePainted(electron, page, options);
  openFilesOf(options.args, options.workingFolder, { app: electron.app, page });
  quitWithLastWindow(electron);
  stopEngineBeforeQuitting(electron, engine, options.print);
  engine.start();
}

/** One Graft a user: another start only opens its files in the window that is there. */
function isOnlyInstance({ app }: ElectronApi): boolean {
  const isOnly = app.requestSingleInstanceLock();
  if (!isOnly) app.quit();
  return isOnly;
}

/** The engine, not started yet; the page follows it wherever it is. */
function engineOf(page: Page, { app, dialog }: ElectronApi, options: BootOptions): EngineProcess {
  const events = {
    onReady(url: string, restarted: boolean) {
      page
        .follow(url, restarted)
        .catch((error: unknown) => dialog.showErrorBox('Graft cannot be shown', String(error)));
    },
    onGivenUp(detail: string) {
      dialog.showErrorBox(
        'The engine stopped',
        `Graft’s engine died several times in a row. What was saved is safe. Start Graft again; if that does not help, this is what it said:\n\n${detail}`,
      );
      app.quit();
    },
  };
  return createEngineProcess(options.engine, events, options.system);
}

function setMenu({ Menu }: ElectronApi, page: Page, platform: NodeJS.Platform): void {
  const template = menuTemplate(platform, (command) => page.command(command));
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}

/** Told by the page, and by no other frame. */
function onPainted({ ipcMain }: ElectronApi, page: Page, listener: () => void): void {
  ipcMain.on(CHANNELS.painted, (event) => {
    if (isOwnFrame(event, page.origin)) listener();
  });
}

/** The smoke test: how long it took until there was something to see. */
function quitOncePainted(electron: ElectronApi, page: Page, options: BootOptions): void {
  onPainted(electron, page, () => {
    const readyMs = Math.round(options.system.now() - options.startedAt);
    options.print(JSON.stringify({ ready_ms: readyMs, shell: 'electron', reason: null }));
    electron.app.quit();
  });
}
