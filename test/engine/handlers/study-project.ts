/** A study on a real engine whose trainers are fakes: one pretraining, four fine-tunings with two labels, not started. */
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createEngine } from '../../../engine/engine.ts';
import { createStudy } from '../../../engine/study/planning/create.ts';
import { addDataset, smallStudy, temporaryFolder } from '../../fixtures/projects.ts';
import { fakeTrainers } from '../study/running/fake-trainers.ts';

export async function studyProject() {
  const trainers = fakeTrainers();
  const engine = createEngine({ spawn: trainers.spawn });
  onTestFinished(() => engine.close());
  const project = join(temporaryFolder(), 'p.graft');
  await engine.call('project.create', { path: project });
  const { db } = engine.project(project);
  const source = addDataset(db, 'source', { count: 4 });
  const target = addDataset(db, 'target', { count: 20 });
  const config = smallStudy({ source, target }, { labelCounts: [2], seeds: 1 });
  const { id: studyId } = createStudy(db, config);
  return { trainers, engine, project, db, studyId };
}
