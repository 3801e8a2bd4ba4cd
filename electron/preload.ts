/** The bridge between page and shell: three functions, no Node. Built as one CommonJS file for the sandbox. */
import { contextBridge, ipcRenderer, webUtils } from 'electron';
import type { Desktop } from '../shared/desktop.ts';
import { CHANNELS } from './channels.ts';

const desktop: Desktop = {
  // The main process answers with a path or null: see pick-path.ts.
  pickPath: (request) => ipcRenderer.invoke(CHANNELS.pickPath, request) as Promise<string | null>,
  pathOf: (file) => webUtils.getPathForFile(file),
  painted: () => ipcRenderer.send(CHANNELS.painted),
  onCommand(listener) {
    const receive = (_event: unknown, command: string, argument: string | null) =>
      listener(command, argument);
    ipcRenderer.on(CHANNELS.command, receive);
    return () => ipcRenderer.off(CHANNELS.command, receive);
  },
};

contextBridge.exposeInMainWorld('graftDesktop', desktop);
