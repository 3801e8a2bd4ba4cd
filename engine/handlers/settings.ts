/** Calls of the window about itself: what it remembers between starts, and that it is there. */
import { assertBackupFolder } from '../care/backup-place.ts';
import type { Handlers } from './context.ts';

export const settingsHandlers: Handlers<'settings.read' | 'settings.update' | 'window.painted'> = {
  'settings.read': (_input, { settings }) => settings.read(),
  'settings.update'(patch, { settings }) {
    if (patch.backups?.folder) assertBackupFolder(patch.backups.folder);
    const output = settings.update(patch);
    return { output, changes: { settings: output } };
  },
  'window.painted'(_input, { emit }) {
    emit({ type: 'window.painted' });
    return null;
  },
};
