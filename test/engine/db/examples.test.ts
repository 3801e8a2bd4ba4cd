import { expect, it } from 'vitest';
import { PretrainRunConfig } from '../../../shared/entities.ts';
import { addDataset, temporaryProject } from '../../fixtures/projects.ts';

it('pictures of a run are kept in order and replaced by index', () => {
  const project = temporaryProject();
  const datasetId = addDataset(project, 'cells', { count: 2 });
  const [first, second] = project.datasets.images(datasetId);
  if (first === undefined || second === undefined) throw new Error('no images');
  const snapshotId = project.snapshots.take(datasetId, [
    { imageId: first.id, imageHash: first.hash, labelMapId: null, imageClass: null, part: 'train' },
  ]);
  const config = PretrainRunConfig.parse({
    kind: 'pretrain',
    task: 'in-painting',
    network: {},
    sampling: {},
    optimisation: { steps: 1, batch: 1, schedule: 'constant', evaluateEvery: 1 },
    seed: 0,
    snapshotId,
  });
  const newRun = () =>
    project.runs.create({
      studyId: null,
      config,
      pretraining: 'in-painting',
      labels: null,
      dependsOn: null,
    });
  const [runId, other] = [newRun(), newRun()];
  const example = (imageId: number, caption: string, ...bytes: number[]) => ({
    imageId,
    caption,
    panels: bytes.map((byte) => ({ title: `panel ${byte}`, png: Buffer.from([byte]) })),
  });
  project.examples.add(runId, 1, example(second.id, 'b', 4, 5));
  project.examples.add(runId, 0, example(first.id, 'a', 1, 2, 3));
  expect(project.examples.ofRun(runId)).toEqual([
    example(first.id, 'a', 1, 2, 3),
    example(second.id, 'b', 4, 5),
  ]);
  // A run that is resumed at its end draws them again.
  project.examples.add(runId, 1, example(second.id, 'c', 6, 7));
  expect(project.examples.ofRun(runId)[1]).toEqual(example(second.id, 'c', 6, 7));
  expect(project.examples.ofRun(other)).toEqual([]);
});
