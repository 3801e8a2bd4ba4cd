import { expect, it } from 'vitest';
import { keepLive } from '../../../engine/models/keep-live.ts';
import { addDataset, temporaryProject } from '../../fixtures/projects.ts';

it('says when there is nothing to keep yet', () => {
  const project = temporaryProject();
  const dataset = project.datasets.get(addDataset(project, 'cells', { count: 2 }));
  if (dataset === undefined) throw new Error('the dataset is gone');
  expect(() => keepLive(project, dataset)).toThrow(/Let it train for half a minute, or pause it/);
});
