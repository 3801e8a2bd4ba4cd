/** Calls on what the window remembers between starts. */
import type { Handlers } from './context.ts';

export const settingsHandlers: Handlers<'settings.read' | 'settings.update'> = {
  'settings.read': (_input, { settings }) => settings.read(),
  'settings.update': (patch, { settings }) => settings.update(patch),
};
