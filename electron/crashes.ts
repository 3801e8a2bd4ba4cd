/** Crashes beneath the page: written down, and the page shown again where it was. */
import type { CrashLog } from './crash-log.ts';
import type { ElectronApi } from './electron-api.ts';
import type { Page } from './page.ts';

/** A page that crashes again so soon is not shown once more without being asked for. */
const AGAIN_WITHIN_MS = 20_000;

/** `onUncaught`: an error of this process that nothing has caught. */
export function logCrashes(
  { app, dialog }: Pick<ElectronApi, 'app' | 'dialog'>,
  log: CrashLog,
  onUncaught: (listener: (error: Error) => void) => void,
): void {
  app.on('child-process-gone', (_event, { type, reason, exitCode }) => {
    if (reason !== 'clean-exit')
      log.add(`A process of Electron ended: ${type}, ${reason} (${exitCode}).`);
  });
  onUncaught((error) => {
    log.add('An error of the shell.', error.stack ?? error.message);
    dialog.showErrorBox(
      'Graft has an error',
      `${error.message}\n\nWhat was saved is safe. ${log.file} says more; it was sent to nobody.`,
    );
  });
}

export function comeBackAfterCrashes(
  { dialog }: Pick<ElectronApi, 'dialog'>,
  { page, log, now }: { readonly page: Page; readonly log: CrashLog; readonly now: () => number },
): void {
  const { window } = page;
  let last = Number.NEGATIVE_INFINITY;
  window?.webContents.on('render-process-gone', (_event, { reason, exitCode }) => {
    if (reason === 'clean-exit' || page.window === null) return;
    log.add(`The page crashed: ${reason} (${exitCode}).`);
    const again = now() - last < AGAIN_WITHIN_MS;
    last = now();
    if (!again) {
      window.webContents.reload();
      return;
    }
    dialog
      .showMessageBox(window, {
        type: 'error',
        message: 'The window crashed twice in a row.',
        detail: `What was saved is safe, and what trains goes on. ${log.file} says more.`,
        buttons: ['Show It Again', 'Leave It'],
        cancelId: 1,
      })
      .then(({ response }) => {
        if (response === 0) window.webContents.reload();
      })
      .catch((error: unknown) => log.add('No dialog could be shown.', String(error)));
  });
}
