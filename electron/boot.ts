/** The shell from start to end, as a list of steps. Everything it needs is handed in, so that tests can boot it too. */
import type { spawn } from 'node:child_process';
import { CHANNELS } from './channels.ts';
import type { ElectronApi, Window } from './electron-api.ts';
import { createEngineProcess, type EngineCommand } from './engine-process.ts';
import { menuTemplate } from './menu.ts';
import { handlePickPath } from './pick-path.ts';
import { projectFilesIn } from './project-files.ts';
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
}

export async function boot(electron: ElectronApi, options: BootOptions): Promise<void> {
  const { app } = electron;
  const smoke = options.args.includes('--smoke');

  // One Graft a user: another start only opens its files in the window that is there.
  if (!smoke && !app.requestSingleInstanceLock()) {
    app.quit();
    return;
  }

  let window: Window | null = null;
  let origin = 'null';
  let pageReady = false;
  let waiting = projectFilesIn(options.args, options.workingFolder);

  const tell = (command: string, argument: string | null = null) =>
    window?.webContents.send(CHANNELS.command, command, argument);
  function openProject(path: string): void {
    app.addRecentDocument(path);
    if (pageReady) tell('open-project', path);
    else waiting.push(path);
  }

  app.on('second-instance', (_event, args, workingFolder) => {
    if (window?.isMinimized() === true) window.restore();
    window?.focus();
    projectFilesIn(args, workingFolder).forEach(openProject);
  });
  app.on('open-file', (event, path) => {
    event.preventDefault();
    openProject(path);
  });

  const engine = createEngineProcess(
    options.engine,
    {
      onReady(url, restarted) {
        const before = origin;
        origin = new URL(url).origin;
        // An engine that got its port back is found by the page itself, and nothing on it is lost.
        if (restarted && origin === before) return;
        // The address of the view goes along: a redirect keeps it.
        const hash = restarted ? new URL(window?.webContents.getURL() ?? url).hash : '';
        pageReady = false;
        window?.loadURL(url + hash).then(
          () => restarted && tell('engine-restarted'),
          (error: unknown) => electron.dialog.showErrorBox('Graft cannot be shown', String(error)),
        );
      },
      onGivenUp(detail) {
        electron.dialog.showErrorBox(
          'The engine stopped',
          `Graft’s engine died several times in a row. What was saved is safe. Start Graft again; if that does not help, this is what it said:\n\n${detail}`,
        );
        app.quit();
      },
    },
    options.system,
  );

  await app.whenReady();
  denyPermissions(electron.session.defaultSession);
  window = createWindow(electron, { preload: options.preload, ownOrigin: () => origin });
  handlePickPath(
    electron,
    () => window,
    () => origin,
  );
  electron.Menu.setApplicationMenu(
    electron.Menu.buildFromTemplate(menuTemplate(options.platform, (command) => tell(command))),
  );
  electron.ipcMain.on(CHANNELS.painted, () => {
    pageReady = true;
    for (const path of waiting) openProject(path);
    waiting = [];
    if (!smoke) return;
    const readyMs = Math.round(options.system.now() - options.startedAt);
    options.print(JSON.stringify({ ready_ms: readyMs, shell: 'electron' }));
    app.quit();
  });
  engine.start();

  app.on('window-all-closed', () => app.quit());
  // Quitting waits for the engine to save what runs.
  let stopped = false;
  app.on('will-quit', (event) => {
    if (stopped) return;
    event.preventDefault();
    engine
      .stop()
      .finally(() => {
        stopped = true;
        app.quit();
      })
      .catch((error: unknown) => options.print(String(error)));
  });
}
