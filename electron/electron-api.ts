/** The parts of Electron that the shell uses, so that tests can stand in for them. Nothing here loads Electron. */
import type * as electron from 'electron';

export type ElectronApi = Pick<
  typeof electron,
  'app' | 'BrowserWindow' | 'dialog' | 'ipcMain' | 'Menu' | 'screen' | 'session' | 'shell'
>;

export type Window = electron.BrowserWindow;
export type WebContents = electron.WebContents;
