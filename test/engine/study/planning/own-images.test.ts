/** What a study on one dataset pretrains on: the labels of its own arms or all of them, and images without labels. */
import { describe, expect, it } from 'vitest';
import { extraLabelsOf } from '../../../../engine/study/analysis/extra-labels.ts';
import { createStudy } from '../../../../engine/study/planning/create.ts';
import { planData } from '../../../../engine/study/planning/plan-data.ts';
import { planRuns } from '../../../../engine/study/planning/plan-runs.ts';
import { describeMethods } from '../../../../engine/study/report/methods.ts';
import { runData } from '../../../../engine/training/batches/run-data.ts';
import { addDataset, smallStudy, temporaryProject } from '../../../fixtures/projects.ts';

const { finetuning: optimisation } = smallStudy({ source: 1, target: 1 });
const pretrainingBy = (task: string) => [{ task, transfers: ['encoder'], optimisation }];

/** Twenty images, of which `labelled` have label maps; source and target of every study on it. */
function oneDataset(options: Partial<Parameters<typeof addDataset>[2]> = {}) {
  const project = temporaryProject();
  const id = addDataset(project, 'cells', { count: 20, ...options });
  const study = (changes: Parameters<typeof smallStudy>[1]) =>
    smallStudy({ source: id, target: id }, changes);
  return { project, id, study };
}

describe('labels that a helper made', () => {
  it('count nowhere in a study that is to do without them, which its notes and methods say', () => {
    const { project, id, study } = oneDataset();
    const [first] = project.datasets.images(id);
    const bytes = project.labelMaps.bytes(first?.labelMapId ?? 0) ?? new Uint8Array();
    const imageId = first?.id ?? 0;
    project.labelMaps.add({ imageId, author: 'corrected', bytes, helpers: ['click'] });
    const withAll = planData(project, study({}));
    const { targetItems, sourceItems, notes } = planData(
      project,
      study({ withoutHelpers: ['click'] }),
    );
    expect(withAll.targetItems.some((item) => item.imageId === imageId)).toBe(true);
    expect(targetItems.some((item) => item.imageId === imageId)).toBe(false);
    expect(sourceItems.find((item) => item.imageId === imageId)?.labelMapId ?? null).toBe(null);
    expect(notes).toContain('1 image is left out: its labels were made with clicks and boxes.');
    const { id: studyId } = createStudy(project, study({ withoutHelpers: ['click'] }));
    const stored = project.studies.get(studyId);
    if (stored === undefined) throw new Error('it was not stored');
    expect(describeMethods(project, stored, []).join(' ')).toContain(
      'Labels that were made with clicks and boxes count nowhere.',
    );
  });
});

describe('labels of the target itself', () => {
  it('are seen by pretraining as far as its own arms see them, in a run for each label count and seed', () => {
    const { project, id, study } = oneDataset();
    const { id: studyId } = createStudy(
      project,
      study({ pretrainings: pretrainingBy('segmentation') }),
    );
    const runs = project.runs.ofStudy(studyId);
    const networks = runs.filter(({ kind }) => kind === 'pretrain');
    expect(networks.map(({ labels, seed }) => [labels, seed])).toEqual([
      ...[
        [2, 0],
        [4, 0],
      ],
      ...[
        [2, 1],
        [4, 1],
      ],
    ]);
    for (const run of runs) {
      if (run.config.kind !== 'finetune' || run.dependsOn === null) continue;
      const network = project.runs.get(run.dependsOn);
      if (network?.config.kind !== 'pretrain') throw new Error('it has no pretraining');
      expect(network.config.trainImageIds).toEqual(
        run.config.trainImageIds.toSorted((a, b) => a - b),
      );
      const { train } = runData(project, network.config);
      expect(train.map(({ image }) => image.id)).toEqual(network.config.trainImageIds);
    }
    const stored = project.studies.get(studyId);
    if (stored === undefined) throw new Error('it was not stored');
    expect(extraLabelsOf(project, stored)).toEqual(new Map());
    expect(describeMethods(project, stored, []).join(' ')).toMatch(
      /Segmentation pretraining learns from labels of the target itself; .* so that a label count counts every label/,
    );
    expect(planData(project, study({ name: 'other' })).notes).toContainEqual(
      expect.stringMatching(/its own arms alone.*: 4 pretrainings for each in place of 2/),
    );
    // With one label count there are no more of them than with a source of its own.
    expect(planData(project, study({ name: 'few', labelCounts: [2] })).notes).toContainEqual(
      expect.stringMatching(/its own arms alone, by label count and seed\. \(/),
    );
    expect(project.datasets.get(id)?.imageCount).toBe(20);
  });

  it('count where all are shown, beyond those of each label count, and all labels are no more than all', () => {
    const { project, id, study } = oneDataset();
    const config = study({
      pretrainings: pretrainingBy('segmentation'),
      pretrainingLabels: 'all',
      labelCounts: [2, 'all'],
    });
    expect(planData(project, config).notes).toContainEqual(
      expect.stringMatching(
        /^Segmentation pretraining sees 10 labels of the target itself. They count/,
      ),
    );
    expect(planData(project, config).notes).toContainEqual(
      expect.stringMatching(/^With 10 labels, which are all .*not of other training sets/),
    );
    const stored = createStudy(project, config);
    const networks = project.runs.ofStudy(stored.id).filter(({ kind }) => kind === 'pretrain');
    expect(networks.map(({ labels }) => labels)).toEqual([null, null]);
    expect(extraLabelsOf(project, stored)).toEqual(new Map([['segmentation', { 2: 8 }]]));
    // What becomes of the images afterwards changes nothing of what was seen.
    for (const { id: imageId } of project.datasets.images(id)) {
      project.imageEdits.setDeleted(imageId, new Date().toISOString());
    }
    expect(extraLabelsOf(project, stored)).toEqual(new Map([['segmentation', { 2: 8 }]]));
    const methods = describeMethods(project, stored, []).join(' ');
    expect(methods).toMatch(/has seen more labels of the target .*\(8 beside 2\): those count/);
    expect(methods).toMatch(/With 10 labels, which are all of the train part, every seed trains/);
    expect(methods).toMatch(/All seeds share one split/);
  });

  it('are the same labels in a copy of an image, and none in images of others', () => {
    const { project, id } = oneDataset();
    const config = (source: number) =>
      smallStudy({ source, target: id }, { seeds: 1, pretrainings: pretrainingBy('segmentation') });
    const others = addDataset(project, 'others', { count: 3 });
    const plain = planRuns(config(others), planData(project, config(others)));
    expect(plain.filter(({ kind }) => kind === 'pretrain').map(({ key }) => key)).toEqual([
      'segmentation/0',
    ]);
    // Four copies of training images, and three images of its own.
    const copies = addDataset(project, 'copies', { count: 0 });
    const { trainImageIds } = planData(project, config(others));
    const [labelMap] = project.datasets
      .images(others)
      .flatMap(({ labelMapId }) => labelMapId ?? []);
    const bytes = project.labelMaps.bytes(labelMap ?? 0) ?? new Uint8Array();
    const copy = (imageId: number, name: string) => {
      const image = project.datasets.image(imageId);
      if (image === undefined) throw new Error('it is not there');
      const { widthPx, heightPx, channels, bitDepth, hash, page } = image;
      const copied = project.datasets.addImage({
        ...{ datasetId: copies, name, widthPx, heightPx, channels, bitDepth, hash, page },
        ...{ groupName: null, imageClass: null, source: { bytes: new Uint8Array(1) } },
      });
      project.labelMaps.add({ imageId: copied, author: 'imported', bytes });
      return copied;
    };
    const same = new Map(trainImageIds.slice(0, 4).map((one, i) => [copy(one, `${i}`), one]));
    const foreign = project.datasets.images(others).map((image) => copy(image.id, `o${image.id}`));
    for (const run of planRuns(config(copies), planData(project, config(copies)))) {
      if (run.kind !== 'pretrain') continue;
      const order = planRuns(config(copies), planData(project, config(copies))).find(
        (one) => one.kind === 'finetune' && one.labels === run.labels,
      );
      const chosen = order?.kind === 'finetune' ? order.config.trainImageIds : [];
      const allowed = [...same].filter(([, one]) => chosen.includes(one)).map(([copied]) => copied);
      expect(run.config.trainImageIds).toEqual([...allowed, ...foreign]);
    }
  });

  it('are refused where a task could learn nothing from so few', () => {
    const { project, study } = oneDataset({ classes: 2 });
    const classes = (labelCounts: number[]) => () =>
      planData(
        project,
        study({ labelCounts, seeds: 8, pretrainings: pretrainingBy('classification') }),
      );
    expect(classes([1, 10])).toThrow(
      /^With 1 label, classification pretraining of seed 0 would see images of one class alone, .*--pretraining-labels all/,
    );
    expect(classes([10])).not.toThrow();
  });
});

describe('images of the target itself', () => {
  /** Of the source snapshot, by their number in the dataset. */
  const seen = (setup: ReturnType<typeof oneDataset>, changes: object) => {
    const { project, id, study } = setup;
    const at = new Map(project.datasets.images(id).map((image, i) => [image.id, i]));
    const data = planData(
      project,
      study({ labelCounts: [2], pretrainings: pretrainingBy('autoencoder'), ...changes }),
    );
    const numbers = (items: readonly { imageId: number }[]) =>
      items.map(({ imageId }) => at.get(imageId) ?? -1);
    const part = (name: string) => numbers(data.targetItems.filter((item) => item.part === name));
    return { ...data, numbers: numbers(data.sourceItems), part };
  };

  it('are pretrained on without labels, but never those that are tested on', () => {
    const setup = oneDataset({ labelled: 10 });
    const { numbers, part, notes } = seen(setup, {});
    const aside = [...part('val'), ...part('test')];
    expect(numbers).toEqual(
      Array.from({ length: 20 }, (_, i) => i).filter((i) => !aside.includes(i)),
    );
    expect(notes).toContain(
      'Autoencoder pretraining sees 15 images of "cells", labelled or not (10 are not): all but its validation and test images.',
    );
    const learned = seen(setup, { pretrainings: pretrainingBy('segmentation') });
    expect(learned.numbers).toEqual(learned.part('train').toSorted((a, b) => a - b));
  });

  it('are said to have no labels only where they have none, in whatever part of the split', () => {
    const setup = oneDataset();
    const { project, id } = setup;
    const images = project.datasets.images(id);
    // Fourteen labelled images came after the split was made, and lie in no part of it.
    const parts = ['train', 'train', 'train', 'train', 'val', 'test'] as const;
    const items = parts.map((part, i) => ({ imageId: images[i]?.id ?? 0, part }));
    project.splits.create(id, 'early', items);
    const { numbers, notes } = seen(setup, {});
    expect(numbers).toHaveLength(18);
    expect(notes).toContain(
      'Autoencoder pretraining sees 18 images of "cells", labelled or not: all but its validation and test images.',
    );
    // What segmentation may see with "all" is counted, wherever it lies.
    const all = { pretrainings: pretrainingBy('segmentation'), pretrainingLabels: 'all' };
    expect(seen(setup, all).notes).toContainEqual(
      expect.stringMatching(/^Segmentation pretraining sees 18 labels of the target itself/),
    );
  });

  it('may be those that are validated on, without their labels', () => {
    const setup = oneDataset({ labelled: 10 });
    const { numbers, part, sourceItems, notes } = seen(setup, { pretrainOnValidation: true });
    expect(numbers).toEqual(expect.arrayContaining(part('val')));
    expect(numbers.filter((i) => part('test').includes(i))).toEqual([]);
    const withLabels = sourceItems.filter(({ labelMapId }) => labelMapId !== null);
    expect(withLabels).toHaveLength(part('train').length);
    expect(notes).toContainEqual(
      expect.stringMatching(/all but its test images; of the 2 of its validation part no labels/),
    );
  });

  it('are left out as copies of a test image that the task itself could not learn from', () => {
    const setup = oneDataset({ classes: 2 });
    const { project, id } = setup;
    const images = project.datasets.images(id);
    const [first] = images;
    if (first === undefined) throw new Error('there are no images');
    const { labelMapId, widthPx, heightPx, channels, bitDepth } = first;
    const add = (name: string, imageClass: number | null) =>
      project.datasets.addImage({
        ...{ datasetId: id, name, widthPx, heightPx, channels, bitDepth, imageClass },
        ...{ hash: 'f'.repeat(64), page: 0, groupName: null },
        source: { bytes: new Uint8Array(1) },
      });
    const tested = add('tested.png', null);
    const bytes = project.labelMaps.bytes(labelMapId ?? 0) ?? new Uint8Array();
    project.labelMaps.add({ imageId: tested, author: 'imported', bytes });
    add('copy.png', 1);
    const split = images.map((image, i) => ({
      imageId: image.id,
      part: i < 3 ? ('val' as const) : ('train' as const),
    }));
    project.splits.create(id, 'default', [...split, { imageId: tested, part: 'test' }]);
    const { numbers, notes } = seen(setup, {
      labelCounts: [8],
      pretrainings: pretrainingBy('classification'),
      pretrainingLabels: 'all',
    });
    expect(numbers).not.toContain(21);
    expect(notes).toContainEqual(
      expect.stringMatching(/^1 image in no part of the split is not .*\(the first: copy\.png\)/),
    );
  });

  it('are left out, and named, where they belong to what is tested or validated on', () => {
    const setup = oneDataset({ labelled: 10, group: (i) => `patient ${i % 10}` });
    const { numbers, part, notes } = seen(setup, {});
    const aside = [...part('val'), ...part('test')];
    expect(numbers.filter((i) => aside.includes(i % 10))).toEqual([]);
    expect(numbers).toHaveLength(20 - 2 * aside.length);
    expect(notes).toContainEqual(
      expect.stringMatching(
        /^5 images in no part of the split are not pretrained on, .*\(the first: \d+\.png\)/,
      ),
    );
  });
});

it('a plan and its report say how far seeds share their training images', () => {
  const { project, study } = oneDataset();
  const config = study({ pretrainings: [], labelCounts: [5, 8, 'all'] });
  const shared = (texts: readonly string[]) =>
    texts.flatMap((text) => text.match(/With \d+[^.]*(?:in common|on the same images)/g) ?? []);
  const said = [
    'With 8 of 10 labels, two seeds have 80 % of their training images in common',
    'With 10 labels, which are all of the train part, every seed trains on the same images',
  ];
  expect(shared(planData(project, config).notes)).toEqual(said);
  expect(shared(describeMethods(project, createStudy(project, config), []))).toEqual(said);
});

it('a study without pretraining has runs of the random start alone, and says what it tells', () => {
  const { project, study } = oneDataset();
  const stored = createStudy(project, study({ pretrainings: [], labelCounts: [2, 'all'] }));
  const runs = project.runs.ofStudy(stored.id);
  expect(runs.map(({ transfer, labels, seed }) => [transfer, labels, seed])).toEqual([
    ['random', 2, 0],
    ['random', 10, 0],
    ['random', 2, 1],
    ['random', 10, 1],
  ]);
  expect(project.snapshots.items(stored.sourceSnapshotId)).toEqual([]);
  expect(planData(project, study({ pretrainings: [] })).notes).toContainEqual(
    expect.stringMatching(/^No pretraining is compared/),
  );
  const methods = describeMethods(project, stored, []).join('\n');
  expect(methods).not.toMatch(/Pretraining,|pretraining on/);
  expect(methods).toMatch(/Data: target "cells" with 10 training/);
});
