/** The sample project: generated images and a study small enough to watch to its end. */
import { StudyConfig } from '../../shared/entities.ts';
import { finetuningPreset, pretrainingPreset } from '../../shared/presets.ts';
import type { AppState } from './app.svelte.ts';

const FILE_NAME = 'Graft sample.graft';
const SIZE_PX = 64;
const SOURCE_IMAGES = 200;
const TARGET = { images: 72, val: 16, test: 40 };
const SEEDS = 2;
const LABEL_COUNTS = [4, 16];
const PRETRAINING_STEPS = 120;
const FINETUNING_STEPS = 80;

/** Opens the sample in the user's folder, and makes it where it is not there yet. */
export async function createSampleProject(app: AppState): Promise<void> {
  const home = await app.api.call('files.list', { dir: null });
  const existing = home.entries.find(({ name }) => name === FILE_NAME);
  if (existing !== undefined) {
    await app.openProject(existing.path);
    return;
  }
  const separator = home.dir.includes('\\') ? '\\' : '/';
  await app.createProject(`${home.dir}${separator}${FILE_NAME}`);
  const project = app.project?.path;
  if (project === undefined) return;

  const generate = (name: string, generator: string, count: number, seed: number) =>
    app.jobs.run(`Drawing ${name}`, (options) =>
      app.api.call(
        'datasets.generate',
        { project, name, generator, count, sizePx: SIZE_PX, seed },
        options,
      ),
    );
  const source = await generate('Textures (source)', 'texshapes-source', SOURCE_IMAGES, 1);
  const target = await generate('Granular shapes (target)', 'texshapes-target', TARGET.images, 2);
  await app.api.call('splits.create', {
    project,
    datasetId: target.id,
    name: 'default',
    val: TARGET.val,
    test: TARGET.test,
  });
  const study = await app.api.call('studies.create', {
    project,
    config: StudyConfig.parse({
      name: 'Which half is worth keeping?',
      sourceDatasetId: source.id,
      targetDatasetId: target.id,
      network: { base: 8, inputChannels: 1 },
      sampling: { sizePx: SIZE_PX, mode: 'resize' },
      pretrainings: [
        {
          task: 'segmentation',
          transfers: ['encoder', 'encoder+decoder'],
          optimisation: { ...pretrainingPreset('quick'), steps: PRETRAINING_STEPS },
        },
      ],
      finetuning: { ...finetuningPreset('quick'), steps: FINETUNING_STEPS },
      labelCounts: LABEL_COUNTS,
      // Steps this small leave a second thread idle; measuring that would take longer than it saves.
      execution: { threads: 1, parallel: Math.min(4, navigator.hardwareConcurrency) },
      seeds: SEEDS,
      mode: 'quick',
    }),
  });
  await app.jobs.run('Starting the study', (options) =>
    app.api.call('studies.run', { project, studyId: study.id }, options),
  );
  app.go({ view: 'studies', study: study.id });
}
