/** Electron's own list of what a secure application does (electronjs.org, "Security"), point by point. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import config from '../../build/electron-builder.mjs';
import { CHANNELS } from '../../electron/channels.ts';
import { isOwnFrame } from '../../electron/own-frame.ts';
import { Page } from '../../electron/page.ts';
import { createWindow, denyPermissions } from '../../electron/window.ts';
import { temporaryFolder } from '../fixtures/projects.ts';
import { cancellable, fakeElectron, FakeWindow } from './fake-electron.ts';

const OWN = 'http://127.0.0.1:4000';
const FOREIGN = [
  'https://evil.example/',
  'http://127.0.0.1:4001/',
  'http://127.0.0.1.evil.example:4000/',
  'file:///etc/passwd',
  'data:text/html,x',
  'javascript:alert(1)',
  'about:blank',
  'chrome://settings',
  'no address',
];
const FOLDER = join(import.meta.dirname, '..', '..', 'electron');
const sources = readdirSync(FOLDER).map((name) => ({
  name,
  text: readFileSync(join(FOLDER, name), 'utf8'),
}));

function opened() {
  const { electron, permissions } = fakeElectron({ userData: temporaryFolder() });
  createWindow(electron, { preload: '/app/preload.cjs', ownOrigin: () => OWN });
  denyPermissions(electron.session.defaultSession);
  const [window] = FakeWindow.all;
  if (window === undefined) throw new Error('no window was opened');
  window.webContents.openHandler?.({ url: `${OWN}/report?study=1` });
  return { windows: FakeWindow.all, permissions };
}

describe('every window of the shell', () => {
  it('is sandboxed, isolated and without Node, and loosens nothing that is strict by default', () => {
    const { windows } = opened();
    expect(windows).toHaveLength(2);
    for (const { options } of windows) {
      const { preload, ...preferences } = options.webPreferences ?? {};
      expect(preferences).toEqual({
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        webSecurity: true,
        spellcheck: false,
      });
      // The report is looked at; only the window may ask for files.
      expect(preload).toBe(options.title === 'Report' ? undefined : '/app/preload.cjs');
    }
  });

  it('stays on the engine’s page', () => {
    for (const { webContents } of opened().windows) {
      for (const event of ['will-navigate', 'will-redirect'] as const) {
        const refused = (url: string) => {
          const navigation = cancellable();
          webContents.emit(event, navigation, url);
          return navigation.refused;
        };
        expect(FOREIGN.filter((url) => !refused(url))).toEqual([]);
        expect(refused(`${OWN}/#/library`)).toBe(false);
      }
      const webview = cancellable();
      webContents.emit('will-attach-webview', webview);
      expect(webview.refused).toBe(true);
    }
  });

  it('opens no other window, but the report from the first one', () => {
    const { windows } = opened();
    const before = windows.length;
    for (const { webContents } of windows.slice()) {
      for (const url of [...FOREIGN, `${OWN}/`, `${OWN}/reports`]) {
        expect(webContents.openHandler?.({ url })).toEqual({ action: 'deny' });
      }
    }
    expect(windows[1]?.webContents.openHandler?.({ url: `${OWN}/report` })).toEqual({
      action: 'deny',
    });
    expect(FakeWindow.all).toHaveLength(before);
  });

  it('is granted nothing', () => {
    const { permissions } = opened();
    for (const permission of ['media', 'geolocation', 'notifications', 'clipboard-read', 'usb']) {
      const granted = vi.fn();
      permissions.request?.(null, permission, granted);
      expect(granted).toHaveBeenCalledExactlyOnceWith(false);
    }
    expect(permissions.check?.()).toBe(false);
  });
});

describe('the bridge', () => {
  it('is believed only when the engine’s page speaks', () => {
    const from = (url: string) => isOwnFrame({ senderFrame: { url } }, OWN);
    expect(from(`${OWN}/#/compare`)).toBe(true);
    expect(FOREIGN.filter(from)).toEqual([]);
    expect(isOwnFrame({ senderFrame: null }, OWN)).toBe(false);
    // Before there is a page, none is its own.
    expect(new Page().origin).not.toBe(new URL('data:text/html,x').origin);
  });

  it('hands out functions and no part of Electron', () => {
    const textOf = (file: string) => sources.find(({ name }) => name === file)?.text ?? '';
    expect(textOf('preload.ts').match(/exposeInMainWorld\(/g)).toHaveLength(1);
    const used = [...textOf('bridge.ts').matchAll(/ipcRenderer\.(\w+)\(\s*([\w.]+)/g)].map(
      (one) => one[2],
    );
    expect(new Set(used)).toEqual(
      new Set(Object.keys(CHANNELS).map((channel) => `CHANNELS.${channel}`)),
    );
  });
});

it('opens nothing in other programs, loads no file as a page, and loosens no switch', () => {
  for (const { name, text } of sources) {
    expect(text, name).not.toMatch(
      /openExternal|openPath|loadFile|file:\/\/|appendSwitch|setCertificateVerifyProc|enableBlinkFeatures|allowpopups/,
    );
  }
});

it('is packed with every fuse in its safe place', () => {
  expect(config.electronFuses).toEqual({
    runAsNode: false,
    enableCookieEncryption: true,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    grantFileProtocolExtraPrivileges: false,
  });
});
