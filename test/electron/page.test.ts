import { expect, it } from 'vitest';
import { CHANNELS } from '../../electron/channels.ts';
import { Page } from '../../electron/page.ts';
import { temporaryFolder } from '../fixtures/projects.ts';
import { fakeElectron, FakeWindow } from './fake-electron.ts';

it('a command of the menu goes to the page; undo and redo to a text field as well', () => {
  const { electron } = fakeElectron({ userData: temporaryFolder() });
  const page = new Page();
  page.showIn(new electron.BrowserWindow({}));
  const contents = FakeWindow.all[0]?.webContents;
  for (const command of ['palette', 'undo', 'redo']) page.command(command);
  expect(contents?.sent).toEqual(
    ['palette', 'undo', 'redo'].map((command) => [CHANNELS.command, command, null]),
  );
  expect(contents?.edits).toEqual(['undo', 'redo']);
});
