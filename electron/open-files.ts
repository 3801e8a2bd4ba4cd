/** Project files that come from outside the page: arguments, a second start, a double click. */
import type { ElectronApi } from './electron-api.ts';
import type { Page } from './page.ts';
import { projectFilesIn } from './project-files.ts';

/** Those among a program's arguments. `workingFolder`: of the process that was given them. */
export function openFilesOf(
  args: readonly string[],
  workingFolder: string,
  { app, page }: { readonly app: ElectronApi['app']; readonly page: Page },
): void {
  for (const path of projectFilesIn(args, workingFolder)) {
    app.addRecentDocument(path);
    page.openProject(path);
  }
}

export interface OthersOptions {
  readonly page: Page;
  /** Of this Graft. */
  readonly version: string;
}

/** From now on, those of later starts and of the system. */
export function openFilesOfOthers(
  { app, dialog }: Pick<ElectronApi, 'app' | 'dialog'>,
  { page, version }: OthersOptions,
): void {
  app.on('second-instance', (_event, args, workingFolder, more) => {
    page.focus();
    const other = versionIn(more);
    if (other !== null && other !== version) {
      dialog.showErrorBox(
        `Graft ${other} was not started`,
        `Graft ${version} is open, and there is one Graft at a time. Close it, then start Graft ${other} again.`,
      );
      return;
    }
    openFilesOf(args, workingFolder, { app, page });
  });
  app.on('activate', () => page.focus());
  app.on('open-file', (event, path) => {
    event.preventDefault();
    page.focus();
    app.addRecentDocument(path);
    page.openProject(path);
  });
}

/** Of the Graft that was started while this one is open; null where it does not say. */
function versionIn(more: unknown): string | null {
  if (typeof more !== 'object' || more === null || !('version' in more)) return null;
  return typeof more.version === 'string' ? more.version : null;
}
