/** Runs from start to end, on a small project. That they are processes of their own is worker.test.ts's subject. */
import { beforeAll, describe, expect, it } from 'vitest';
import { extendedBudget } from '../../../engine/study/running/extension.ts';
import { checkpointWeights } from '../../../engine/training/checkpoint.ts';
import { LossConfig, type RunConfig, type Transfer } from '../../../shared/entities.ts';
import { decodeLabelMap } from '../../../shared/label-map.ts';
import { nativeEngineOrSkip } from './native-engine.ts';
import { runHere } from './run-here.ts';
import { SIZE_PX, squaresProject } from './squares-project.ts';

const engine = await nativeEngineOrSkip();

const { project, common, addRun, pretrainConfig, finetuneConfig, stored, stateHash } =
  squaresProject();
const train = (runId: number, stopAfter?: number) =>
  runHere(project, runId, { engine, ...(stopAfter === undefined ? {} : { stopAfter }) });

/** Runs that need no more than to have begun. */
const SHORT = { ...common.optimisation, steps: 12, evaluateEvery: 6 };

/** A network for the arms. */
const segmentationRun = addRun({ ...pretrainConfig('segmentation'), optimisation: SHORT });
beforeAll(async () => {
  expect((await train(segmentationRun)).outcome).toBe('done');
});

describe('a run', () => {
  it.each([
    ['an encoder at a tenth of the rate', { transfer: 'encoder' as const, encoderRate: 0.1 }],
    ['a permuted encoder', { transfer: 'permuted-encoder' as const }],
    ['a frozen random encoder', { transfer: 'frozen-random' as const }],
    [
      'weights of classes',
      {
        transfer: 'encoder+deep-decoder' as const,
        loss: LossConfig.parse({ kind: 'weighted-cross-entropy+dice' }),
      },
    ],
  ])('resumes with the same bits with %s', async (_, arm) => {
    const source = arm.transfer === 'frozen-random' ? null : segmentationRun;
    const config = { ...finetuneConfig(arm.transfer, source), ...arm, optimisation: SHORT };
    const [whole, interrupted] = [addRun(config), addRun(config)];
    expect((await train(whole)).outcome).toBe('done');
    // Between two validations, so that the best weights of before have to come back, too.
    expect((await train(interrupted, 8)).outcome).toBe('stopped');
    expect(stored(interrupted, 'last').header.step).toBe(8);
    const { outcome, of } = await train(interrupted);
    expect([outcome, of('started')[0]?.firstStep]).toEqual(['done', 8]);
    expect(stateHash(interrupted)).toBe(stateHash(whole));
  });

  it('does not resume from the weights of another run', async () => {
    const config = { ...finetuneConfig('random', null), optimisation: SHORT };
    const wide = { ...config.network, base: 2 * config.network.base };
    const [own, wider, other] = [config, { ...config, network: wide }, { ...config, seed: 77 }].map(
      (one) => addRun(one),
    );
    for (const [from, why] of [
      [wider, /not those of run .*their network is another one/],
      [other, /their seed is another one/],
    ] as const) {
      await train(from ?? 0, 8);
      const { bytes, step } = project.runs.checkpoint(from ?? 0, 'last') ?? expect.fail('none');
      project.runs.saveCheckpoint(own ?? 0, 'last', step, bytes);
      await expect(train(own ?? 0)).rejects.toThrow(why);
    }
  });

  it('goes on with a longer budget as if it had had it from the start', async () => {
    const config = { ...finetuneConfig('random', null), optimisation: SHORT };
    const longer = { ...config, optimisation: extendedBudget(config.optimisation, 1.5) };
    const [extended, whole] = [addRun(config), addRun(longer)];
    await train(extended);
    project.runs.extend(extended, longer);
    const { of } = await train(extended);
    expect(of('started')[0]?.firstStep).toBe(12);
    await train(whole);
    expect(stored(whole, 'last').header.step).toBe(18);
    expect(stateHash(extended)).toBe(stateHash(whole));
  });

  it('trains and tests on patches at full resolution', async () => {
    const runId = addRun({
      ...finetuneConfig('random', null),
      sampling: { sizePx: 16, mode: 'patches' },
      optimisation: { ...common.optimisation, steps: 40 },
    });
    const { of } = await train(runId);
    const best = of('result').filter(({ result }) => result.checkpoint === 'best');
    expect(
      best.map(({ prediction }) => decodeLabelMap(prediction ?? new Uint8Array()).width),
    ).toEqual(new Array(5).fill(SIZE_PX));
    const mean = best.reduce((sum, { result }) => sum + (result.dice ?? NaN), 0) / best.length;
    expect(mean).toBeGreaterThan(0.3);
  });
});

describe('a transfer', () => {
  const finetuning = (transfer: Transfer, from: number) =>
    addRun({ ...finetuneConfig(transfer, from), optimisation: SHORT } satisfies RunConfig);

  it('keeps a frozen encoder bit for bit, statistics included, and trains the rest', async () => {
    const runId = finetuning('frozen-encoder', segmentationRun);
    const { of, outcome } = await train(runId);
    expect(outcome).toBe('done');
    const [source, target] = [segmentationRun, runId].map((id) =>
      checkpointWeights(stored(id, 'last')),
    );
    const groups = target?.spec.parameters ?? [];
    expect(new Set(groups.map(({ group }) => group))).toEqual(
      new Set(['encoder', 'decoder', 'head']),
    );
    for (const { name, layer, group } of groups) {
      const same = expect(target?.weights.parameters.get(name));
      if (group !== 'encoder') continue;
      same.toEqual(source?.weights.parameters.get(name));
      expect(target?.weights.statistics.get(layer)).toEqual(source?.weights.statistics.get(layer));
    }
    const states = of('started')[0]?.layers.map(({ group, state }) => `${group} ${state}`);
    expect(new Set(states)).toEqual(new Set(['encoder frozen', 'decoder random', 'head random']));
  });

  it('fails with layer and shapes where the pretrained network does not fit', async () => {
    const autoencoder = addRun({ ...pretrainConfig('autoencoder'), optimisation: SHORT });
    expect((await train(autoencoder)).outcome).toBe('done');
    const { failure, of } = await train(finetuning('encoder+decoder', autoencoder));
    expect(failure).toMatchObject({
      code: 'invalid-input',
      message: expect.stringContaining('decoder/level2/skip/kernel') as string,
    });
    expect(of('started')[0]?.layers.some((layer) => layer.state === 'mismatch')).toBe(true);
  });

  it('fails where the pretraining has not run', async () => {
    const never = addRun(pretrainConfig('segmentation'));
    const { failure } = await train(finetuning('encoder', never));
    expect(failure).toMatchObject({
      message: expect.stringMatching(/Run the pretraining first/) as string,
    });
  });
});
