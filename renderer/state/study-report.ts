/** Writes a study's report into a folder of the user's choice. */
import type { Study } from '../../shared/entities.ts';
import type { AppState } from './app.svelte.ts';

export async function exportReport(app: AppState, project: string, study: Study): Promise<void> {
  const dir = await app.pick({
    mode: 'open-folder',
    title: 'Write the report into',
    verb: 'Write',
  });
  if (dir === null) return;
  await app.jobs.run('Writing the report', async (options) => {
    const { html } = await app.api.call(
      'studies.report',
      { project, studyId: study.id, dir },
      options,
    );
    app.toasts.show('good', `The report, its numbers and tables are in ${html}.`);
  });
}
