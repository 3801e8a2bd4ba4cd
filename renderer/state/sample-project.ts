/** The sample project: a finished study to look at, and images to paint. */
import type { AppState } from './app.svelte.ts';

/** Opens the user's copy of the sample at what its study found. */
export async function openSample(app: AppState): Promise<void> {
  const { path } = await app.api.call('project.openSample', {});
  await app.openProject(path, { view: 'compare', study: null });
}
