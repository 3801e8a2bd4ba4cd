/**
 * The engine's page in the window: where it comes from at the moment, whether it has been painted, and what it is told.
 * Projects that somebody opens before it is painted wait for it.
 */
import { CHANNELS } from './channels.ts';
import type { Window } from './electron-api.ts';

export class Page {
  #window: Window | null = null;
  #origin = '';
  #painted = false;
  #waiting: string[] = [];
  #shown: () => void = () => undefined;

  /** Null before the app is ready, and once it is closed. */
  get window(): Window | null {
    return this.#window;
  }

  /** Of the engine that serves the page now; '', which no page has, before there is one ('null' is that of data: pages). */
  get origin(): string {
    return this.#origin;
  }

  showIn(window: Window): void {
    this.#window = window;
    // What is closed answers no more, while the engine still saves.
    window.on('closed', () => {
      this.#window = null;
    });
  }

  /** Told when the window comes back out of the background. */
  onShown(listener: () => void): void {
    this.#shown = listener;
  }

  /** Brings the window to the front. */
  focus(): void {
    const window = this.#window;
    if (window === null) return;
    if (window.isMinimized()) window.restore();
    if (!window.isVisible()) {
      window.show();
      this.#shown();
    }
    window.focus();
  }

  tell(command: string, argument: string | null = null): void {
    this.#window?.webContents.send(CHANNELS.command, command, argument);
  }

  /** A command of the menu. What is undone in a text field is text, which the window knows; else the page does it. */
  command(command: string): void {
    if (command === 'undo' || command === 'redo') this.#window?.webContents[command]();
    this.tell(command);
  }

  openProject(path: string): void {
    if (this.#painted) this.tell('open-project', path);
    else this.#waiting.push(path);
  }

  /** The page has told that it is there. */
  painted(): void {
    this.#painted = true;
    for (const path of this.#waiting) this.openProject(path);
    this.#waiting = [];
  }

  /** Goes to the engine at `url`, which works once; `restarted`: another engine served the page before. Rejects where it cannot be shown. */
  async follow(url: string, restarted: boolean): Promise<void> {
    const before = this.#origin;
    this.#origin = new URL(url).origin;
    // An engine that got its port back is found by the page itself, and nothing on it is lost.
    if (restarted && this.#origin === before) return;
    // The address of the view goes along: a redirect keeps it.
    const hash = restarted ? new URL(this.#window?.webContents.getURL() ?? url).hash : '';
    this.#painted = false;
    await this.#window?.loadURL(url + hash);
    if (restarted) this.tell('engine-restarted');
  }
}
