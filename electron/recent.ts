/** The menu bar with the projects that were open lately, which the system lists as well (dock, taskbar). */
import type { CrashLog } from './crash-log.ts';
import type { ElectronApi } from './electron-api.ts';
import { menuTemplate } from './menu.ts';
import type { Page } from './page.ts';

export interface RecentInMenuOptions {
  readonly page: Page;
  readonly log: CrashLog;
  readonly platform: NodeJS.Platform;
}

export class RecentInMenu {
  readonly #electron: Pick<ElectronApi, 'app' | 'Menu' | 'shell'>;
  readonly #options: RecentInMenuOptions;
  #told = new Set<string>();

  constructor(electron: Pick<ElectronApi, 'app' | 'Menu' | 'shell'>, options: RecentInMenuOptions) {
    this.#electron = electron;
    this.#options = options;
  }

  /** `recent`: paths of projects, latest first. */
  show(recent: readonly string[]): void {
    const { app, Menu, shell } = this.#electron;
    const { page, log, platform } = this.#options;
    // The system puts what it is told last first.
    for (const path of recent.toReversed()) {
      if (!this.#told.has(path)) app.addRecentDocument(path);
    }
    const [latest] = recent;
    if (latest !== undefined && this.#told.has(latest)) app.addRecentDocument(latest);
    this.#told = new Set(recent);
    const template = menuTemplate(platform, recent, {
      run: (command) => page.command(command),
      openProject: (path) => page.openProject(path),
      showCrashLog() {
        log.ensure();
        shell.showItemInFolder(log.file);
      },
    });
    Menu.setApplicationMenu(Menu.buildFromTemplate(template));
  }
}
