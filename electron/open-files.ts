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

/** From now on, those of later starts and of the system. */
export function openFilesOfOthers({ app }: Pick<ElectronApi, 'app'>, page: Page): void {
  app.on('second-instance', (_event, args, workingFolder) => {
    page.focus();
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
