/** Projects by file: a new one, or one that is there. */
import type { AppState } from './app.svelte.ts';

const extensions = ['graft'];

export async function newProject(app: AppState): Promise<void> {
  const path = await app.pick({
    mode: 'save-file',
    title: 'New project',
    verb: 'Create',
    fileName: 'untitled.graft',
    extensions,
  });
  if (path !== null) await app.createProject(path);
}

export async function chooseProject(app: AppState): Promise<void> {
  const path = await app.pick({
    mode: 'open-file',
    title: 'Open a project',
    verb: 'Open',
    extensions,
  });
  if (path !== null) await app.openProject(path);
}
