/** The system's own file dialogs, for the page and nobody else. */
import type { OpenDialogOptions } from 'electron';
import { PathRequest } from '../shared/desktop.ts';
import { CHANNELS } from './channels.ts';
import type { ElectronApi, Window } from './electron-api.ts';
import { isOwnFrame } from './own-frame.ts';

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
  electron.ipcMain.handle(CHANNELS.pickPath, async (event, input) => {
    const owner = window();
    if (owner === null || !isOwnFrame(event, ownOrigin())) {
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
