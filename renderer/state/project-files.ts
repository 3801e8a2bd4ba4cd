/** Projects by file: a new one, or one that is there. */
import type { AppState } from './app.svelte.ts';

const extensions = ['graft'];

/** Returns whether one was made. */
export async function newProject(app: AppState): Promise<boolean> {
  const path = await app.pick({
    mode: 'save-file',
    title: 'New project',
    verb: 'Create',
    fileName: 'untitled.graft',
    extensions,
  });
  if (path === null) return false;
  await app.createProject(path);
  return true;
}

/** A new project, and the question which images go into it. */
export async function startWithImages(app: AppState): Promise<void> {
  if (await newProject(app)) app.goTo({ view: 'library', dataset: null }, 'import');
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
