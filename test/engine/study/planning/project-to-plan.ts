/** A project with a source of six images in two classes and a target of twenty, all labelled. */
import { addDataset, temporaryProject } from '../../../fixtures/projects.ts';

export function projectToPlan() {
  const project = temporaryProject();
  const source = addDataset(project, 'source', { count: 6, classes: 2 });
  const target = addDataset(project, 'target', { count: 20 });
  return { project, ids: { source, target } };
}
