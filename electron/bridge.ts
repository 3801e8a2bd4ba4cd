/** What the page may ask of the shell: four functions, no Node, nothing of Electron itself. */
import type { IpcRenderer, WebUtils } from 'electron';
import type { Desktop } from '../shared/desktop.ts';
import { CHANNELS } from './channels.ts';

/** The parts of Electron that the bridge uses, as electron-api.ts lists those of the shell. */
export interface BridgeApi {
  readonly ipcRenderer: Pick<IpcRenderer, 'invoke' | 'send'> & {
    on(channel: string, listener: Listener): unknown;
    off(channel: string, listener: Listener): unknown;
  };
  readonly webUtils: Pick<WebUtils, 'getPathForFile'>;
}
type Listener = (event: unknown, command: string, argument: string | null) => void;

export function bridgeTo({ ipcRenderer, webUtils }: BridgeApi): Desktop {
  return {
    // The main process answers with a path or null: see pick-path.ts.
    pickPath: (request) => ipcRenderer.invoke(CHANNELS.pickPath, request) as Promise<string | null>,
    pathOf: (file) => webUtils.getPathForFile(file),
    painted: () => ipcRenderer.send(CHANNELS.painted),
    onCommand(listener) {
      const receive: Listener = (_event, command, argument) => listener(command, argument);
      ipcRenderer.on(CHANNELS.command, receive);
      return () => ipcRenderer.off(CHANNELS.command, receive);
    },
  };
}
