/** An Electron that does nothing but remember: events can be sent to it, calls can be looked at. */
import { EventEmitter } from 'node:events';
import { vi } from 'vitest';
import type { ElectronApi } from '../../electron/electron-api.ts';

type OpenHandler = (details: { url: string }) => { action: string };
type InvokeHandler = (event: unknown, input: unknown) => unknown;

class FakeContents extends EventEmitter {
  openHandler: OpenHandler | null = null;
  readonly sent: unknown[][] = [];
  url = '';
  setWindowOpenHandler(handler: OpenHandler): void {
    this.openHandler = handler;
  }
  send(...message: unknown[]): void {
    this.sent.push(message);
  }
  /** What was asked of the text field in focus. */
  readonly edits: string[] = [];
  undo(): void {
    this.edits.push('undo');
  }
  redo(): void {
    this.edits.push('redo');
  }
  getURL(): string {
    return this.url;
  }
}

export class FakeWindow extends EventEmitter {
  static all: FakeWindow[] = [];
  readonly webContents = new FakeContents();
  readonly options: Record<string, unknown>;
  readonly show = vi.fn();
  readonly focus = vi.fn();
  readonly maximize = vi.fn();
  constructor(options: Record<string, unknown>) {
    super();
    this.options = options;
    FakeWindow.all.push(this);
  }
  loadURL(url: string): Promise<void> {
    this.webContents.url = url;
    return Promise.resolve();
  }
  isMinimized(): boolean {
    return false;
  }
  isMaximized(): boolean {
    return false;
  }
  getNormalBounds() {
    return { x: 10, y: 20, width: 1200, height: 800 };
  }
}

export function fakeElectron(options: { userData: string; onlyInstance?: boolean }) {
  FakeWindow.all = [];
  const app = Object.assign(new EventEmitter(), {
    requestSingleInstanceLock: vi.fn(() => options.onlyInstance ?? true),
    whenReady: () => Promise.resolve(),
    getPath: () => options.userData,
    addRecentDocument: vi.fn(),
    quit: vi.fn(),
  });
  const handlers = new Map<string, InvokeHandler>();
  const ipcMain = Object.assign(new EventEmitter(), {
    handle: (channel: string, handler: InvokeHandler) => void handlers.set(channel, handler),
  });
  const permissions: { request: unknown; check: unknown } = { request: null, check: null };
  const fake = {
    app,
    ipcMain,
    BrowserWindow: FakeWindow,
    dialog: {
      showErrorBox: vi.fn(),
      showOpenDialog: vi.fn(() => Promise.resolve({ canceled: false, filePaths: ['/data/in'] })),
      showSaveDialog: vi.fn(() => Promise.resolve({ canceled: true, filePath: '' })),
    },
    Menu: { setApplicationMenu: vi.fn(), buildFromTemplate: (template: unknown) => template },
    screen: { getAllDisplays: () => [{ workArea: { x: 0, y: 0, width: 1920, height: 1080 } }] },
    session: {
      defaultSession: {
        setPermissionRequestHandler: (handler: unknown) => (permissions.request = handler),
        setPermissionCheckHandler: (handler: unknown) => (permissions.check = handler),
      },
    },
    shell: {},
  };
  // The fake has the members that the shell uses; Electron's full types have hundreds.
  return { electron: fake as unknown as ElectronApi, fake, handlers, permissions };
}
