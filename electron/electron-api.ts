/**
 * The parts of Electron that the shell uses, and nothing else of it: what is not here it cannot call. main.ts hands in
 * Electron itself and the tests hand in theirs, both without a cast, so the compiler holds each of them against this
 * list: a later Electron that calls things otherwise breaks the build, and so does a stand-in that lacks something.
 * Nothing here loads Electron.
 */
import type * as electron from 'electron';

/** `on` of something with these events: by name, the arguments that listeners are given. */
type Listens<Events> = Overloads<
  {
    [E in keyof Events]: (
      event: E,
      listener: (...args: ListenerArgs<Events[E]>) => void,
    ) => unknown;
  }[keyof Events]
>;
type Overloads<Union> = (Union extends unknown ? (each: Union) => void : never) extends (
  all: infer All,
) => void
  ? All
  : never;
type ListenerArgs<Args> = Args extends readonly unknown[] ? Args : never;

/** What can be said no to. */
export type Cancellable = Pick<electron.Event, 'preventDefault'>;

/** A message of a page; no frame where that is gone already. */
export interface FrameEvent {
  readonly senderFrame: Pick<electron.WebFrameMain, 'url'> | null;
}

export interface AppEvents {
  'second-instance': [event: unknown, args: string[], workingFolder: string, more: unknown];
  'open-file': [event: Cancellable, path: string];
  'window-all-closed': [];
  'will-quit': [event: Cancellable];
  activate: [event: unknown];
  'child-process-gone': [
    event: unknown,
    details: Pick<electron.Details, 'type' | 'reason' | 'exitCode'>,
  ];
}

export interface ContentsEvents {
  'will-navigate': [event: Cancellable, url: string];
  'will-redirect': [event: Cancellable, url: string];
  'will-attach-webview': [event: Cancellable];
  'will-prevent-unload': [event: Cancellable];
  'did-finish-load': [];
  'render-process-gone': [event: unknown, details: electron.RenderProcessGoneDetails];
}

export interface WindowEvents {
  close: [event: Cancellable];
  closed: [];
  'ready-to-show': [];
  'session-end': [event: unknown];
}

export interface WebContents {
  readonly on: Listens<ContentsEvents>;
  send(channel: string, ...args: unknown[]): void;
  undo(): void;
  redo(): void;
  reload(): void;
  getURL(): string;
  getZoomLevel(): number;
  setZoomLevel(level: number): void;
  setWindowOpenHandler(handler: (details: { url: string }) => { action: 'deny' }): void;
}

export interface Window {
  readonly webContents: WebContents;
  readonly on: Listens<WindowEvents>;
  loadURL(url: string): Promise<void>;
  close(): void;
  show(): void;
  hide(): void;
  focus(): void;
  restore(): void;
  maximize(): void;
  isVisible(): boolean;
  isFocused(): boolean;
  isMinimized(): boolean;
  isMaximized(): boolean;
  getNormalBounds(): electron.Rectangle;
  setProgressBar(share: number): void;
}

/** Whose dialog it is. */
export type Owner = Pick<Window, 'focus'>;

/** An item of the menu, with commands that ask nothing of Electron. */
export type MenuItem = Omit<electron.MenuItemConstructorOptions, 'click' | 'submenu'> & {
  click?: () => void;
  submenu?: MenuItem[];
};

interface Notice {
  readonly on: (event: 'click', listener: () => void) => unknown;
  show(): void;
}

type PathName = Parameters<electron.App['getPath']>[0] & ('userData' | 'logs' | 'home');

export interface ElectronApi {
  readonly app: {
    readonly on: Listens<AppEvents>;
    /** `more`: told to the one that is open. */
    requestSingleInstanceLock(more: { version: string }): boolean;
    whenReady(): Promise<unknown>;
    getPath(name: PathName): string;
    addRecentDocument(path: string): void;
    setAboutPanelOptions(options: electron.AboutPanelOptionsOptions): void;
    quit(): void;
  };
  readonly BrowserWindow: new (options: electron.BrowserWindowConstructorOptions) => Window;
  readonly dialog: {
    showErrorBox(title: string, content: string): void;
    showOpenDialog(
      owner: Owner,
      options: electron.OpenDialogOptions,
    ): Promise<electron.OpenDialogReturnValue>;
    showSaveDialog(
      owner: Owner,
      options: electron.SaveDialogOptions,
    ): Promise<electron.SaveDialogReturnValue>;
    showMessageBox(
      owner: Owner,
      options: electron.MessageBoxOptions,
    ): Promise<electron.MessageBoxReturnValue>;
    showMessageBoxSync(owner: Owner, options: electron.MessageBoxSyncOptions): number;
  };
  readonly ipcMain: {
    on(channel: string, listener: (event: FrameEvent, ...args: unknown[]) => void): unknown;
    handle(channel: string, listener: (event: FrameEvent, input: unknown) => unknown): void;
  };
  readonly Menu: {
    buildFromTemplate(template: MenuItem[]): unknown;
    setApplicationMenu(menu: unknown): void;
  };
  readonly Notification: {
    new (options: electron.NotificationConstructorOptions): Notice;
    isSupported(): boolean;
  };
  readonly powerMonitor: { readonly on: (event: 'shutdown', listener: () => void) => unknown };
  readonly powerSaveBlocker: {
    start(type: 'prevent-app-suspension'): number;
    stop(id: number): unknown;
  };
  readonly screen: { getAllDisplays(): Pick<electron.Display, 'workArea'>[] };
  readonly session: { readonly defaultSession: Session };
  readonly shell: { showItemInFolder(path: string): void };
}

export interface Session {
  setPermissionRequestHandler(
    handler: (contents: unknown, permission: string, callback: (granted: boolean) => void) => void,
  ): void;
  setPermissionCheckHandler(handler: () => boolean): void;
}
