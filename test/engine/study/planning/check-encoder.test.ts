import { describe, expect, it } from 'vitest';
import { planData } from '../../../../engine/study/planning/plan-data.ts';
import { planRuns } from '../../../../engine/study/planning/plan-runs.ts';
import { PretrainingOptions } from '../../../../shared/entities.ts';
import { smallStudy } from '../../../fixtures/projects.ts';
import { projectToPlan } from './project-to-plan.ts';
import { snapshotItem } from '../../../../engine/db/splits.ts';

describe('a study with an encoder that was there before is refused,', () => {
  function withEncoder(changes: Parameters<typeof smallStudy>[1], pretrainedOn?: 'target') {
    const { project, ids } = projectToPlan();
    const config = smallStudy(ids);
    const dataset = pretrainedOn === 'target' ? ids.target : ids.source;
    const snapshotId = project.snapshots.take(
      dataset,
      project.datasets.images(dataset).map((image) => snapshotItem(image, 'train')),
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
    ['encoder', { network: { encoder: 'resnet18' } }, /its encoder is "plain", that of .*resnet18/],
    ['sizePx', { sampling: { sizePx: 128 } }, /pretrained with sizePx 64, and this study has 128/],
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
    const { project, ids } = projectToPlan();
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
      planData(project, smallStudy(ids, { pretrainings: [{ encoderId, transfers: [transfer] }] }));
    expect(planned('frozen-encoder')).not.toThrow();
    expect(planned('encoder+decoder')).toThrow(
      /file of "brought in" does not hold decoder\/level4\/skip.*Leave that arm out/,
    );
  });

  it('that has seen the test images', () => {
    expect(withEncoder({}, 'target')).toThrow(/also among those to pretrain on/);
  });
});
