/**
 * Electron without Chromium, for the built shell to run in under Node: its window fetches the page as a browser would
 * and says that it is painted. What the shell does of its own is done in earnest.
 */
import { EventEmitter } from 'node:events';
import { registerHooks } from 'node:module';
import { tmpdir } from 'node:os';

const version = '0.0.0-stand-in';

class Contents extends EventEmitter {
  url = '';
  send() {}
  reload() {}
  getURL() {
    return this.url;
  }
  getZoomLevel() {
    return 0;
  }
  setZoomLevel() {}
  setWindowOpenHandler() {}
}

export class BrowserWindow extends EventEmitter {
  webContents = new Contents();
  /** @param {string} url */
  async loadURL(url) {
    this.webContents.url = url;
    const welcome = await fetch(url, { redirect: 'manual' });
    const cookie = welcome.headers.get('set-cookie')?.split(';')[0] ?? '';
    const page = await fetch(new URL('/', url), { headers: { cookie } });
    if (!page.ok) throw new Error(`the page answered ${page.status}`);
    this.emit('ready-to-show');
    this.webContents.emit('did-finish-load');
    ipcMain.emit('graft:painted', { senderFrame: { url } });
  }
  show() {}
  setProgressBar() {}
}

export const app = Object.assign(new EventEmitter(), {
  requestSingleInstanceLock: () => true,
  whenReady: () => Promise.resolve(),
  getPath: () => process.env['STAND_IN_FOLDER'] ?? tmpdir(),
  addRecentDocument() {},
  setAboutPanelOptions() {},
  setName() {},
  setPath() {},
  setDesktopName() {},
  commandLine: { hasSwitch: () => false },
  quit() {
    const event = { goesOn: false, preventDefault: () => (event.goesOn = true) };
    app.emit('will-quit', event);
    if (!event.goesOn) process.exit(0);
  },
  /** @param {number} code */
  exit: (code) => process.exit(code),
});
export const ipcMain = Object.assign(new EventEmitter(), { handle() {} });
export const dialog = {
  /** @param {string} title @param {string} text */
  showErrorBox: (title, text) => void process.stderr.write(`${title}: ${text}\n`),
};
export const Menu = {
  /** @param {unknown} template */
  buildFromTemplate: (template) => template,
  setApplicationMenu() {},
};
export const Notification = { isSupported: () => false };
export const powerMonitor = new EventEmitter();
export const powerSaveBlocker = { start: () => 1, stop() {} };
export const screen = { getAllDisplays: () => [] };
export const session = {
  defaultSession: { setPermissionRequestHandler() {}, setPermissionCheckHandler() {} },
};
export const shell = { showItemInFolder() {} };

if (process.env['ELECTRON_RUN_AS_NODE'] === undefined) {
  const versions = { ...process.versions, electron: version, chrome: '0.0' };
  Object.defineProperty(process, 'versions', { value: versions });
  Object.defineProperty(process, 'resourcesPath', { value: import.meta.dirname });
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'electron'
        ? { url: import.meta.url, shortCircuit: true }
        : next(specifier, context),
  });
}
