import { describe, expect, it } from 'vitest';
import { planData } from '../../../../engine/study/planning/plan-data.ts';
import { labelOrder, planRuns } from '../../../../engine/study/planning/plan-runs.ts';
import { smallStudy } from '../../../fixtures/projects.ts';
import { projectToPlan } from './project-to-plan.ts';

describe('the runs of a study', () => {
  it('are one pretraining a seed, and random plus each arm for every label count and seed', () => {
    const { project, ids } = projectToPlan();
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
    const { project, ids } = projectToPlan();
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

  it('begin seed by seed, pretrainings one seed ahead, so that nobody waits for the last', () => {
    const { project, ids } = projectToPlan();
    const config = smallStudy(ids, { seeds: 3, labelCounts: [2] });
    const runs = planRuns(config, planData(project, config));
    const order = runs.map(({ kind, config: { seed } }) => `${kind} ${seed}`);
    const arms = (seed: number) => Array.from({ length: 4 }, () => `finetune ${seed}`);
    expect(order).toEqual([
      ...['pretrain 0', 'pretrain 1', ...arms(0)],
      ...['pretrain 2', ...arms(1), ...arms(2)],
    ]);
  });

  it('go by the names of their pretrainings, in the order of the list', () => {
    const { project, ids } = projectToPlan();
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
    const { project, ids } = projectToPlan();
    const { finetuning } = smallStudy(ids);
    const once = { task: 'segmentation', optimisation: finetuning, transfers: ['encoder'] };
    const again = { ...once, name: 'again', transfers: ['decoder'] };
    const config = smallStudy(ids, { pretrainings: [once, again], seeds: 1, labelCounts: [2] });
    const runs = planRuns(config, planData(project, config));
    expect(runs.filter((r) => r.kind === 'pretrain').map((r) => r.key)).toEqual(['segmentation/0']);
    expect(runs.at(-1)).toMatchObject({ pretraining: 'again', pretrainKey: 'segmentation/0' });
  });

  it('carry the options of their arms, and those only where they matter', () => {
    const { project, ids } = projectToPlan();
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
    const { project, ids } = projectToPlan();
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
    const { project, ids } = projectToPlan();
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
    const { project, ids } = projectToPlan();
    const config = smallStudy(ids, { labelCounts: [10, 'all', 3] });
    const data = planData(project, config);
    expect(data.trainImageIds).toHaveLength(10);
    expect(data.labelCounts).toEqual([3, 10]);
  });
});
