/** The system's own file dialogs, for the page and nobody else. */
import type { IpcMainInvokeEvent, OpenDialogOptions } from 'electron';
import { PathRequest } from '../shared/desktop.ts';
import { CHANNELS } from './channels.ts';
import type { ElectronApi, Window } from './electron-api.ts';

const PROPERTIES = {
  'open-file': ['openFile'],
  'open-folder': ['openDirectory', 'createDirectory'],
} satisfies Record<string, OpenDialogOptions['properties']>;

/** `ownOrigin`: where the page comes from at the moment; a message of another frame is refused. */
export function handlePickPath(
  electron: Pick<ElectronApi, 'dialog' | 'ipcMain'>,
  window: () => Window | null,
  ownOrigin: () => string,
): void {
  electron.ipcMain.handle(CHANNELS.pickPath, async (event: IpcMainInvokeEvent, input: unknown) => {
    const owner = window();
    const frame = event.senderFrame;
    if (owner === null || frame === null || new URL(frame.url).origin !== ownOrigin()) {
      throw new Error('This page may not ask for files.');
    }
    const { mode, title, verb, extensions, fileName } = PathRequest.parse(input);
    const filters =
      extensions === undefined ? {} : { filters: [{ name: extensions.join(', '), extensions }] };
    if (mode === 'save-file') {
      const { canceled, filePath } = await electron.dialog.showSaveDialog(owner, {
        title,
        buttonLabel: verb,
        ...(fileName === undefined ? {} : { defaultPath: fileName }),
        ...filters,
      });
      return canceled ? null : filePath;
    }
    const { filePaths } = await electron.dialog.showOpenDialog(owner, {
      title,
      buttonLabel: verb,
      properties: [...PROPERTIES[mode]],
      ...filters,
    });
    return filePaths[0] ?? null;
  });
}
