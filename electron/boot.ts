/** The shell from start to end, as a list of steps. Everything it needs is handed in, so that tests can boot it too. */
import type { spawn } from 'node:child_process';
import { join } from 'node:path';
import { CHANNELS } from './channels.ts';
import { CrashLog } from './crash-log.ts';
import { comeBackAfterCrashes, logCrashes } from './crashes.ts';
import type { ElectronApi } from './electron-api.ts';
import {
  createEngineProcess,
  type EngineCommand,
  type EngineEvents,
  type EngineProcess,
} from './engine-process.ts';
import { openFilesOf, openFilesOfOthers } from './open-files.ts';
import { isOwnFrame } from './own-frame.ts';
import { Page } from './page.ts';
import { handlePickPath } from './pick-path.ts';
import { askBeforeClosing, quitWithLastWindow, stopEngineBeforeQuitting } from './quit.ts';
import { RecentInMenu } from './recent.ts';
import { UnderWayOnDesktop } from './under-way.ts';
import { createWindow, denyPermissions } from './window.ts';

export interface BootOptions {
  readonly engine: EngineCommand;
  readonly preload: string;
  readonly args: readonly string[];
  readonly workingFolder: string;
  readonly platform: NodeJS.Platform;
  readonly startedAt: number;
  /** Of Graft, Electron and what is in it, and the system: for the about box and the crash log. */
  readonly versions: { readonly graft: string; readonly all: string };
  readonly system: {
    readonly spawn: typeof spawn;
    readonly now: () => number;
    /** Ctrl+C in the terminal, or the end of the session. */
    readonly onInterrupt: (listener: () => void) => void;
    /** An error of this process that nothing has caught. */
    readonly onUncaught: (listener: (error: Error) => void) => void;
  };
  /** One line of the smoke test. */
  readonly print: (line: string) => void;
  /** Told once there is a window. */
  readonly opened: () => void;
}

export async function boot(electron: ElectronApi, options: BootOptions): Promise<void> {
  const smoke = options.args.includes('--smoke');
  if (!smoke && !isOnlyInstance(electron, options.versions.graft)) return;
  const { app } = electron;
  const page = new Page();
  const log = crashLogOf(electron, options);
  const underWay = new UnderWayOnDesktop(electron, page);
  const menu = new RecentInMenu(electron, { page, log, platform: options.platform });
  const engine = engineOf(electron, options, { page, log, underWay, menu });
  openFilesOfOthers(electron, { page, version: options.versions.graft });
  logCrashes(electron, log, options.system.onUncaught);
  app.setAboutPanelOptions(aboutOf(options.versions));
  await app.whenReady();
  denyPermissions(electron.session.defaultSession);
  page.showIn(createWindow(electron, { preload: options.preload, ownOrigin: () => page.origin }));
  comeBackAfterCrashes(electron, { page, log, now: options.system.now });
  options.opened();
  handlePickPath(
    electron,
    () => page.window,
    () => page.origin,
  );
  menu.show([]);
  onPainted(electron, page, () => page.painted());
  if (smoke) quitOncePainted(electron, page, options);
  openFilesOf(options.args, options.workingFolder, { app, page });
  askBeforeClosing(electron, {
    page,
    underWay,
    onInterrupt: options.system.onInterrupt,
    onError: (error) => log.add('The question before closing could not be asked.', String(error)),
  });
  quitWithLastWindow(electron);
  stopEngineBeforeQuitting(electron, engine, options.print);
  engine.start();
}

/** One Graft a user: another start only opens its files in the window that is there. */
function isOnlyInstance({ app }: ElectronApi, version: string): boolean {
  const isOnly = app.requestSingleInstanceLock({ version });
  if (!isOnly) app.quit();
  return isOnly;
}

const crashLogOf = ({ app }: ElectronApi, { versions, system }: BootOptions): CrashLog =>
  new CrashLog({
    file: join(app.getPath('logs'), 'crashes.log'),
    home: app.getPath('home'),
    about: versions.all,
    now: system.now,
  });

const aboutOf = ({ graft, all }: BootOptions['versions']) => ({
  applicationName: 'Graft',
  applicationVersion: graft,
  copyright: 'MIT licence',
  credits: all,
});

interface Followers {
  readonly page: Page;
  readonly log: CrashLog;
  readonly underWay: UnderWayOnDesktop;
  readonly menu: RecentInMenu;
}

/** The engine, not started yet; the page follows it wherever it is. */
function engineOf(
  { app, dialog }: ElectronApi,
  { engine, system }: BootOptions,
  { page, log, underWay, menu }: Followers,
): EngineProcess {
  const events: EngineEvents = {
    onReady(url, restarted) {
      page
        .follow(url, restarted)
        .catch((error: unknown) => dialog.showErrorBox('Graft cannot be shown', String(error)));
    },
    onNews(news) {
      if ('recent' in news) menu.show(news.recent);
      else underWay.follow(news);
    },
    onDied(detail) {
      underWay.engineGone();
      log.add('The engine stopped.', detail);
    },
    onGivenUp(detail) {
      dialog.showErrorBox(
        'The engine stopped',
        `Graft’s engine died several times in a row. What was saved is safe. Start Graft again; if that does not help, this is what it said (and ${log.file} keeps it):\n\n${detail}`,
      );
      app.quit();
    },
  };
  return createEngineProcess(engine, events, system);
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
