import { describe, expect, it } from 'vitest';
import { checkPrimary, primaryNotes } from '../../../../engine/study/planning/primary.ts';
import { NetworkConfig, SamplingConfig, StudyConfig } from '../../../../shared/entities.ts';
import { finetuningPreset, pretrainingPreset } from '../../../../shared/presets.ts';
import { questionsFor, seedsFor } from '../../../../shared/primary-questions.ts';

const plan = (task: string, transfers = ['encoder', 'encoder+decoder', 'decoder']) => ({
  ...{ task, transfers, optimisation: pretrainingPreset('default') },
});

const config = (more: Partial<StudyConfig> & { pretrainings?: unknown } = {}) =>
  StudyConfig.parse({
    ...{ name: 'one', sourceDatasetId: 1, targetDatasetId: 2, network: NetworkConfig.parse({}) },
    ...{ sampling: SamplingConfig.parse({}), finetuning: finetuningPreset('default') },
    ...{ labelCounts: [4, 16], seeds: 8, mode: 'confirm' },
    pretrainings: [plan('segmentation'), plan('autoencoder')],
    ...more,
  });

describe('what primary questions need', () => {
  it('counts the seeds of the exact test after Holm: 2 / 2^S times the questions is at most .05', () => {
    // By hand: 8 seeds reach p = 1/128, and 6/128 = .047; ten reach 1/512, and 25/512 = .049.
    expect([3, 5, 6, 8, 10].map(questionsFor)).toEqual([0, 0, 1, 6, 25]);
    expect([1, 2, 6, 7, 16, 25, 26].map(seedsFor)).toEqual([6, 7, 8, 9, 10, 10, 11]);
  });

  it('is said of a study that cannot confirm what it asks, with both remedies', () => {
    // Two pretrainings × four questions × two label counts; the two trends have no exact test.
    expect(primaryNotes(config(), [4, 16])).toEqual([
      "This study cannot confirm all it asks: with 8 seeds the exact test has no p below .0078, and Holm's correction over 16 primary questions needs .0031. Run 10 seeds, or mark 6 questions or fewer as primary, such as encoder (4) or decoder (4) or both (4) or decoder-alone (4).",
      '18 primary questions, as none was marked: the advice holds for all of them at once, and is the sharper the fewer they are. Mark them before the study runs.',
    ]);
    const fits = { question: 'encoder', pretraining: null, labels: null } as const;
    expect(primaryNotes(config({ primary: [fits] }), [4, 16])).toEqual([
      '4 primary questions: the advice holds for all of them at once, and is the sharper the fewer they are. Mark them before the study runs.',
    ]);
    expect(primaryNotes(config({ seeds: 10 }), [4, 16])).toHaveLength(1);
    expect(primaryNotes(config({ seeds: 5 }), [4, 16])[0]).toContain(
      'Run 10 seeds, or ask for an estimate instead.',
    );
    expect(primaryNotes(config({ mode: 'quick' }), [4, 16])[0]).toMatch(/^18 primary questions/);
  });

  it('asks of tasks what only they can answer', () => {
    const encoder = ['encoder'];
    const five = config({
      pretrainings: ['classification', 'simclr', 'conrec', 'multi-conrec'].map((task) =>
        plan(task, encoder),
      ) as never,
    });
    // Four encoders, three against classification, multi-reconstruction against two.
    expect(primaryNotes(five, [8])[0]).toContain('over 9 primary questions');
  });

  it('refuses a question that no arm of the study answers, and says which it asks', () => {
    const simclr = { question: 'simclr', pretraining: null, labels: null } as const;
    expect(() => checkPrimary(config({ primary: [simclr] }), [4, 16])).toThrow(
      'No arms of this study answer the primary question "simclr". It asks encoder, decoder, both, decoder-alone and trend, of segmentation and autoencoder, with 4 and 16 labels.',
    );
    const other = { question: 'encoder', pretraining: 'segmentation', labels: 5 } as const;
    expect(() => checkPrimary(config({ primary: [other] }), [4, 16])).toThrow(
      '"encoder:segmentation@5"',
    );
    expect(() =>
      checkPrimary(config({ primary: [{ ...other, labels: 'all' }] }), [4, 16]),
    ).not.toThrow();
  });
});
