import { describe, expect, it } from 'vitest';
import { createStudy } from '../../../../engine/study/planning/create.ts';
import { smallStudy } from '../../../fixtures/projects.ts';
import { projectToPlan } from './project-to-plan.ts';

describe('a stored study', () => {
  it('pretrains on the train part alone when source and target are one dataset', () => {
    const { project, ids } = projectToPlan();
    const study = createStudy(project, smallStudy({ source: ids.target, target: ids.target }));
    const source = project.snapshots.items(study.sourceSnapshotId).map((i) => i.imageId);
    const target = project.snapshots.items(study.targetSnapshotId);
    const trainPart = target.filter((i) => i.part === 'train').map((i) => i.imageId);
    expect(source).toEqual(trainPart);
  });

  it('pins its data: later label maps do not change its snapshot', () => {
    const { project, ids } = projectToPlan();
    const study = createStudy(project, smallStudy(ids));
    const before = project.snapshots.items(study.targetSnapshotId);
    const [first] = before;
    project.labelMaps.add({
      imageId: first?.imageId ?? 0,
      author: 'human',
      bytes: new Uint8Array([1]),
    });
    expect(project.snapshots.items(study.targetSnapshotId)).toEqual(before);
  });

  it('keeps the split that it made', () => {
    const { project, ids } = projectToPlan();
    createStudy(project, smallStudy(ids));
    expect(project.splits.list(ids.target)).toMatchObject([
      { name: 'default', counts: { train: 10, val: 4, test: 6 } },
    ]);
  });

  it('is refused when its name is taken', () => {
    const { project, ids } = projectToPlan();
    createStudy(project, smallStudy(ids));
    expect(() => createStudy(project, smallStudy(ids))).toThrow(/named "small" already/);
  });
});
