/** Has the engine read the whole project file, and says whether it is whole. */
import type { AppState } from './app.svelte.ts';

export async function checkProject(app: AppState): Promise<void> {
  const { project } = app;
  if (project === null) return;
  const { damaged } = await app.jobs.run('Checking the project file', (options) =>
    app.api.call('project.check', { project: project.path }, options),
  );
  const [first] = damaged;
  if (first !== undefined) throw new Error(`“${project.name}” is damaged: ${first}`);
  app.toasts.show('good', `“${project.name}” is whole: every page, row and index was read.`);
}
