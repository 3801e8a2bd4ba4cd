/** Annotate, with the first image of a dataset before it; saved and closed with the test. */
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { AnnotateState } from '../../renderer/state/annotate.svelte.ts';
import { firstHabits } from '../../renderer/state/annotate-habits.ts';
import { temporaryFolder } from '../fixtures/projects.ts';
import { windowEngine } from './window-engine.ts';

type Ports = ConstructorParameters<typeof AnnotateState>[0];

/** `folder`: of images of `sizePx`; left out: two textures. `ports`: what of Annotate is the test's own. */
export async function annotateSitting({
  sizePx,
  folder,
  ports = {},
}: {
  readonly sizePx: number;
  readonly folder?: string;
  readonly ports?: Partial<Ports>;
}) {
  const { engine, api } = await windowEngine();
  const { path: project } = await engine.call('project.create', {
    path: join(temporaryFolder(), 'p.graft'),
  });
  if (folder === undefined) {
    await engine.call('datasets.generate', {
      ...{ project, name: 'textures', generator: 'texshapes-source', count: 2 },
      ...{ sizePx, seed: 1 },
    });
  } else await engine.call('datasets.import', { project, name: 'pictures', path: folder });
  const { db } = engine.project(project);
  const datasetId = db.datasets.list()[0]?.id ?? 0;
  const imageIds = db.datasets.images(datasetId).map(({ id }) => id);
  const annotate = new AnnotateState({
    ...{ api, project, habits: firstHabits() },
    notify: () => undefined,
    ...ports,
  });
  const stop = annotate.listen();
  onTestFinished(async () => {
    await annotate.saveAll();
    stop();
  });
  await annotate.open(datasetId, imageIds);
  annotate.editor.resize({ width: sizePx, height: sizePx });
  await annotate.show(0);
  return { engine, db, project, annotate, imageIds };
}
