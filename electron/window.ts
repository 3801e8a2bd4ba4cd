/** The one window: sandboxed, confined to the engine's page, remembered in place, size and zoom. */
import { join } from 'node:path';
import type { ElectronApi, Session, WebContents, Window } from './electron-api.ts';
import { loadWindowState, saveWindowState } from './window-state.ts';

/** Only the engine's own page; the report opens beside it in a window as confined as this one. */
function confine(
  contents: Pick<WebContents, 'on' | 'setWindowOpenHandler'>,
  ownOrigin: () => string,
  openReport: (url: string) => void,
): void {
  const isOwn = (url: string) => URL.canParse(url) && new URL(url).origin === ownOrigin();
  contents.on('will-navigate', (event, url) => {
    if (!isOwn(url)) event.preventDefault();
  });
  contents.on('will-redirect', (event, url) => {
    if (!isOwn(url)) event.preventDefault();
  });
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(({ url }) => {
    if (isOwn(url) && new URL(url).pathname === '/report') openReport(url);
    return { action: 'deny' };
  });
}

/** The page needs no camera, no location, no notifications: nothing is ever granted. */
export function denyPermissions(session: Session): void {
  session.setPermissionRequestHandler((_contents, _permission, callback) => callback(false));
  session.setPermissionCheckHandler(() => false);
}

const SECURE = {
  sandbox: true,
  contextIsolation: true,
  nodeIntegration: false,
  webSecurity: true,
  spellcheck: false,
} as const;

export function createWindow(
  electron: Pick<ElectronApi, 'app' | 'BrowserWindow' | 'screen'>,
  options: { readonly preload: string; readonly ownOrigin: () => string },
): Window {
  const statePath = join(electron.app.getPath('userData'), 'window.json');
  const areas = electron.screen.getAllDisplays().map((display) => display.workArea);
  const { x, y, width, height, maximized, zoom } = loadWindowState(statePath, areas);
  const window = new electron.BrowserWindow({
    width,
    height,
    ...(x === undefined || y === undefined ? {} : { x, y }),
    minWidth: 960,
    minHeight: 600,
    show: false,
    title: 'Graft',
    autoHideMenuBar: false,
    webPreferences: { ...SECURE, preload: options.preload },
  });
  if (maximized) window.maximize();
  window.on('ready-to-show', () => window.show());
  const { webContents } = window;
  let loaded = false;
  webContents.on('did-finish-load', () => {
    // Another engine's page is zoomed as the one before.
    if (!loaded) webContents.setZoomLevel(zoom);
    loaded = true;
  });
  window.on('close', () => {
    try {
      const place = { ...window.getNormalBounds(), maximized: window.isMaximized() };
      saveWindowState(statePath, { ...place, zoom: loaded ? webContents.getZoomLevel() : zoom });
    } catch {
      // Where settings cannot be kept, which the engine says, the next window opens in the middle.
    }
  });
  confine(window.webContents, options.ownOrigin, (url) => {
    const report = new electron.BrowserWindow({
      width: 980,
      height: 900,
      title: 'Report',
      webPreferences: SECURE,
    });
    confine(report.webContents, options.ownOrigin, () => undefined);
    report.loadURL(url).catch(() => report.close());
  });
  return window;
}
