/**
 * The end of the shell: with its last window, not before the engine has saved what runs, and not without a question
 * while something trains or what was drawn is not saved.
 */
import { duration } from '../shared/number-format.ts';
import type { ElectronApi } from './electron-api.ts';
import type { EngineProcess } from './engine-process.ts';
import type { Page } from './page.ts';
import type { UnderWayOnDesktop } from './under-way.ts';

const IN_BACKGROUND = 0;
const PAUSE = 1;
const STAY = 2;

/** What is lost of a window that is closed over unsaved work. */
const WAIT = 0;

function questionOf(underWay: UnderWayOnDesktop) {
  const { items } = underWay;
  const names = items.map(({ name }) => `“${name}”`).join(', ');
  const seconds = items.map((item) => item.secondsLeft);
  const longest = seconds.every((one) => one !== null) ? Math.max(...seconds) : null;
  const left = longest === null ? '' : ` It needs about ${duration(longest)} more.`;
  return {
    type: 'question' as const,
    message: items.length === 1 ? `${names} still trains.` : `${names} still train.`,
    detail: `In the background Graft goes on without a window until that is done, and comes back when you start it again.${left} Paused, it goes on where it was the next time its project is opened.`,
    buttons: ['Go on in the Background', 'Pause and Quit', 'Cancel'],
    defaultId: IN_BACKGROUND,
    cancelId: STAY,
    noLink: true,
  };
}

export interface ClosingOptions {
  readonly page: Page;
  readonly underWay: UnderWayOnDesktop;
  /** Somebody who cannot be asked: Ctrl+C in the terminal. */
  readonly onInterrupt: (listener: () => void) => void;
  readonly onError: (error: unknown) => void;
}

/** Asks before the window goes; a system that shuts down, or a terminal, is not asked. */
export function askBeforeClosing(
  { app, dialog, powerMonitor }: Pick<ElectronApi, 'app' | 'dialog' | 'powerMonitor'>,
  { page, underWay, onInterrupt, onError }: ClosingOptions,
): void {
  const { window } = page;
  if (window === null) throw new Error('there is no window yet');
  let decided = false;
  const pauseAndQuit = () => {
    decided = true;
    app.quit();
  };
  powerMonitor.on('shutdown', pauseAndQuit);
  window.on('session-end', pauseAndQuit);
  onInterrupt(pauseAndQuit);

  async function ask(): Promise<void> {
    // Out of the background, so that the question is seen.
    page.focus();
    if (window === null) return;
    const { response } = await dialog.showMessageBox(window, questionOf(underWay));
    if (response === PAUSE) pauseAndQuit();
    if (response !== IN_BACKGROUND) return;
    // It may have ended while the question stood.
    if (underWay.items.length === 0) pauseAndQuit();
    else goOnInBackground();
  }
  function goOnInBackground(): void {
    underWay.whenIdle(pauseAndQuit);
    window?.hide();
    underWay.notify('Graft goes on in the background', 'Start Graft again to see how far it is.');
  }
  page.onShown(() => underWay.whenIdle(null));
  window.on('close', (event) => {
    if (decided || underWay.items.length === 0) return;
    event.preventDefault();
    ask().catch(onError);
  });
  window.webContents.on('will-prevent-unload', (event) => {
    const choice = dialog.showMessageBoxSync(window, {
      type: 'warning',
      message: 'What was drawn last is not saved yet.',
      detail:
        'It is saved as soon as the disk takes it; the place of the open image says what is in the way.',
      buttons: ['Wait', 'Close Without Saving'],
      defaultId: WAIT,
      cancelId: WAIT,
      noLink: true,
    });
    // That is: do not mind the page.
    if (choice !== WAIT) event.preventDefault();
    else decided = false;
  });
}

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
