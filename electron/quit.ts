/** The end of the shell: with its last window, and not before the engine has saved what runs. */
import type { ElectronApi } from './electron-api.ts';
import type { EngineProcess } from './engine-process.ts';

export function quitWithLastWindow({ app }: Pick<ElectronApi, 'app'>): void {
  app.on('window-all-closed', () => app.quit());
}

/** `print`: told what went wrong, where the engine could not be stopped. */
export function stopEngineBeforeQuitting(
  { app }: Pick<ElectronApi, 'app'>,
  engine: EngineProcess,
  print: (line: string) => void,
): void {
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
      .catch((error: unknown) => print(String(error)));
  });
}
