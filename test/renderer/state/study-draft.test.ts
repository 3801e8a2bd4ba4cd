import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StudyDraft } from '../../../renderer/state/study-draft.svelte.ts';
import {
  type Dataset,
  type Encoder,
  NetworkConfig,
  type Split,
  StudyConfig,
} from '../../../shared/entities.ts';
import { valuesOf } from '../../fixtures/arbitrary.ts';

const dataset = (id: number, counts: Partial<Dataset> = {}): Dataset => ({
  id,
  name: `images ${id}`,
  createdAt: '',
  origin: {},
  imageCount: 10 * id,
  excludedCount: 0,
  binnedCount: 0,
  labelledCount: 10 * id,
  classes: [],
  imageClasses: [],
  usedImageClasses: 0,
  hasBackground: true,
  channels: [{ channels: 1, images: 10 * id }],
  ...counts,
});

const encoder = (id: number, name: string, network = NetworkConfig.parse({})): Encoder => ({
  id,
  runId: null,
  name,
  task: null,
  file: null,
  network,
  createdAt: '',
  notes: '',
});

const split = (id: number): Split => ({
  id,
  datasetId: 1,
  name: `split ${id}`,
  createdAt: '',
  counts: { train: 1, val: 1, test: 1 },
});

function configOf(draft: StudyDraft): StudyConfig {
  const outcome = draft.config;
  if ('missing' in outcome) throw new Error(outcome.missing);
  return outcome.config;
}

function proposed(datasets: readonly Dataset[] = [dataset(1), dataset(2)]): StudyDraft {
  const draft = new StudyDraft();
  draft.propose(datasets, []);
  return draft;
}

describe('a repeated design', () => {
  const designs = valuesOf(StudyConfig);

  it('comes back whole: every plan, option, rate, seed and setting', () => {
    fc.assert(
      fc.property(designs, (config) => {
        const draft = new StudyDraft();
        draft.repeat(config, []);
        // What the form does by itself once it is open.
        draft.offerEncoders([encoder(7, 'from a file')]);
        draft.offerSplits([split(1), split(2)]);
        draft.setImageChannels(3);
        expect(configOf(draft)).toEqual({
          ...config,
          splitId: config.splitId ?? 1,
          // Written by the queue while a study runs.
          extendedLabelCounts: [],
        });
      }),
      { numRuns: 200 },
    );
  });

  it('takes a new name where its own is taken, and leaves the design it repeats alone', () => {
    const [config] = fc.sample(designs, { numRuns: 1, seed: 5 });
    if (config === undefined) throw new Error('no design');
    const kept = structuredClone(config);
    const draft = new StudyDraft();
    draft.repeat(config, [config.name, `${config.name} 2`]);
    expect(draft.design.name).toBe(`${config.name} 3`);
    draft.setMode('confirm');
    draft.encoderRate = 0.5;
    expect(config).toEqual(kept);
  });

  it('keeps two plans of one task apart while one of them is changed', () => {
    const draft = proposed();
    const config = configOf(draft);
    const [plan] = config.pretrainings;
    if (plan === undefined) throw new Error('no pretraining');
    const two = [
      { ...plan, name: 'slow', encoderRate: 0.1 },
      { ...plan, name: 'fast', encoderRate: 1 },
    ];
    draft.repeat({ ...config, pretrainings: two }, []);
    expect(draft.encoderRate).toBeNull();
    const slow = draft.design.pretrainings[0];
    if (slow === undefined) throw new Error('no plan');
    draft.setArm(slow, 'decoder', true);
    expect(configOf(draft).pretrainings).toEqual([
      { ...two[0], transfers: ['encoder', 'encoder+decoder', 'decoder'] },
      two[1],
    ]);
    draft.encoderRate = 0.3;
    expect(configOf(draft).pretrainings.map(({ encoderRate }) => encoderRate)).toEqual([0.3, 0.3]);
  });

  it('keeps a split that is gone, so that the plan says so, and takes another with another target', () => {
    const draft = proposed();
    const config = { ...configOf(draft), splitId: 9 };
    draft.repeat(config, []);
    draft.offerSplits([split(1)]);
    expect(configOf(draft).splitId).toBe(9);
    draft.setTarget(2);
    draft.offerSplits([split(4)]);
    expect(configOf(draft).splitId).toBe(4);
  });
});

describe('a new design', () => {
  it('pretrains on one dataset and learns on the smaller labelled one', () => {
    const draft = proposed([dataset(1), dataset(2), dataset(3, { labelledCount: 0 })]);
    expect(configOf(draft)).toMatchObject({
      sourceDatasetId: 2,
      targetDatasetId: 1,
      name: 'Study',
    });
    expect(configOf(draft).pretrainings).toMatchObject([
      { task: 'segmentation', transfers: ['encoder', 'encoder+decoder'] },
    ]);
  });

  it('takes a task without labels where the source has none', () => {
    const draft = proposed([dataset(1), dataset(2, { labelledCount: 0 })]);
    expect(configOf(draft).pretrainings).toMatchObject([{ task: 'autoencoder' }]);
  });

  it('says what is missing', () => {
    const draft = proposed();
    const missing = () => ('missing' in draft.config ? draft.config.missing : null);
    draft.design.name = ' ';
    expect(missing()).toBe('Give the study a name.');
    draft.design.name = 'one';
    draft.labelCounts = '4, many';
    expect(missing()).toContain('label counts');
    draft.labelCounts = '4, all';
    draft.learningRates = 'quick';
    expect(missing()).toContain('learning rates');
    draft.learningRates = '0.001, 0.01';
    expect(configOf(draft)).toMatchObject({
      labelCounts: [4, 'all'],
      learningRates: [0.001, 0.01],
      finetuning: { learningRate: 0.001 },
    });
    draft.encoderRate = null;
    expect(missing()).toContain('pretrainings');
    draft.encoderRate = 1;
    // Without any, the random start is studied alone.
    for (const plan of draft.design.pretrainings) draft.setPretraining(plan, false);
    expect(configOf(draft).pretrainings).toEqual([]);
  });

  it('follows its mode in steps, seeds and rates, and keeps what was set beside them', () => {
    const draft = proposed();
    draft.precision = 'bfloat16';
    draft.setMode('confirm');
    expect(configOf(draft)).toMatchObject({
      mode: 'confirm',
      seeds: 8,
      learningRates: [5e-4, 2e-3],
      finetuning: { steps: 400, batch: 16, precision: 'bfloat16' },
      pretrainings: [{ optimisation: { steps: 400, precision: 'bfloat16' } }],
    });
    draft.setMode('quick');
    expect(configOf(draft)).toMatchObject({
      seeds: 3,
      learningRates: [],
      finetuning: { batch: 8 },
    });
  });

  it('sees what the images have until somebody chooses', () => {
    const draft = proposed();
    draft.setImageChannels(3);
    expect(configOf(draft).network.inputChannels).toBe(3);
    draft.setNetwork({ ...draft.design.network, inputChannels: 1 });
    draft.setImageChannels(5);
    expect(configOf(draft).network.inputChannels).toBe(1);
  });

  it('has the network of an encoder that it starts from, and no second one beside it', () => {
    const draft = proposed();
    const small = NetworkConfig.parse({ depth: 2, base: 4 });
    const ready = encoder(7, 'mine', small);
    const other = encoder(8, 'theirs', NetworkConfig.parse({ depth: 3 }));
    draft.offerEncoders([ready, other]);
    const plan = draft.design.pretrainings.find((one) => 'encoderId' in one && one.encoderId === 7);
    if (plan === undefined) throw new Error('the encoder is not offered');
    draft.setPretraining(plan, true);
    expect(configOf(draft).network).toEqual(small);
    expect(configOf(draft).pretrainings).toMatchObject([{}, { encoderId: 7, name: 'mine' }]);
    expect(draft.encoderObstacle(other)).toContain('“mine” is another');
    expect(draft.encoderObstacle(ready)).toBeNull();
    draft.setPretraining(plan, false);
    expect([draft.networkGiven, draft.encoderObstacle(other)]).toEqual([false, null]);
  });
});

describe('several splits', () => {
  it('spread the seeds of the mode over them, and give them back', () => {
    const draft = proposed();
    draft.setMode('default');
    expect(configOf(draft)).toMatchObject({ splits: null, seeds: 5 });
    draft.crossValidates = true;
    expect(configOf(draft)).toMatchObject({ splits: { folds: 5, repeats: 1 }, seeds: 1 });
    draft.setMode('confirm');
    expect(configOf(draft).seeds).toBe(2);
    draft.crossValidates = false;
    expect(configOf(draft)).toMatchObject({ splits: null, seeds: 8 });
  });

  it('are asked for in whole numbers', () => {
    const draft = proposed();
    draft.crossValidates = true;
    for (const folds of [1, 2.5, NaN, 21]) {
      draft.design.splits = { folds, repeats: 1 };
      expect(draft.config, String(folds)).toEqual({
        missing:
          'Write folds as a whole number from 2 to 20, and how often they are divided as one from 1 to 20.',
      });
    }
    draft.design.splits = { folds: 3, repeats: 2 };
    expect(configOf(draft).splits).toEqual({ folds: 3, repeats: 2 });
  });
});
