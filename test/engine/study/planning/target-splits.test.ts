import { describe, expect, it } from 'vitest';
import { createStudy } from '../../../../engine/study/planning/create.ts';
import { planData } from '../../../../engine/study/planning/plan-data.ts';
import { planRuns } from '../../../../engine/study/planning/plan-runs.ts';
import { reportNotes } from '../../../../engine/study/report/notes.ts';
import { findLeaks } from '../../../../shared/leaks.ts';
import { encodeLabelMap } from '../../../../shared/label-map.ts';
import { splitOfSeed } from '../../../../shared/study-splits.ts';
import { addDataset, smallStudy, temporaryProject } from '../../../fixtures/projects.ts';
import { projectToPlan } from './project-to-plan.ts';

const splits = { folds: 3, repeats: 2 };
const optimisation = { steps: 10, batch: 4, schedule: 'constant', evaluateEvery: 5 };

describe('a study over several splits', () => {
  it('has its seeds in every split, and runs of each on a snapshot of its own', () => {
    const { project, ids } = projectToPlan();
    const config = smallStudy(ids, { splits, seeds: 2 });
    const runs = planRuns(config, planData(project, config));
    // 6 splits · 2 seeds · (1 pretraining + 4 arms · 2 label counts)
    expect(runs).toHaveLength(6 * 2 * (1 + 8));
    const study = createStudy(project, config);
    const stored = project.runs.ofStudy(study.id);
    expect(stored).toHaveLength(runs.length);
    expect([...new Set(stored.map(({ seed }) => seed))]).toEqual(
      Array.from({ length: 12 }, (_, s) => s),
    );
    const snapshotOf = new Map<number, number>();
    for (const { kind, seed, config: run } of stored) {
      if (kind !== 'finetune') continue;
      const split = splitOfSeed(config, seed);
      expect(snapshotOf.get(split) ?? run.snapshotId).toBe(run.snapshotId);
      snapshotOf.set(split, run.snapshotId);
    }
    expect(new Set(snapshotOf.values()).size).toBe(6);
    const tested = [...snapshotOf.values()].flatMap((id) =>
      project.snapshots.items(id).filter(({ part }) => part === 'test'),
    );
    // Every labelled image once in each of the two repeats.
    expect(tested).toHaveLength(40);
    expect(new Set(tested.map(({ imageId }) => imageId)).size).toBe(20);
  });

  it('trains, and pretrains on the target itself, on no image that is tested on or validated with', () => {
    const project = temporaryProject();
    const target = addDataset(project, 'target', {
      count: 40,
      labelled: 30,
      classes: 2,
      group: (image) => `patient ${image % 12}`,
    });
    const pretrainings = (['segmentation', 'classification', 'autoencoder'] as const).map(
      (task) => ({ task, transfers: ['encoder'], optimisation }),
    );
    const study = createStudy(
      project,
      smallStudy(
        { source: target, target },
        { splits, seeds: 2, labelCounts: [8, 10], pretrainings },
      ),
    );
    const image = (id: number) => {
      const found = project.datasets.image(id);
      if (found === undefined) throw new Error('it is not there');
      return found;
    };
    for (const run of project.runs.ofStudy(study.id)) {
      if (run.config.kind !== 'finetune') continue;
      const items = project.snapshots.items(run.config.snapshotId);
      const held = items.filter(({ part }) => part !== 'train');
      const labels = new Set(run.config.trainImageIds);
      expect(labels.size).toBe(run.labels);
      const pretraining =
        run.config.pretrainRunId === null ? undefined : project.runs.get(run.config.pretrainRunId);
      const source =
        pretraining?.config.kind === 'pretrain'
          ? (pretraining.config.trainImageIds ??
            project.snapshots.items(pretraining.config.snapshotId).map((item) => item.imageId))
          : [];
      if (pretraining !== undefined) expect(source.length).toBeGreaterThan(0);
      expect(
        findLeaks([
          ...held.map(({ imageId, part }) => ({ image: image(imageId), side: part })),
          ...[...labels].map((id) => ({ image: image(id), side: 'train' as const })),
          ...source.map((id) => ({ image: image(id), side: 'pretraining' as const })),
        ]),
      ).toEqual([]);
      // Pretraining that learns from labels sees those of its arms alone, in every split.
      if (run.pretraining === 'segmentation') expect(new Set(source)).toEqual(labels);
    }
  });

  it('takes "all" labels as the smallest train part of its splits, and says so', () => {
    const { project, ids } = projectToPlan();
    const config = smallStudy(ids, {
      splits: { folds: 3, repeats: 1 },
      labelCounts: ['all'],
      seeds: 1,
    });
    const { labelCounts, notes } = planData(project, config);
    const counts = planData(project, config).splits.map(
      ({ trainImageIds }) => trainImageIds.length,
    );
    expect(labelCounts).toEqual([Math.min(...counts)]);
    expect(Math.max(...counts)).toBeGreaterThan(Math.min(...counts));
    expect(notes.join(' ')).toContain(`"All" labels are ${Math.min(...counts)} in every split`);
    expect(notes.join(' ')).toContain(
      '3 folds: 3 splits of all labelled images, each with 1 seed of its own, so every arm is trained 3 times at each label count.',
    );
    expect(notes.join(' ')).not.toContain('do not speak of other training sets');
  });

  it('validates with the proportion of the stored split, and makes no split of the dataset', () => {
    const { project, ids } = projectToPlan();
    const all = project.datasets.images(ids.target).map(({ id }) => id);
    project.splits.create(
      ids.target,
      'mine',
      all.map((imageId, i) => ({ imageId, part: i < 4 ? 'test' : i < 12 ? 'val' : 'train' })),
    );
    const config = smallStudy(ids, { splits: { folds: 4, repeats: 1 }, seeds: 1 });
    const data = planData(project, config);
    // Half of the 15 that are not tested on.
    expect(data.splits.map(({ valCount }) => valCount)).toEqual([8, 8, 8, 8]);
    createStudy(project, config);
    expect(project.splits.list(ids.target).map(({ name }) => name)).toEqual(['mine']);
  });

  it('is refused where it would leak: the source holds copies of what some split tests on', () => {
    const { project, ids } = projectToPlan();
    const copy = addDataset(project, 'copy', { count: 20, content: 'target' });
    const config = smallStudy({ ...ids, source: copy }, { splits, seeds: 1 });
    expect(() => planData(project, config)).toThrow(
      /may not be pretrained on what it is tested on/,
    );
  });

  it('is refused where it would never end, and where there are too few images', () => {
    const { project, ids } = projectToPlan();
    const plan = (changes: Parameters<typeof smallStudy>[1]) => () =>
      planData(project, smallStudy(ids, changes));
    expect(plan({ splits: { folds: 11, repeats: 10 }, seeds: 1 })).toThrow(
      /110 splits with 1 seed/,
    );
    expect(plan({ splits: { folds: 5, repeats: 9 }, seeds: 9 })).toThrow(/are 405 trainings/);
    const few = addDataset(project, 'few', { count: 4 });
    expect(() =>
      planData(project, smallStudy({ ...ids, target: few }, { splits: { folds: 5, repeats: 1 } })),
    ).toThrow('4 labelled images are too few for 5 folds');
  });

  it('names the splits in which classes are absent, and refuses one without any foreground', () => {
    const { project, ids } = projectToPlan();
    const paint = (held: (image: number) => number) =>
      project.datasets.images(ids.target).forEach(({ id: imageId }, i) => {
        const data = new Uint8Array([0, held(i)]);
        const bytes = encodeLabelMap({ width: 2, height: 1, data });
        project.labelMaps.add({ imageId, author: 'human', bytes });
      });
    const config = smallStudy(ids, { splits: { folds: 5, repeats: 1 }, seeds: 1 });
    const tested = planData(project, config).splits.map(({ targetItems }) =>
      targetItems.flatMap(({ imageId, part }) => (part === 'test' ? [imageId] : [])),
    );
    const images = project.datasets.images(ids.target).map(({ id }) => id);
    // Nothing to find where the third split tests.
    paint((i) => (tested[2]?.includes(images[i] ?? 0) === true ? 0 : 1));
    expect(() => planData(project, config)).toThrow(
      /of the 4 test label maps .* So it is in split 3 of 5; fewer folds have larger parts\./,
    );
    project.datasets.setClasses(ids.target, [
      { index: 0, name: 'background', color: '#000000' },
      { index: 1, name: 'cell', color: '#e69f00' },
      { index: 2, name: 'rare', color: '#56b4e9' },
    ]);
    // The other class lies in one image alone, which the first split tests on.
    paint((i) => (images[i] === tested[0]?.[0] ? 2 : 1));
    const { notes } = planData(project, config);
    expect(notes).toContain(
      'In split 1: Class 2 (rare) occurs in no training and no validation label map: it cannot be learned.',
    );
    const ofRare = (some: readonly string[]) =>
      some.filter((note) => note.includes('Class 2 (rare)'));
    expect(ofRare(notes).length).toBeGreaterThan(1);
    // The report says it of the same splits as the plan.
    const study = createStudy(project, config);
    const runs = project.runs.ofStudy(study.id);
    expect(ofRare(reportNotes(project, study, runs))).toEqual(ofRare(notes));
  });

  it('changes nothing where there is one split', () => {
    const { project, ids } = projectToPlan();
    const one = smallStudy(ids);
    expect(one.splits).toBeNull();
    const data = planData(project, one);
    expect(data.splits).toHaveLength(1);
    expect(planRuns(one, data).every(({ split }) => split === 0)).toBe(true);
  });
});
