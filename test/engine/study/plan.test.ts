import { describe, expect, it } from 'vitest';
import { createStudy } from '../../../engine/study/create.ts';
import { labelOrder, planData, planRuns } from '../../../engine/study/plan.ts';
import { PretrainingOptions } from '../../../shared/entities.ts';
import { encodeLabelMap } from '../../../shared/label-map.ts';
import { addDataset, smallStudy, temporaryProject } from '../../fixtures/projects.ts';

function prepared() {
  const project = temporaryProject();
  const source = addDataset(project, 'source', { count: 6, classes: 2 });
  const target = addDataset(project, 'target', { count: 20 });
  return { project, ids: { source, target } };
}

describe('the runs of a study', () => {
  it('are one pretraining a seed, and random plus each arm for every label count and seed', () => {
    const { project, ids } = prepared();
    const config = smallStudy(ids);
    const runs = planRuns(config, planData(project, config));
    expect(runs.filter((r) => r.kind === 'pretrain').map((r) => r.key)).toEqual([
      'segmentation/0',
      'segmentation/1',
    ]);
    const finetune = runs.filter((r) => r.kind === 'finetune');
    expect(finetune).toHaveLength(2 * 2 * 4);
    expect(new Set(finetune.map((r) => r.key)).size).toBe(finetune.length);
  });

  it('give every arm of a seed the same images, nested over label counts, and other seeds others', () => {
    const { project, ids } = prepared();
    const config = smallStudy(ids);
    const data = planData(project, config);
    const imagesOf = (labels: number, seed: number) =>
      planRuns(config, data).flatMap((r) =>
        r.kind === 'finetune' && r.labels === labels && r.config.seed === seed
          ? [r.config.trainImageIds.join(' ')]
          : [],
      );
    expect(new Set(imagesOf(4, 0)).size).toBe(1);
    const [two = ''] = imagesOf(2, 0);
    const [four = ''] = imagesOf(4, 0);
    expect(four.startsWith(two)).toBe(true);
    expect(imagesOf(4, 1)[0]).not.toBe(four);
    expect(labelOrder(data.trainImageIds, 7)).toEqual(labelOrder(data.trainImageIds, 7));
  });

  it('go by the names of their pretrainings, in the order of the list', () => {
    const { project, ids } = prepared();
    const { finetuning } = smallStudy(ids);
    const once = { task: 'segmentation', optimisation: finetuning, transfers: ['encoder'] };
    const longer = { ...once, name: 'longer', optimisation: { ...finetuning, steps: 9 } };
    const config = smallStudy(ids, { pretrainings: [longer, once], seeds: 1, labelCounts: [2] });
    const runs = planRuns(config, planData(project, config));
    expect(runs.map((r) => r.key)).toEqual([
      'longer/0',
      'segmentation/0',
      'none/random/2/0',
      'longer/encoder/2/0',
      'segmentation/encoder/2/0',
    ]);
  });

  it('pretrain once what differs in its arms only', () => {
    const { project, ids } = prepared();
    const { finetuning } = smallStudy(ids);
    const once = { task: 'segmentation', optimisation: finetuning, transfers: ['encoder'] };
    const again = { ...once, name: 'again', transfers: ['decoder'] };
    const config = smallStudy(ids, { pretrainings: [once, again], seeds: 1, labelCounts: [2] });
    const runs = planRuns(config, planData(project, config));
    expect(runs.filter((r) => r.kind === 'pretrain').map((r) => r.key)).toEqual(['segmentation/0']);
    expect(runs.at(-1)).toMatchObject({ pretraining: 'again', pretrainKey: 'segmentation/0' });
  });

  it('carry the options of their arms, and those only where they matter', () => {
    const { project, ids } = prepared();
    const [plan] = smallStudy(ids).pretrainings;
    const transfers = ['encoder', 'encoder+deep-decoder', 'frozen-encoder', 'permuted-encoder'];
    const config = smallStudy(ids, {
      pretrainings: [{ ...plan, transfers, encoderRate: 0.1, deepDecoderBlocks: 2 }],
      controls: ['frozen-random'],
      loss: { kind: 'focal+dice' },
      seeds: 1,
      labelCounts: [2],
    });
    const runs = planRuns(config, planData(project, config));
    const arms = runs.flatMap((r) => {
      if (r.kind === 'pretrain') return [];
      const { transfer, encoderRate, deepDecoderBlocks, loss } = r.config;
      expect(loss).toMatchObject({ kind: 'focal+dice', focalGamma: 2 });
      return [[r.pretraining, transfer, encoderRate, deepDecoderBlocks]];
    });
    expect(arms).toEqual([
      [null, 'random', undefined, undefined],
      [null, 'frozen-random', undefined, undefined],
      ['segmentation', 'encoder', 0.1, undefined],
      ['segmentation', 'encoder+deep-decoder', 0.1, 2],
      ['segmentation', 'frozen-encoder', undefined, undefined],
      ['segmentation', 'permuted-encoder', undefined, undefined],
    ]);
  });

  it('are repeated with every learning rate, random included', () => {
    const { project, ids } = prepared();
    const config = smallStudy(ids, {
      learningRates: [5e-4, 2e-3, 5e-4],
      seeds: 1,
      labelCounts: [2],
    });
    const data = planData(project, config);
    const runs = planRuns(config, data).filter((r) => r.kind === 'finetune');
    expect(runs.map((r) => r.config.optimisation.learningRate)).toEqual(
      Array.from({ length: 4 }, () => [5e-4, 2e-3]).flat(),
    );
    expect(new Set(runs.map((r) => r.key)).size).toBe(8);
    expect(data.notes.join()).toMatch(/learning rates 0.0005, 0.002: 2 times the fine-tuning/);
  });

  it('say how much disk images take that do not fit into the memory, where patches are trained on', () => {
    const { project, ids } = prepared();
    const notes = (mode: 'resize' | 'patches') =>
      planData(project, smallStudy(ids, { sampling: { sizePx: 16, mode } })).notes.join(' ');
    expect(notes('patches')).not.toContain('disk');
    for (let page = 0; page < 100; page++) {
      project.datasets.addImage({
        ...{ datasetId: ids.source, name: 'slides.tif', widthPx: 16_384, heightPx: 16_384 },
        ...{ channels: 1, bitDepth: 16, hash: `page ${page}`, page, groupName: null },
        ...{ imageClass: 0, source: { linkPath: '/nowhere/slides.tif' } },
      });
    }
    expect(notes('patches')).toMatch(/takes up to \d+ GB of disk beside the project/);
    expect(notes('resize')).not.toContain('disk');
  });

  it('take "all" as every labelled training image, once', () => {
    const { project, ids } = prepared();
    const config = smallStudy(ids, { labelCounts: [10, 'all', 3] });
    const data = planData(project, config);
    expect(data.trainImageIds).toHaveLength(10);
    expect(data.labelCounts).toEqual([3, 10]);
  });
});

describe('a study is refused, with the remedy,', () => {
  const refusal = (changes: Parameters<typeof smallStudy>[1]) => {
    const { project, ids } = prepared();
    return () => planData(project, smallStudy(ids, changes));
  };

  it('when it asks for more labels than there are', () => {
    expect(refusal({ labelCounts: [11] })).toThrow(/asks for 11 .* has 10.*Label more/);
  });

  it('when a dataset is not there', () => {
    expect(refusal({ sourceDatasetId: 99 })).toThrow(/source dataset \(99\)/);
  });

  it('when two pretrainings go by one name, or one by the name of another task', () => {
    const plan = { ...smallStudy({ source: 1, target: 1 }).pretrainings[0] };
    expect(refusal({ pretrainings: [plan, plan] })).toThrow(/"segmentation" is listed twice/);
    expect(refusal({ pretrainings: [{ ...plan, name: 'autoencoder' }] })).toThrow(
      /is the name of a task/,
    );
  });

  it('when more decoder blocks are asked for than there are', () => {
    const [plan] = smallStudy({ source: 1, target: 1 }).pretrainings;
    const deep = { ...plan, transfers: ['encoder+deep-decoder'], deepDecoderBlocks: 5 };
    expect(refusal({ pretrainings: [deep] })).toThrow(/has 4 blocks, so its deepest 5/);
  });

  it('when an encoder is not there', () => {
    expect(refusal({ pretrainings: [{ encoderId: 7, transfers: ['encoder'] }] })).toThrow(
      /no encoder 7/,
    );
  });

  it('when the network cannot halve the image so often', () => {
    expect(refusal({ network: { depth: 6 }, sampling: { sizePx: 96 } })).toThrow(
      /halves its input 6 times .*Choose 128 px/,
    );
  });

  it('when images have channels that the network does not take', () => {
    expect(refusal({ network: { inputChannels: 5 } })).toThrow(
      /0\.png has 1 channel\(s\) and the network takes 5/,
    );
  });

  it('when label maps hold values that are no class, naming image, value and remedy', () => {
    const { project, ids } = prepared();
    const relabel = (dataset: number, at: number, values: readonly number[]) => {
      const image = project.datasets.images(dataset)[at];
      const data = Uint8Array.from(values);
      const bytes = encodeLabelMap({ width: 2, height: 1, data });
      project.labelMaps.add({ imageId: image?.id ?? 0, author: 'model', bytes });
    };
    relabel(ids.target, 3, [0, 255]);
    expect(() => planData(project, smallStudy(ids))).not.toThrow();
    relabel(ids.target, 5, [0, 7]);
    relabel(ids.target, 8, [9, 1]);
    expect(() => planData(project, smallStudy(ids))).toThrow(
      /labels of 5\.png hold the value 7, which is no class of "target" \(0 background, 1 cell; .*and 1 more image\(s\).*Add the class .*--map 7=1, or 7=ignore/,
    );
    relabel(ids.target, 5, [0, 1]);
    relabel(ids.target, 8, [1, 1]);
    relabel(ids.source, 0, [2, 0]);
    expect(() => planData(project, smallStudy(ids))).toThrow(/no class of "source"/);
    const { finetuning: optimisation } = smallStudy(ids);
    const pretrainings = [{ task: 'autoencoder', transfers: ['encoder'], optimisation }];
    expect(() => planData(project, smallStudy(ids, { pretrainings }))).not.toThrow();
  });

  it('when a task has no decoder to transfer, or one that does not fit', () => {
    const plan = (task: string, transfer: string) => ({
      pretrainings: [
        {
          task,
          transfers: [transfer],
          optimisation: smallStudy({ source: 1, target: 1 }).finetuning,
        },
      ],
    });
    expect(refusal(plan('classification', 'decoder'))).toThrow(/trains no decoder/);
    expect(refusal(plan('autoencoder', 'encoder+decoder'))).toThrow(/without skips/);
    expect(refusal(plan('autoencoder', 'encoder'))).not.toThrow();
  });

  it('when the source lacks the labels that a task needs', () => {
    const { project, ids } = prepared();
    const bare = addDataset(project, 'bare', { count: 3, labelled: 0 });
    expect(() => planData(project, smallStudy({ ...ids, source: bare }))).toThrow(
      /needs label maps, and "bare" has none/,
    );
  });

  it('when test images are also in the source, by content', () => {
    const { project, ids } = prepared();
    const copy = addDataset(project, 'copy', { count: 20, content: 'target' });
    expect(() => planData(project, smallStudy({ ...ids, source: copy }))).toThrow(
      /10 validation or test images .*same content/,
    );
  });

  it('when images of one group lie on both sides of its split', () => {
    const { project, ids } = prepared();
    const grouped = addDataset(project, 'grouped', { count: 6, group: (i) => `slide ${i % 3}` });
    const items = project.datasets.images(grouped).map(({ id }, i) => ({
      imageId: id,
      part: i < 2 ? ('train' as const) : i < 4 ? ('val' as const) : ('test' as const),
    }));
    project.splits.create(grouped, 'by hand', items);
    expect(() =>
      planData(project, smallStudy({ ...ids, target: grouped }, { labelCounts: [1] })),
    ).toThrow(/group "slide 0" lie both in the train and in the val part/);
  });

  it('when a group of the source is tested on', () => {
    const { project, ids } = prepared();
    const group = (i: number) => `patient ${i}`;
    const target = addDataset(project, 'grouped', { count: 20, group });
    const source = addDataset(project, 'others', { count: 20, group });
    expect(() => planData(project, smallStudy({ ...ids, source, target }))).toThrow(
      /group "patient \d+" has images both among those to pretrain on and in the (val|test) part/,
    );
  });

  it('when its schedule leaves nothing to go on with', () => {
    const { finetuning } = smallStudy({ source: 1, target: 1 });
    const cosine = { ...finetuning, schedule: 'cosine' };
    expect(refusal({ extension: 2, finetuning: cosine })).toThrow(/cosine schedule cannot go on/);
    expect(refusal({ extension: 2 })).not.toThrow();
  });

  describe('with an encoder that was there before', () => {
    function withEncoder(changes: Parameters<typeof smallStudy>[1], pretrainedOn?: 'target') {
      const { project, ids } = prepared();
      const config = smallStudy(ids);
      const dataset = pretrainedOn === 'target' ? ids.target : ids.source;
      const snapshotId = project.snapshots.take(
        dataset,
        project.datasets.images(dataset).map((image) => ({
          imageId: image.id,
          imageHash: image.hash,
          labelMapId: image.labelMapId,
          imageClass: image.imageClass,
          part: 'train',
        })),
      );
      const runId = project.runs.create({
        studyId: null,
        config: {
          kind: 'pretrain',
          task: 'segmentation',
          options: PretrainingOptions.parse({}),
          network: config.network,
          sampling: config.sampling,
          optimisation: config.finetuning,
          seed: 0,
          snapshotId,
        },
        pretraining: 'segmentation',
        labels: null,
        dependsOn: null,
      });
      const encoderId = project.encoders.add({
        runId,
        name: 'mine',
        task: 'segmentation',
        network: config.network,
      });
      const plan = { encoderId, name: 'mine', transfers: ['encoder'] };
      const own = smallStudy(ids, { pretrainings: [plan], seeds: 1, labelCounts: [2], ...changes });
      return () => planRuns(own, planData(project, own));
    }

    it('not where it fits', () => {
      const runs = withEncoder({})();
      expect(runs.map((r) => r.key)).toEqual(['none/random/2/0', 'mine/encoder/2/0']);
      expect(runs[1]).toMatchObject({ pretrainKey: null, config: { encoderId: 1 } });
    });

    it.each([
      ['inputChannels', { network: { inputChannels: 3 } }, /its inputChannels is 1, that of .* 3/],
      ['base', { network: { base: 16 } }, /its base is 8, that of .* 16/],
      [
        'encoder',
        { network: { encoder: 'resnet18' } },
        /its encoder is "plain", that of .*resnet18/,
      ],
      [
        'sizePx',
        { sampling: { sizePx: 128 } },
        /pretrained with sizePx 64, and this study has 128/,
      ],
    ])('whose %s is another', (_, changes, message) => {
      expect(withEncoder(changes)).toThrow(message);
    });

    it.each([
      ['encoderEpsilon', { network: { encoderEpsilon: 1e-3 } }, /its encoderEpsilon is 0.00001/],
      [
        'preprocessing',
        { network: { preprocessing: { mean: [0], deviation: [1] } } },
        /its preprocessing is null, that of/,
      ],
      ['mode', { sampling: { mode: 'patches' } }, /with mode resize, and this study has patches/],
    ])('whose %s would be another', (_, changes, message) => {
      expect(withEncoder(changes)).toThrow(message);
    });

    it('whose decoder has other skips, or fewer blocks than are asked for', () => {
      const plan = (transfer: string) => ({ encoderId: 1, transfers: [transfer] });
      const skips = { network: { skips: 'none' } };
      expect(withEncoder({ ...skips, pretrainings: [plan('encoder')] })).not.toThrow();
      expect(withEncoder({ ...skips, pretrainings: [plan('encoder+decoder')] })).toThrow(
        /its skips is "conv"/,
      );
      const deep = { ...plan('encoder+deep-decoder'), deepDecoderBlocks: 6 };
      expect(withEncoder({ pretrainings: [deep] })).toThrow(/has 4 blocks, so its deepest 6/);
    });

    it('from a file that does not hold what an arm takes over, naming the layer', () => {
      const { project, ids } = prepared();
      const { network } = smallStudy(ids);
      const layer = (name: string, group: 'encoder' | 'decoder', state: 'loaded' | 'random') => ({
        ...{ layer: name, group, state, shape: [1], source: null, problem: null },
      });
      const encoderId = project.encoders.addImported({
        name: 'brought in',
        network,
        file: {
          file: 'encoder.safetensors',
          sha256: '0'.repeat(64),
          naming: 'graft',
          layers: [
            layer('encoder/level1/conv1', 'encoder', 'loaded'),
            layer('decoder/level4/skip', 'decoder', 'random'),
          ],
          unused: [],
          notes: [],
        },
        weights: new Uint8Array(),
      });
      const planned = (transfer: string) => () =>
        planData(
          project,
          smallStudy(ids, { pretrainings: [{ encoderId, transfers: [transfer] }] }),
        );
      expect(planned('frozen-encoder')).not.toThrow();
      expect(planned('encoder+decoder')).toThrow(
        /file of "brought in" does not hold decoder\/level4\/skip.*Leave that arm out/,
      );
    });

    it('that has seen the test images', () => {
      expect(withEncoder({}, 'target')).toThrow(/also among those to pretrain on/);
    });
  });

  it('when too few images are labelled for a split', () => {
    const { project, ids } = prepared();
    const tiny = addDataset(project, 'tiny', { count: 20, labelled: 2 });
    expect(() => planData(project, smallStudy({ ...ids, target: tiny }))).toThrow(/too few/);
  });

  it('when its name is taken', () => {
    const { project, ids } = prepared();
    createStudy(project, smallStudy(ids));
    expect(() => createStudy(project, smallStudy(ids))).toThrow(/named "small" already/);
  });
});

describe('a stored study', () => {
  it('pretrains on the train part alone when source and target are one dataset', () => {
    const { project, ids } = prepared();
    const study = createStudy(project, smallStudy({ source: ids.target, target: ids.target }));
    const source = project.snapshots.items(study.sourceSnapshotId).map((i) => i.imageId);
    const target = project.snapshots.items(study.targetSnapshotId);
    const trainPart = target.filter((i) => i.part === 'train').map((i) => i.imageId);
    expect(source).toEqual(trainPart);
  });

  it('pins its data: later label maps do not change its snapshot', () => {
    const { project, ids } = prepared();
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
    const { project, ids } = prepared();
    createStudy(project, smallStudy(ids));
    expect(project.splits.list(ids.target)).toMatchObject([
      { name: 'default', counts: { train: 10, val: 4, test: 6 } },
    ]);
  });
});
