/**
 * An Electron that does nothing but remember: events can be sent to it, calls can be looked at. It is held against the
 * list of what the shell uses (electron/electron-api.ts) without a cast, as Electron itself is.
 */
import type * as electron from 'electron';
import { vi } from 'vitest';
import type {
  AppEvents,
  ContentsEvents,
  ElectronApi,
  FrameEvent,
  MenuItem,
  Owner,
  Session,
  WebContents,
  WindowEvents,
} from '../../electron/electron-api.ts';

type Arguments<Events, E extends keyof Events> = Events[E] extends unknown[] ? Events[E] : never;

/** Events go out with the arguments that they have in Electron. */
class Emitter<Events> {
  readonly #listeners: { event: unknown; listener: (...args: never[]) => void }[] = [];
  on(event: keyof Events, listener: (...args: never[]) => void): void {
    this.#listeners.push({ event, listener });
  }
  emit<E extends keyof Events>(event: E, ...args: Arguments<Events, E>): void {
    for (const one of this.#listeners) {
      // Whoever listens to this event takes its arguments: that is what `on` of the list says.
      if (one.event === event) one.listener(...(args as never[]));
    }
  }
}

/** An event, and whether somebody said no to it. */
export function cancellable() {
  const event = { refused: false, preventDefault: () => void (event.refused = true) };
  return event;
}

class FakeContents extends Emitter<ContentsEvents> {
  openHandler: Parameters<WebContents['setWindowOpenHandler']>[0] | null = null;
  readonly sent: unknown[][] = [];
  url = '';
  zoom = 0;
  /** What was asked of the text field in focus. */
  readonly edits: string[] = [];
  readonly reload = vi.fn<() => void>();
  setWindowOpenHandler(handler: Parameters<WebContents['setWindowOpenHandler']>[0]): void {
    this.openHandler = handler;
  }
  send(channel: string, ...args: unknown[]): void {
    this.sent.push([channel, ...args]);
  }
  undo(): void {
    this.edits.push('undo');
  }
  redo(): void {
    this.edits.push('redo');
  }
  getURL(): string {
    return this.url;
  }
  getZoomLevel(): number {
    return this.zoom;
  }
  setZoomLevel(level: number): void {
    this.zoom = level;
  }
}

export class FakeWindow extends Emitter<WindowEvents> {
  static all: FakeWindow[] = [];
  readonly webContents = new FakeContents();
  readonly options: electron.BrowserWindowConstructorOptions;
  readonly focus = vi.fn<() => void>();
  readonly maximize = vi.fn<() => void>();
  readonly restore = vi.fn<() => void>();
  readonly setProgressBar = vi.fn<(share: number) => void>();
  visible = false;
  focused = true;
  constructor(options: electron.BrowserWindowConstructorOptions) {
    super();
    this.options = options;
    FakeWindow.all.push(this);
  }
  loadURL(url: string): Promise<void> {
    this.webContents.url = url;
    return Promise.resolve();
  }
  /** Whether it is gone: nobody said no. */
  close(): boolean {
    const event = cancellable();
    this.emit('close', event);
    return !event.refused;
  }
  show(): void {
    this.visible = true;
  }
  hide(): void {
    this.visible = false;
  }
  isVisible(): boolean {
    return this.visible;
  }
  isFocused(): boolean {
    return this.focused;
  }
  isMinimized(): boolean {
    return false;
  }
  isMaximized(): boolean {
    return false;
  }
  getNormalBounds(): electron.Rectangle {
    return { x: 10, y: 20, width: 1200, height: 800 };
  }
}

class FakeApp extends Emitter<AppEvents> {
  readonly #options: { readonly userData: string; readonly onlyInstance?: boolean };
  readonly addRecentDocument = vi.fn<(path: string) => void>();
  readonly setAboutPanelOptions = vi.fn<(options: electron.AboutPanelOptionsOptions) => void>();
  readonly quit = vi.fn<() => void>();
  constructor(options: { readonly userData: string; readonly onlyInstance?: boolean }) {
    super();
    this.#options = options;
  }
  /** To the one that may be open already. */
  told: unknown = null;
  requestSingleInstanceLock(more: { version: string }): boolean {
    this.told = more;
    return this.#options.onlyInstance ?? true;
  }
  whenReady(): Promise<void> {
    return Promise.resolve();
  }
  getPath(): string {
    return this.#options.userData;
  }
}

class FakeIpc extends Emitter<Record<string, [event: FrameEvent, ...args: unknown[]]>> {
  readonly handlers = new Map<string, (event: FrameEvent, input: unknown) => unknown>();
  handle(channel: string, handler: (event: FrameEvent, input: unknown) => unknown): void {
    this.handlers.set(channel, handler);
  }
}

class FakeNotification extends Emitter<{ click: [] }> {
  static shown: FakeNotification[] = [];
  readonly options: electron.NotificationConstructorOptions;
  constructor(options: electron.NotificationConstructorOptions) {
    super();
    this.options = options;
  }
  static isSupported(): boolean {
    return true;
  }
  show(): void {
    FakeNotification.shown.push(this);
  }
}

class FakeSession implements Session {
  request: Parameters<Session['setPermissionRequestHandler']>[0] | null = null;
  check: Parameters<Session['setPermissionCheckHandler']>[0] | null = null;
  setPermissionRequestHandler(
    handler: Parameters<Session['setPermissionRequestHandler']>[0],
  ): void {
    this.request = handler;
  }
  setPermissionCheckHandler(handler: Parameters<Session['setPermissionCheckHandler']>[0]): void {
    this.check = handler;
  }
}

export function fakeElectron(options: { userData: string; onlyInstance?: boolean }) {
  FakeWindow.all = [];
  FakeNotification.shown = [];
  const app = new FakeApp(options);
  const ipcMain = new FakeIpc();
  const permissions = new FakeSession();
  const powerMonitor = new Emitter<{ shutdown: [] }>();
  /** Kinds of sleep that are prevented, by number. */
  const blockers = new Map<number, string>();
  const menu: { items: MenuItem[] } = { items: [] };
  /** Which button the user presses. */
  const answers = { box: 0 };
  const fake = {
    app,
    ipcMain,
    powerMonitor,
    BrowserWindow: FakeWindow,
    Notification: FakeNotification,
    dialog: {
      showErrorBox: vi.fn<(title: string, content: string) => void>(),
      showOpenDialog: vi.fn((_owner: Owner, _options: electron.OpenDialogOptions) =>
        Promise.resolve({ canceled: false, filePaths: ['/data/in'] }),
      ),
      showSaveDialog: vi.fn((_owner: Owner, _options: electron.SaveDialogOptions) =>
        Promise.resolve({ canceled: true, filePath: '' }),
      ),
      showMessageBox: vi.fn((_owner: Owner, _options: electron.MessageBoxOptions) =>
        Promise.resolve({ response: answers.box, checkboxChecked: false }),
      ),
      showMessageBoxSync: vi.fn(
        (_owner: Owner, _options: electron.MessageBoxSyncOptions) => answers.box,
      ),
    },
    Menu: {
      buildFromTemplate: (template: MenuItem[]) => template,
      setApplicationMenu(template: MenuItem[]): void {
        menu.items = template;
      },
    },
    powerSaveBlocker: {
      start(type: 'prevent-app-suspension'): number {
        const id = blockers.size + 1;
        blockers.set(id, type);
        return id;
      },
      stop: (id: number) => blockers.delete(id),
    },
    screen: { getAllDisplays: () => [{ workArea: { x: 0, y: 0, width: 1920, height: 1080 } }] },
    session: { defaultSession: permissions },
    shell: { showItemInFolder: vi.fn<(path: string) => void>() },
  };
  // Each line by the compiler: what the list asks for is here, and takes what it is given.
  const api: ElectronApi = fake;
  const window = (): FakeWindow => {
    const [first] = FakeWindow.all;
    if (first === undefined) throw new Error('no window was opened');
    return first;
  };
  return {
    electron: api,
    fake,
    handlers: ipcMain.handlers,
    permissions,
    blockers,
    menu,
    answers,
    notices: () => FakeNotification.shown,
    /** The first one. */
    window,
  };
}
